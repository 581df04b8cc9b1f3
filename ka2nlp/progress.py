"""How long runs tell what they do."""

from __future__ import annotations

import sys
from typing import Protocol

__all__ = ["Lines", "Progress", "silent"]


class Progress(Protocol):
    """Told what happens, as often as the run likes."""

    def __call__(self, message: str, share: float | None = None) -> None:
        """Hear of a step, and of the share of it that is done, in [0, 1], where that is known."""


def silent(message: str, share: float | None = None) -> None:
    """Hear and say nothing."""


class Lines:
    """Prints a message on standard error when it is a new one; can be sent to another process."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, message: str, share: float | None = None) -> None:
        """Print the message, unless it is the last one again."""
        if message != self._last:
            sys.stderr.write(f"{message}\n")
        self._last = message
