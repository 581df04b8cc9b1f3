"""A report as a piece of HTML for notebooks: one report in; no script and no request out.

Everything that comes from the document is escaped. The style holds inside the piece only, and takes
its text colour from the page, light or dark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from ka2nlp.records import TO_CHECK, Evidence, Report, Tag
from ka2nlp.reports.colours import level_colours
from ka2nlp.reports.ranking import rank_tags
from ka2nlp.reports.table import count
from ka2nlp.taxonomy import Taxonomy
from ka2nlp.templates import environment

__all__ = ["render"]

_FAINT: Final = 8
_STRONG: Final = 30


@dataclass(frozen=True, slots=True)
class _Passage:
    """A sentence, its colour, how strong it is laid under (percent), and the labels it shows."""

    text: str
    place: str
    score: str
    colour: str
    weight: str
    chips: tuple[_Row, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    """A label with what is said of it."""

    code: str
    label: str
    definition: str
    colour: str
    percent: str
    doubt: bool
    facet: bool
    passages: tuple[_Passage, ...] = ()

    @property
    def classes(self) -> str:
        names = ("tag", "facet" if self.facet else "", "doubt" if self.doubt else "")
        return " ".join(filter(None, names))


def render(report: Report, taxonomy: Taxonomy) -> str:
    """Lay out a report: its tags by level, its evidence in the order of the text, the other labels.

    Parameters
    ----------
    report
        Made with this taxonomy.
    taxonomy
        The labels.

    Returns
    -------
    str
        One ``div``.
    """
    from markupsafe import Markup

    style = (files("ka2nlp.reports") / "templates" / "report.css").read_text(encoding="utf-8")
    colours = level_colours(taxonomy)
    rows = {code: _row(code, report, taxonomy, colours) for code in taxonomy.codes}
    tagged = {tag.code for tag in report.tags}
    return (
        environment("ka2nlp.reports")
        .get_template("report.html")
        .render(
            report=report,
            style=Markup(style),  # noqa: S704  (a file of ours)
            size=f"{count(report.n_words, 'word')}, {count(report.n_sentences, 'sentence')}",
            sections=_sections(report, taxonomy, rows, colours),
            passages=_in_order(report, rows),
            others=sorted(
                (row for code, row in rows.items() if code not in tagged),
                key=lambda row: -report.scores[row.code],
            ),
        )
    )


def _row(code: str, report: Report, taxonomy: Taxonomy, colours: Mapping[str, str]) -> _Row:
    concept = taxonomy[code]
    colour = colours[concept.level]
    evidence = next((tag.evidence for tag in report.tags if tag.code == code), ())
    return _Row(
        code,
        concept.label,
        concept.definition,
        colour,
        _percent(report.scores[code]),
        report.answers[code] == TO_CHECK,
        concept.broader is not None,
        tuple(_passage(item, colour) for item in evidence),
    )


def _sections(
    report: Report, taxonomy: Taxonomy, rows: Mapping[str, _Row], colours: Mapping[str, str]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for level in taxonomy.levels:
        tags: list[Tag] = [tag for tag in report.tags if tag.level == level.key]
        if tags:
            ranked = [rows[tag.code] for tag in rank_tags(tags, taxonomy)]
            names = {"label": level.label, "definition": level.definition}
            found.append({**names, "colour": colours[level.key], "rows": ranked})
    return found


def _in_order(report: Report, rows: Mapping[str, _Row]) -> list[_Passage]:
    """Give every sentence that shows a tag once, coloured as the label that it shows best."""
    shows: dict[tuple[int, int], list[tuple[Evidence, _Row]]] = {}
    for tag in report.tags:
        for item in tag.evidence:
            shows.setdefault((item.start, item.end), []).append((item, rows[tag.code]))
    passages = []
    for _, found in sorted(shows.items()):
        best, row = max(found, key=lambda pair: pair[0].score)
        passages.append(_passage(best, row.colour, tuple(one for _, one in found)))
    return passages


def _passage(item: Evidence, colour: str, chips: tuple[_Row, ...] = ()) -> _Passage:
    weight = f"{_FAINT + (_STRONG - _FAINT) * item.score:.0f}"
    return _Passage(item.text, item.place, _percent(item.score), colour, weight, chips)


def _percent(probability: float) -> str:
    return f"{100 * probability:.0f}"
