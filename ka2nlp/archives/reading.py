"""Read an archive: the rows of the run that finished last, as Arrow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ka2nlp.archives.schema import arrow, arrow_schema
from ka2nlp.archives.settings import Settings, parse_settings
from ka2nlp.archives.store import LATEST, RUN, part_names
from ka2nlp.errors import ArchiveError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["count_rows", "find_run", "iterate_archive", "read_archive", "read_settings"]


def find_run(folder: Path | str) -> Path:
    """Find the run that finished last in an archive; the folder of a run stands for itself.

    Raises
    ------
    ArchiveError
        When the folder is not an archive, or its run is not finished.
    """
    folder = Path(folder)
    if (folder / RUN).is_file():
        return folder
    try:
        run = folder / str(json.loads((folder / LATEST).read_text(encoding="utf-8"))["run"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArchiveError(
            f"got {folder}, in which no run has finished; expected what `ka2nlp archive` writes"
        ) from error
    parse_settings(run / RUN)
    return run


def read_settings(folder: Path | str) -> Settings:
    """Read what the run that finished last was made with; raises as ``find_run``."""
    return parse_settings(find_run(folder) / RUN)


def iterate_archive(
    folder: Path | str, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Read an archive part by part, in the order of the inputs.

    Parameters
    ----------
    folder
        As given to ``tag_archive``, or one run in it.
    columns
        Names; all when left out.

    Raises
    ------
    ArchiveError
        When the folder is not an archive, its run is not finished, or it has no such column.
    """
    run = find_run(folder)
    _check_columns(columns, arrow_schema(parse_settings(run / RUN)).names)
    for name in part_names(run):
        file = arrow().parquet.ParquetFile(run / name)
        try:
            for batch in file.iter_batches(columns=columns):
                yield batch if columns is None else batch.select(columns)
        finally:
            file.close()


def count_rows(folder: Path | str) -> int:
    """Count the documents of an archive; raises as ``find_run``."""
    run = find_run(folder)
    read_metadata = arrow().parquet.read_metadata
    return sum(read_metadata(run / name).num_rows for name in part_names(run))


def read_archive(folder: Path | str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a whole archive into memory; see ``iterate_archive``."""
    schema = arrow_schema(read_settings(folder))
    _check_columns(columns, schema.names)
    if columns is not None:
        schema = arrow().schema([schema.field(name) for name in columns])
    return arrow().Table.from_batches(iterate_archive(folder, columns), schema)


def _check_columns(columns: Sequence[str] | None, known: Sequence[str]) -> None:
    if isinstance(columns, str):
        raise ArchiveError(f"got the columns {columns!r}, expected a list of names: [{columns!r}]")
    if unknown := [name for name in columns or () if name not in known]:
        raise ArchiveError(f"got the column {unknown[0]!r}, expected some of: {', '.join(known)}")
