"""Everything that the database knows of a call's proposals, as JSON objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from ka2nlp.review.calls import get_call
from ka2nlp.review.consolidation import finals
from ka2nlp.review.proposals import list_proposals
from ka2nlp.review.readings import read_call
from ka2nlp.review.records import Assignment, Decision, Proposal, Suggestion, Text
from ka2nlp.review.rows import find_all
from ka2nlp.review.schema import assignments, decisions, suggestions, texts
from ka2nlp.review.users import list_users

__all__ = ["full_trail"]

_TOGETHER: Final = 200
"""Proposals whose texts, reports and decisions are in memory at once."""


def full_trail(session: Session, call_id: int) -> Iterator[dict[str, object]]:
    """Give one object a proposal, in the order in which they came.

    It has the keys call, id, title, metadata, texts (all versions), suggestions (all reports),
    tasks, decisions (every event, oldest first, those undone and withdrawn included) and final.
    Users stand by name, times in ISO 8601 with their zone; spans are character offsets into the
    version of the text that the decision names.

    Raises
    ------
    NotFoundError
        When there is no such call.
    """
    call = get_call(session, call_id)
    names = {one.id: one.name for one in list_users(session)}
    settling = finals(read_call(session, call_id), call.evaluators_each)
    for proposal, kept in _with_all(session, call_id):
        labels = settling[proposal.id]
        yield {
            "call": call.name,
            "id": proposal.source_id,
            "title": proposal.title,
            "metadata": dict(proposal.metadata),
            "texts": [
                {
                    "text_id": one.id,
                    "number": one.number,
                    "fingerprint": one.fingerprint,
                    "created": one.created.isoformat(),
                    "title": one.title,
                    "text": one.text,
                    "places": [asdict(place) for place in one.places],
                    "problems": list(one.problems),
                }
                for one in kept.texts
            ],
            "suggestions": [
                {"text_id": one.text_id, "created": one.created.isoformat(), **one.report}
                for one in kept.suggestions
            ],
            "tasks": [_task(one, names) for one in kept.tasks],
            "decisions": [_decision(one, names) for one in kept.decisions],
            "final": {
                "complete": labels.complete,
                "labels": sorted(labels.labels),
                "evidence": {
                    code: [list(span) for span in spans] for code, spans in labels.evidence.items()
                },
                "text_id": labels.text_id,
                "by": [names[number] for number in labels.by],
                "unsettled": sorted(labels.unsettled),
            },
        }


@dataclass(slots=True)
class _Kept:
    """What hangs on one proposal."""

    texts: list[Text] = field(default_factory=list)
    suggestions: list[Suggestion] = field(default_factory=list)
    tasks: list[Assignment] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)


def _with_all(session: Session, call_id: int) -> Iterator[tuple[Proposal, _Kept]]:
    """Give the proposals of a call with what hangs on them, read some hundred at a time."""
    after = 0
    while page := list_proposals(session, call_id, after, _TOGETHER):
        kept = {one.id: _Kept() for one in page}
        owners: dict[int, int] = {}
        for text in find_all(session, Text, texts.c.proposal_id.in_(kept)):
            kept[text.proposal_id].texts.append(text)
            owners[text.id] = text.proposal_id
        for said in find_all(session, Suggestion, suggestions.c.text_id.in_(owners)):
            kept[owners[said.text_id]].suggestions.append(said)
        for task in find_all(session, Assignment, assignments.c.proposal_id.in_(kept)):
            kept[task.proposal_id].tasks.append(task)
        for decision in find_all(session, Decision, decisions.c.proposal_id.in_(kept)):
            kept[decision.proposal_id].decisions.append(decision)
        yield from ((one, kept[one.id]) for one in page)
        after = page[-1].id


def _task(task: Assignment, names: dict[int, str]) -> dict[str, object]:
    return {
        "user": names[task.user_id],
        "task": task.task,
        "created": task.created.isoformat(),
        "finished": _moment(task.finished),
        "revealed": _moment(task.revealed),
    }


def _decision(decision: Decision, names: dict[int, str]) -> dict[str, object]:
    return {
        "id": decision.id,
        "user": names[decision.user_id],
        "text_id": decision.text_id,
        "code": decision.code,
        "verdict": decision.verdict,
        "action": decision.action,
        "evidence": [list(span) for span in decision.evidence],
        "note": decision.note,
        "model": decision.model,
        "probability": decision.probability,
        "answer": decision.answer,
        "shown": decision.shown,
        "undoes": decision.undoes,
        "follows": decision.follows,
        "decided": decision.decided.isoformat(),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
