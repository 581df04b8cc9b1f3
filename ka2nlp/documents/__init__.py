"""Turn files, folders, addresses and databases into documents; one module a format."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ka2nlp.documents.files import read_file, read_folder
from ka2nlp.documents.formats import READERS, Reader, load_reader
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.documents.urls import is_database, is_url, show_url
from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["READERS", "Reader", "read_documents"]

STANDARD_INPUT: Final = "-"


def read_documents(
    source: Path | str,
    *,
    format: str | None = None,
    encoding: str = "utf-8",
    text_column: str | None = None,
    id_column: str | None = None,
    title_column: str | None = None,
    sql: str | None = None,
) -> Iterator[Document]:
    """Read the documents of one source, lazily.

    Parameters
    ----------
    source
        Path of a file; of a folder, for every file in it and below; ``"-"`` for standard input; or
        the address of a file (``"s3://..."``) or of a database (``"postgresql+psycopg://..."``).
    format
        A name in ``READERS``; by default the file's ending tells, and standard input is text.
    encoding
        Of the characters; a byte order mark, or what a web page says of itself, overrides it.
    text_column, id_column, title_column
        Names of these columns of a table; by default they are found by the usual names.
    sql
        The query whose rows are the documents, where the source is a database.

    Yields
    ------
    Document
        In the order of the source. A row, or a file in a folder, that cannot be read is a document
        with an empty text and the reason in ``problems``.

    Raises
    ------
    InputError
        When the source is not there, is empty, has an unknown format, or cannot be read.
    """
    options = ReadingOptions(encoding, text_column, id_column, title_column)
    found = False
    for document in _documents(str(source), format, options, sql):
        found = True
        yield document
    if not found:
        raise InputError(
            f"{show_url(str(source))}: got a table without a row, expected one row a description"
        )


def _documents(
    source: str, format: str | None, options: ReadingOptions, sql: str | None
) -> Iterator[Document]:
    if is_database(source) != (sql is not None):
        raise InputError(
            f"got {show_url(source)} {'with' if sql else 'without'} a query, expected a query "
            "(--sql) for a database and for nothing else"
        )
    if sql is not None:
        from ka2nlp.documents.databases import read_query

        return read_query(source, sql, options)
    if is_url(source):
        from ka2nlp.documents.remote import read_remote

        return read_remote(source, format, options)
    if source == STANDARD_INPUT:
        return load_reader(format or "text")(sys.stdin.buffer, "standard input", options)
    path = Path(source)
    return (read_folder if path.is_dir() else read_file)(path, format, options)
