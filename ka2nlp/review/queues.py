"""The order in which an evaluator reads: their open proposals of a call in, a list to work through out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["ORDERS", "QueueItem", "queue"]

ORDERS: Final = ("in turn", "to check first", "most useful next")
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
        Codes on which a decision of this evaluator stands.
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
    session: Session, user_id: int, call_id: int, order: str = ORDERS[0]
) -> list[QueueItem]:
    """List an evaluator's open proposals of a call in an order.

    Parameters
    ----------
    session
        Of the store.
    user_id, call_id
        Whose, and of which call.
    order
        One of ``ORDERS``. Proposals without a suggestion come last where the order needs one.

    Raises
    ------
    InvalidError
        When there is no such order.
    """
    raise NotImplementedError
