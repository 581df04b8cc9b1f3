"""What leads do with a call: add documents, give out tasks, tag, close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from anyio import from_thread
from fastapi import APIRouter, BackgroundTasks, File, Form, Response, UploadFile

from ka2nlp.errors import InputError, InvalidError
from ka2nlp.records import Document
from ka2nlp.review.additions import add_counted, why_left_out
from ka2nlp.review.assignments import assign, assignments_on, distribute
from ka2nlp.review.calls import close_call, get_call, open_call_of, reopen_call
from ka2nlp.review.consolidation import disagreements
from ka2nlp.review.readings import proposals_of
from ka2nlp.review.records import CONSOLIDATE, EVALUATE
from ka2nlp.review.suggestions import keep_suggestions, without_suggestion
from ka2nlp.review.users import get_user
from ka2nlp.web.inference import BusyError
from ka2nlp.web.pages.visits import LeadsVisit, Visit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ka2nlp.web.uploads import Uploads

__all__ = ["router"]

router: Final = APIRouter(include_in_schema=False)
_AT_ONCE: Final = 16
_MOST_PROBLEMS: Final = 5


@router.post("/calls/{number}/documents")
def add(
    visit: LeadsVisit,
    number: int,
    background: BackgroundTasks,
    files: Annotated[list[UploadFile], File()],
) -> Response:
    """Add the texts of uploaded files that can be read; they are tagged when this was answered."""
    given = [(file.file.read(), file.filename) for file in files if file.filename]
    if not given:
        raise InvalidError("got no file, expected one or more; choose them first")
    documents, problems = _read(visit.desk.uploads, given)
    if not documents:
        raise InvalidError(_some(problems))
    with visit.desk.store.transaction() as session:
        added = add_counted(session, number, documents)
    came = f" {added.n_changed} came with another text, now the newest version."
    changed = came if added.n_changed else ""
    background.add_task(tag_call, visit, number)
    left_out = f" {len(problems)} left out: {_some(problems)}." if problems else ""
    notice = f"Added {added.n_new} new of {len(documents)} descriptions.{changed}{left_out}"
    return visit.go_to(f"/calls/{number}", notice)


@router.post("/calls/{number}/tag")
def tag(visit: LeadsVisit, number: int, background: BackgroundTasks) -> Response:
    """Tag what no model has tagged yet."""
    with visit.desk.store.reading() as session:
        open_call_of(session, number)
    background.add_task(tag_call, visit, number)
    return visit.go_to(
        f"/calls/{number}", "The model reads them now. Load the page anew to see how far it is."
    )


@router.post("/calls/{number}/evaluators")
def give_out(
    visit: LeadsVisit,
    number: int,
    each: Annotated[int, Form()],
    users: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """Give every proposal its evaluators."""
    with visit.desk.store.transaction() as session:
        given = distribute(session, number, users or [], each)
    return visit.go_to(f"/calls/{number}", f"Gave out {len(given)} new readings.")


@router.post("/calls/{number}/consolidators")
def consolidate(visit: LeadsVisit, number: int, user: Annotated[int, Form()]) -> Response:
    """Give somebody the proposals on which finished evaluators disagree, and that nobody has."""
    n_given = n_own = 0
    with visit.desk.store.transaction() as session:
        get_user(session, user)
        for proposal_id in proposals_of(session, number):
            tasks = assignments_on(session, proposal_id)
            read = [one for one in tasks if one.task == EVALUATE]
            taken = any(one.task == CONSOLIDATE for one in tasks)
            if (
                taken
                or not all(one.finished for one in read)
                or not disagreements(session, proposal_id)
            ):
                continue
            if any(one.user_id == user for one in read):
                n_own += 1
                continue
            assign(session, proposal_id, user, CONSOLIDATE)
            n_given += 1
    own = f" {n_own} they have read themselves; choose somebody else for these." if n_own else ""
    return visit.go_to(f"/calls/{number}", f"Gave out {n_given} proposals to consolidate.{own}")


@router.post("/calls/{number}/close")
def close(visit: LeadsVisit, number: int) -> Response:
    """Close a call."""
    with visit.desk.store.transaction() as session:
        close_call(session, number)
    return visit.go_to(f"/calls/{number}", "The call is closed: nothing in it changes any more.")


@router.post("/calls/{number}/reopen")
def reopen(visit: LeadsVisit, number: int) -> Response:
    """Go on with a call."""
    with visit.desk.store.transaction() as session:
        reopen_call(session, number)
    return visit.go_to(f"/calls/{number}", "The call is open again.")


def tag_call(visit: Visit, number: int) -> None:
    """Tag the newest texts of a call that the desk's model has not tagged, a few at a time.

    A call that was closed meanwhile stays as it is.
    """
    store, inference = visit.desk.store, visit.desk.inference
    with store.reading() as session:
        waiting = without_suggestion(session, number, visit.desk.model.name)
    for start in range(0, len(waiting), _AT_ONCE):
        texts = waiting[start : start + _AT_ONCE]
        try:
            reports = from_thread.run(inference.tag_many, [text.document for text in texts])
        except BusyError:
            return  # the page of the call says how many are left, and offers to go on
        with store.transaction() as session:
            if get_call(session, number).closed:
                return
            keep_suggestions(session, texts, reports)


def _read(uploads: Uploads, given: Iterable[tuple[bytes, str]]) -> tuple[list[Document], list[str]]:
    """Read files: the documents with a text, and what is the matter with the other ones."""
    documents: list[Document] = []
    problems: list[str] = []
    for data, name in given:
        try:
            found = from_thread.run(uploads.read_all, data, name)
        except InputError as error:
            problems.append(str(error))
            continue
        told = [(one, why_left_out(one)) for one in found]
        documents += [one for one, reason in told if not reason]
        problems += [f"{one.id}: {reason}" for one, reason in told if reason]
    return documents, problems


def _some(problems: Sequence[str]) -> str:
    more = len(problems) - _MOST_PROBLEMS
    return "; ".join(problems[:_MOST_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
