"""Cells of tables that a spreadsheet shows as they are."""

from __future__ import annotations

from typing import Final

__all__ = ["inert"]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def inert(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
