"""Proposals: documents go into a call, and each change of a text is a version of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ka2nlp.annotations import fingerprint_text
from ka2nlp.errors import InvalidError, NotFoundError
from ka2nlp.records import Document
from ka2nlp.review.calls import open_call_of
from ka2nlp.review.records import Proposal, Text, User
from ka2nlp.review.rows import add, change, find, find_all, get, now
from ka2nlp.review.schema import assignments, proposals, texts
from ka2nlp.review.values import plain, plain_text

__all__ = [
    "add_documents",
    "get_proposal",
    "get_text",
    "latest_text",
    "list_proposals",
    "list_texts",
    "named_apart",
    "newest_texts",
]


def add_documents(session: Session, call_id: int, documents: Iterable[Document]) -> list[Proposal]:
    """Put documents into a call, all or none.

    A document whose ``id`` the call has already adds nothing where its title and text are the same,
    and a new version of the text where they are not.

    Returns
    -------
    list of Proposal
        One a document, in order, those that were there already included.

    Raises
    ------
    NotFoundError, ConflictError
        When there is no such call, or it is closed.
    InvalidError
        When a document has no ``id``, or two of them have the same but not the same text.
    """
    open_call_of(session, call_id, lock=True)
    seen: dict[str, Document] = {}
    found = []
    for document in documents:
        key = plain_text(document.id)
        if not key.strip():
            raise InvalidError("got a document without an identifier, expected one for each")
        first = seen.setdefault(key, document)
        if (first.title, first.text) != (document.title, document.text):
            raise InvalidError(
                f"got the identifier {key!r} for two different texts, expected one text for each "
                "identifier; name another column of identifiers, or put them into two calls"
            )
        found.append(_keep(session, call_id, document))
    return found


def named_apart(session: Session, call_id: int, document: Document) -> Document:
    """Give a document a name under which a call has no other text: "Application (2)".

    The same title and text under the same name, or one of these, keep theirs.
    """
    open_call_of(session, call_id, lock=True)  # until the document stands in it
    said = plain_text(document.title), plain_text(document.text)
    for number in count(1):
        name = document.id if number == 1 else f"{document.id} ({number})"
        known = _find_named(session, call_id, plain_text(name))
        if known is None:
            break
        last = latest_text(session, known.id)
        if (last.title, last.text) == said:
            break
    return replace(document, id=name)


def get_proposal(session: Session, proposal_id: int) -> Proposal:
    """Get a proposal by number.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    return get(session, Proposal, proposal_id)


def list_proposals(
    session: Session,
    call_id: int,
    after: int = 0,
    limit: int = 50,
    *,
    seen_by: User | None = None,
) -> list[Proposal]:
    """Give proposals of a call in the order in which they came, a page at a time.

    Parameters
    ----------
    session
        Of the store.
    call_id
        Number of the call.
    after
        Number of the last proposal of the page before; 0 for the first page.
    limit
        Proposals a page, at most.
    seen_by
        Give only those that this user may see; all when left out.
    """
    conditions = [proposals.c.call_id == call_id, proposals.c.id > after]
    if seen_by is not None and seen_by.role == "evaluator":
        theirs = select(assignments.c.proposal_id).where(assignments.c.user_id == seen_by.id)
        conditions.append(proposals.c.id.in_(theirs))
    return find_all(session, Proposal, *conditions, limit=limit)


def get_text(session: Session, text_id: int) -> Text:
    """Get a version of a text by its number in the database.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    return get(session, Text, text_id)


def latest_text(session: Session, proposal_id: int) -> Text:
    """Get the newest version of a proposal's text.

    Raises
    ------
    NotFoundError
        When there is no such proposal.
    """
    found = find(session, Text, texts.c.proposal_id == proposal_id, newest=True)
    if found is None:
        raise NotFoundError(f"got proposal {proposal_id}, which does not exist; look it up again")
    return found


def newest_texts(call_id: int) -> Select[tuple[int]]:
    """Query the number of the newest text of each proposal of a call."""
    return (
        select(func.max(texts.c.id))
        .join(proposals, proposals.c.id == texts.c.proposal_id)
        .where(proposals.c.call_id == call_id)
        .group_by(texts.c.proposal_id)
    )


def list_texts(session: Session, proposal_id: int) -> list[Text]:
    """Give all versions of a proposal's text, oldest first."""
    return find_all(session, Text, texts.c.proposal_id == proposal_id)


def _keep(session: Session, call_id: int, document: Document) -> Proposal:
    source_id, title, text = map(plain_text, (document.id, document.title, document.text))
    said = {"title": title, "metadata": plain(document.metadata)}
    proposal = _find_named(session, call_id, source_id)
    last = None
    if proposal is None:
        proposal = add(
            session, Proposal, call_id=call_id, source_id=source_id, created=now(), **said
        )
    else:
        last = latest_text(session, proposal.id)
        if (proposal.title, proposal.metadata) != (title, said["metadata"]):
            proposal = change(session, Proposal, proposal.id, **said)
    if last is None or (last.title, last.text) != (title, text):
        add(
            session,
            Text,
            proposal_id=proposal.id,
            number=last.number + 1 if last else 1,
            fingerprint=fingerprint_text(text),
            source_id=source_id,
            title=title,
            text=text,
            places=document.places,
            problems=document.problems,
            created=now(),
        )
    return proposal


def _find_named(session: Session, call_id: int, source_id: str) -> Proposal | None:
    return find(
        session, Proposal, proposals.c.call_id == call_id, proposals.c.source_id == source_id
    )
