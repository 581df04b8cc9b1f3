"""Plain text and Markdown: one file, one document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from ka2nlp.documents.decoding import decode
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["read_markdown", "read_text"]


def read_text(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[Document]:
    """Read one plain text; its name is its identifier."""
    yield Document(name, "", _text(stream, options.encoding))


def read_markdown(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[Document]:
    """Read one Markdown text; the first heading is its title, the markup stays in the text."""
    text = _text(stream, options.encoding)
    heading = re.search(r"^#+[ \t]+(\S.*?)[ \t\r#]*$", text, re.MULTILINE)
    yield Document(name, heading.group(1) if heading else "", text)


def _text(stream: BinaryIO, encoding: str) -> str:
    text = decode(stream.read(), encoding)
    if not text.strip():
        raise InputError("got an empty text, expected a project description")
    return text
