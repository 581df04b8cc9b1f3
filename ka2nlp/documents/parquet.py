"""Parquet tables: one row, one document (needs ``ka2nlp[train]`` for pyarrow)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from ka2nlp.documents.columns import find_columns
from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["read_parquet"]

_ROWS: Final = 512


def read_parquet(stream: BinaryIO, name: str, encoding: str) -> Iterator[Document]:
    """Read a table, its columns found by name; values of metadata keep their type."""
    try:
        from pyarrow import ArrowInvalid
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise InputError(
            "got a Parquet file but no pyarrow to read it; install: pip install 'ka2nlp[train]'"
        ) from error
    try:
        table = ParquetFile(stream)
    except ArrowInvalid as error:
        raise InputError(f"got a file that is not Parquet ({error})") from error
    columns = find_columns(table.schema_arrow.names)
    number = 0
    for batch in table.iter_batches(batch_size=_ROWS):
        for row in batch.to_pylist():
            number += 1
            yield columns.document(list(row.values()), f"{name}:{number}")
