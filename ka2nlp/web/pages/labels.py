"""Lay out the labels of one text for the desk: by level, what is to check first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ka2nlp.labelled import Span
from ka2nlp.records import ADDRESSED, NOT_ADDRESSED, TO_CHECK
from ka2nlp.review.records import NO, UNSURE, YES
from ka2nlp.taxonomy import Concept, Level, Taxonomy

if TYPE_CHECKING:
    from ka2nlp.review.records import Decision, Text

__all__ = [
    "EVALUATORS",
    "MODEL",
    "YOU",
    "Group",
    "Quote",
    "Row",
    "Section",
    "Voice",
    "evidence_of",
    "lay_out",
    "marked_quotes",
    "model_quotes",
]

YOU: Final = "you"
EVALUATORS: Final = "evaluators"
MODEL: Final = "model"
"""Who points at a stretch of a text."""

_ORDER: Final = (TO_CHECK, ADDRESSED, NOT_ADDRESSED)
_SAID: Final = {
    "accepted": "Accepted",
    "added": "Added",
    "rejected": "Rejected",
    "agreed absent": "Left out",
    "unsure": "Not sure",
}
_PLAIN: Final = {YES: "Yes", NO: "No", UNSURE: "Not sure"}


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
    source
        Who points at it: ``YOU``, ``EVALUATORS`` or ``MODEL``.
    """

    start: int
    end: int
    text: str
    place: str
    source: str


@dataclass(frozen=True, slots=True)
class Voice:
    """What an evaluator decided, or what the model says, in words."""

    name: str
    words: str
    verdict: str
    note: str = ""


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
        What shows it: the user's own, or those of others where there are none.
    decision
        The one that stands; None where none does.
    voices
        In a consolidation, what each evaluator decided.
    """

    concept: Concept
    parent: Concept | None
    indented: bool
    answer: str | None
    probability: float | None
    quotes: tuple[Quote, ...]
    decision: Decision | None
    voices: tuple[Voice, ...] = ()

    @property
    def verdict(self) -> str:
        """Give "yes", "no" or "unsure"; empty where nothing was decided."""
        return self.decision.verdict if self.decision else ""

    @property
    def suggested(self) -> bool:
        """Tell whether the model says "addressed" or "to check"."""
        return self.answer in (ADDRESSED, TO_CHECK)

    @property
    def matters(self) -> bool:
        """Tell whether it wants a decision: suggested, or not refused by every evaluator."""
        if self.voices:
            return any(voice.verdict != NO for voice in self.voices)
        return self.suggested

    @property
    def open(self) -> bool:
        """Tell whether it is suggested, by model or evaluators, and nothing was decided."""
        return self.decision is None and self.matters

    @property
    def plain(self) -> bool:
        """Tell whether to answer it with yes or no, for want of a suggestion to accept."""
        return self.answer is None or bool(self.voices)

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Give each verdict with the words of its button."""
        if self.plain:
            yes, no = _PLAIN[YES], _PLAIN[NO]
        else:
            yes, no = ("Accept", "Reject") if self.suggested else ("Add", "Leave out")
        return ((YES, yes), (NO, no), (UNSURE, _PLAIN[UNSURE]))

    @property
    def said(self) -> str:
        """Say what was decided; empty where nothing was."""
        if self.decision is None:
            return ""
        in_view = self.decision.shown and not self.plain
        return _SAID[self.decision.action] if in_view else _PLAIN[self.verdict]


@dataclass(frozen=True, slots=True)
class Section:
    """Labels of a group that stand together.

    Parameters
    ----------
    answer
        What the model says of them; None where that is not what they have in common.
    rows
        The labels.
    folded
        Whether they are shown only when asked for.
    """

    answer: str | None
    rows: tuple[Row, ...]
    folded: bool = False

    @property
    def n_decided(self) -> int:
        """Count the labels with a decision."""
        return sum(row.decision is not None for row in self.rows)


@dataclass(frozen=True, slots=True)
class Group:
    """Labels under one heading; ``framing`` where they are aims and no outcomes."""

    level: Level
    framing: bool
    sections: tuple[Section, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The labels of all sections."""
        return tuple(row for section in self.sections for row in section.rows)

    @property
    def n_open(self) -> int:
        """Count the suggested labels without a decision."""
        return sum(row.open for row in self.rows)


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
    quotes = model_quotes(text, report) | marked_quotes(text, standing)

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
            Section(
                answer, tuple(one for one in rows if one.answer == answer), answer == NOT_ADDRESSED
            )
            for answer in (_ORDER if report else (None,))
        )
        shown = tuple(one for one in sections if one.rows)
        return Group(level, level.framing, shown)

    return tuple(group(level) for level in taxonomy.levels)


def evidence_of(groups: Sequence[Group]) -> dict[str, list[Span]]:
    """Give the spans that are to be marked in the text, by code; none of what was said no to."""
    return {
        row.concept.code: [(quote.start, quote.end) for quote in row.quotes]
        for group in groups
        for row in group.rows
        if row.quotes and row.verdict != NO
    }


def model_quotes(text: Text, report: Mapping[str, Any] | None) -> dict[str, tuple[Quote, ...]]:
    """Give what the model points at, by code: for a doubt, the one sentence that is nearest."""
    found: list[tuple[str, list[dict[str, Any]]]] = []
    if report is not None:
        found += [(tag["code"], tag["evidence"]) for tag in report["tags"]]
        found += [(tag["code"], tag["evidence"][:1]) for tag in report.get("doubts", ())]
    return {
        code: tuple(_quote(text, (one["start"], one["end"]), MODEL) for one in evidence)
        for code, evidence in found
    }


def marked_quotes(
    text: Text, standing: Mapping[str, Decision], source: str = YOU
) -> dict[str, tuple[Quote, ...]]:
    """Give what was marked with decisions on this version of a text, by code."""
    return {
        code: tuple(_quote(text, span, source) for span in decision.evidence)
        for code, decision in standing.items()
        if decision.evidence and decision.text_id == text.id
    }


def _quote(text: Text, span: Span, source: str) -> Quote:
    words = " ".join(text.text[span[0] : span[1]].split())
    return Quote(*span, words, text.document.place_at(span[0]), source)
