"""Documents go into a call; how many are new, and how many came with another text, comes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ka2nlp.records import Document
from ka2nlp.review.proposals import add_documents
from ka2nlp.review.readings import latest_texts
from ka2nlp.review.records import Proposal

__all__ = ["Additions", "add_counted", "why_left_out"]


@dataclass(frozen=True, slots=True)
class Additions:
    """What documents became in a call.

    Parameters
    ----------
    proposals
        One a document, in their order, those that were there already included.
    latest
        The newest version of the text of each proposal of the call: its number to the text's.
    n_new, n_changed, n_same
        Proposals that are new, that have a new version of their text, and that are as they were.
    """

    proposals: tuple[Proposal, ...]
    latest: Mapping[int, int]
    n_new: int
    n_changed: int
    n_same: int


def add_counted(session: Session, call_id: int, documents: Iterable[Document]) -> Additions:
    """Put documents into a call as ``proposals.add_documents`` does, and count what that changed.

    Errors are those of ``add_documents``.
    """
    before = latest_texts(session, call_id)
    added = tuple(add_documents(session, call_id, documents))
    after = latest_texts(session, call_id)
    numbers = {proposal.id for proposal in added}
    n_new = len(numbers - before.keys())
    n_same = sum(before.get(number) == after[number] for number in numbers)
    return Additions(added, after, n_new, len(numbers) - n_new - n_same, n_same)


def why_left_out(document: Document) -> str:
    """Say why a document cannot be read at the desk; empty where it has a text."""
    if document.text.strip():
        return ""
    return "; ".join(document.problems) or "the text is empty"
