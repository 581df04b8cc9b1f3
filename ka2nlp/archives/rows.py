"""The rows of an archive before they are tagged: place, key, and why a row cannot be tagged."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from ka2nlp.archives.settings import Settings
from ka2nlp.documents.columns import metadata_name, normalise
from ka2nlp.documents.urls import show_url
from ka2nlp.errors import InputError
from ka2nlp.records import Document, whole

__all__ = ["LONGEST", "Read", "Row", "make_row", "read_rows"]

Read = Callable[[Path | str], Iterator[Document]]
"""Gives the documents of an input, as ``ka2nlp.read_documents`` does."""

LONGEST: Final = 1_000_000
"""Characters of the longest title and text that are tagged."""

_NOT_TEXT: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\ud800-\udfff]")
_NOT_TEXT_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Row:
    """One document with its place.

    Parameters
    ----------
    source, number
        The input as it was given, and the position in it, from 1.
    document
        Without metadata; without text where there is a problem.
    kept
        The metadata that become columns; None where the document says nothing.
    key
        32 hexadecimal digits that change with title, text, problems of reading, model and settings:
        rows of one key have the same tags, wherever they stand.
    problem
        Why it cannot be tagged.
    """

    source: str
    number: int
    document: Document
    kept: tuple[str | None, ...]
    key: str
    problem: str | None


def read_rows(
    inputs: Iterable[Path | str | Document], read: Read, settings: Settings
) -> Iterator[Row]:
    """Read inputs one after another, lazily.

    An input that fails gives what was read, then one row with the reason; the others go on.

    Parameters
    ----------
    inputs
        Paths for ``read``, or documents, whose source is empty.

    Raises
    ------
    InputError
        When no input gives any document.
    """
    found = _find(inputs, read)
    begun: list[tuple[str, int, Document | Exception]] = []
    for one in found:
        begun.append(one)
        if isinstance(one[2], Document):
            return (_row(*place, settings) for place in chain(begun, found))
    raise InputError(str(begun[0][2]) if begun else "got no document, expected one or more")


def _find(
    inputs: Iterable[Path | str | Document], read: Read
) -> Iterator[tuple[str, int, Document | Exception]]:
    """Give every document, or what is wrong with an input, with its source and position."""
    given = 0
    for one in inputs:
        if isinstance(one, Document):
            given += 1
            yield "", given, one
            continue
        name = show_url(str(one))  # the password of a database is nobody's business
        number = 0
        try:
            for number, document in enumerate(read(one), start=1):
                yield name, number, document
        except Exception as error:  # whatever is wrong with one file, the others are read
            yield name, number + 1, error


def _row(source: str, number: int, found: Document | Exception, settings: Settings) -> Row:
    if isinstance(found, Exception):
        reason = str(found) or type(found).__name__
        found = Document(f"{source}:{number}", "", "", problems=(reason,))
    return make_row(source, number, found, settings)


def make_row(source: str, number: int, document: Document, settings: Settings) -> Row:
    """Give a document its place and its key, and tell whether it can be tagged."""
    problem = _problem(document)
    content = [settings.digest, document.title, document.text, *document.problems]
    return Row(
        source=whole(source),
        number=number,
        document=Document(
            whole(document.id),
            whole(document.title),
            "" if problem else whole(document.text),
            problems=tuple(map(whole, document.problems)),
        ),
        kept=tuple(_cell(_kept(document.metadata, name)) for name in settings.keep),
        key=hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32],
        problem=problem,
    )


def _kept(metadata: Mapping[str, object], wanted: str) -> object:
    """Look up a column by its name, by one like it, or by the header that it had in the file."""
    if wanted in metadata:
        return metadata[wanted]
    words = normalise(wanted)
    names = (*(name for name in metadata if normalise(name) == words), metadata_name(wanted))
    return next((metadata[name] for name in names if name in metadata), None)


def _problem(document: Document) -> str | None:
    text = document.text
    if not text.strip():
        return whole("; ".join(document.problems)) or "the text is empty: there is nothing to tag"
    n_characters = len(text) + len(document.title)
    if n_characters > LONGEST:
        return f"got {n_characters:,} characters, expected at most {LONGEST:,}; split the text"
    if len(_NOT_TEXT.findall(text)) > _NOT_TEXT_SHARE * len(text):
        return "got binary data, expected text; export the document as text first"
    return None


def _cell(value: object) -> str | None:
    """Give a piece of metadata as a string: lists and objects as JSON."""
    if value is None or isinstance(value, str):
        return None if value is None else whole(value)
    if isinstance(value, (list, dict)):
        return whole(json.dumps(value, ensure_ascii=False, default=str))
    return whole(str(value))
