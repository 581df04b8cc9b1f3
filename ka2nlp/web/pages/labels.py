"""Lay out the labels of one text for the desk: by level, what is to check first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ka2nlp.labelled import Span
from ka2nlp.records import ADDRESSED, NOT_ADDRESSED, TO_CHECK
from ka2nlp.taxonomy import Concept, Level, Taxonomy

if TYPE_CHECKING:
    from ka2nlp.review.records import Decision, Text

__all__ = ["Group", "Quote", "Row", "Section", "count_open", "evidence_of", "lay_out"]

OUTCOME_LEVELS: Final = ("systemic", "organisational", "individual")
_ORDER: Final = (TO_CHECK, ADDRESSED, NOT_ADDRESSED)
_SAID: Final = {
    "accepted": "Accepted",
    "added": "Added",
    "rejected": "Rejected",
    "agreed absent": "Left out",
    "unsure": "Not sure",
}


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of the text that shows a label.

    Parameters
    ----------
    start, end
        Character offsets into the text, end exclusive.
    text
        On one line.
    place
        "page 3"; empty where none is known.
    own
        Whether the evaluator marked it; else the model did.
    """

    start: int
    end: int
    text: str
    place: str
    own: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One label on the desk.

    Parameters
    ----------
    concept
        The label.
    parent
        What it is a facet of, where it does not stand under it; None else.
    indented
        Whether it stands under its parent.
    answer, probability
        What the model says, and its probability in [0, 1]; None where that is not shown.
    quotes
        What shows it: the evaluator's own, or the model's where there are none.
    decision
        The one that stands; None where none does.
    """

    concept: Concept
    parent: Concept | None
    indented: bool
    answer: str | None
    probability: float | None
    quotes: tuple[Quote, ...]
    decision: Decision | None

    @property
    def verdict(self) -> str:
        """Give "yes", "no" or "unsure"; empty where nothing was decided."""
        return self.decision.verdict if self.decision else ""

    @property
    def suggested(self) -> bool:
        """Tell whether the model says "addressed" or "to check"."""
        return self.answer in (ADDRESSED, TO_CHECK)

    @property
    def open(self) -> bool:
        """Tell whether it is suggested and nothing was decided."""
        return self.suggested and self.decision is None

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Give each verdict with the words of its button."""
        if self.answer is None:
            yes, no = "Yes", "No"
        else:
            yes, no = ("Accept", "Reject") if self.suggested else ("Add", "Leave out")
        return (("yes", yes), ("no", no), ("unsure", "Not sure"))

    @property
    def said(self) -> str:
        """Say what was decided; empty where nothing was."""
        if self.decision is None:
            return ""
        if self.answer is None:
            return {"yes": "Yes", "no": "No", "unsure": "Not sure"}[self.verdict]
        return _SAID[self.decision.action]


@dataclass(frozen=True, slots=True)
class Section:
    """The labels of a level with one answer; all of them where answers are not shown."""

    answer: str | None
    rows: tuple[Row, ...]

    @property
    def n_decided(self) -> int:
        """Count the labels with a decision."""
        return sum(row.decision is not None for row in self.rows)


@dataclass(frozen=True, slots=True)
class Group:
    """The labels of one level; ``framing`` where they are aims and no outcomes."""

    level: Level
    framing: bool
    sections: tuple[Section, ...]

    @property
    def n_open(self) -> int:
        """Count the suggested labels without a decision."""
        return sum(
            row.open for one in self.sections for row in one.rows
        )


def lay_out(
    taxonomy: Taxonomy,
    text: Text,
    report: Mapping[str, Any] | None,
    standing: Mapping[str, Decision],
) -> tuple[Group, ...]:
    """Lay out all labels.

    Parameters
    ----------
    taxonomy
        The labels.
    text
        What is read; evidence in an older version of it is left out.
    report
        What the model says (``Report.to_dict()``); None in a blind reading.
    standing
        The decision that stands on each code.
    """
    answers: Mapping[str, str] = report["answers"] if report else {}
    quotes = _quotes(text, report, standing)

    def row(code: str) -> Row:
        concept = taxonomy[code]
        together = bool(concept.broader) and answers.get(code) == answers.get(concept.broader or "")
        return Row(
            concept,
            taxonomy[concept.broader] if concept.broader and not together else None,
            together,
            answers.get(code),
            report["scores"][code] if report else None,
            quotes.get(code, ()),
            standing.get(code),
        )

    def group(level: Level) -> Group:
        rows = [row(code) for code in level.codes]
        sections = (
            Section(answer, tuple(one for one in rows if one.answer == answer))
            for answer in (_ORDER if report else (None,))
        )
        return Group(level, level.key not in OUTCOME_LEVELS, tuple(one for one in sections if one.rows))

    return tuple(group(level) for level in taxonomy.levels)


def count_open(groups: Sequence[Group], answer: str) -> tuple[int, int]:
    """Count the labels with an answer, and those of them without a decision."""
    rows = [row for group in groups for one in group.sections for row in one.rows]
    found = [row for row in rows if row.answer == answer]
    return len(found), sum(row.decision is None for row in found)


def evidence_of(groups: Sequence[Group]) -> dict[str, list[Span]]:
    """Give the spans that are to be marked in the text, by code; none of what was said no to."""
    return {
        row.concept.code: [(quote.start, quote.end) for quote in row.quotes]
        for group in groups
        for one in group.sections
        for row in one.rows
        if row.quotes and row.verdict != "no"
    }


def _quotes(
    text: Text, report: Mapping[str, Any] | None, standing: Mapping[str, Decision]
) -> dict[str, tuple[Quote, ...]]:
    document = text.document

    def quote(start: int, end: int, own: bool) -> Quote:
        words = " ".join(document.text[start:end].split())
        return Quote(start, end, words, document.place_at(start), own)

    tags = [*report["tags"], *report.get("doubts", ())] if report else []
    found = {
        tag["code"]: tuple(quote(one["start"], one["end"], False) for one in tag["evidence"])
        for tag in tags
    }
    for code, decision in standing.items():
        if decision.evidence and decision.text_id == text.id:
            found[code] = tuple(quote(start, end, True) for start, end in decision.evidence)
    return found
