"""The order in which an evaluator reads: their open proposals of a call in, a list out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ka2nlp.errors import InvalidError
from ka2nlp.records import TO_CHECK
from ka2nlp.review.calls import get_call
from ka2nlp.review.memory import recall
from ka2nlp.review.proposals import newest_texts
from ka2nlp.review.records import EVALUATE, Assignment, Proposal, Suggestion
from ka2nlp.review.rows import find_all
from ka2nlp.review.schema import assignments, decisions, proposals, suggestions, texts
from ka2nlp.review.suggestions import know_labels
from ka2nlp.selection import Described, most_useful, word_vectors
from ka2nlp.taxonomy import Taxonomy

__all__ = ["ORDERS", "QueueItem", "open_tasks", "queue"]

IN_TURN: Final = "in turn"
TO_CHECK_FIRST: Final = "to check first"
MOST_USEFUL: Final = "most useful next"
ORDERS: Final = (IN_TURN, TO_CHECK_FIRST, MOST_USEFUL)
"""Names of the orders; the first is that in which the proposals came."""

_TOGETHER: Final = 500
"""Rows that one query names."""

_Said = tuple[int, datetime]
"""Number of a suggestion, and when it was kept: together never given to another."""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One proposal to be evaluated.

    Parameters
    ----------
    assignment_id, proposal_id
        What to open.
    source_id, title
        As in the proposal.
    n_decided
        Codes that this evaluator has said something of.
    n_to_check
        Codes that the latest suggestion says are to be checked; None without a suggestion, and in a
        blind call, where it would tell of the suggestion before its time.
    """

    assignment_id: int
    proposal_id: int
    source_id: str
    title: str
    n_decided: int
    n_to_check: int | None


def queue(
    session: Session,
    user_id: int,
    call_id: int,
    order: str = IN_TURN,
    limit: int = 50,
    *,
    taxonomy: Taxonomy | None = None,
) -> list[QueueItem]:
    """List the first of an evaluator's open proposals of a call in an order.

    Parameters and errors are those of ``open_tasks``; ``limit`` is how many to list at most.
    """
    tasks = open_tasks(session, user_id, call_id, order, taxonomy=taxonomy)[:limit]
    numbers = [task.proposal_id for task in tasks]
    known = {one.id: one for one in find_all(session, Proposal, proposals.c.id.in_(numbers))}
    n_decided = _count_decided(session, user_id)
    blind = get_call(session, call_id).blind
    said = {} if blind else _suggested(session, call_id, taxonomy)
    n_to_check = _to_check(session, said, numbers, taxonomy)
    return [
        QueueItem(
            task.id,
            task.proposal_id,
            known[task.proposal_id].source_id,
            known[task.proposal_id].title,
            n_decided.get(task.id, 0),
            n_to_check.get(task.proposal_id),
        )
        for task in tasks
    ]


def open_tasks(
    session: Session,
    user_id: int,
    call_id: int,
    order: str = IN_TURN,
    *,
    taxonomy: Taxonomy | None = None,
) -> list[Assignment]:
    """Give an evaluator's open tasks of a call in an order.

    An order that models have to do with is worked out once, until a proposal is given out or
    finished, or a model says something new.

    Parameters
    ----------
    session
        Of the store.
    user_id, call_id
        Whose, and of which call.
    order
        One of ``ORDERS``: as they came; those with most codes to check first; or those first from
        which a model would learn most (see ``ka2nlp.selection``), given what anybody has finished
        in this call. Proposals without a suggestion come last where the order needs one.
    taxonomy
        Pass over suggestions that do not know all of these labels; any will do when left out.

    Raises
    ------
    InvalidError
        When there is no such order.
    NotFoundError
        When there is no such call.
    """
    if order not in ORDERS:
        raise InvalidError(f"got the order {order!r}, expected one of {', '.join(ORDERS)}")
    get_call(session, call_id)
    tasks = _tasks(session, call_id)
    own = [one for one in tasks if one.user_id == user_id and one.finished is None]
    if order == IN_TURN:
        return own
    said = _suggested(session, call_id, taxonomy)
    ranked = [one.proposal_id for one in own if one.proposal_id in said]
    others = {one.proposal_id for one in tasks if one.finished is not None} & said.keys()
    finished = sorted(others) if order == MOST_USEFUL else []

    def rank() -> list[int]:
        if order == TO_CHECK_FIRST:
            n_to_check = _to_check(session, said, ranked, taxonomy)
            return sorted(ranked, key=lambda number: -n_to_check[number])
        return _most_useful(session, said, ranked, finished)

    what = tuple(said[number] for number in ranked), tuple(said[number] for number in finished)
    place = {number: at for at, number in enumerate(recall(session, (order, what), rank))}
    return sorted(own, key=lambda one: place.get(one.proposal_id, len(place)))


def _tasks(session: Session, call_id: int) -> list[Assignment]:
    """Give all tasks to evaluate a proposal of the call, in the order of the proposals."""
    within = select(proposals.c.id).where(proposals.c.call_id == call_id)
    found = find_all(
        session,
        Assignment,
        assignments.c.proposal_id.in_(within),
        assignments.c.task == EVALUATE,
    )
    return sorted(found, key=lambda one: one.proposal_id)


def _suggested(session: Session, call_id: int, taxonomy: Taxonomy | None) -> dict[int, _Said]:
    """Give the latest suggestion for the newest text of each proposal that has one."""
    newest = suggestions.c.text_id.in_(newest_texts(call_id))
    last = (
        select(func.max(suggestions.c.id))
        .where(newest, know_labels(session, call_id, taxonomy))
        .group_by(suggestions.c.text_id)
    )
    query = (
        select(texts.c.proposal_id, suggestions.c.id, suggestions.c.created)
        .join(texts, texts.c.id == suggestions.c.text_id)
        .where(suggestions.c.id.in_(last))
    )
    return {row.proposal_id: (row.id, row.created) for row in session.execute(query)}


def _count_decided(session: Session, user_id: int) -> dict[int, int]:
    query = (
        select(decisions.c.assignment_id, func.count(decisions.c.code.distinct()))
        .where(decisions.c.user_id == user_id)
        .group_by(decisions.c.assignment_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _read(
    session: Session, said: Mapping[int, _Said], numbers: Iterable[int]
) -> dict[int, Suggestion]:
    """Read the suggestions for those of some proposals that have one."""
    number_of = {said[number][0]: number for number in numbers if number in said}
    found = {}
    for some in _parts(list(number_of)):
        for one in find_all(session, Suggestion, suggestions.c.id.in_(some)):
            found[number_of[one.id]] = one
    return found


def _to_check(
    session: Session,
    said: Mapping[int, _Said],
    numbers: Iterable[int],
    taxonomy: Taxonomy | None,
) -> dict[int, int]:
    """Count the codes to check, of these labels, of those of some proposals with a suggestion."""
    return {
        number: sum(
            answer == TO_CHECK and (taxonomy is None or code in taxonomy)
            for code, answer in one.report["answers"].items()
        )
        for number, one in _read(session, said, numbers).items()
    }


def _most_useful(
    session: Session, said: Mapping[int, _Said], own: Sequence[int], finished: Sequence[int]
) -> list[int]:
    everything = _describe(session, [*own, *finished], _read(session, said, [*own, *finished]))
    split = len(own)
    order = most_useful(everything.take(slice(0, split)), everything.take(slice(split, None)))
    return [own[row] for row in order]


def _describe(
    session: Session, numbers: Sequence[int], suggested: Mapping[int, Suggestion]
) -> Described:
    """Give what the latest suggestions and the words say of some proposals."""
    scores = [suggested[number].report["scores"] for number in numbers]
    codes = sorted(set.intersection(*map(set, scores))) if scores else []
    probabilities = np.array([[one[code] for code in codes] for one in scores], dtype=np.float64)
    text_ids = [suggested[number].text_id for number in numbers]
    words: dict[int, str] = {}
    for some in _parts(text_ids):
        query = select(texts.c.id, texts.c.title, texts.c.text).where(texts.c.id.in_(some))
        words |= {row.id: f"{row.title}\n{row.text}" for row in session.execute(query)}
    return Described(
        probabilities.reshape(len(numbers), len(codes)),
        word_vectors([words[number] for number in text_ids]),
    )


def _parts(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[start : start + _TOGETHER] for start in range(0, len(numbers), _TOGETHER))
