"""Lines on pages to paragraphs: where a line goes on with the one before it, and where not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

__all__ = [
    "SOFT_HYPHEN",
    "Line",
    "drop_furniture",
    "goes_on",
    "join_lines",
    "place_fields",
    "undivide",
    "words_of",
]

SOFT_HYPHEN: Final = "\xad"
"""Stands where a word was divided at the end of a line."""

_MARKER: Final = re.compile(
    r"[•●○▪■□◦‣⁃·➢➤►✓✔\uf0b7\uf0a7\uf0d8]|[-–—*]\s|\(?(?:\d{1,2}|[a-z]|[ivx]{2,4})[.)]\s"
)
_DIVIDED: Final = re.compile(rf"(\w+){SOFT_HYPHEN}(\w+)")
_WORD: Final = re.compile(r"\w+(?:-\w+)*")
_BEGINNINGS: Final = frozenset("co cross e micro multi non self socio well".split())
_ENDINGS: Final = frozenset(
    "based centred centered driven efficient friendly led month oriented related skilled speaking "
    "term week wide year".split()
)
"""Parts of words that keep their hyphen: "self-esteem" was not divided but written so."""

_WIDER_PITCH: Final = 1.3
_SIZE_TOLERANCE: Final = 0.12
_EDGE_ROWS: Final = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, or the value of a form field.

    Parameters
    ----------
    text
        Its characters.
    left, bottom, right, top
        The box around it in points, to the right and upwards on the page as it is shown.
    size
        Height of its letters in points.
    is_field
        Whether it is a form field, which stands by itself.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    is_field: bool = False

    @property
    def middle(self) -> float:
        """Height of its middle on the page."""
        return (self.bottom + self.top) / 2


def place_fields(lines: Sequence[Line], fields: Sequence[Line]) -> list[Line]:
    """Put form fields among the lines of their page, each after what stands above or left of it.

    Parameters
    ----------
    lines
        In the order of the file, which is kept where there is no field.
    fields
        In any order.

    Returns
    -------
    list of Line
        From top to bottom and, in a row, from left to right.
    """
    if not fields:
        return list(lines)
    placed = [line for row in _rows(lines) for line in row]
    for field in sorted(fields, key=lambda one: (-one.top, one.left)):
        before = [
            position
            for position, line in enumerate(placed, start=1)
            if line.middle > field.top or (line.middle > field.bottom and line.left < field.left)
        ]
        placed.insert(max(before, default=0), field)
    return placed


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Group lines that stand side by side; from top to bottom and from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: -one.middle):
        if rows and rows[-1][0].middle - line.middle < rows[-1][0].size / 2:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda one: one.left) for row in rows]


def drop_furniture(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Leave out headers, footers and page numbers: outer lines alike on most pages but for digits.

    Parameters
    ----------
    pages
        The lines of each page.

    Returns
    -------
    list of list of Line
        The pages less those lines.
    """
    edges = [{_likeness(line) for line in _outer(page)} for page in pages]
    alike = Counter(key for edge in edges for key in edge)
    furniture = {key for key, count in alike.items() if count > max(1, len(pages) / 2)}
    return [
        [line for line in page if line.is_field or _likeness(line) not in furniture & edge]
        for page, edge in zip(pages, edges, strict=True)
    ]


def _outer(page: Sequence[Line]) -> list[Line]:
    rows = _rows([line for line in page if not line.is_field])
    return [line for row in (*rows[:_EDGE_ROWS], *rows[-_EDGE_ROWS:]) for line in row]


def _likeness(line: Line) -> tuple[str, int]:
    return re.sub(r"\d+", "#", line.text), round(line.middle)


def join_lines(page: Sequence[Line]) -> list[str]:
    """Join the lines of each paragraph of a page; words divided keep their ``SOFT_HYPHEN``."""
    if not page:
        return []
    pitch = _pitch(page)
    paragraphs = [page[0].text]
    for previous, line in pairwise(page):
        if _continues(previous, line, pitch, _right_edge(page, previous)):
            paragraphs[-1] += _gap(paragraphs[-1]) + line.text
        else:
            paragraphs.append(line.text)
    return paragraphs


def words_of(lines: Iterable[Line]) -> frozenset[str]:
    """Collect the words of some lines, those with a hyphen as one, in lower case."""
    return frozenset(word for line in lines for word in _WORD.findall(line.text.lower()))


def undivide(text: str, words: Container[str]) -> str:
    """Put divided words together, but leave compounds their hyphen.

    Parameters
    ----------
    text
        With a ``SOFT_HYPHEN`` where a word was divided.
    words
        Those of the document, in lower case: they tell how it writes a word elsewhere.
    """

    def joined(match: re.Match[str]) -> str:
        before, after = (part.lower() for part in match.groups())
        keep = f"{before}{after}" not in words and (
            f"{before}-{after}" in words
            or before in _BEGINNINGS
            or after in _ENDINGS
            or before[-1].isdigit()
        )
        return ("-" if keep else "").join(match.groups())

    return _DIVIDED.sub(joined, text).replace(SOFT_HYPHEN, "-")


def goes_on(text: str, following: str) -> bool:
    """Tell whether a sentence goes on, by its end and what follows: for new pages and columns."""
    return following[:1].islower() and text[-1:] not in ".!?:;"


def _gap(text: str) -> str:
    return "" if text.endswith(SOFT_HYPHEN) else " "


def _continues(previous: Line, line: Line, pitch: float, edge: float) -> bool:
    if previous.is_field or line.is_field:
        return False
    if previous.text.endswith(SOFT_HYPHEN) and line.text[0].isalnum():
        return True
    if _MARKER.match(line.text):
        return False
    if abs(previous.size - line.size) > _SIZE_TOLERANCE * line.size:
        return False
    down = previous.bottom - line.bottom
    if down <= 0:  # a new column, or a row of a table
        return goes_on(previous.text, line.text)
    if down > _WIDER_PITCH * pitch * line.size:
        return False
    word = line.text.split()[0]
    width = (line.right - line.left) * (len(word) + 1) / len(line.text)
    return previous.right + width > edge or goes_on(previous.text, line.text)


def _pitch(page: Sequence[Line]) -> float:
    """Give the usual distance from line to line, as a multiple of the size of their letters."""
    steps = [
        (first.bottom - second.bottom) / second.size
        for first, second in pairwise(page)
        if 0 < first.bottom - second.bottom < 3 * first.size
    ]
    return median(steps) if steps else float("inf")


def _right_edge(page: Sequence[Line], line: Line) -> float:
    """Tell how far the lines reach that begin where this one does."""
    alike = (
        other.right
        for other in page
        if not other.is_field and abs(other.left - line.left) < 3 * line.size
    )
    return max(alike, default=line.right)
