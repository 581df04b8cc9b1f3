"""Turn files and streams into documents; one module a format, found through a table.

A reader takes a binary stream, the name of its source and the encoding, and yields documents. To
add a format, write a module with such a function and name it in ``READERS``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final

from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["READERS", "Reader", "read_documents"]

Reader = Callable[[BinaryIO, str, str], Iterator[Document]]

READERS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "text": ("ka2nlp.documents.plain:read_text", (".txt", ".text")),
    "markdown": ("ka2nlp.documents.plain:read_markdown", (".md", ".markdown")),
    "jsonl": ("ka2nlp.documents.json_lines:read_json_lines", (".jsonl", ".ndjson")),
    "csv": ("ka2nlp.documents.delimited:read_delimited", (".csv", ".tsv", ".tab")),
    "excel": ("ka2nlp.documents.spreadsheets:read_spreadsheet", (".xlsx", ".xlsm", ".xls")),
    "parquet": ("ka2nlp.documents.parquet:read_parquet", (".parquet",)),
}
"""Name of each format, with its reader (``module:function``) and its file endings."""

STANDARD_INPUT: Final = "-"


def read_documents(
    source: Path | str, *, format: str | None = None, encoding: str = "utf-8"
) -> Iterator[Document]:
    """Read the documents of one source, lazily.

    Parameters
    ----------
    source
        Path of a file, or ``"-"`` for standard input.
    format
        A name in ``READERS``; by default the file's ending tells, and standard input is text.
    encoding
        Of the characters; a byte order mark overrides it.

    Yields
    ------
    Document
        In the order of the source. A row that cannot be read is a document with an empty text and
        the reason in ``problems``.

    Raises
    ------
    InputError
        When the source is not there, is a directory, is empty, has an unknown format, or is not
        text in that encoding.
    """
    if str(source) == STANDARD_INPUT:
        yield from _reader(format or "text")(sys.stdin.buffer, "standard input", encoding)
        return
    path = Path(source)
    reader = _reader(format or _format_of(path))
    try:
        with path.open("rb") as stream:
            yield from reader(stream, path.stem, encoding)
    except OSError as error:
        raise InputError(f"got {path}, which cannot be opened: {error.strerror}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _reader(format: str) -> Reader:
    if format not in READERS:
        raise InputError(f"got the format {format!r}, expected one of {', '.join(READERS)}")
    module, function = READERS[format][0].split(":")
    reader: Reader = getattr(import_module(module), function)
    return reader


def _format_of(path: Path) -> str:
    endings = {ending: name for name, (_, endings) in READERS.items() for ending in endings}
    if path.is_dir():
        raise InputError(f"got the directory {path}, expected a file; name the files inside it")
    if not path.exists():
        raise InputError(f"got {path}, which does not exist; check the path")
    if path.suffix.lower() not in endings:
        raise InputError(
            f"got {path} with the unknown ending {path.suffix!r}, expected one of "
            f"{' '.join(endings)}; or say which with --input-format"
        )
    return endings[path.suffix.lower()]
