"""Split the text of a document into sentences that keep their character offsets.

spaCy's English tokenizer finds the words; the rules here decide where a sentence begins. They are
written for what project summaries really look like: line breaks lost after a full stop
("timeframe.The project"), bullets of every kind, headings and form prompts without punctuation,
numbered lists, abbreviations, lines wrapped by a PDF, and sentences of two hundred words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from ka2nlp.records import Sentence

if TYPE_CHECKING:
    from spacy.tokenizer import Tokenizer
    from spacy.tokens import Doc

SEGMENTER_VERSION: Final = 1
"""Raised whenever a rule changes, so that models and annotations can tell."""

MAX_WORDS: Final = 80
"""A sentence with more words is split again at its best inner boundary."""

MAX_CHARACTERS: Final = 900
"""The same for runs without spaces: keeps every sentence inside the encoder's window."""

_SHORT_ITEM: Final = 40
"""Items of a numbered list in running text stay together when they have fewer characters."""

_BULLETS: Final = "•●○▪▫■□◦‣⁃∙·➢➤►▶✓✔➔→⇒★❖◆♦\uf0b7\uf0a7\uf0d8\uf076"
_DASHES: Final = "–—*−-"
_CLOSERS: Final = frozenset("\"'”’»)]}")
_TERMINALS: Final = frozenset({".", "!", "?", "…", "...", "..", "!!", "?!", "!?", "??"})
_LAST_CHARACTERS: Final = frozenset(".!?…")
_CHUNK: Final = re.compile(r"(\s*)(\S+)")
"""What stands between spaces, and the space before."""
_MARKED: Final = re.compile(r"(?<!\S)[^\s.!?…]*[.!?…]\S*")
"""A chunk with a mark that may end a sentence."""
_FOLLOWING: Final = re.compile(r"(?:\s+[\"'”’»)\]}]+(?!\S))*(?:\s+\S+)?")
"""The chunk after it, and those of closing marks between."""
_LONG_CHUNK: Final = 100
"""Characters from which on the words of a chunk are not remembered."""
_BEFORE: Final = 2
"""Chunks before it that tell whether the mark ends a sentence."""

# Never end a sentence.
_TITLES: Final = frozenset(
    "dr mr mrs ms prof st art fig figs no nr vol eds pp p cf vs approx incl inc e.g i.e eg ie "
    "tel ca resp esp min max chap sec dept univ".split()
)
# End a sentence only before a capital letter.
_WEAK: Final = frozenset("etc al ltd co e.t.c ect jr sr a.m p.m a.s b.v s.a s.l s.r.l gmbh".split())

_NUMBER_MARKER: Final = re.compile(
    r"(?:\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{2,4})[.)]|\d{1,2}(?:\.\d{1,2}){1,2}\.?|#\d{1,2})(?=\s)"
)
_LEADING_MARKER: Final = re.compile(
    rf"(?:[\s{_BULLETS}>{_DASHES}]+"
    r"|(?:\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{2,4})\)\s*|\d{1,2}\.(?:\s+|(?=[^\W\d]))))*"
)
_LINE_BREAK: Final = re.compile(r"[\r\n\u2028\u2029\x0b\x0c\x85]\s*")
_INLINE_NUMBER: Final = re.compile(
    r"(?:(?<=[:;,.])\s*|\s)\(?(?:\d{1,2}|[a-hA-H]|i{1,3}|iv|v|vi{1,3})\)\s*(?=[^\W\d])"
    r"|(?<=[a-z])\d{1,2}\)\s*(?=[A-Z])|(?<=;)\s*\d{1,2}\.\s*(?=[^\W\d])"
)
# Each begins with the character at which a sentence would begin: few characters are then looked at.
_INLINE_BREAKS: Final = (
    re.compile(rf"(?<=[:;.,])\s*[{_DASHES}](?=\s?[^\W\d])"),  # "aims:- to build", "; - to test"
    re.compile(rf"[{_DASHES}](?<=[a-z)].)\s(?=[A-Z][a-z]|To\s)"),  # "a mobile app- Feedback"
    re.compile(rf"[{_BULLETS}]\s*(?=\w)"),
    re.compile(  # "timeframe.The project", "open to all!We", but not "e.g.The"
        r"[\"“‘(A-Z](?<=[a-z)\]\"”’'%0-9][.!?].)(?<!\b[a-z]\..)"
        r"(?:(?<=[A-Z])(?=[a-z])|(?<=[\"“‘(])(?=[A-Z][a-z])|(?<=[AI])(?=\s)|(?<=[\"“])(?=[AI]\s))"
        r"|[A-Z](?<=[a-z][a-z)][!?].)"
    ),
    re.compile(  # "in schoolsThe project"
        r"(?:T(?=(?:he|his|hese|o)\s)|I(?=[nt]\s)|O(?=ur\s)|W(?=e\s)|A(?=(?:n|ll)?\s)|F(?=or\s))"
        r"(?<=[a-z)][a-z;:].)"
    ),
)
_SHOUTED: Final = re.compile(  # a form prompt in capitals, then the answer
    r"(?:^|(?<=[\n.!?]))[^\S\n]*(?:[A-Z][A-Z/&,\-]+)(?:\s+[A-Z/&,\-]{2,}){1,9}\s*:?\s+"
    r"(?=[A-Z][a-z]*\s+[a-z])"
)
_SPACE: Final = re.compile(r"\s")
_INNER: Final = (
    re.compile(r";\s+"),
    re.compile(r":\s+|\s[-–—]\s+"),
    re.compile(r",\s+(?=(?:and|or|but|which|while|where|so|as|in order|with|by|through)\b)"),
    re.compile(r",\s+"),
    re.compile(r"\s+(?=(?:and|or|but|which|that|while|as well as|in order to|so that)\s)"),
    re.compile(r"\s+"),
)


def split_sentences(text: str) -> list[Sentence]:
    """Split one text.

    Parameters
    ----------
    text
        Any text; may be empty.

    Returns
    -------
    list of Sentence
        In the order of the text, not overlapping. ``text[s.start:s.end] == s.text`` holds for each,
        and every letter and digit outside list markers lies in exactly one sentence.
    """
    starts = _layout_starts(text)
    for begin, end in _stretches(text):
        starts |= _starts_after_ends(*_cut(text, begin, end))
    return list(_spans(text, sorted(starts)))


def _spans(text: str, starts: list[int]) -> Iterator[Sentence]:
    """Trim each stretch between two starts to its words, and split it where it is too long."""
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        for piece_start, piece_end in _pieces(text, start, end):
            marker = _LEADING_MARKER.match(text, piece_start, piece_end)
            first = marker.end() if marker else piece_start
            last = first + len(text[first:piece_end].rstrip())
            if any(character.isalnum() for character in text[first:last]):
                yield Sentence(first, last, text[first:last])


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Halve an over-long stretch at the strongest boundary nearest to its middle."""
    while _is_long(stretch := text[start:end].rstrip()):
        cut = start + _best_cut(stretch)
        yield from _pieces(text, start, cut)
        start = cut
    yield start, end


def _is_long(stretch: str) -> bool:
    return len(stretch) > MAX_CHARACTERS or len(stretch.split()) > MAX_WORDS


def _best_cut(stretch: str) -> int:
    middle = len(stretch) // 2
    margin = len(stretch) // 6
    patterns = _INNER if _SPACE.search(stretch, margin, len(stretch) - margin) else ()
    for pattern in patterns:
        cuts = [match.end() for match in pattern.finditer(stretch, margin, len(stretch) - margin)]
        if cuts:
            return min(cuts, key=lambda position: abs(position - middle))
    return min(middle, MAX_CHARACTERS)


@cache
def _tokenizer() -> Tokenizer:
    """Load spaCy's rules for English words."""
    from spacy.lang.en import English

    return English().tokenizer


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Find what the rules look at: the stretches around marks that may end a sentence."""
    begin = end = 0
    for marked in _MARKED.finditer(text):
        first = _chunks_before(text, marked.start())
        if first > end:
            if end:
                yield begin, end
            begin = first
        end = _FOLLOWING.match(text, marked.end()).end()  # type: ignore[union-attr]  # always
    if end:
        yield begin, end


def _chunks_before(text: str, position: int) -> int:
    """Find where the second chunk before a position begins; 0 where there are fewer."""
    low, width = position, 64
    while low:
        low, width = max(0, position - width), 16 * width
        parts = text[low:position].rsplit(None, _BEFORE)
        if len(parts) > _BEFORE:
            return _after_space(text, low + len(parts[0]))
    return 0


def _cut(text: str, begin: int, end: int) -> tuple[list[int], list[str]]:
    """Give where each word of a stretch begins, and the words, as spaCy cuts the whole text.

    It cuts what stands between spaces by itself, and the same chunks come again and again. Space is
    a word too, but for the single space after another.
    """
    positions: list[int] = []
    words: list[str] = []
    for chunk in _CHUNK.finditer(text, begin, end):
        space, letters = chunk.groups()
        position = chunk.start(2)
        if gap := space.removeprefix(" ") if words else space:
            positions.append(position - len(gap))
            words.append(gap)
        cut = _cut_chunk if len(letters) <= _LONG_CHUNK else _cut_chunk.__wrapped__
        for word in cut(letters):
            positions.append(position)
            words.append(word)
            position += len(word)
    return positions, words


@lru_cache(maxsize=1 << 14)
def _cut_chunk(letters: str) -> tuple[str, ...]:
    return tuple(_words(_tokenizer()(letters))[1])


def _layout_starts(text: str) -> set[int]:
    """Find where the layout begins a sentence; the whole text begins with one."""
    return {_after_space(text, start) for start in (0, *_layout_breaks(text))}


def _starts_after_ends(positions: list[int], words: list[str]) -> set[int]:
    """Find the words that follow the end of a sentence; the offset of each."""
    return {
        position
        for index, (position, word) in enumerate(zip(positions, words, strict=True))
        if index and not word.isspace() and _follows_an_end(words, index)
    }


def _words(doc: Doc) -> tuple[list[int], list[str]]:
    """Give where each word of a tokenised text begins, and the words.

    In plain lists: making spaCy's token objects would take most of the time.
    """
    text = doc.text
    positions, words = [], []
    position = 0
    for length, trailing in doc.to_array(["LENGTH", "SPACY"]).tolist():
        positions.append(position)
        words.append(text[position : position + length])
        position += length + trailing
    return positions, words


def _after_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _layout_breaks(text: str) -> set[int]:
    """Find the offsets at which the layout, or what is left of it, begins a sentence."""
    breaks = {match.end() for match in _SHOUTED.finditer(text)}
    for pattern in _INLINE_BREAKS:
        breaks.update(match.start() for match in pattern.finditer(text))
    numbers = [match.start() for match in _INLINE_NUMBER.finditer(text)]
    if len(numbers) > 1 and numbers[-1] - numbers[0] >= _SHORT_ITEM * (len(numbers) - 1):
        breaks.update(numbers)
    lines = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
    width = _wrap_width(text)
    for begin, previous in zip(lines[1:], lines, strict=False):
        if not _is_wrapped(text, previous, begin, width):
            breaks.add(begin)
    return breaks


def _wrap_width(text: str) -> int | None:
    """Tell the column at which a text was hard-wrapped (as PDF text is), if it was."""
    lengths = [len(line.rstrip()) for line in text.splitlines() if line.strip()]
    if len(lengths) < 4:
        return None
    width = max(lengths)
    full = sum(length >= 0.75 * width for length in lengths)
    return width if 40 <= width <= 130 and full >= 0.6 * len(lengths) else None


def _is_wrapped(text: str, previous: int, begin: int, width: int | None) -> bool:
    """Tell whether the line at ``begin`` goes on with the sentence of the line before it."""
    line = text[previous:begin]
    if line.count("\n") > 1 or begin >= len(text):
        return False
    before = line.rstrip()
    if not before or before[-1] in ".!?:;" or _is_marker(text, begin):
        return False
    if text[begin].islower() and len(before) >= 50:
        return True
    return width is not None and len(before) >= 0.75 * width


def _is_marker(text: str, begin: int) -> bool:
    if text[begin] in _BULLETS or (text[begin] in _DASHES and text[begin + 1 : begin + 2] != ""):
        return True
    return _NUMBER_MARKER.match(text, begin) is not None


def _follows_an_end(words: list[str], index: int) -> bool:
    """Tell whether the words before this one end a sentence."""
    before = index - 1
    while before > 0 and (words[before] in _CLOSERS or words[before].isspace()):
        before -= 1
    end = words[before]
    if end[-1] not in _LAST_CHARACTERS or words[index] in _CLOSERS or words[index] in _TERMINALS:
        return False
    if end in _TERMINALS:
        return _really_ends(words, before, words[index])
    return end[-1] == "." and _abbreviation_ends(end[:-1].lower(), words[index])


def _really_ends(words: list[str], stop: int, following: str) -> bool:
    """Tell whether a full stop, as a token of its own, ends a sentence."""
    if words[stop] != ".":
        return not following[0].islower()
    word = words[stop - 1] if stop else ""
    if word.isdigit() and len(word) <= 2:  # "1. Aim": a list marker, unless it ends a clause
        return not _begins_line(words, stop - 1) and not following[0].islower()
    return _abbreviation_ends(word.lower(), following)


def _begins_line(words: list[str], index: int) -> bool:
    return index == 0 or "\n" in words[index - 1] or words[index - 1] in _TERMINALS


def _abbreviation_ends(word: str, following: str) -> bool:
    if word in _TITLES or (len(word) == 1 and word.isalpha() and word != "i"):
        return False
    if word in _WEAK or "." in word:
        return following[0].isupper()
    return True
