"""How long runs tell what they do."""

from __future__ import annotations

import sys
from typing import Protocol

__all__ = ["Progress", "on_standard_error", "silent"]


class Progress(Protocol):
    """Told what happens, as often as the run likes."""

    def __call__(self, message: str, share: float | None = None) -> None:
        """Hear of a step, and of the share of it that is done, in [0, 1], where that is known."""


def silent(message: str, share: float | None = None) -> None:
    """Hear and say nothing."""


def on_standard_error(message: str, share: float | None = None) -> None:
    """Print what is done, from a process that has no terminal of its own; leave out shares."""
    if share is None:
        sys.stderr.write(f"{message}\n")
