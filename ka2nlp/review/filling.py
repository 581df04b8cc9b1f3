"""Fill a call: inputs or an archive go in, proposals and suggestions come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from ka2nlp.archives.rows import Read
from ka2nlp.progress import Progress, silent
from ka2nlp.review.additions import add_counted, why_left_out
from ka2nlp.review.archived import Archived, is_archive, read_archived
from ka2nlp.review.calls import open_call_of
from ka2nlp.review.store import Store
from ka2nlp.review.suggestions import (
    keep_suggestion,
    keep_suggestions,
    without_suggestion,
)
from ka2nlp.tagger import Tagger
from ka2nlp.taxonomy import Taxonomy

__all__ = ["Added", "add_inputs", "suggest"]

TOGETHER: Final = 32
"""Texts that are tagged before their suggestions are kept: what an interruption costs at most."""


@dataclass(frozen=True, slots=True)
class Added:
    """What came into a call.

    Parameters
    ----------
    n_new, n_changed, n_same
        Proposals that are new, that have a new version of their text, and that are as they were.
    n_suggestions
        Reports taken over from archives.
    problems
        Documents that could not be read, each with the reason.
    """

    n_new: int
    n_changed: int
    n_same: int
    n_suggestions: int
    problems: tuple[tuple[str, str], ...]


def add_inputs(
    store: Store, call_id: int, inputs: Iterable[str], read: Read, taxonomy: Taxonomy
) -> Added:
    """Put the documents of inputs into a call, all or none.

    All are read before the database is locked for writing, and are in memory until they are kept.

    Parameters
    ----------
    store
        Where the call is.
    call_id
        The call.
    inputs
        What ``read`` takes, or folders of archives: of these, the inputs that they were made of,
        with the reports of their last run as suggestions.
    read
        Gives the documents of an input, as ``ka2nlp.read_documents`` does.
    taxonomy
        The labels.

    Raises
    ------
    NotFoundError, ConflictError
        When there is no such call, or it is closed.
    InputError, ArchiveError
        When an input cannot be read.
    InvalidError
        When two documents have one identifier, but not one text.
    """
    with store.reading() as session:
        open_call_of(session, call_id)
    found = [one for source in inputs for one in _documents(source, read, taxonomy)]
    with store.transaction() as session:
        return _keep(session, call_id, found)


def _keep(session: Session, call_id: int, found: Sequence[Archived]) -> Added:
    told = [(one, why_left_out(one.document)) for one in found]
    whole = [one for one, reason in told if not reason]
    problems = tuple((one.document.id, reason) for one, reason in told if reason)
    added = add_counted(session, call_id, (one.document for one in whole))
    n_suggestions = 0
    for proposal, one in zip(added.proposals, whole, strict=True):
        if one.report is not None:
            keep_suggestion(session, added.latest[proposal.id], one.report)
            n_suggestions += 1
    return Added(added.n_new, added.n_changed, added.n_same, n_suggestions, problems)


def _documents(source: str, read: Read, taxonomy: Taxonomy) -> Iterator[Archived]:
    if is_archive(source):
        yield from read_archived(source, read, taxonomy)
    else:
        for document in read(source):
            yield Archived(document, None)


def suggest(store: Store, call_id: int, tagger: Tagger, progress: Progress = silent) -> int:
    """Tag the newest texts of a call on which this model has said nothing yet.

    What was tagged is kept every few texts, so that an interrupted call goes on where it stopped.

    Returns
    -------
    int
        Texts tagged.

    Raises
    ------
    NotFoundError, ConflictError
        When there is no such call, or it is closed, be it while texts are tagged.
    """
    with store.reading() as session:
        open_call_of(session, call_id)
        waiting = without_suggestion(session, call_id, tagger.name)
    for start in range(0, len(waiting), TOGETHER):
        progress(f"tagging {len(waiting)} texts", start / len(waiting))
        texts = waiting[start : start + TOGETHER]
        reports = list(tagger.tag_many((one.document for one in texts), doubts=True))
        with store.transaction() as session:
            open_call_of(session, call_id, lock=True)
            keep_suggestions(session, texts, reports)
    return len(waiting)
