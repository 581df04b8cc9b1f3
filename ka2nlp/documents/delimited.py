"""CSV and TSV tables, the platform's exports among them: one row, one document."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, Final, TextIO

from ka2nlp.documents.columns import HEADER_WITHIN, find_columns
from ka2nlp.documents.decoding import decode, encoding_of
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.documents.streams import seekable
from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["read_delimited"]

_DELIMITERS: Final = (",", ";", "\t")
_SAMPLE: Final = 1 << 16
_NOTE_CELLS: Final = 2
"""Most cells of a line about the export: ``Generated on``, with its date."""

_LONGEST_CELL: Final = 10_000_000
_SPOILED: Final = re.compile("[\udc80-\udcff]")
"""What ``surrogateescape`` makes of a byte that is not of the encoding."""


def read_delimited(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[Document]:
    """Read a table with a header row; the delimiter (comma, semicolon, tab) is found by itself.

    A row that cannot be read is a document without text and with its reason, so that the rows after
    it keep their places.
    """
    with seekable(stream) as table:
        sample = table.read(_SAMPLE)
        if not sample.strip():
            raise InputError("got an empty file, expected a table with a header row")
        _check_encoding(sample, options.encoding)
        table.seek(0)
        encoding = encoding_of(sample, options.encoding)
        text = io.TextIOWrapper(table, encoding, errors="surrogateescape", newline="")
        try:
            yield from _documents(text, name, options)
        finally:
            text.detach()  # the stream is its opener's to close


def _check_encoding(sample: bytes, encoding: str) -> None:
    """Refuse a file in another encoding; a byte here and there spoils its own row only."""
    known = encoding_of(sample, encoding)
    try:
        text = sample.decode(known, "surrogateescape")
    except (LookupError, UnicodeError):
        text = decode(sample, encoding)
    spoiled = len(_SPOILED.findall(text))
    if spoiled > sum(character > "\x7f" for character in text) - spoiled:
        decode(sample[: sample.rfind(b"\n") + 1] or sample, encoding)
    decode(text.encode("utf-8", "ignore"))


def _documents(text: TextIO, name: str, options: ReadingOptions) -> Iterator[Document]:
    csv.field_size_limit(_LONGEST_CELL)
    before, start = _find_header(text, options)
    text.seek(start)
    reader = csv.reader(text, delimiter=_delimiter(text.readline()))
    text.seek(start)
    headers = next(reader)
    columns = find_columns(headers, options)
    rows = 0
    while True:
        place = f"{name}:{before + reader.line_num + 1}"
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            cells, problem = [], f"got a row that cannot be read ({error}), expected a CSV row"
        else:
            problem = _problem(cells, headers)
        if problem:
            yield Document(place, "", "", problems=(problem,))
        elif any(cells):
            yield columns.document(cells, place)
        rows += bool(problem or any(cells))
    if not rows:
        raise InputError("got a header without a row, expected one row a description")


def _find_header(text: TextIO, options: ReadingOptions) -> tuple[int, int]:
    """Pass over blank lines, ``sep=;`` and lines about the export, as far as a header follows.

    They have fewer cells than it: a row of data that looks like a header is none.

    Returns
    -------
    tuple of int
        The lines before the header, and its position; (0, 0) where none is found.
    """
    before = widest = 0
    for _ in range(HEADER_WITHIN):
        start = text.tell()
        line = text.readline()
        lines = chain([line], iter(text.readline, ""))  # readline: next() would forbid tell()
        reader = csv.reader(lines, delimiter=_delimiter(line))
        try:
            cells = next(reader, [])
        except csv.Error:
            break
        if _is_header(cells, options):
            return (before, start) if len(cells) > widest else (0, 0)
        if sum(map(bool, map(str.strip, cells))) > _NOTE_CELLS:
            break
        if any(map(str.strip, cells)) and not line.startswith("sep="):
            widest = max(widest, len(cells))
        before += reader.line_num
    return 0, 0


def _is_header(cells: list[str], options: ReadingOptions) -> bool:
    try:
        find_columns(cells, options)
    except InputError:
        return False
    return True


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _problem(cells: list[str], headers: list[str]) -> str:
    if any(cells[len(headers) :]):
        return f"got a row of {len(cells)} cells, expected {len(headers)}: a delimiter is unquoted"
    if any(not cell.isascii() and _SPOILED.search(cell) for cell in cells):
        return "got a row with bytes of another encoding; save the file as UTF-8"
    return ""
