"""Zip archives, as Word, OpenDocument and Excel files are: open them within bounds."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from lzma import LZMAError
from typing import TYPE_CHECKING, BinaryIO, Final
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

from ka2nlp.errors import InputError

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["check_workbook", "open_archive", "refuse_entities"]

LARGEST_DOCUMENT: Final = 256 << 20
"""Bytes that a text document may unpack to: 256 MiB, its pictures counted."""

LARGEST_XML: Final = 64 << 20
"""Bytes of XML among them: 64 MiB, some hundred times a long application."""

MOST_PARTS: Final = 10_000
"""Files in a document."""

LARGEST_RATIO: Final = 200
"""How many times its size a document of more than 4 MiB may unpack to; XML does some 20 times."""

LARGEST_WORKBOOK: Final = 2 << 30
"""Bytes that a workbook may unpack to: 2 GiB."""

_SMALL: Final = 4 << 20
_DAMAGE: Final = (
    BadZipFile,
    EOFError,
    KeyError,
    LZMAError,
    NotImplementedError,
    OSError,
    ValueError,
    zlib.error,
)
_COMPOUND: Final = b"\xd0\xcf\x11\xe0"
"""How the files of old Word begin, and those of new Word under a password."""


@contextmanager
def open_archive(stream: BinaryIO, kind: str) -> Iterator[ZipFile]:
    """Open a document that is a zip archive of XML, its size checked before any is unpacked.

    What goes wrong while it is used counts as damage too.

    Parameters
    ----------
    stream
        Of the whole file; must be able to go back.
    kind
        What it should be, for the errors: "a Word document".

    Raises
    ------
    InputError
        When it is no archive, is damaged or under a password, holds more than 10,000 parts, or
        unpacks to more than 256 MiB, to more than 64 MiB of XML, or to 200 times its size.
    """
    beginning = stream.read(len(_COMPOUND))
    stream.seek(0)
    if beginning == _COMPOUND:
        raise InputError(
            f"got a file of an old format or under a password, expected {kind}; open it, and save "
            "it anew without a password"
        )
    try:
        with ZipFile(stream) as archive:
            parts = archive.infolist()
            if any(part.flag_bits & 1 for part in parts):
                raise InputError(f"got a file under a password, expected {kind} without one")
            _check_size(parts)
            yield archive
    except _DAMAGE as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"got a damaged file or one of another format ({reason}), expected {kind}; save it anew"
        ) from error


def _check_size(parts: Sequence[ZipInfo]) -> None:
    if len(parts) > MOST_PARTS:
        raise InputError(f"got a file of {len(parts):,} parts, expected at most {MOST_PARTS:,}")
    size = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    _bound(size, LARGEST_DOCUMENT)
    _bound(size, max(_SMALL, packed * LARGEST_RATIO))
    xml = [part.file_size for part in parts if part.filename.endswith((".xml", ".rels"))]
    _bound(sum(xml), LARGEST_XML)


def refuse_entities(root: _Element) -> None:
    """Refuse XML with a document type: neither Word nor OpenDocument has one, but attacks do."""
    if root.getroottree().docinfo.doctype:
        raise InputError("got XML that declares a document type, expected none; save the file anew")


def check_workbook(stream: BinaryIO) -> None:
    """Refuse a workbook that is damaged or unpacks to more than 2 GiB.

    Leaves the stream at its start.
    """
    if is_zipfile(stream):
        try:
            with ZipFile(stream) as archive:
                size = sum(part.file_size for part in archive.infolist())
        except _DAMAGE as error:
            raise InputError(
                f"got a damaged file ({error}), expected a workbook; save it anew as .xlsx or .csv"
            ) from error
        _bound(size, LARGEST_WORKBOOK)
    stream.seek(0)


def _bound(size: int, limit: int) -> None:
    if size > limit:
        raise InputError(
            f"got a file that unpacks to {size >> 20:,} MiB, expected at most {limit >> 20:,} MiB"
        )
