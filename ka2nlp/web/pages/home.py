"""The first page: one's calls, a box to read one description; and what the labels mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from anyio import from_thread
from fastapi import APIRouter, File, Form, Response, UploadFile

from ka2nlp.errors import InvalidError
from ka2nlp.records import Document
from ka2nlp.review.assignments import assign, assignments_of, assignments_on
from ka2nlp.review.calls import CallCounts, call_counts, create_call, list_calls, own_call
from ka2nlp.review.proposals import add_documents, named_apart
from ka2nlp.review.records import CONSOLIDATE, EVALUATE, Call, User
from ka2nlp.web.pages.visits import AnyVisit, LeadsVisit
from ka2nlp.web.uploads import UPLOADED

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["router"]

router: Final = APIRouter(include_in_schema=False)
_ALONE: Final = "Single readings of {}"


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call, and what is left to do in it for the user and for all."""

    call: Call
    counts: CallCounts
    n_own: int
    n_own_finished: int
    n_to_consolidate: int

    @property
    def alone(self) -> bool:
        """Whether it holds what somebody read alone."""
        return self.call.name.startswith(_ALONE.format(""))


@router.get("/")
def home(visit: AnyVisit) -> Response:
    """Show the user's calls."""
    with visit.desk.store.reading() as session:
        rows = [_row(session, visit.user, call) for call in list_calls(session, visit.user)]
    return visit.page(
        "home.html",
        rows=[row for row in reversed(rows) if not row.alone],
        alone=[row for row in reversed(rows) if row.alone],
        leads=visit.leads,
        accepted=",".join(UPLOADED),
        most_mib=visit.desk.settings.limits.upload_bytes >> 20,
    )


@router.get("/labels")
def labels(visit: AnyVisit) -> Response:
    """Show what every label means."""
    return visit.page("labels.html", taxonomy=visit.desk.taxonomy)


@router.post("/read")
def read_one(
    visit: AnyVisit,
    title: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Take one description, pasted or uploaded, and open the desk on it.

    Another text under a name that is there already is another description, not a version of it.
    """
    if file is not None and file.filename:
        document = from_thread.run(visit.desk.uploads.read, file.file.read(), file.filename)
    else:
        document = _pasted(title.strip(), text)
    if not document.text.strip():
        raise InvalidError("got no text, expected a description; paste it, or choose a file")
    with visit.desk.store.transaction() as session:
        call = own_call(session, visit.user, _ALONE.format(visit.user.name))
        named = named_apart(session, call.id, document)
        (proposal,) = add_documents(session, call.id, [named])
        own = [one for one in assignments_on(session, proposal.id) if one.user_id == visit.user.id]
        task = own[0] if own else assign(session, proposal.id, visit.user.id, EVALUATE)
    apart = f"You have read another text called {document.id}; this one is kept as {named.id}."
    return visit.go_to(f"/desk/{task.id}", "" if named.id == document.id else apart)


@router.post("/calls")
def begin(
    visit: LeadsVisit,
    name: Annotated[str, Form()],
    description: Annotated[str, Form()] = "",
    evaluators_each: Annotated[int, Form()] = 1,
    blind: Annotated[bool, Form()] = False,
) -> Response:
    """Begin a call."""
    with visit.desk.store.transaction() as session:
        call = create_call(
            session,
            name,
            description,
            blind=blind,
            evaluators_each=evaluators_each,
            created_by=visit.user.id,
        )
    return visit.go_to(f"/calls/{call.id}", "The call is made. Now add its documents.")


def _row(session: Session, user: User, call: Call) -> CallRow:
    own = assignments_of(session, user.id, call.id)
    evaluated = [one for one in own if one.task == EVALUATE]
    return CallRow(
        call,
        call_counts(session, call.id),
        len(evaluated),
        sum(one.finished is not None for one in evaluated),
        sum(one.task == CONSOLIDATE and one.finished is None for one in own),
    )


def _pasted(title: str, text: str) -> Document:
    moment = datetime.now(UTC)
    words = text.replace("\r\n", "\n")  # browsers send every line end as two characters
    return Document(title[:200] or f"Pasted {moment:%Y-%m-%d %H:%M:%S}", title, words)
