"""What a reader is told of its source: the encoding, and which columns are which."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ReadingOptions"]


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How to read a source.

    Parameters
    ----------
    encoding
        Of the characters, where the source does not say itself.
    text_column, id_column, title_column
        Names of these columns of a table; by default they are found by the usual names.
    most_pages
        Of a PDF; one with more is refused. None reads any number.
    keep_empty
        Whether empty cells of a table stand among the metadata too, as empty texts.
    """

    encoding: str = "utf-8"
    text_column: str | None = None
    id_column: str | None = None
    title_column: str | None = None
    most_pages: int | None = None
    keep_empty: bool = False
