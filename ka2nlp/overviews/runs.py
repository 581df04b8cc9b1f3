"""Open a run of an archive, and read its Parquet parts batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ka2nlp.archives.reading import find_run, read_settings
from ka2nlp.archives.schema import arrow
from ka2nlp.archives.settings import Settings
from ka2nlp.archives.store import part_names
from ka2nlp.errors import ArchiveError, InputError
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Run", "open_run"]

_ROWS: Final = 4096


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an archive: one model, its settings and its rows.

    Parameters
    ----------
    folder
        Holds ``run.json`` and the parts.
    settings
        What it was made with.
    taxonomy
        The labels; their codes are the columns.
    parts
        Parquet files, in the order of the input.
    """

    folder: Path
    settings: Settings
    taxonomy: Taxonomy
    parts: tuple[Path, ...]

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Read some columns, a few thousand rows at a time, in the order of the input.

        Raises
        ------
        InputError
            When a part is not Parquet or lacks a column.
        """
        for part in self.parts:
            yield from read_part(part, columns)


def read_part(part: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Read some columns of one part.

    Raises
    ------
    InputError
        When it is not Parquet or lacks a column.
    """
    try:
        with arrow().parquet.ParquetFile(part) as table:
            there = set(table.schema_arrow.names)
            missing = [name for name in columns if name not in there]
            if missing:
                raise InputError(
                    f"got {part} without the column {missing[0]!r}, expected the columns of "
                    "'ka2nlp archive'; write the archive again"
                )
            for batch in table.iter_batches(batch_size=_ROWS, columns=list(columns)):
                yield batch.select(list(columns))
    except (OSError, arrow().ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"got {part}, which is not a readable Parquet file ({reason}); write the archive again"
        ) from error


def open_run(folder: Path, taxonomy: Taxonomy | None = None) -> Run:
    """Open the latest run of an archive, or a run folder itself.

    Parameters
    ----------
    folder
        As ``ka2nlp archive`` wrote it, or one of its ``run-…`` folders.
    taxonomy
        The labels that are expected; those that the run was tagged with when left out.

    Raises
    ------
    ArchiveError
        When pyarrow is not installed, when there is no finished run, or when it was tagged with
        other labels.
    """
    arrow()
    where, settings = find_run(folder), read_settings(folder)
    taxonomy = taxonomy or Taxonomy.carried_by(where)
    if settings.codes != taxonomy.codes:
        raise ArchiveError(
            f"got {where}, tagged with the taxonomy {settings.taxonomy}, expected "
            f"{taxonomy.fingerprint}; tag again with a model for this taxonomy"
        )
    parts = tuple(where / name for name in part_names(where))
    if not parts:
        raise ArchiveError(
            f"got {where} without a part, expected part-….parquet; let archive finish"
        )
    return Run(where, settings, taxonomy, parts)
