"""The order in which an evaluator reads: their open proposals of a call in, a list out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ka2nlp.errors import InvalidError
from ka2nlp.records import TO_CHECK
from ka2nlp.review.calls import get_call
from ka2nlp.review.readings import latest_suggestions, latest_texts
from ka2nlp.review.records import EVALUATE, Assignment, Proposal, Suggestion
from ka2nlp.review.rows import find_all
from ka2nlp.review.schema import assignments, decisions, proposals, texts
from ka2nlp.selection import Described, most_useful, word_vectors

__all__ = ["ORDERS", "QueueItem", "queue"]

IN_TURN: Final = "in turn"
TO_CHECK_FIRST: Final = "to check first"
MOST_USEFUL: Final = "most useful next"
ORDERS: Final = (IN_TURN, TO_CHECK_FIRST, MOST_USEFUL)
"""Names of the orders; the first is that in which the proposals came."""


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


def queue(session: Session, user_id: int, call_id: int, order: str = IN_TURN) -> list[QueueItem]:
    """List an evaluator's open proposals of a call in an order.

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

    Raises
    ------
    InvalidError
        When there is no such order.
    NotFoundError
        When there is no such call.
    """
    if order not in ORDERS:
        raise InvalidError(f"got the order {order!r}, expected one of {', '.join(ORDERS)}")
    call = get_call(session, call_id)
    tasks = _tasks(session, call_id)
    task_of = {
        one.proposal_id: one.id for one in tasks if one.user_id == user_id and one.finished is None
    }
    suggested = _suggestions(session, call_id)
    if order == TO_CHECK_FIRST:
        ordered = _to_check_first(list(task_of), suggested)
    elif order == MOST_USEFUL:
        finished = {one.proposal_id for one in tasks if one.finished is not None}
        ordered = _most_useful(session, list(task_of), finished, suggested)
    else:
        ordered = list(task_of)
    known = {one.id: one for one in find_all(session, Proposal, proposals.c.call_id == call_id)}
    n_decided = _count_decided(session, user_id)
    return [
        QueueItem(
            task_of[number],
            number,
            known[number].source_id,
            known[number].title,
            n_decided.get(task_of[number], 0),
            None if call.blind or number not in suggested else _n_to_check(suggested[number]),
        )
        for number in ordered
    ]


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


def _suggestions(session: Session, call_id: int) -> dict[int, Suggestion]:
    """Give the latest suggestion for the newest text of each proposal that has one."""
    latest = latest_suggestions(session, call_id)
    newest = latest_texts(session, call_id)
    return {number: latest[text] for number, text in newest.items() if text in latest}


def _count_decided(session: Session, user_id: int) -> dict[int, int]:
    query = (
        select(decisions.c.assignment_id, func.count(decisions.c.code.distinct()))
        .where(decisions.c.user_id == user_id)
        .group_by(decisions.c.assignment_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _n_to_check(suggestion: Suggestion) -> int:
    return list(suggestion.report["answers"].values()).count(TO_CHECK)


def _to_check_first(own: Sequence[int], suggested: Mapping[int, Suggestion]) -> list[int]:
    return sorted(
        own,
        key=lambda number: -_n_to_check(suggested[number]) if number in suggested else 1,
    )


def _most_useful(
    session: Session, own: Sequence[int], finished: set[int], suggested: Mapping[int, Suggestion]
) -> list[int]:
    candidates = [number for number in own if number in suggested]
    everything = _describe(session, [*candidates, *sorted(finished & suggested.keys())], suggested)
    split = len(candidates)
    order = most_useful(everything.take(slice(0, split)), everything.take(slice(split, None)))
    rest = [number for number in own if number not in suggested]
    return [candidates[row] for row in order] + rest


def _describe(
    session: Session, numbers: Sequence[int], suggested: Mapping[int, Suggestion]
) -> Described:
    """Give what the latest suggestions and the words say of some proposals."""
    scores = [suggested[number].report["scores"] for number in numbers]
    codes = sorted(set.intersection(*map(set, scores))) if scores else []
    probabilities = np.array([[one[code] for code in codes] for one in scores], dtype=np.float64)
    text_ids = [suggested[number].text_id for number in numbers]
    query = select(texts.c.id, texts.c.title, texts.c.text).where(texts.c.id.in_(text_ids))
    words = {row.id: f"{row.title}\n{row.text}" for row in session.execute(query)}
    return Described(
        probabilities.reshape(len(numbers), len(codes)),
        word_vectors([words[number] for number in text_ids]),
    )
