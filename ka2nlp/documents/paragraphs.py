"""Paragraphs to one document, whose places are theirs."""

from __future__ import annotations

from collections.abc import Iterable

from ka2nlp.errors import InputError
from ka2nlp.records import Document, Place

__all__ = ["PARAGRAPH_BREAK", "join_paragraphs", "tidy"]

PARAGRAPH_BREAK = "\n\n"


def join_paragraphs(id: str, title: str, paragraphs: Iterable[str]) -> Document:
    """Join the paragraphs of a document with blank lines; empty ones do not count.

    Raises
    ------
    InputError
        When there is no text in any.
    """
    texts = [text for paragraph in paragraphs if (text := tidy(paragraph))]
    if not texts:
        raise InputError("got a file without text, expected a project description")
    places = []
    start = 0
    for number, text in enumerate(texts, start=1):
        places.append(Place(start, f"paragraph {number}"))
        start += len(text) + len(PARAGRAPH_BREAK)
    return Document(id, " ".join(title.split()), PARAGRAPH_BREAK.join(texts), places=tuple(places))


def tidy(paragraph: str) -> str:
    """Reduce spaces to single ones, line by line, and leave out empty lines."""
    lines = (" ".join(line.split()) for line in paragraph.splitlines())
    return "\n".join(filter(None, lines))
