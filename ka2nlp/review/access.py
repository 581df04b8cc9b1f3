"""Who may see and do what: rules about users, proposals and tasks."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ka2nlp.errors import NotAllowedError, NotFoundError
from ka2nlp.review.calls import list_calls
from ka2nlp.review.records import CONSOLIDATE, EVALUATE, Assignment, Call, Decision, Proposal, User
from ka2nlp.review.rows import find, find_all, get
from ka2nlp.review.schema import assignments, decisions

__all__ = [
    "may_see",
    "may_see_decisions",
    "may_see_suggestions",
    "not_theirs",
    "require_call",
    "require_own",
    "require_role",
    "require_seen",
    "visible_trail",
]


def not_theirs(kind: str, number: int) -> NotFoundError:
    """Give the error that says no more than that there is none for this user."""
    return NotFoundError(f"got {kind} {number}, which does not exist or is not yours")


def require_role(user: User, *roles: str) -> None:
    """Do nothing if a user has one of these roles.

    Raises
    ------
    NotAllowedError
        Otherwise.
    """
    if user.role not in roles:
        raise NotAllowedError(
            f"got {user.name!r}, who is {user.role}; only {' and '.join(roles)} may do this"
        )


def may_see(session: Session, user: User, proposal_id: int) -> bool:
    """Tell whether a user may read a proposal: leads all, evaluators where they have a task."""
    return user.role != "evaluator" or _task_of(session, user, proposal_id) is not None


def require_seen(session: Session, user: User, proposal_id: int) -> Proposal:
    """Get a proposal that a user may read.

    Raises
    ------
    NotFoundError
        When there is none, or it is not for this user: which of both is not told.
    """
    if not may_see(session, user, proposal_id):
        raise not_theirs("proposal", proposal_id)
    return get(session, Proposal, proposal_id)


def require_call(session: Session, user: User, call_id: int) -> Call:
    """Get a call that a user may see.

    Raises
    ------
    NotFoundError
        When there is none, or it is not for this user: which of both is not told.
    """
    for call in list_calls(session, user):
        if call.id == call_id:
            return call
    raise not_theirs("call", call_id)


def require_own(session: Session, user: User, assignment_id: int) -> Assignment:
    """Get a task that is this user's own, on which they may decide.

    Raises
    ------
    NotFoundError
        When there is none, or it is another user's, whatever the role: nobody decides for others.
    """
    found = find(session, Assignment, assignments.c.id == assignment_id)
    if found is None or found.user_id != user.id:
        raise not_theirs("assignment", assignment_id)
    return found


def may_see_decisions(session: Session, user: User, assignment: Assignment) -> bool:
    """Tell whether a user may see what was decided in a task.

    Everybody sees their own. Others' are seen by whoever consolidates the proposal, and by leads
    and administrators unless they still evaluate it themselves. Another evaluator never sees them.
    """
    if assignment.user_id == user.id:
        return True
    own = _task_of(session, user, assignment.proposal_id)
    return _sees_others(user, own)


def may_see_suggestions(session: Session, user: User, proposal_id: int) -> bool:
    """Tell whether a user may see what models say of a proposal that they may read.

    In a blind call, whoever evaluates a proposal sees it once they have finished, whatever the
    role. ``assignments.reveal`` has to be called when it is shown to somebody with a task.
    """
    own = _task_of(session, user, proposal_id)
    if own is None:
        return user.role != "evaluator"
    if own.task == CONSOLIDATE or own.revealed is not None:
        return True
    return not get(session, Call, get(session, Proposal, proposal_id).call_id).blind


def visible_trail(session: Session, user: User, proposal_id: int) -> list[Decision]:
    """Give the decisions on a proposal that a user may see, oldest first."""
    conditions = [decisions.c.proposal_id == proposal_id]
    if not _sees_others(user, _task_of(session, user, proposal_id)):
        conditions.append(decisions.c.user_id == user.id)
    return find_all(session, Decision, *conditions)


def _sees_others(user: User, own: Assignment | None) -> bool:
    if own is not None and own.task == CONSOLIDATE:
        return True
    evaluating = own is not None and own.task == EVALUATE and own.finished is None
    return user.role != "evaluator" and not evaluating


def _task_of(session: Session, user: User, proposal_id: int) -> Assignment | None:
    return find(
        session,
        Assignment,
        assignments.c.proposal_id == proposal_id,
        assignments.c.user_id == user.id,
    )
