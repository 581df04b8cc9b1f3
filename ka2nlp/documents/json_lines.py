"""JSON Lines: one object a line, one document an object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO, Final

from ka2nlp.documents.decoding import decode
from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["read_json_lines"]

_KNOWN: Final = frozenset({"id", "title", "text"})


def read_json_lines(stream: BinaryIO, name: str, encoding: str) -> Iterator[Document]:
    """Read ``{"id", "title", "text"}`` lines; other keys become metadata.

    A line that cannot be read is a document without text and with its reason, so that the rows
    after it keep their places.
    """
    n_rows = 0
    for number, line in enumerate(stream, start=1):
        if line.strip(b"\xef\xbb\xbf \t\r\n"):
            n_rows += 1
            yield _document(line, f"{name}:{number}", encoding)
    if not n_rows:
        raise InputError('got no line, expected JSON Lines: {"id": ..., "title": ..., "text": ...}')


def _document(line: bytes, place: str, encoding: str) -> Document:
    try:
        row = json.loads(decode(line, encoding))
    except (ValueError, InputError) as error:
        return _unreadable(place, f"got a line that is not JSON ({error}), expected an object")
    if not isinstance(row, dict):
        return _unreadable(place, f"got a JSON {type(row).__name__}, expected an object")
    problems = []
    text = row.get("text")
    if not isinstance(text, str):
        problems.append(f"got a text of type {type(text).__name__}, expected a string")
        text = ""
    identifier = row.get("id")
    title = row.get("title")
    return Document(
        id=place if identifier in (None, "") else str(identifier),
        title=title if isinstance(title, str) else "",
        text=text,
        metadata={key: value for key, value in row.items() if key not in _KNOWN},
        problems=tuple(problems),
    )


def _unreadable(place: str, problem: str) -> Document:
    return Document(id=place, title="", text="", problems=(problem,))
