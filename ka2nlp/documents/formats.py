"""The formats: which reader reads which file endings.

A reader takes a binary stream, the name of its source and the options, and yields documents. To
add a format, write a module with such a function and name it in ``READERS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import PurePath
from typing import BinaryIO, Final

from ka2nlp.documents.options import ReadingOptions
from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["READERS", "Reader", "format_of", "has_rows", "is_known", "load_reader"]

Reader = Callable[[BinaryIO, str, ReadingOptions], Iterator[Document]]

READERS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "text": ("ka2nlp.documents.plain:read_text", (".txt", ".text")),
    "markdown": ("ka2nlp.documents.plain:read_markdown", (".md", ".markdown")),
    "pdf": ("ka2nlp.documents.pdf:read_pdf", (".pdf",)),
    "docx": ("ka2nlp.documents.word:read_word", (".docx",)),
    "odt": ("ka2nlp.documents.opendocument:read_opendocument", (".odt",)),
    "html": ("ka2nlp.documents.web_page:read_web_page", (".html", ".htm", ".xhtml")),
    "jsonl": ("ka2nlp.documents.json_lines:read_json_lines", (".jsonl", ".ndjson")),
    "csv": ("ka2nlp.documents.delimited:read_delimited", (".csv", ".tsv", ".tab")),
    "excel": ("ka2nlp.documents.spreadsheets:read_spreadsheet", (".xlsx", ".xlsm", ".xls")),
    "parquet": ("ka2nlp.documents.parquet:read_parquet", (".parquet",)),
}
"""Name of each format, with its reader (``module:function``) and its file endings."""

_WITH_ROWS: Final = frozenset({"jsonl", "csv", "excel", "parquet"})

_FORMATS: Final = {ending: name for name, (_, endings) in READERS.items() for ending in endings}


def load_reader(format: str) -> Reader:
    """Import the reader of a format; raises ``InputError`` where there is none."""
    if format not in READERS:
        raise InputError(f"got the format {format!r}, expected one of {', '.join(READERS)}")
    module, function = READERS[format][0].split(":")
    reader: Reader = getattr(import_module(module), function)
    return reader


def is_known(path: PurePath) -> bool:
    """Tell whether a file has the ending of a format."""
    return path.suffix.lower() in _FORMATS


def has_rows(path: PurePath, format: str | None) -> bool:
    """Tell whether a file holds a document a row, by its format or its ending; else it is one."""
    return (format or _FORMATS.get(path.suffix.lower())) in _WITH_ROWS


def format_of(path: PurePath, shown: str) -> str:
    """Tell a file's format by its ending; ``shown`` is its name in the error.

    Raises
    ------
    InputError
        When no format has this ending.
    """
    if not is_known(path):
        raise InputError(
            f"got {shown} with the unknown ending {path.suffix!r}, expected one of "
            f"{' '.join(_FORMATS)}; or say which with --input-format"
        )
    return _FORMATS[path.suffix.lower()]
