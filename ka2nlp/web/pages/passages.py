"""Cut a text into passages of stretches, each knowing which labels it speaks for."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final

from ka2nlp.labelled import Span
from ka2nlp.records import Document
from ka2nlp.sentences import split_sentences

__all__ = ["Passage", "Stretch", "passages"]

_LINE_ENDS: Final = "\n\r\u2028\u2029\x0b\x0c\x85"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring characters that the same labels are shown by.

    Parameters
    ----------
    start, end
        Character offsets into the text, end exclusive.
    text
        The characters.
    codes
        Labels that they speak for, in the order of the taxonomy.
    sentence
        Number of the sentence that they belong to, from 0; None between sentences.
    closes
        Labels whose evidence ends here.
    """

    start: int
    end: int
    text: str
    codes: tuple[str, ...]
    sentence: int | None
    closes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, a heading or an item of a list.

    Parameters
    ----------
    stretches
        In the order of the text.
    place
        Page or paragraph that begins here ("page 3"); empty where none does.
    """

    stretches: tuple[Stretch, ...]
    place: str


def passages(document: Document, evidence: Mapping[str, Sequence[Span]]) -> tuple[Passage, ...]:
    """Cut a text where sentences, lines between sentences, places and evidence begin or end.

    Parameters
    ----------
    document
        What is read.
    evidence
        Of each code, the spans that show it.

    Returns
    -------
    tuple of Passage
        Together they hold every character but the line ends between passages. A line end within
        a sentence stays: it was only wrapped.
    """
    text = document.text
    sentences = [(one.start, one.end) for one in split_sentences(text)]
    starts = [start for start, _ in sentences]
    spans = [(code, span) for code, listed in evidence.items() for span in listed]
    edges = _edges(sentences, [span for _, span in spans], document)
    blocks = [_cut(start, end, edges) for start, end in _blocks(text, sentences)]
    pieces = [piece for block in blocks for piece in block]
    stretches = (
        Stretch(one, other, text[one:other], shown, _sentence_at(one, sentences, starts), closed)
        for (one, other), shown, closed in zip(
            pieces, _shown(pieces, spans), _closed(pieces, spans), strict=True
        )
    )
    found, place = [], ""
    for block in blocks:
        here = document.place_at(block[0][0])
        own = tuple(islice(stretches, len(block)))
        found.append(Passage(own, here if here != place else ""))
        place = here
    return tuple(found)


def _cut(start: int, end: int, edges: list[int]) -> list[Span]:
    """Cut a passage at the edges within it."""
    inner = edges[bisect_right(edges, start) : bisect_left(edges, end)]
    return list(pairwise([start, *inner, end]))


def _shown(pieces: list[Span], spans: list[tuple[str, Span]]) -> list[tuple[str, ...]]:
    """Give the labels of the spans that each piece lies in."""
    codes: list[list[str]] = [[] for _ in pieces]
    starts, ends = [start for start, _ in pieces], [end for _, end in pieces]
    for code, (low, high) in spans:
        for at in range(bisect_left(starts, low), bisect_right(ends, high)):
            codes[at].append(code)
    return [tuple(listed) for listed in codes]


def _closed(pieces: list[Span], spans: list[tuple[str, Span]]) -> list[tuple[str, ...]]:
    """Give the labels of the spans that end in each piece or with it."""
    codes: list[list[str]] = [[] for _ in pieces]
    ends = [end for _, end in pieces]
    for code, (_, high) in spans:
        at = bisect_left(ends, high)
        if at < len(pieces) and pieces[at][0] < high:
            codes[at].append(code)
    return [tuple(listed) for listed in codes]


def _edges(sentences: list[Span], spans: list[Span], document: Document) -> list[int]:
    pairs: Iterable[Span] = [*sentences, *spans]
    inner = {edge for pair in pairs for edge in pair}
    # A browser reads "\\r\\n" as one character: it stands apart, so that offsets after it hold.
    inner |= {edge for found in re.finditer("\r\n?", document.text) for edge in found.span()}
    return sorted(inner | {place.start for place in document.places})


def _blocks(text: str, sentences: list[Span]) -> list[Span]:
    """Give the passages: runs of sentences with no line end between them."""
    ends = [0, *(end for _, end in sentences)]
    starts = [*(start for start, _ in sentences), len(text)]
    cuts = [0]
    for low, high in zip(ends, starts, strict=True):
        gap = [at for at in range(low, high) if text[at] in _LINE_ENDS]
        cuts += [gap[0], gap[-1] + 1] if gap else []
    cuts.append(len(text))
    blocks = zip(cuts[::2], cuts[1::2], strict=True)
    return [(start, end) for start, end in blocks if text[start:end].strip()]


def _sentence_at(offset: int, sentences: list[Span], starts: list[int]) -> int | None:
    number = bisect_right(starts, offset) - 1
    return number if number >= 0 and offset < sentences[number][1] else None
