"""Calls: batches of proposals under review, and the queue of whoever evaluates them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query

from ka2nlp.review import assignments, calls
from ka2nlp.review.access import require_call
from ka2nlp.review.calls import CallCounts, call_counts, create_call, list_calls
from ka2nlp.review.queues import QueueItem, queue
from ka2nlp.review.records import Assignment, Call
from ka2nlp.web.desk import ThisDesk
from ka2nlp.web.lists import Id, Page, PageAsked
from ka2nlp.web.problems import API, responses
from ka2nlp.web.review_schemas import CallIn, DistributionIn
from ka2nlp.web.security import CurrentUser, Lead

__all__ = ["router"]

router: Final = APIRouter(tags=["calls"])


@router.get(f"{API}/calls", summary="The calls you may see", responses=responses())
def list_all(desk: ThisDesk, user: CurrentUser, asked: PageAsked) -> Page[Call]:
    """List calls: leads see all, evaluators those in which they have a task."""
    with desk.store.reading() as session:
        return asked.page(list_calls(session, user))


@router.post(
    f"{API}/calls",
    summary="Begin a call",
    status_code=HTTPStatus.CREATED,
    responses=responses(400, 409, 413),
)
def create(desk: ThisDesk, user: Lead, call: CallIn) -> Call:
    """Begin a call; leads only."""
    with desk.store.transaction() as session:
        return create_call(session, **call.model_dump(), created_by=user.id)


@router.get(f"{API}/calls/{{call_id}}", summary="One call", responses=responses(404))
def get(desk: ThisDesk, user: CurrentUser, call_id: Id) -> Call:
    """Give a call that you may see."""
    with desk.store.reading() as session:
        return require_call(session, user, call_id)


@router.get(
    f"{API}/calls/{{call_id}}/counts", summary="How far a call is", responses=responses(404)
)
def counts(desk: ThisDesk, _: Lead, call_id: Id) -> CallCounts:
    """Count proposals, tasks and decisions; leads only."""
    with desk.store.reading() as session:
        calls.get_call(session, call_id)
        return call_counts(session, call_id)


@router.post(f"{API}/calls/{{call_id}}/close", summary="Close a call", responses=responses(404))
def close(desk: ThisDesk, _: Lead, call_id: Id) -> Call:
    """End a call: nothing in it changes any more; leads only."""
    with desk.store.transaction() as session:
        return calls.close_call(session, call_id)


@router.post(f"{API}/calls/{{call_id}}/reopen", summary="Reopen a call", responses=responses(404))
def reopen(desk: ThisDesk, _: Lead, call_id: Id) -> Call:
    """Go on with a call that was closed; leads only."""
    with desk.store.transaction() as session:
        return calls.reopen_call(session, call_id)


@router.post(
    f"{API}/calls/{{call_id}}/distribution",
    tags=["assignments"],
    summary="Share out a call",
    status_code=HTTPStatus.CREATED,
    responses=responses(400, 404, 409, 413),
)
def distribute(
    desk: ThisDesk, _: Lead, call_id: Id, distribution: DistributionIn
) -> list[Assignment]:
    """Give every proposal the evaluators that it lacks, evenly; leads only."""
    with desk.store.transaction() as session:
        return assignments.distribute(session, call_id, distribution.user_ids, distribution.each)


@router.get(
    f"{API}/calls/{{call_id}}/queue",
    tags=["assignments"],
    summary="What to evaluate next",
    responses=responses(404),
)
def get_queue(
    desk: ThisDesk,
    user: CurrentUser,
    call_id: Id,
    order: Annotated[
        Literal["in turn", "to check first", "most useful next"],
        Query(description="As they came; most to check first; or what the model learns most from."),
    ] = "in turn",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[QueueItem]:
    """Give the first of your open proposals in an order, which changes as you decide."""
    with desk.store.reading() as session:
        require_call(session, user, call_id)
        return queue(session, user.id, call_id, order, limit, taxonomy=desk.taxonomy)
