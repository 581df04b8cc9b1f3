"""Cut a text into passages of stretches, each knowing which labels it speaks for."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
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
    found, place = [], ""
    for start, end in _blocks(text, sentences):
        cuts = [start, *(edge for edge in edges if start < edge < end), end]
        stretches = tuple(
            Stretch(
                one,
                other,
                text[one:other],
                tuple(code for code, (low, high) in spans if low <= one and other <= high),
                _sentence_at(one, sentences, starts),
                tuple(code for code, (_, high) in spans if one < high <= other),
            )
            for one, other in pairwise(cuts)
        )
        here = document.place_at(start)
        found.append(Passage(stretches, here if here != place else ""))
        place = here
    return tuple(found)


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
