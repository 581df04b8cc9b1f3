"""Figures as a table in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["print_table"]

Cell = str | int | float | None
_WIDEST = 130


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Print rows under their headings; fractions with three digits, a dash where undefined."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(_cell, row))
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    # a figure is never cut: a narrow window wraps the line instead
    console.width = max(console.width, _WIDEST)
    console.print(table)


def _cell(value: Cell) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
