"""Calls: batches of proposals under review."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ka2nlp.errors import ConflictError, InvalidError
from ka2nlp.review.records import CONSOLIDATE, EVALUATE, Call, User
from ka2nlp.review.rows import add, change, find, find_all, get, now
from ka2nlp.review.schema import assignments, calls, decisions, proposals

__all__ = [
    "CallCounts",
    "call_counts",
    "close_call",
    "create_call",
    "get_call",
    "list_calls",
    "open_call_of",
    "own_call",
    "reopen_call",
]


@dataclass(frozen=True, slots=True)
class CallCounts:
    """How far a call has come.

    Parameters
    ----------
    n_proposals
        Documents in it.
    n_assigned, n_finished
        Tasks to evaluate one of them, and how many of these are finished.
    n_consolidated
        Proposals whose consolidation is finished.
    n_decisions
        Decisions that people chose, those undone included.
    """

    n_proposals: int
    n_assigned: int
    n_finished: int
    n_consolidated: int
    n_decisions: int


def create_call(
    session: Session,
    name: str,
    description: str = "",
    *,
    blind: bool = False,
    evaluators_each: int = 1,
    created_by: int | None = None,
) -> Call:
    """Begin a call.

    Parameters
    ----------
    session
        Of ``Store.transaction()``.
    name
        1 to 200 characters; no two calls have the same.
    description
        A few words.
    blind
        Whether evaluators see suggestions only when they have finished a proposal.
    evaluators_each
        How many evaluators a proposal should have; 1 to 20.
    created_by
        Number of the user.

    Raises
    ------
    InvalidError
        When the name or the number of evaluators breaks these rules.
    ConflictError
        When the name is taken.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= 200:
        raise InvalidError(f"got a call's name of {len(name)} characters, expected 1 to 200")
    if not 1 <= evaluators_each <= 20:
        raise InvalidError(f"got {evaluators_each} evaluators a proposal, expected 1 to 20")
    if find(session, Call, calls.c.name == name):
        raise ConflictError(f"got the call {name!r}, which exists already; choose another name")
    return add(
        session,
        Call,
        name=name,
        description=description.strip(),
        blind=blind,
        evaluators_each=evaluators_each,
        created=now(),
        created_by=created_by,
    )


def own_call(session: Session, user: User, name: str) -> Call:
    """Get the call of this name that a user has begun, with or without a task in it; else begin it.

    One of that name that somebody else has begun is left alone: the user's is then "name (2)".
    """
    for number in count(1):
        called = name if number == 1 else f"{name} ({number})"
        known = find(session, Call, calls.c.name == called)
        if known is None or known.created_by == user.id:
            break
    return known or create_call(session, called, created_by=user.id)


def get_call(session: Session, call_id: int) -> Call:
    """Get a call by number.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    return get(session, Call, call_id)


def list_calls(session: Session, user: User) -> list[Call]:
    """Give the calls that a user may see, in the order in which they were made.

    Leads and administrators see all; evaluators those in which they have a task.
    """
    if user.role != "evaluator":
        return find_all(session, Call)
    theirs = (
        select(proposals.c.call_id)
        .join(assignments, assignments.c.proposal_id == proposals.c.id)
        .where(assignments.c.user_id == user.id)
    )
    return find_all(session, Call, calls.c.id.in_(theirs))


def close_call(session: Session, call_id: int) -> Call:
    """End a call: nothing in it changes any more. One that is closed stays as it is."""
    call = get(session, Call, call_id, lock=True)
    return call if call.closed else change(session, Call, call_id, closed=now())


def reopen_call(session: Session, call_id: int) -> Call:
    """Go on with a call that was closed."""
    get(session, Call, call_id, lock=True)
    return change(session, Call, call_id, closed=None)


def open_call_of(session: Session, call_id: int, *, lock: bool = False) -> Call:
    """Get a call that may change.

    Raises
    ------
    ConflictError
        When it is closed.
    """
    call = get(session, Call, call_id, lock=lock)
    if call.closed:
        raise ConflictError(f"got the call {call.name!r}, which is closed; reopen it first")
    return call


def call_counts(session: Session, call_id: int) -> CallCounts:
    """Count what a call holds."""
    tasks = (
        select(assignments.c.task, func.count(), func.count(assignments.c.finished))
        .join(proposals, proposals.c.id == assignments.c.proposal_id)
        .where(proposals.c.call_id == call_id)
        .group_by(assignments.c.task)
    )
    found = {task: (given, finished) for task, given, finished in session.execute(tasks)}
    n_assigned, n_finished = found.get(EVALUATE, (0, 0))
    chosen = (
        select(func.count())
        .select_from(decisions)
        .join(proposals, proposals.c.id == decisions.c.proposal_id)
        .where(
            proposals.c.call_id == call_id,
            decisions.c.follows.is_(None),
            decisions.c.undoes.is_(None),
        )
    )
    held = select(func.count()).select_from(proposals).where(proposals.c.call_id == call_id)
    return CallCounts(
        session.scalars(held).one(),
        n_assigned,
        n_finished,
        found.get(CONSOLIDATE, (0, 0))[1],
        session.scalars(chosen).one(),
    )
