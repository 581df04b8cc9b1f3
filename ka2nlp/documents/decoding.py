"""Bytes to text, refusing what is not text."""

from __future__ import annotations

import codecs
from typing import Final

from ka2nlp.errors import InputError

__all__ = ["decode", "encoding_of"]

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL: Final = frozenset(range(32)) - {9, 10, 11, 12, 13, 27}
_MAX_CONTROL_SHARE: Final = 0.01


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


def encoding_of(data: bytes, encoding: str = "utf-8") -> str:
    """Name the encoding that the byte order mark of some data tells; else the one given."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), encoding)


def _explain(data: bytes, encoding: str, position: int) -> str:
    if b"\0" in data or sum(byte in _CONTROL for byte in data) > _MAX_CONTROL_SHARE * len(data):
        return "got binary data, expected text; export the document as text first"
    return (
        f"got the byte 0x{data[position]:02x} at position {position}, which is not {encoding}; "
        "save the file as UTF-8, or name its encoding, e.g. --encoding cp1252"
    )
