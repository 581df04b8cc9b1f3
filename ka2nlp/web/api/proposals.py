"""The proposals of a call: how they come in, their texts, suggestions, trails and labels."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

from anyio import to_thread
from fastapi import APIRouter, File, Query, Request, UploadFile

from ka2nlp.errors import NotAllowedError, NotFoundError
from ka2nlp.records import Document, Report
from ka2nlp.review.access import (
    may_see_decisions,
    may_see_suggestions,
    require_seen,
    visible_trail,
)
from ka2nlp.review.assignments import assignments_on
from ka2nlp.review.calls import open_call_of
from ka2nlp.review.consolidation import final
from ka2nlp.review.proposals import add_documents, latest_text, list_proposals, list_texts
from ka2nlp.review.records import Proposal, Suggestion, Text, User
from ka2nlp.review.schema import LARGEST
from ka2nlp.review.suggestions import (
    find_suggestion_of,
    keep_suggestion,
    keep_suggestions,
    without_suggestion,
)
from ka2nlp.web.clients import while_connected
from ka2nlp.web.desk import Desk, ThisDesk
from ka2nlp.web.lists import Id, Page, PageAsked
from ka2nlp.web.problems import API, responses
from ka2nlp.web.review_schemas import DecisionOut, LabelsOut, SuggestedOut
from ka2nlp.web.schemas import ProposalsIn
from ka2nlp.web.security import CurrentUser, Lead

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["router"]

router: Final = APIRouter(tags=["proposals"])


@router.get(
    f"{API}/calls/{{call_id}}/proposals", summary="The proposals of a call", responses=responses()
)
def list_all(desk: ThisDesk, user: CurrentUser, call_id: Id, asked: PageAsked) -> Page[Proposal]:
    """List the proposals that you may see, in the order in which they came."""
    with desk.store.reading() as session:
        return asked.page(
            list_proposals(session, call_id, asked.after, asked.limit + 1, seen_by=user)
        )


@router.post(
    f"{API}/calls/{{call_id}}/proposals",
    summary="Add up to 64 proposals",
    status_code=HTTPStatus.CREATED,
    responses=responses(400, 404, 409, 413, 503),
)
async def add(
    request: Request, desk: ThisDesk, _: Lead, call_id: Id, given: ProposalsIn
) -> list[Proposal]:
    """Tag descriptions and put them into a call, all or none; leads only.

    One whose `id` the call has already becomes a new version of its text, or nothing where title
    and text are the same.
    """
    documents = [description.document() for description in given.documents]
    return await _add(request, desk, call_id, documents)


@router.post(
    f"{API}/calls/{{call_id}}/files",
    summary="Add a proposal from a file",
    status_code=HTTPStatus.CREATED,
    responses=responses(400, 404, 409, 413, 503),
)
async def add_file(
    request: Request,
    desk: ThisDesk,
    _: Lead,
    call_id: Id,
    file: Annotated[
        UploadFile, File(description="PDF, DOCX, ODT, HTML, Markdown or text, up to 20 MiB.")
    ],
) -> list[Proposal]:
    """Read and tag a file and put it into a call under its name; leads only."""
    document = await desk.uploads.read(await file.read(), file.filename or "")
    return await _add(request, desk, call_id, [document])


@router.post(
    f"{API}/calls/{{call_id}}/suggestions",
    summary="Tag what has no suggestion",
    responses=responses(404, 409, 503),
)
async def suggest(request: Request, desk: ThisDesk, _: Lead, call_id: Id) -> SuggestedOut:
    """Let the model read up to 64 texts that it has not read yet; leads only."""

    def find() -> list[Text]:
        with desk.store.reading() as session:
            open_call_of(session, call_id)
            return without_suggestion(session, call_id, desk.model.name)

    def keep(reports: Sequence[Report]) -> None:
        with desk.store.transaction() as session:
            keep_suggestions(session, texts, reports)

    waiting = await to_thread.run_sync(find)
    texts = waiting[: desk.settings.limits.documents]
    reports = await while_connected(
        request, desk.inference.tag_many(text.document for text in texts)
    )
    await to_thread.run_sync(keep, reports)
    return SuggestedOut(tagged=len(texts), waiting=len(waiting) - len(texts))


@router.get(f"{API}/proposals/{{proposal_id}}", summary="One proposal", responses=responses(404))
def get(desk: ThisDesk, user: CurrentUser, proposal_id: Id) -> Proposal:
    """Give a proposal that you may see."""
    with desk.store.reading() as session:
        return require_seen(session, user, proposal_id)


@router.get(f"{API}/proposals/{{proposal_id}}/text", summary="Its text", responses=responses(404))
def get_text(
    desk: ThisDesk,
    user: CurrentUser,
    proposal_id: Id,
    number: Annotated[int | None, Query(ge=1, le=LARGEST, description="Of the version.")] = None,
) -> Text:
    """Give the newest version of the text, or an earlier one."""
    with desk.store.reading() as session:
        require_seen(session, user, proposal_id)
        if number is None:
            return latest_text(session, proposal_id)
        for text in list_texts(session, proposal_id):
            if text.number == number:
                return text
    raise NotFoundError(f"got version {number} of proposal {proposal_id}, which does not exist")


@router.get(
    f"{API}/proposals/{{proposal_id}}/suggestion",
    summary="What the model suggests",
    responses=responses(404),
)
def get_suggestion(desk: ThisDesk, user: CurrentUser, proposal_id: Id) -> Suggestion:
    """Give the newest suggestion on the newest text.

    Whoever has a task on the proposal asks for it to be revealed first: that is noted, and in a
    blind call refused until they have finished.
    """
    with desk.store.reading() as session:
        require_seen(session, user, proposal_id)
        _check_revealed(session, user, proposal_id)
        text = latest_text(session, proposal_id)
        found = find_suggestion_of(session, text.id, desk.taxonomy)
    if found is None:
        raise NotFoundError(
            f"got proposal {proposal_id}, on which no model has said anything yet; a lead lets it"
        )
    return found


@router.get(
    f"{API}/proposals/{{proposal_id}}/trail",
    tags=["decisions"],
    summary="Every decision on it",
    responses=responses(404),
)
def get_trail(
    desk: ThisDesk, user: CurrentUser, proposal_id: Id, asked: PageAsked
) -> Page[DecisionOut]:
    """List every decision that you may see, oldest first, those undone included."""
    with desk.store.reading() as session:
        require_seen(session, user, proposal_id)
        told = may_see_suggestions(session, user, proposal_id)
        found = visible_trail(session, user, proposal_id)
        return asked.page(DecisionOut.of(one, told=told) for one in found)


@router.get(
    f"{API}/proposals/{{proposal_id}}/labels",
    tags=["decisions"],
    summary="Its labels in the end",
    responses=responses(404),
)
def get_labels(desk: ThisDesk, user: CurrentUser, proposal_id: Id) -> LabelsOut:
    """Give the labels as far as they are known, for whoever may see all decisions on it."""
    with desk.store.reading() as session:
        require_seen(session, user, proposal_id)
        tasks = assignments_on(session, proposal_id)
        if not all(may_see_decisions(session, user, one) for one in tasks):
            raise NotAllowedError(
                "got a proposal on which others decide, expected one that you consolidate or lead"
            )
        return LabelsOut.of(final(session, proposal_id), desk.taxonomy.codes)


async def _add(
    request: Request, desk: Desk, call_id: int, documents: Sequence[Document]
) -> list[Proposal]:
    def keep(reports: Sequence[Report]) -> list[Proposal]:
        with desk.store.transaction() as session:
            added = add_documents(session, call_id, documents)
            for proposal, report in zip(added, reports, strict=True):
                keep_suggestion(session, latest_text(session, proposal.id).id, report)
        return added

    def check() -> None:
        with desk.store.reading() as session:
            open_call_of(session, call_id)

    await to_thread.run_sync(check)
    reports = await while_connected(request, desk.inference.tag_many(documents))
    return await to_thread.run_sync(keep, reports)


def _check_revealed(session: Session, user: User, proposal_id: int) -> None:
    for one in assignments_on(session, proposal_id):
        if one.user_id == user.id and one.revealed is None:
            raise NotAllowedError(
                f"got a proposal on which you decide unaided; ask for it with POST "
                f"{API}/assignments/{one.id}/reveal"
            )
