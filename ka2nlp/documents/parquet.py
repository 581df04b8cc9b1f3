"""Parquet tables: one row, one document (needs ``ka2nlp[archive]`` for pyarrow)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from ka2nlp.documents.columns import find_columns
from ka2nlp.documents.extras import needs
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.documents.streams import seekable
from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["read_parquet"]

_ROWS: Final = 512


def read_parquet(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[Document]:
    """Read a table, its columns found by name; values of metadata keep their type."""
    with needs("a Parquet file", "pyarrow", "archive"):
        from pyarrow import ArrowInvalid
        from pyarrow.parquet import ParquetFile
    with seekable(stream) as file:
        try:
            table = ParquetFile(file)
        except ArrowInvalid as error:
            raise InputError(f"got a file that is not Parquet ({error})") from error
        columns = find_columns(table.schema_arrow.names, options)
        number = 0
        for batch in table.iter_batches(batch_size=_ROWS):
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield columns.document(cells, f"{name}:{number}")
