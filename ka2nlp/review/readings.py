"""What every evaluator says of every proposal of a call, and what models suggest, in a few queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from ka2nlp.review.records import WITHDRAWN, Assignment, Decision, Suggestion
from ka2nlp.review.schema import assignments, decisions, proposals, suggestions, texts, users

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["Reading", "latest_suggestions", "latest_texts", "read_call", "tags_of"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One user's task on one proposal, with what stands in it.

    Parameters
    ----------
    assignment
        The task.
    user
        Name of the user.
    text_id
        The version of the text that was read: that of the last decision or, without any, the newest
        one of the time when the task was finished.
    standing
        Each code on which a decision stands, to that decision.
    """

    assignment: Assignment
    user: str
    text_id: int
    standing: Mapping[str, Decision]

    @property
    def open(self) -> bool:
        """Whether suggestions were in view when the user finished."""
        revealed, finished = self.assignment.revealed, self.assignment.finished
        return revealed is not None and (finished is None or revealed < finished)


def read_call(session: Session, call_id: int) -> list[Reading]:
    """Gather all tasks of a call, in the order of proposals and then of users' names."""
    standing = _standing(session, call_id)
    versions = _versions(session, call_id)
    query = (
        select(assignments, users.c.name)
        .join(proposals, proposals.c.id == assignments.c.proposal_id)
        .join(users, users.c.id == assignments.c.user_id)
        .where(proposals.c.call_id == call_id)
        .order_by(assignments.c.proposal_id, users.c.name)
    )
    readings = []
    for row in session.execute(query).mappings():
        fields = dict(row)
        name = fields.pop("name")
        assignment = Assignment(**fields)
        stands = standing.get(assignment.id, {})
        last = max(stands.values(), key=lambda decision: decision.id, default=None)
        text_id = last.text_id if last else _version_at(versions, assignment)
        readings.append(Reading(assignment, name, text_id, stands))
    return readings


def _standing(session: Session, call_id: int) -> dict[int, dict[str, Decision]]:
    """Give the last decision of each task on each code, without those that are withdrawn."""
    last = (
        select(func.max(decisions.c.id))
        .join(proposals, proposals.c.id == decisions.c.proposal_id)
        .where(proposals.c.call_id == call_id)
        .group_by(decisions.c.assignment_id, decisions.c.code)
    )
    query = select(decisions).where(
        decisions.c.id.in_(last.scalar_subquery()), decisions.c.verdict != WITHDRAWN
    )
    found: dict[int, dict[str, Decision]] = {}
    for row in session.execute(query.order_by(decisions.c.id)).mappings():
        decision = Decision(**row)
        found.setdefault(decision.assignment_id, {})[decision.code] = decision
    return found


def _versions(session: Session, call_id: int) -> dict[int, list[tuple[datetime, int]]]:
    """Give when each proposal got which text, the oldest first."""
    query = (
        select(texts.c.proposal_id, texts.c.created, texts.c.id)
        .join(proposals, proposals.c.id == texts.c.proposal_id)
        .where(proposals.c.call_id == call_id)
        .order_by(texts.c.proposal_id, texts.c.number)
    )
    found: dict[int, list[tuple[datetime, int]]] = {}
    for proposal_id, created, text_id in session.execute(query):
        found.setdefault(proposal_id, []).append((created, text_id))
    return found


def _version_at(versions: Mapping[int, list[tuple[datetime, int]]], assignment: Assignment) -> int:
    known = versions[assignment.proposal_id]
    finished = assignment.finished
    there = [text_id for created, text_id in known if finished is None or created <= finished]
    return there[-1] if there else known[0][1]


def latest_texts(session: Session, call_id: int) -> dict[int, int]:
    """Give the newest version of the text of each proposal: its number to the text's."""
    found = _versions(session, call_id)
    return {proposal_id: known[-1][1] for proposal_id, known in found.items()}


def latest_suggestions(session: Session, call_id: int) -> dict[int, Suggestion]:
    """Give the latest suggestion for each text of a call that has one: its number to the record."""
    last = (
        select(func.max(suggestions.c.id))
        .join(texts, texts.c.id == suggestions.c.text_id)
        .join(proposals, proposals.c.id == texts.c.proposal_id)
        .where(proposals.c.call_id == call_id)
        .group_by(suggestions.c.text_id)
    )
    query = select(suggestions).where(suggestions.c.id.in_(last.scalar_subquery()))
    return {row["text_id"]: Suggestion(**row) for row in session.execute(query).mappings()}


def tags_of(suggestion: Suggestion) -> dict[str, Mapping[str, Any]]:
    """Give the tags of a suggestion's report by code."""
    tags: list[Mapping[str, Any]] = suggestion.report["tags"]  # type: ignore[assignment]
    return {tag["code"]: tag for tag in tags}
