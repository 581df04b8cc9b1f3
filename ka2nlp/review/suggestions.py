"""Suggestions: the reports of models on versions of texts."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from ka2nlp.records import Report
from ka2nlp.review.proposals import newest_texts
from ka2nlp.review.records import Suggestion, Text
from ka2nlp.review.rows import add, find, find_all, get, now
from ka2nlp.review.schema import proposals, suggestions, texts
from ka2nlp.review.values import plain
from ka2nlp.taxonomy import Taxonomy

__all__ = [
    "count_without_suggestion",
    "find_suggestion",
    "find_suggestion_of",
    "get_suggestion",
    "keep_suggestion",
    "keep_suggestions",
    "know_labels",
    "without_suggestion",
]


def keep_suggestion(session: Session, text_id: int, report: Report) -> Suggestion:
    """Keep what a model says of a version of a text.

    The same report of the same model, kept again, adds nothing.

    Raises
    ------
    NotFoundError
        When there is no such text.
    """
    get(session, Text, text_id)
    form = plain(report.to_dict(doubts=True))
    last = find_suggestion(session, text_id, report.model)
    if last is not None and last.report == form:
        return last
    return add(
        session,
        Suggestion,
        text_id=text_id,
        model=report.model,
        taxonomy=report.taxonomy,
        report=form,
        created=now(),
    )


def keep_suggestions(session: Session, texts: Iterable[Text], reports: Iterable[Report]) -> None:
    """Keep what a model says of several texts, one report each; see ``keep_suggestion``."""
    for text, report in zip(texts, reports, strict=True):
        keep_suggestion(session, text.id, report)


def get_suggestion(session: Session, suggestion_id: int) -> Suggestion:
    """Get a suggestion by number.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    return get(session, Suggestion, suggestion_id)


def find_suggestion(session: Session, text_id: int, model: str) -> Suggestion | None:
    """Find the newest suggestion of a model on a text; None where there is none."""
    conditions = suggestions.c.text_id == text_id, suggestions.c.model == model
    return find(session, Suggestion, *conditions, newest=True)


def find_suggestion_of(session: Session, text_id: int, taxonomy: Taxonomy) -> Suggestion | None:
    """Find the newest suggestion on a text that knows all labels; None where there is none.

    A model of another vocabulary may have read the text before or since.
    """
    found = find_all(session, Suggestion, suggestions.c.text_id == text_id)
    return next((one for one in reversed(found) if one.knows(taxonomy.codes)), None)


def know_labels(session: Session, call_id: int, taxonomy: Taxonomy | None) -> ColumnElement[bool]:
    """Give the condition that suggestions of a call know all labels; all do where none are given.

    One suggestion of each vocabulary is read for it, so that a call of any size costs as little.
    """
    if taxonomy is None:
        return true()
    first = (
        select(func.min(suggestions.c.id))
        .join(texts, texts.c.id == suggestions.c.text_id)
        .join(proposals, proposals.c.id == texts.c.proposal_id)
        .where(proposals.c.call_id == call_id)
        .group_by(suggestions.c.taxonomy)
    )
    found = find_all(session, Suggestion, suggestions.c.id.in_(first))
    fitting = (one.taxonomy for one in found if one.knows(taxonomy.codes))
    return suggestions.c.taxonomy.in_(sorted({taxonomy.fingerprint, *fitting}))


def without_suggestion(session: Session, call_id: int, model: str) -> list[Text]:
    """Give the newest texts of a call's proposals on which a model has said nothing yet."""
    return find_all(session, Text, *_unread(call_id, model))


def count_without_suggestion(session: Session, call_id: int, model: str) -> int:
    """Count the texts that ``without_suggestion`` gives."""
    query = select(func.count()).select_from(texts).where(*_unread(call_id, model))
    return session.scalars(query).one()


def _unread(call_id: int, model: str) -> tuple[ColumnElement[bool], ...]:
    done = select(suggestions.c.text_id).where(suggestions.c.model == model)
    return texts.c.id.in_(newest_texts(call_id)), texts.c.id.not_in(done)
