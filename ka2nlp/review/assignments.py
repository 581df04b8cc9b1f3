"""Assignments: who evaluates or consolidates which proposal, and how far they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from ka2nlp.errors import ConflictError, InvalidError, NotAllowedError
from ka2nlp.review.calls import get_call, open_call_of
from ka2nlp.review.records import (
    CONSOLIDATE,
    EVALUATE,
    TASKS,
    Assignment,
    Call,
    Decision,
    Proposal,
    User,
)
from ka2nlp.review.rows import add, change, find, find_all, get, now
from ka2nlp.review.schema import assignments, decisions, proposals

__all__ = [
    "assign",
    "assignments_of",
    "assignments_on",
    "distribute",
    "finish",
    "get_assignment",
    "reopen",
    "reveal",
    "unassign",
]


def assign(session: Session, proposal_id: int, user_id: int, task: str) -> Assignment:
    """Give a user a task on a proposal.

    A user has at most one task on a proposal: who evaluates it does not consolidate it. One user
    consolidates a proposal.

    Raises
    ------
    InvalidError
        When there is no such task.
    NotFoundError
        When there is no such proposal or user.
    ConflictError
        When the user has a task on it already or is not active, somebody else consolidates it, or
        the call is closed.
    """
    if task not in TASKS:
        raise InvalidError(f"got the task {task!r}, expected one of {', '.join(TASKS)}")
    open_call_of(session, get(session, Proposal, proposal_id).call_id, lock=True)
    user = _active(session, user_id)
    for earlier in assignments_on(session, proposal_id):
        if earlier.user_id == user_id:
            raise ConflictError(
                f"got {user.name!r}, who has the task to {earlier.task} this proposal already; "
                "choose somebody else"
            )
        if earlier.task == task == CONSOLIDATE:
            raise ConflictError("got a proposal that another user consolidates; one is enough")
    return _give(session, proposal_id, user_id, task)


def distribute(
    session: Session, call_id: int, user_ids: Sequence[int], each: int
) -> list[Assignment]:
    """Give every proposal of a call its evaluators.

    Proposals get the evaluators that they lack, in turn, from those with the fewest proposals in
    this call; among these, from those who share the fewest proposals with its other evaluators, so
    that everybody meets everybody. The same state gives the same result.

    Parameters
    ----------
    session
        Of ``Store.transaction()``.
    call_id
        Number of the call.
    user_ids
        Who takes part.
    each
        Evaluators a proposal, those that it has already included.

    Returns
    -------
    list of Assignment
        The new ones.

    Raises
    ------
    InvalidError
        When ``each`` is less than 1 or more than there are users.
    ConflictError
        When a user is not active, or the call is closed.
    """
    open_call_of(session, call_id, lock=True)
    people = [_active(session, user_id).id for user_id in dict.fromkeys(user_ids)]
    if not people:
        raise InvalidError("got no evaluator, expected one or more; choose who reads")
    if not 1 <= each <= len(people):
        raise InvalidError(
            f"got {each} evaluators a proposal out of {len(people)} users, expected at least 1 "
            "and no more than there are users; choose more users, or fewer a proposal"
        )
    plan = _Plan(people)
    holders = _holders(session, call_id)
    for on_it in holders.values():
        plan.note({one.user_id for one in on_it if one.task == EVALUATE})
    given = []
    for proposal_id, on_it in holders.items():
        evaluators = {one.user_id for one in on_it if one.task == EVALUATE}
        others = {one.user_id for one in on_it} - evaluators
        chosen = plan.choose(evaluators, others, each - len(evaluators))
        given += [_give(session, proposal_id, user_id, EVALUATE) for user_id in chosen]
    return given


class _Plan:
    """Counts what everybody has, and chooses who is next."""

    def __init__(self, people: Sequence[int]) -> None:
        self._people = people
        self._load: Counter[int] = Counter()
        self._met: Counter[frozenset[int]] = Counter()

    def note(self, evaluators: set[int]) -> None:
        self._load.update(evaluators)
        self._met.update(map(frozenset, combinations(evaluators, 2)))

    def choose(self, evaluators: set[int], others: set[int], n_more: int) -> list[int]:
        chosen: list[int] = []
        for _ in range(n_more):
            together = evaluators.union(chosen)
            free = [one for one in self._people if one not in together | others]
            if not free:
                break
            best = min(
                free,
                key=lambda one: (
                    self._load[one],
                    sum(self._met[frozenset((one, other))] for other in together),
                ),
            )
            self._load[best] += 1
            self._met.update(frozenset((best, other)) for other in together)
            chosen.append(best)
        return chosen


def unassign(session: Session, assignment_id: int) -> None:
    """Take a task back on which nothing has been decided.

    Raises
    ------
    ConflictError
        When something was decided: decisions are never removed. When the task is finished, which
        says "no" to everything that was not decided, or the call is closed.
    """
    found = get(session, Assignment, assignment_id, lock=True)
    _open_call(session, found)
    if found.finished:
        raise ConflictError("got a task that is finished, which is a reading; it has to stay")
    if find(session, Decision, decisions.c.assignment_id == assignment_id):
        raise ConflictError("got a task with decisions, which are never removed; it has to stay")
    session.execute(delete(assignments).where(assignments.c.id == assignment_id))


def get_assignment(session: Session, assignment_id: int) -> Assignment:
    """Get a task by number.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    return get(session, Assignment, assignment_id)


def assignments_of(
    session: Session,
    user_id: int,
    call_id: int | None = None,
    task: str | None = None,
    finished: bool | None = None,
) -> list[Assignment]:
    """Give the tasks of a user, in the order in which they were given.

    Parameters
    ----------
    session
        Of the store.
    user_id
        Whose.
    call_id, task, finished
        Only those of this call, of this task, and that are finished or not; all when left out.
    """
    conditions = [assignments.c.user_id == user_id]
    if call_id is not None:
        conditions.append(assignments.c.proposal_id.in_(_proposals_of(call_id)))
    if task is not None:
        conditions.append(assignments.c.task == task)
    if finished is not None:
        conditions.append(assignments.c.finished.is_not(None) == finished)
    return find_all(session, Assignment, *conditions)


def assignments_on(session: Session, proposal_id: int) -> list[Assignment]:
    """Give the tasks on a proposal, in the order in which they were given."""
    return find_all(session, Assignment, assignments.c.proposal_id == proposal_id)


def finish(session: Session, assignment_id: int) -> Assignment:
    """End a task; what was not decided counts as "no" then. In a blind call this reveals.

    A finished task stays as it is.

    Raises
    ------
    ConflictError
        When the call is closed.
    """
    found = get(session, Assignment, assignment_id, lock=True)
    if found.finished:
        return found
    at = now()
    changes = {"finished": at}
    if _open_call(session, found).blind and found.revealed is None:
        changes["revealed"] = at
    return change(session, Assignment, assignment_id, **changes)


def reopen(session: Session, assignment_id: int) -> Assignment:
    """Go on with a task that was finished; what was revealed stays revealed.

    Raises
    ------
    ConflictError
        When the call is closed, or the proposal has been consolidated.
    """
    found = get(session, Assignment, assignment_id, lock=True)
    _open_call(session, found)
    consolidated = find(
        session,
        Assignment,
        assignments.c.proposal_id == found.proposal_id,
        assignments.c.task == CONSOLIDATE,
        assignments.c.finished.is_not(None),
    )
    if found.task == EVALUATE and consolidated:
        raise ConflictError(
            "got a proposal that has been consolidated; the consolidation has to be reopened first"
        )
    return change(session, Assignment, assignment_id, finished=None)


def reveal(session: Session, assignment_id: int) -> Assignment:
    """Note that suggestions are shown to this user now; only the first time counts.

    Raises
    ------
    NotAllowedError
        When the call is blind, and this evaluator has not finished yet.
    """
    found = get(session, Assignment, assignment_id, lock=True)
    if found.revealed:
        return found
    if _call(session, found).blind and found.task == EVALUATE:
        raise NotAllowedError(
            "got a task of a blind call; suggestions are shown once it is finished"
        )
    return change(session, Assignment, assignment_id, revealed=now())


def _active(session: Session, user_id: int) -> User:
    user = get(session, User, user_id)
    if not user.active:
        raise ConflictError(f"got {user.name!r}, who is not active; choose somebody else")
    return user


def _give(session: Session, proposal_id: int, user_id: int, task: str) -> Assignment:
    return add(
        session, Assignment, proposal_id=proposal_id, user_id=user_id, task=task, created=now()
    )


def _holders(session: Session, call_id: int) -> dict[int, list[Assignment]]:
    """Give the tasks on each proposal of a call."""
    holders: dict[int, list[Assignment]] = {
        number: [] for number in session.scalars(_proposals_of(call_id).order_by(proposals.c.id))
    }
    held = assignments.c.proposal_id.in_(_proposals_of(call_id))
    for one in find_all(session, Assignment, held):
        holders[one.proposal_id].append(one)
    return holders


def _proposals_of(call_id: int) -> Select[Any]:
    return select(proposals.c.id).where(proposals.c.call_id == call_id)


def _call(session: Session, assignment: Assignment) -> Call:
    return get_call(session, get(session, Proposal, assignment.proposal_id).call_id)


def _open_call(session: Session, assignment: Assignment) -> Call:
    return open_call_of(session, get(session, Proposal, assignment.proposal_id).call_id)
