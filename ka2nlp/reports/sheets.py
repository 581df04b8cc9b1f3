"""Rows of cells to a table for spreadsheets: CSV that Excel knows, or XLSX."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from ka2nlp.reports.cells import inert

__all__ = ["MOST_ROWS", "SHEETS", "Cell", "Sheet", "text_cell"]

MOST_ROWS: Final = 1_048_576
"""What a sheet can hold, its header included."""

_LONGEST_CELL: Final = 32_767
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_WIDTH: Final = 12

Cell = str | float | None
Sheet = Callable[[Path, Sequence[str], Iterable[Sequence[Cell]], Mapping[str, int]], None]
"""Writes rows under the names of their columns; some columns have a width, in characters."""


def text_cell(text: str) -> str:
    """Make a text a cell: at most 32,767 characters, none of them control, and no formula."""
    return inert(_CONTROL.sub(" ", text))[:_LONGEST_CELL]


def _write_csv(
    target: Path,
    names: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    widths: Mapping[str, int],
) -> None:
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(map(inert, names))
        writer.writerows(rows)


def _write_xlsx(
    target: Path,
    names: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    widths: Mapping[str, int],
) -> None:
    from xlsxwriter import Workbook

    # the file is opened here, so that one that cannot be written is an OSError, as everywhere
    with target.open("wb") as stream, Workbook(stream, {"constant_memory": True}) as workbook:
        workbook.set_properties({"created": datetime(2000, 1, 1)})  # the same rows, the same bytes
        sheet = workbook.add_worksheet("documents")
        sheet.freeze_panes(1, 1)
        bold = workbook.add_format({"bold": True})
        for column, name in enumerate(names):
            sheet.set_column(column, column, widths.get(name, _WIDTH))
            sheet.write_string(0, column, inert(name), bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)  # never as a formula or a link
                elif cell is not None:
                    sheet.write_number(number, column, cell)


SHEETS: Final[dict[str, Sheet]] = {".csv": _write_csv, ".xlsx": _write_xlsx}
"""Endings of tables, with their writers."""
