"""How long runs tell what they do."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "silent"]


class Progress(Protocol):
    """Told what happens, as often as the run likes."""

    def __call__(self, message: str, share: float | None = None) -> None:
        """Hear of a step, and of the share of it that is done, in [0, 1], where that is known."""


def silent(message: str, share: float | None = None) -> None:
    """Hear and say nothing."""
