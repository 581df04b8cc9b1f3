"""Bytes to text, refusing what is not text."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO, Final

from ka2nlp.errors import InputError

__all__ = ["decode", "decode_lines", "encoding_of"]

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BIG_ENDIAN: Final = (codecs.BOM_UTF32_BE, codecs.BOM_UTF16_BE)
_UNITS: Final = {"utf-16": 2, "utf-32": 4}
"""Bytes of the shortest character, where it has more than one."""

_CONTROL: Final = frozenset(range(32)) - {9, 10, 11, 12, 13, 27}
_MAX_CONTROL_SHARE: Final = 0.01
_BLOCK: Final = 1 << 16


def decode(data: bytes, encoding: str = "utf-8") -> str:
    """Decode a whole text.

    Parameters
    ----------
    data
        The bytes of the text.
    encoding
        Used where no byte order mark says otherwise.

    Raises
    ------
    InputError
        When the bytes are not text, are text in another encoding, or the encoding is unknown.
    """
    encoding = encoding_of(data, encoding)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(_explain(data, encoding, error.start)) from error
    except LookupError as error:
        raise InputError(f"got the unknown encoding {encoding!r}, expected e.g. utf-8") from error
    if sum(ord(character) in _CONTROL for character in text) > _MAX_CONTROL_SHARE * len(text):
        raise InputError("got binary data, expected text; export the document as text first")
    return text


def decode_lines(stream: BinaryIO, encoding: str = "utf-8") -> Iterator[str | InputError]:
    """Decode a text line by line, lazily.

    Parameters
    ----------
    stream
        At the start of the text.
    encoding
        Used where no byte order mark says otherwise.

    Yields
    ------
    str or InputError
        A line with its line feed, or why it cannot be decoded, as ``decode`` says it.
    """
    begun = stream.readline()  # long enough: no byte order mark has the byte of a line feed
    encoding = encoding_of(begun, encoding)
    lines: Iterable[bytes] = chain([begun], stream)
    if unit := _UNITS.get(_known_name(encoding)[:6]):
        big = begun.startswith(_BIG_ENDIAN) or _known_name(encoding).endswith("-be")
        encoding = f"utf-{8 * unit}-{'be' if big else 'le'}"
        lines = _wide_lines(begun, stream, "\n".encode(encoding))
    for line in lines:
        try:
            decoded: str | InputError = decode(line, encoding)
        except InputError as error:
            decoded = error
        yield decoded


def _known_name(encoding: str) -> str:
    """Give the name that Python knows an encoding by; of an unknown one its own."""
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return encoding


def _wide_lines(begun: bytes, stream: BinaryIO, feed: bytes) -> Iterator[bytes]:
    """Cut a text at its line feeds, which have several bytes and begin where characters do.

    What ``begun`` holds was read already, and ends no later than the first line feed.
    """
    waiting, seen = bytearray(begun), 0
    while block := stream.read(_BLOCK):
        waiting += block
        start, at = 0, waiting.find(feed, seen)
        while at >= 0:
            if at % len(feed) == 0:
                end = at + len(feed)
                yield bytes(waiting[start:end])
                start = end
            at = waiting.find(feed, at + 1)
        del waiting[:start]
        seen = max(0, len(waiting) - len(feed) + 1)
    if waiting:
        yield bytes(waiting)


def encoding_of(data: bytes, encoding: str = "utf-8") -> str:
    """Name the encoding that the byte order mark of some data tells; else the one given."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), encoding)


def _explain(data: bytes, encoding: str, position: int) -> str:
    odd = b"\0" in data or sum(byte in _CONTROL for byte in data) > _MAX_CONTROL_SHARE * len(data)
    if odd and _known_name(encoding)[:6] not in _UNITS:  # there letters have zeros beside them
        return "got binary data, expected text; export the document as text first"
    return (
        f"got the byte 0x{data[position]:02x} at position {position}, which is not {encoding}; "
        "save the file as UTF-8, or name its encoding, e.g. --encoding cp1252"
    )
