"""A call as the rows of a table: one a proposal and code, a column a user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from ka2nlp.labelled import Span
from ka2nlp.reports.sheets import Cell, text_cell
from ka2nlp.review.calls import get_call
from ka2nlp.review.consolidation import FinalLabels, finals
from ka2nlp.review.readings import (
    Reading,
    by_proposal,
    latest_suggestions,
    latest_texts,
    proposals_of,
    read_call,
    tags_of,
    texts_of,
)
from ka2nlp.review.records import NO, UNSURE, YES, Proposal, Suggestion, Text
from ka2nlp.taxonomy import Concept, Taxonomy

__all__ = ["WIDTHS", "table_columns", "table_rows"]

_COLUMNS: Final = (
    "id",
    "title",
    "version",
    "code",
    "label",
    "level",
    "model",
    "probability",
    "answer",
    "tagged",
    "model_evidence",
    "final",
    "evidence",
    "notes",
)
WIDTHS: Final = {
    "id": 24,
    "title": 40,
    "label": 36,
    "level": 14,
    "model_evidence": 80,
    "evidence": 80,
    "notes": 40,
}
"""Width of some columns, in characters."""

_DIGITS: Final = 4


def table_columns(session: Session, call_id: int) -> list[str]:
    """Name the columns: the common ones, then the users with a task in the call."""
    return [*_COLUMNS, *_users(read_call(session, call_id))]


def table_rows(session: Session, call_id: int, taxonomy: Taxonomy) -> Iterator[list[Cell]]:
    """Give the rows, in the order of the proposals and of the taxonomy.

    "model_evidence" is what the model points at, "evidence" what people marked in this version of
    the text. "final" is empty until the proposal is settled. Of a user who has finished, a code
    without a decision is "no"; of one who has not, or who read another version of the text, it is
    empty. A cell that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    readings = read_call(session, call_id)
    users = _users(readings)
    settling = finals(readings, get_call(session, call_id).evaluators_each)
    proposals, texts = proposals_of(session, call_id), texts_of(session, call_id)
    suggested = latest_suggestions(session, call_id, taxonomy)
    gathered = by_proposal(readings)
    for proposal_id, newest in latest_texts(session, call_id).items():
        known = gathered.get(proposal_id, [])
        text_id = max((one.text_id for one in known if one.standing), default=newest)
        page = _Page(
            proposals[proposal_id],
            texts[text_id],
            said := suggested.get(text_id),
            tags_of(said).keys() if said else frozenset(),
            settling[proposal_id],
            {one.user: one for one in known if one.text_id == text_id},
        )
        for concept in taxonomy.concepts:
            yield [
                text_cell(cell) if isinstance(cell, str) else cell
                for cell in page.row(concept, users)
            ]


def _users(readings: Sequence[Reading]) -> list[str]:
    return sorted({one.user for one in readings})


@dataclass(frozen=True, slots=True)
class _Page:
    """One proposal with all that its rows tell."""

    proposal: Proposal
    text: Text
    suggestion: Suggestion | None
    tagged: Set[str]
    labels: FinalLabels
    readings: Mapping[str, Reading]

    def row(self, concept: Concept, users: Sequence[str]) -> list[Cell]:
        code, said = concept.code, self.suggestion
        probability = said.probability(code) if said else None
        stood = [one.standing[code] for one in self.readings.values() if code in one.standing]
        here = [one for one in stood if one.verdict == YES and one.text_id == self.text.id]
        spans = sorted({span for one in here for span in one.evidence})
        return [
            self.proposal.source_id,
            self.text.title,
            self.text.number,
            code,
            concept.label,
            concept.level,
            said.model if said else None,
            None if probability is None else round(probability, _DIGITS),
            said.answer(code) if said else None,
            None if said is None else (YES if code in self.tagged else NO),
            self._quote(said.evidence(code) if said else ()),
            self._final(code),
            self._quote(spans),
            " | ".join(one.note for one in stood if one.note),
            *(self._verdict(user, code) for user in users),
        ]

    def _quote(self, spans: Iterable[Span]) -> str:
        return " | ".join(" ".join(self.text.text[start:end].split()) for start, end in spans)

    def _final(self, code: str) -> str | None:
        if not self.labels.complete:
            return None
        if code in self.labels.unsettled:
            return UNSURE
        return YES if code in self.labels.labels else NO

    def _verdict(self, user: str, code: str) -> str | None:
        reading = self.readings.get(user)
        if reading is None:
            return None
        if code in reading.standing:
            return reading.standing[code].verdict
        return NO if reading.assignment.finished else None
