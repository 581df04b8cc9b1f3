"""Tasks on proposals, and the decisions that are made in them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import APIRouter, Query

from ka2nlp.errors import ConflictError
from ka2nlp.review import assignments, decisions
from ka2nlp.review.access import (
    may_see_decisions,
    may_see_suggestions,
    not_theirs,
    require_own,
)
from ka2nlp.review.records import Assignment, User
from ka2nlp.review.schema import LARGEST
from ka2nlp.web.desk import ThisDesk
from ka2nlp.web.lists import Id, Page, PageAsked
from ka2nlp.web.problems import API, responses
from ka2nlp.web.review_schemas import AssignmentIn, ChoiceIn, DecisionOut, KeyIn
from ka2nlp.web.security import CurrentUser, Lead

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["router"]

router: Final = APIRouter(tags=["assignments"])

_ONE: Final = f"{API}/assignments/{{assignment_id}}"


@router.get(f"{API}/assignments", summary="Your tasks", responses=responses())
def list_all(
    desk: ThisDesk,
    user: CurrentUser,
    asked: PageAsked,
    call_id: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
    task: Literal["evaluate", "consolidate"] | None = None,
    finished: bool | None = None,
) -> Page[Assignment]:
    """List your tasks, in the order in which they were given."""
    with desk.store.reading() as session:
        found = assignments.assignments_of(session, user.id, call_id, task, finished)
    return asked.page(found)


@router.post(
    f"{API}/assignments",
    summary="Give somebody a task",
    status_code=HTTPStatus.CREATED,
    responses=responses(400, 404, 409, 413),
)
def assign(desk: ThisDesk, _: Lead, task: AssignmentIn) -> Assignment:
    """Let a user evaluate or consolidate a proposal; leads only."""
    with desk.store.transaction() as session:
        return assignments.assign(session, task.proposal_id, task.user_id, task.task)


@router.get(_ONE, summary="One task", responses=responses(404))
def get(desk: ThisDesk, user: CurrentUser, assignment_id: Id) -> Assignment:
    """Give a task: your own, or any for leads."""
    with desk.store.reading() as session:
        return _seen(session, user, assignment_id)


@router.delete(
    _ONE,
    summary="Take a task back",
    status_code=HTTPStatus.NO_CONTENT,
    responses=responses(404, 409),
)
def unassign(desk: ThisDesk, _: Lead, assignment_id: Id) -> None:
    """Take back a task that is not finished and has no decision yet; leads only."""
    with desk.store.transaction() as session:
        assignments.unassign(session, assignment_id)


@router.post(f"{_ONE}/reveal", summary="Reveal suggestions", responses=responses(404))
def reveal(desk: ThisDesk, user: CurrentUser, assignment_id: Id) -> Assignment:
    """Note that you see the suggestions from now on; a blind call refuses until you finish."""
    with desk.store.transaction() as session:
        require_own(session, user, assignment_id)
        return assignments.reveal(session, assignment_id)


@router.post(f"{_ONE}/finish", summary="Finish a task", responses=responses(404, 409))
def finish(desk: ThisDesk, user: CurrentUser, assignment_id: Id) -> Assignment:
    """End your task; what you did not decide counts as "no" then."""
    with desk.store.transaction() as session:
        require_own(session, user, assignment_id)
        return assignments.finish(session, assignment_id)


@router.post(f"{_ONE}/reopen", summary="Go on with a task", responses=responses(404, 409))
def reopen(desk: ThisDesk, user: CurrentUser, assignment_id: Id) -> Assignment:
    """Go on with a task of yours that was finished."""
    with desk.store.transaction() as session:
        require_own(session, user, assignment_id)
        return assignments.reopen(session, assignment_id)


@router.get(
    f"{_ONE}/decisions", tags=["decisions"], summary="What stands", responses=responses(404)
)
def standing(desk: ThisDesk, user: CurrentUser, assignment_id: Id) -> list[DecisionOut]:
    """Give the last decision on each code, in the order of the labels."""
    with desk.store.reading() as session:
        assignment = _seen(session, user, assignment_id)
        if not may_see_decisions(session, user, assignment):
            raise not_theirs("assignment", assignment_id)
        found = decisions.standing(session, assignment_id)
        told = may_see_suggestions(session, user, assignment.proposal_id)
    return [DecisionOut.of(found[code], told=told) for code in desk.taxonomy.codes if code in found]


@router.post(
    f"{_ONE}/decisions",
    tags=["decisions"],
    summary="Decide on a code",
    status_code=HTTPStatus.CREATED,
    responses=responses(400, 404, 409, 413),
)
def decide(desk: ThisDesk, user: CurrentUser, assignment_id: Id, choice: ChoiceIn) -> DecisionOut:
    """Keep what you choose for a code.

    A facet's "yes" brings its parent's, and a parent that is no longer "yes" takes its facets
    along: such consequences stand in the trail. With a `key`, sending it again changes nothing.
    """
    with desk.store.transaction() as session:
        task = require_own(session, user, assignment_id)
        made = decisions.decide(
            session, assignment_id, choice.choice(), taxonomy=desk.taxonomy, key=choice.key
        )
        told = may_see_suggestions(session, user, task.proposal_id)
    return DecisionOut.of(made, told=told)


@router.post(
    f"{_ONE}/undo",
    tags=["decisions"],
    summary="Undo the last decision",
    status_code=HTTPStatus.CREATED,
    responses=responses(400, 404, 409, 413),
)
def undo(desk: ThisDesk, user: CurrentUser, assignment_id: Id, named: KeyIn) -> DecisionOut:
    """Let stand what stood before your last decision that is not undone; nothing is erased."""
    with desk.store.transaction() as session:
        task = require_own(session, user, assignment_id)
        made = decisions.undo(session, assignment_id, named.key)
        told = may_see_suggestions(session, user, task.proposal_id)
    if made is None:
        raise ConflictError("got a task without a decision to undo, expected one")
    return DecisionOut.of(made, told=told)


def _seen(session: Session, user: User, assignment_id: int) -> Assignment:
    if user.role == "evaluator":
        return require_own(session, user, assignment_id)
    return assignments.get_assignment(session, assignment_id)
