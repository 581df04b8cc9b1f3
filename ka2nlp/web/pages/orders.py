"""The order of a queue, as the addresses of pages carry it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query

from ka2nlp.review.queues import ORDERS

__all__ = ["Order", "order_query"]

Order = Annotated[str, Query()]
"""A name in ``queues.ORDERS``, as a parameter of an endpoint."""


def order_query(order: str) -> str:
    """Write the end of an address that keeps an order; nothing for the first one."""
    return "" if order == ORDERS[0] else f"?{urlencode({'order': order})}"
