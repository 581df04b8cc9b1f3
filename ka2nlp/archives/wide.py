"""The wide table of an archive: one row a document, for spreadsheets."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ka2nlp.archives.reading import count_rows, iterate_archive, read_settings
from ka2nlp.archives.schema import arrow_schema
from ka2nlp.archives.tables import best_sentences, ending, replacing
from ka2nlp.errors import ArchiveError
from ka2nlp.reports.cells import inert

__all__ = ["WIDE", "write_wide"]

_LONGEST_CELL: Final = 32_767
_MOST_ROWS: Final = 1_048_576
"""What a sheet can hold, its header included."""

_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DIGITS: Final = 4
_WIDTH: Final = 12
_WIDTHS: Final = {
    "id": 24,
    "source": 20,
    "title": 48,
    "problem": 32,
    "warnings": 32,
    "tags": 24,
    "to_check": 24,
    "addressed": 24,
    "evidence": 96,
}

Cell = str | float | None


def write_wide(archive: Path | str, target: Path | str) -> None:
    """Write one row a document.

    The columns are those of the archive without the key. Lists are joined; of the evidence, the
    best sentence of each tag is shown. Probabilities have four digits, cells at most 32,767
    characters, and what a spreadsheet would run as a formula begins with an apostrophe.

    Parameters
    ----------
    archive
        As given to ``tag_archive``.
    target
        Ends in ``.csv`` (UTF-8 with a byte order mark, so that Excel knows) or ``.xlsx``.

    Raises
    ------
    ArchiveError
        When the archive has no finished run, has more rows than a sheet can hold, or the table
        cannot be written.
    """
    target = Path(target)
    write = WIDE[ending(target, WIDE)]
    schema = arrow_schema(read_settings(archive))
    names = [name for name in schema.names if name != "key"]
    n_rows = count_rows(archive)
    if n_rows >= _MOST_ROWS and write is _write_xlsx:
        raise ArchiveError(
            f"got {n_rows:,} documents, expected fewer than {_MOST_ROWS:,} in a sheet; write a .csv"
        )
    with replacing(target) as draft:
        write(draft, names, _rows(archive, names))


def _rows(archive: Path | str, names: Sequence[str]) -> Iterator[list[Cell]]:
    for batch in iterate_archive(archive, names):
        for row in batch.to_pylist():
            yield [_cell(name, row[name]) for name in names]


def _cell(name: str, value: Any) -> Cell:  # noqa: ANN401  (what a column holds)
    if isinstance(value, float):
        return round(value, _DIGITS)
    if name == "evidence":
        value = " | ".join(f"{code}: {text}" for code, text in best_sentences(value).items())
    elif isinstance(value, list):
        value = (" | " if name == "warnings" else " ").join(value)
    if isinstance(value, str):
        return inert(_CONTROL.sub(" ", value))[:_LONGEST_CELL]
    cell: int | None = value
    return cell


def _write_csv(target: Path, names: Sequence[str], rows: Iterator[list[Cell]]) -> None:
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(map(inert, names))
        writer.writerows(rows)


def _write_xlsx(target: Path, names: Sequence[str], rows: Iterator[list[Cell]]) -> None:
    from xlsxwriter import Workbook

    with Workbook(str(target), {"constant_memory": True}) as workbook:
        workbook.set_properties({"created": datetime(2000, 1, 1)})  # the same rows, the same bytes
        sheet = workbook.add_worksheet("documents")
        sheet.freeze_panes(1, 1)
        bold = workbook.add_format({"bold": True})
        for column, name in enumerate(names):
            sheet.set_column(column, column, _WIDTHS.get(name, _WIDTH))
            sheet.write_string(0, column, inert(name), bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)  # never as a formula or a link
                elif cell is not None:
                    sheet.write_number(number, column, cell)


WIDE: Final[dict[str, Callable[[Path, Sequence[str], Iterator[list[Cell]]], None]]] = {
    ".csv": _write_csv,
    ".xlsx": _write_xlsx,
}
"""Endings of wide tables, with their writers."""
