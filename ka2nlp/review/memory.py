"""What was worked out from rows that never change, kept for as long as the store is open."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

__all__ = ["Memory", "recall"]

Value = TypeVar("Value")
_MOST: Final = 16
_NAME: Final = "ka2nlp_memory"


class Memory:
    """Values under keys; those that were not asked for longest are forgotten."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    @property
    def info(self) -> dict[Any, Any]:
        """What a session is given so that ``recall`` finds this memory."""
        return {_NAME: self}

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Give the value under a key, making it where there is none."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: Value = self._kept[key]
                return found
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return made


def recall(session: Session, key: Hashable, make: Callable[[], Value]) -> Value:
    """Give what a session's store remembers under a key, making it where it remembers nothing.

    Parameters
    ----------
    session
        Of the store.
    key
        Names everything that the value depends on.
    make
        Gives the value, which nobody changes.
    """
    memory: Memory = session.info[_NAME]
    return memory.get(key, make)
