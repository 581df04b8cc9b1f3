"""JSON Lines: one object a line, one document an object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO

from ka2nlp.documents.columns import Columns, find_columns
from ka2nlp.documents.decoding import decode_lines
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.errors import InputError
from ka2nlp.records import Document, is_missing

__all__ = ["read_json_lines"]


def read_json_lines(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[Document]:
    """Read ``{"id", "title", "text"}`` lines; other keys become metadata.

    Keys are found as the columns of a table are. A line that cannot be read is a document without
    text and with its reason, so that the rows after it keep their places.
    """
    n_rows = 0
    for number, line in enumerate(decode_lines(stream, options.encoding), start=1):
        if isinstance(line, InputError) or line.strip("\ufeff \t\r\n"):
            n_rows += 1
            yield _document(line, f"{name}:{number}", options)
    if not n_rows:
        raise InputError('got no line, expected JSON Lines: {"id": ..., "title": ..., "text": ...}')


def _document(line: str | InputError, place: str, options: ReadingOptions) -> Document:
    if isinstance(line, InputError):
        return _not_json(place, line)
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return _not_json(place, error)
    if not isinstance(row, dict):
        return _unreadable(place, f"got a JSON {type(row).__name__}, expected an object")
    cells = list(row.values())
    try:
        columns = _columns(tuple(row), options)
    except InputError as error:
        return _unreadable(place, str(error))
    document = columns.document(cells, place)
    texts = [None if is_missing(cells[at]) else cells[at] for at in columns.text]
    types = {type(text).__name__ for text in texts} - {"str"}
    if types and not document.problems and not (types == {"NoneType"} and document.text):
        problem = f"got a text of type {min(types)}, expected a string"
        return Document(document.id, document.title, "", document.metadata, (problem,))
    return document


@lru_cache
def _columns(keys: tuple[str, ...], options: ReadingOptions) -> Columns:
    return find_columns(keys, options)


def _not_json(place: str, error: Exception) -> Document:
    return _unreadable(place, f"got a line that is not JSON ({error}), expected an object")


def _unreadable(place: str, problem: str) -> Document:
    return Document(id=place, title="", text="", problems=(problem,))
