"""Find identifier, title and text among the columns of a table, whatever its vintage.

Headers are matched loosely: case, spaces, apostrophes and camel case do not count, and the grant
column is known by the beginning of its sentence. Knows the exports of the Erasmus+ Project Results
Platform since 2018, its search interface, and plain tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ka2nlp.documents.options import ReadingOptions
from ka2nlp.errors import InputError
from ka2nlp.records import Document, is_missing

__all__ = ["HEADER_WITHIN", "Columns", "find_columns", "metadata_name", "normalise"]

HEADER_WITHIN: Final = 20
"""Exports may begin with lines about the export; the header stands within as many rows."""

_ID: Final = (
    "id",
    "project identifier",
    "identifier",
    "project number",
    "project id",
    "project reference",
)
_TITLE: Final = ("title", "project title")
_TEXT: Final = (
    "text",
    "summary",
    "project summary",
    "project description",
    "description",
    "abstract",
    "report summary",
)
_PART: Final = re.compile(
    r"(?:project |report )?(?:summary|description)\W+(?:of )?(?:the )?"
    r"(?:background|context|objectives?|implementation|activities|results?|impact|methodology)\b.*"
)
_PARTNER: Final = re.compile(r"partner \d+ ")
_RENAMED: Final = {
    "call year": "year",
    "funding year": "year",
    "project call year": "year",
    "action type": "action",
    "coordinator s country": "country",
    "coordinators country": "country",
    "participating countries": "countries",
}
_PREFIXED: Final = {"eu grant award in euros": "grant_eur"}
_BYTES: Final = (bytes, bytearray, memoryview)
_NO_TEXT: Final = (*_BYTES, list, tuple, set, Mapping)
_AS_USUAL: Final = ReadingOptions()


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand in the rows of a table.

    Parameters
    ----------
    id, title
        Positions, or None where there is no such column.
    text
        Positions of the text; several where a summary is split over columns, in their order.
    metadata
        Positions of all others but the partners', to their names; year, action, country, countries
        and grant_eur have these names in every vintage.
    keep_empty
        Whether documents have metadata for empty cells too.
    """

    id: int | None
    title: int | None
    text: tuple[int, ...]
    metadata: Mapping[int, str]
    keep_empty: bool = False

    def names(self, headers: Sequence[str]) -> tuple[str, ...]:
        """Give the names of identifier, title and text in a header row, as ``normalise`` does."""
        found = (self.id, self.title, *self.text)
        return tuple("" if at is None else normalise(headers[at]) for at in found)

    def document(self, cells: Sequence[object], place: str) -> Document:
        """Make a document of a row; ``place`` names it where it has no identifier.

        Cells may be of any type, and fewer than the header's; metadata keep theirs, but bytes that
        are UTF-8 are text wherever they stand, and NaN is an empty cell. A row whose title or text
        is a list, a mapping or other bytes is a document without text and with its reason.
        """

        def cell(position: int) -> object:
            return _plain(cells[position]) if position < len(cells) else None

        title = cell(self.title) if self.title is not None else None
        texts = [cell(at) for at in self.text]
        problems = tuple(
            f"got a {what} of type {type(one).__name__}, expected a string"
            for what, found in (("title", [title]), ("text", texts))
            for one in found
            if isinstance(one, _NO_TEXT)
        )
        parts = [text for one in texts if (text := _text(one)).strip()]
        return Document(
            id=(_text(cell(self.id)).strip() if self.id is not None else "") or place,
            title="" if isinstance(title, _NO_TEXT) else _text(title).strip(),
            text="" if problems else "\n\n".join(parts),
            problems=problems[:1],
            metadata={
                name: "" if cell(at) is None else _whole(cell(at))
                for at, name in self.metadata.items()
                if self.keep_empty or cell(at) not in (None, "")
            },
        )


@lru_cache(maxsize=8192)
def normalise(header: str) -> str:
    """Reduce a header to lower-case words: ``Coordinator’s country`` to ``coordinator s country``.

    Camel case counts as words: ``projectDescriptionResults`` is ``project description results``.
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header.strip())
    return " ".join(re.findall(r"\w+", apart.replace("_", " ").lower()))


def find_columns(headers: Sequence[str], options: ReadingOptions = _AS_USUAL) -> Columns:
    """Find the columns of a table by its header row.

    Parameters
    ----------
    headers
        As they stand in the file.
    options
        May name the columns of the text, the identifier and the title.

    Raises
    ------
    InputError
        When no column holds a text, or a column that was named is not there.
    """
    names = [normalise(header) for header in headers]
    id_name, title_name, text_name = options.id_column, options.title_column, options.text_column
    id_at = _named(headers, id_name) if id_name else _first(names, _ID)
    title_at = _named(headers, title_name) if title_name else _first(names, _TITLE)
    text_at = (_named(headers, text_name),) if text_name else _text_columns(names)
    if not text_at:
        shown = ", ".join(header for header in headers[:12] if header.strip())
        raise InputError(
            f"got the columns {shown or 'without names'}, expected one named text, summary or "
            "Project Summary; rename it"
        )
    taken = {id_at, title_at, *text_at}
    metadata = {
        position: metadata_name(header)
        for position, (header, name) in enumerate(zip(headers, names, strict=True))
        if position not in taken and name and not _PARTNER.match(f"{name} ")
    }
    return Columns(id_at, title_at, text_at, metadata, options.keep_empty)


def _first(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _named(headers: Sequence[str], wanted: str) -> int:
    names = [normalise(header) for header in headers]
    if normalise(wanted) not in names:
        raise InputError(
            f"got no column {wanted!r}, expected one of: {', '.join(filter(None, headers[:12]))}"
        )
    return names.index(normalise(wanted))


def _text_columns(names: Sequence[str]) -> tuple[int, ...]:
    parts = tuple(position for position, name in enumerate(names) if _PART.fullmatch(name))
    whole = _first(names, _TEXT)
    if whole is None:
        return parts
    return (whole, *(position for position in parts if position != whole))


def metadata_name(header: str) -> str:
    """Give the name that a column of metadata has in every vintage: ``Call year`` is ``year``."""
    name = normalise(header)
    for prefix, short in _PREFIXED.items():
        if name.startswith(prefix):
            return short
    return _RENAMED.get(name, header.strip())


def _plain(cell: object) -> object:
    """Turn bytes that are UTF-8 into text, as some programs write; what is missing, into None."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, _BYTES):
        try:
            return bytes(cell).decode("utf-8-sig")
        except UnicodeDecodeError:
            return cell
    return None if is_missing(cell) else cell


def _text(cell: object) -> str:
    return "" if cell is None else str(_whole(cell))


def _whole(cell: object) -> object:
    """Turn 2014.0 into 2014: spreadsheets keep whole numbers as floats."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
