"""Lay out the labels of one text for whoever consolidates it: disagreements first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ka2nlp.review.assignments import assignments_on
from ka2nlp.review.decisions import standing as standing_of
from ka2nlp.review.records import EVALUATE, NO, UNSURE, YES
from ka2nlp.review.users import get_user
from ka2nlp.taxonomy import Level, Taxonomy
from ka2nlp.web.pages.labels import (
    EVALUATORS,
    Group,
    Quote,
    Row,
    Section,
    Voice,
    marked_quotes,
    model_quotes,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ka2nlp.review.records import Decision, Text

__all__ = ["Reader", "lay_out_voices", "readers_of"]

_WORDS: Final = {YES: "yes", NO: "no", UNSURE: "not sure"}


@dataclass(frozen=True, slots=True)
class Reader:
    """An evaluator who has finished a proposal, and what stands for them."""

    name: str
    standing: Mapping[str, Decision]

    def voice(self, code: str) -> Voice:
        """Say what they decided on a label; what they left open is a no."""
        decision = self.standing.get(code)
        if decision is None:
            return Voice(self.name, "no (left open)", NO)
        return Voice(self.name, _WORDS[decision.verdict], decision.verdict, decision.note)


def readers_of(session: Session, proposal_id: int) -> list[Reader]:
    """Give the evaluators who have finished a proposal, in the order of their tasks."""
    return [
        Reader(get_user(session, one.user_id).name, standing_of(session, one.id))
        for one in assignments_on(session, proposal_id)
        if one.task == EVALUATE and one.finished
    ]


def lay_out_voices(
    taxonomy: Taxonomy,
    text: Text,
    report: Mapping[str, Any] | None,
    standing: Mapping[str, Decision],
    readers: Sequence[Reader],
) -> tuple[Group, ...]:
    """Lay out all labels: those that evaluators disagree on, agree on, and that nobody sees.

    Parameters
    ----------
    taxonomy, text, report, standing
        As for ``labels.lay_out``; what stands is the consolidator's.
    readers
        The evaluators.
    """
    quotes = _quotes(text, report, standing, readers)

    def row(code: str) -> Row:
        return Row(
            taxonomy[code],
            None,
            False,
            report["answers"][code] if report else None,
            report["scores"][code] if report else None,
            quotes.get(code, ()),
            standing.get(code),
            tuple(reader.voice(code) for reader in readers),
        )

    rows = [row(code) for code in taxonomy.codes]
    disagreed = [one for one in rows if len({voice.verdict for voice in one.voices}) > 1]
    agreed = [one for one in rows if one not in disagreed and one.matters]
    nobody = [one for one in rows if one not in disagreed and not one.matters]
    return (
        _group("disagreed", "Evaluators disagree", "Yours to decide.", disagreed),
        _group("agreed", "Evaluators agree", "All of them say so.", agreed),
        _group("nobody", "Nobody sees it", "Add what all have missed.", nobody, folded=True),
    )


def _group(key: str, name: str, about: str, rows: Sequence[Row], *, folded: bool = False) -> Group:
    level = Level(key, "", name, about, tuple(row.concept.code for row in rows))
    return Group(level, False, (Section(None, tuple(rows), folded),) if rows else ())


def _quotes(
    text: Text,
    report: Mapping[str, Any] | None,
    standing: Mapping[str, Decision],
    readers: Sequence[Reader],
) -> dict[str, tuple[Quote, ...]]:
    """Give the consolidator's evidence, else the evaluators', else the model's."""
    marked: dict[str, tuple[Quote, ...]] = {}
    for reader in readers:
        for code, found in marked_quotes(text, reader.standing, EVALUATORS).items():
            known = marked.get(code, ())
            marked[code] = known + tuple(one for one in found if one not in known)
    return model_quotes(text, report) | marked | marked_quotes(text, standing)
