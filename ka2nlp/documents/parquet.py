"""Parquet tables: one row, one document (needs ``ka2nlp[train]`` for pyarrow)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["read_parquet"]

_TEXT: Final = ("text", "summary")
_ROWS: Final = 512


def read_parquet(stream: BinaryIO, name: str, encoding: str) -> Iterator[Document]:
    """Read the columns ``id``, ``title`` and ``text`` (or ``summary``); others become metadata."""
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
    columns = table.schema_arrow.names
    text = next((column for column in _TEXT if column in columns), None)
    if text is None or "id" not in columns:
        raise InputError(
            f"got the columns {', '.join(columns)}, expected id and one of {', '.join(_TEXT)}"
        )
    for batch in table.iter_batches(batch_size=_ROWS):
        for row in batch.to_pylist():
            yield Document(
                id=str(row.pop("id")),
                title=str(row.pop("title", None) or ""),
                text=str(row.pop(text) or ""),
                metadata=row,
            )
