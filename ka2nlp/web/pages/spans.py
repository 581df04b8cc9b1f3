"""What a user marks in a text, to the spans that are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ka2nlp.errors import InvalidError
from ka2nlp.labelled import Span

__all__ = ["find_words", "merge", "parse_span", "trim"]

_SPAN: Final = re.compile(r"(\d{1,9})-(\d{1,9})")


def parse_span(value: str) -> Span:
    """Read a span as forms send it: "120-233", end exclusive.

    Raises
    ------
    InvalidError
        When it is none.
    """
    found = _SPAN.fullmatch(value)
    if found is None:
        raise InvalidError(
            f"got the span {value[:40]!r}, expected two offsets; select the words anew"
        )
    return int(found[1]), int(found[2])


def trim(span: Span, text: str) -> Span:
    """Leave out white space at both ends; what lies outside of the text stays as it is.

    Raises
    ------
    InvalidError
        When nothing else is in it.
    """
    words = text[span[0] : span[1]]
    if words and not words.strip():
        raise InvalidError("got white space alone, expected words; select some")
    lead = len(words) - len(words.lstrip())
    return span[0] + lead, span[1] - (len(words) - len(words.rstrip()))


def find_words(words: str, text: str) -> Span:
    """Find words in a text, whatever the white space between them and their capitals.

    Raises
    ------
    InvalidError
        When they are not there.
    """
    pattern = r"\s+".join(map(re.escape, words.split()))
    found = re.search(pattern, text, re.IGNORECASE) if pattern else None
    if found is None:
        raise InvalidError(
            f"got {words[:80]!r}, which does not stand in the text; copy the words from it"
        )
    return found.span()


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Put spans in order, and make one of those that overlap."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
