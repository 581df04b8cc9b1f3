"""What a call has settled: its finished proposals in, labelled documents out.

A proposal is settled when it is consolidated, or when as many evaluators as the call asks for have
finished it and agree on every code. A code that the deciding user was not sure of does not hold,
and is counted. Where nobody marked evidence for a code that was suggested and accepted in view of
the suggestion, the sentences that the model showed are its evidence; a parent's is then that of its
facets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ka2nlp.labelled import LabelledDocument, Span
from ka2nlp.records import Document
from ka2nlp.review.calls import get_call
from ka2nlp.review.consolidation import FinalLabels, differences, finals
from ka2nlp.review.readings import (
    Reading,
    by_proposal,
    latest_suggestions,
    proposals_of,
    read_call,
    tags_of,
    texts_of,
)
from ka2nlp.review.records import YES, Proposal, Suggestion, Text
from ka2nlp.taxonomy import Taxonomy

__all__ = ["Outcome", "Outcomes", "settled"]

_RESERVED = frozenset({"id", "title", "text", "labels", "evidence", "also"})
"""Keys of a labelled document that metadata may not have."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A proposal that is settled.

    Parameters
    ----------
    text
        The version of its text that was judged.
    labelled
        That text with the labels that hold and their evidence.
    by
        Numbers of the users whose decisions these are.
    finished
        When the last of them finished.
    unsure
        Codes that the deciding user was not sure of.
    """

    text: Text
    labelled: LabelledDocument
    by: tuple[int, ...]
    finished: datetime
    unsure: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The proposals of a call.

    Parameters
    ----------
    settled
        In the order in which they came.
    left_out
        Source identifiers of the others, each with the reason.
    """

    settled: tuple[Outcome, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def documents(self) -> tuple[LabelledDocument, ...]:
        """The settled proposals as labelled documents."""
        return tuple(one.labelled for one in self.settled)


def settled(session: Session, call_id: int, taxonomy: Taxonomy) -> Outcomes:
    """Gather what a call has settled.

    Parameters
    ----------
    session
        Of the store.
    call_id
        The call.
    taxonomy
        The labels.

    Raises
    ------
    NotFoundError
        When there is no such call.
    """
    call = get_call(session, call_id)
    read = read_call(session, call_id)
    readings, settling = by_proposal(read), finals(read, call.evaluators_each)
    texts = texts_of(session, call_id)
    suggested = latest_suggestions(session, call_id, taxonomy)
    found: list[Outcome] = []
    left_out: list[tuple[str, str]] = []
    for proposal_id, proposal in proposals_of(session, call_id).items():
        labels = settling[proposal_id]
        judged = [
            one for one in readings.get(proposal_id, ()) if one.assignment.user_id in labels.by
        ]
        foreign = sorted(code for code in labels.labels if code not in taxonomy)
        if labels.complete and foreign:
            reason = f"labels of another vocabulary hold: {' '.join(foreign)}"
            left_out.append((proposal.source_id, reason))
        elif labels.complete:
            text = texts[labels.text_id or judged[-1].text_id]
            evidence = _evidence(labels, judged, suggested.get(text.id), taxonomy)
            found.append(_outcome(proposal, text, labels, judged, evidence))
        else:
            left_out.append((proposal.source_id, _reason(judged)))
    return Outcomes(tuple(found), tuple(left_out))


def _outcome(
    proposal: Proposal,
    text: Text,
    labels: FinalLabels,
    judged: Sequence[Reading],
    evidence: Mapping[str, tuple[Span, ...]],
) -> Outcome:
    kept = {key: value for key, value in proposal.metadata.items() if key not in _RESERVED}
    return Outcome(
        text,
        LabelledDocument(
            Document(proposal.source_id, text.title, text.text, kept), labels.labels, evidence
        ),
        labels.by,
        max(one.assignment.finished for one in judged if one.assignment.finished),
        labels.unsettled,
    )


def _reason(judged: Sequence[Reading]) -> str:
    differing = differences({one.assignment.user_id: one.standing for one in judged})
    if differing:
        return f"evaluators differ on {' '.join(differing)}"
    return "not finished by all its evaluators" if judged else "not finished"


def _evidence(
    labels: FinalLabels,
    judged: Sequence[Reading],
    suggestion: Suggestion | None,
    taxonomy: Taxonomy,
) -> dict[str, tuple[Span, ...]]:
    marked = dict(labels.evidence)
    shown = tags_of(suggestion) if suggestion else {}
    for code in (labels.labels & shown.keys()) - marked.keys():
        if any(_accepted(one, code) for one in judged):
            marked[code] = tuple((one["start"], one["end"]) for one in shown[code]["evidence"])
    for code in labels.labels - marked.keys():
        facets = taxonomy[code].narrower
        marked[code] = tuple(sorted({span for one in facets for span in marked.get(one, ())}))
    return {code: marked[code] for code in taxonomy.codes if marked.get(code)}


def _accepted(reading: Reading, code: str) -> bool:
    """Tell whether a code was taken over from a suggestion that the user saw."""
    decision = reading.standing.get(code)
    return (
        decision is not None and decision.verdict == YES and decision.suggested and decision.shown
    )
