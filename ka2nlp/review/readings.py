"""What every user says of every proposal of a call, and what models suggest, in a few queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ka2nlp.errors import NotFoundError
from ka2nlp.review.records import (
    WITHDRAWN,
    Assignment,
    Call,
    Decision,
    Proposal,
    Suggestion,
    Text,
    User,
)
from ka2nlp.review.rows import find, find_all
from ka2nlp.review.schema import (
    assignments,
    calls,
    decisions,
    proposals,
    suggestions,
    texts,
)
from ka2nlp.review.suggestions import know_labels
from ka2nlp.review.users import find_user, list_users
from ka2nlp.taxonomy import Taxonomy

__all__ = [
    "Reading",
    "all_calls",
    "by_proposal",
    "find_call",
    "latest_suggestions",
    "latest_texts",
    "proposals_of",
    "read_call",
    "tags_of",
    "texts_of",
    "user_named",
]


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


def find_call(session: Session, name: str) -> Call:
    """Find a call by its name.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    call = find(session, Call, calls.c.name == name)
    if call is None:
        known = ", ".join(one.name for one in find_all(session, Call)) or "none"
        raise NotFoundError(f"got the call {name!r}, which does not exist; there is {known}")
    return call


def all_calls(session: Session) -> list[Call]:
    """Give all calls, in the order in which they were made."""
    return find_all(session, Call)


def user_named(session: Session, name: str) -> User:
    """Find a user by name.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    user = find_user(session, name)
    if user is None:
        raise NotFoundError(
            f"got the user {name!r}, who does not exist; `ka2nlp users list` names those who do"
        )
    return user


def read_call(session: Session, call_id: int) -> list[Reading]:
    """Gather all tasks of a call, in the order of proposals and then of users' names."""
    within = select(proposals.c.id).where(proposals.c.call_id == call_id)
    names = {one.id: one.name for one in list_users(session)}
    standing = _standing(session, call_id)
    versions = _versions(session, call_id)
    readings = []
    for assignment in find_all(session, Assignment, assignments.c.proposal_id.in_(within)):
        stands = standing.get(assignment.id, {})
        last = max(stands.values(), key=lambda decision: decision.id, default=None)
        text_id = last.text_id if last else _version_at(versions, assignment)
        readings.append(Reading(assignment, names[assignment.user_id], text_id, stands))
    return sorted(readings, key=lambda one: (one.assignment.proposal_id, one.user))


def by_proposal(readings: Iterable[Reading]) -> dict[int, list[Reading]]:
    """Gather readings by the number of their proposal."""
    found: dict[int, list[Reading]] = {}
    for reading in readings:
        found.setdefault(reading.assignment.proposal_id, []).append(reading)
    return found


def _standing(session: Session, call_id: int) -> dict[int, dict[str, Decision]]:
    """Give the last decision of each task on each code, without those that are withdrawn."""
    last = (
        select(func.max(decisions.c.id))
        .join(proposals, proposals.c.id == decisions.c.proposal_id)
        .where(proposals.c.call_id == call_id)
        .group_by(decisions.c.assignment_id, decisions.c.code)
    )
    found: dict[int, dict[str, Decision]] = {}
    for decision in find_all(
        session, Decision, decisions.c.id.in_(last), decisions.c.verdict != WITHDRAWN
    ):
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


def proposals_of(session: Session, call_id: int) -> dict[int, Proposal]:
    """Give all proposals of a call by number, in the order in which they came."""
    return {one.id: one for one in find_all(session, Proposal, proposals.c.call_id == call_id)}


def texts_of(session: Session, call_id: int) -> dict[int, Text]:
    """Give all versions of all texts of a call, by number."""
    within = select(proposals.c.id).where(proposals.c.call_id == call_id)
    return {one.id: one for one in find_all(session, Text, texts.c.proposal_id.in_(within))}


def latest_texts(session: Session, call_id: int) -> dict[int, int]:
    """Give the newest version of the text of each proposal: its number to the text's."""
    found = _versions(session, call_id)
    return {proposal_id: known[-1][1] for proposal_id, known in found.items()}


def latest_suggestions(
    session: Session, call_id: int, taxonomy: Taxonomy | None = None
) -> dict[int, Suggestion]:
    """Give the latest suggestion for each text of a call that has one: its number to the record.

    Parameters
    ----------
    session
        Of the store.
    call_id
        The call.
    taxonomy
        Pass over suggestions that do not know all of these labels; any will do when left out.
    """
    last = (
        select(func.max(suggestions.c.id))
        .join(texts, texts.c.id == suggestions.c.text_id)
        .join(proposals, proposals.c.id == texts.c.proposal_id)
        .where(proposals.c.call_id == call_id, know_labels(session, call_id, taxonomy))
        .group_by(suggestions.c.text_id)
    )
    found = find_all(session, Suggestion, suggestions.c.id.in_(last))
    return {suggestion.text_id: suggestion for suggestion in found}


def tags_of(suggestion: Suggestion) -> dict[str, Mapping[str, Any]]:
    """Give the tags of a suggestion's report by code."""
    tags: list[Mapping[str, Any]] = suggestion.report["tags"]
    return {tag["code"]: tag for tag in tags}
