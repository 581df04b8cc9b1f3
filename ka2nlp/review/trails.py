"""Everything that the database knows of a call's proposals, as JSON objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ka2nlp.review.assignments import assignments_on
from ka2nlp.review.calls import get_call
from ka2nlp.review.consolidation import final
from ka2nlp.review.decisions import trail
from ka2nlp.review.proposals import list_texts
from ka2nlp.review.records import Assignment, Decision, Proposal, Suggestion
from ka2nlp.review.rows import find_all
from ka2nlp.review.schema import proposals, suggestions, texts
from ka2nlp.review.users import list_users

__all__ = ["full_trail"]


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
    for proposal in find_all(session, Proposal, proposals.c.call_id == call_id):
        labels = final(session, proposal.id)
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
                for one in list_texts(session, proposal.id)
            ],
            "suggestions": [
                {"text_id": one.text_id, "created": one.created.isoformat(), **one.report}
                for one in _suggestions(session, proposal.id)
            ],
            "tasks": [_task(one, names) for one in assignments_on(session, proposal.id)],
            "decisions": [_decision(one, names) for one in trail(session, proposal.id)],
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


def _suggestions(session: Session, proposal_id: int) -> list[Suggestion]:
    of_proposal = select(texts.c.id).where(texts.c.proposal_id == proposal_id)
    return find_all(session, Suggestion, suggestions.c.text_id.in_(of_proposal))


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
