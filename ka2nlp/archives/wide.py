"""The wide table of an archive: one row a document, for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ka2nlp.archives.reading import count_rows, iterate_archive, read_settings
from ka2nlp.archives.schema import arrow_schema
from ka2nlp.archives.store import failures_told
from ka2nlp.archives.tables import best_sentences, ending
from ka2nlp.drafts import replacing
from ka2nlp.errors import ArchiveError
from ka2nlp.reports.sheets import MOST_ROWS, SHEETS, Cell, text_cell

__all__ = ["write_wide"]

_DIGITS: Final = 4
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
    suffix = ending(target, SHEETS)
    schema = arrow_schema(read_settings(archive))
    names = [name for name in schema.names if name != "key"]
    n_rows = count_rows(archive)
    if n_rows >= MOST_ROWS and suffix == ".xlsx":
        raise ArchiveError(
            f"got {n_rows:,} documents, expected fewer than {MOST_ROWS:,} in a sheet; write a .csv"
        )
    with failures_told(target), replacing(target) as draft:
        SHEETS[suffix](draft, names, _rows(archive, names), _WIDTHS)


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
        return text_cell(value)
    cell: int | None = value
    return cell
