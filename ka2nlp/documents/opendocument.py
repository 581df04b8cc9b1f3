"""OpenDocument texts (.odt): their paragraphs, those in tables and frames among them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final
from zipfile import ZipFile

from ka2nlp.documents.archives import open_archive, refuse_entities
from ka2nlp.documents.extras import needs
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.documents.paragraphs import join_paragraphs
from ka2nlp.errors import InputError
from ka2nlp.records import Document

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["read_opendocument"]

_NAMES: Final = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
}
_BLOCK: Final = "self::text:p or self::text:h"
_LEFT_OUT: Final = (
    "ancestor::text:tracked-changes or ancestor::office:annotation or ancestor::text:note"
)
_PARAGRAPHS: Final = f"//office:text//*[({_BLOCK}) and not({_LEFT_OUT})]"
_DEPTH: Final = f"count(ancestor-or-self::*[{_BLOCK}])"
_PIECES: Final = (
    f".//node()[(self::text() or self::text:s or self::text:tab or self::text:line-break)"
    f" and count(ancestor::*[{_BLOCK}]) = $depth and not({_LEFT_OUT})]"
)
"""Texts and spaces of a paragraph, but not those of a frame in it: that has its own."""


def read_opendocument(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[Document]:
    """Read one text in its order: headings, paragraphs, cells, frames.

    Of tracked changes, what was inserted is text and what was deleted is not. Headers, footers,
    footnotes and comments are left out. The title is the one in the properties of the file.
    """
    with open_archive(io.BytesIO(stream.read()), "an OpenDocument text (.odt)") as archive:
        manifest = _parse(archive, "META-INF/manifest.xml")
        if _find(manifest, "//manifest:encryption-data"):
            raise InputError("got a file under a password; open it, and save it anew without one")
        content, properties = _parse(archive, "content.xml"), _parse(archive, "meta.xml")
    title = next((element.text for element in _find(properties, "//dc:title")), None)
    yield join_paragraphs(name, title or "", map(_text, _find(content, _PARAGRAPHS)))


def _parse(archive: ZipFile, part: str) -> _Element:
    with needs("an OpenDocument text", "lxml", "documents"):
        from lxml import etree
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(archive.read(part), parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"got a damaged {part} in the file ({error}); save it anew") from error
    refuse_entities(root)
    return root


def _find(root: _Element, path: str) -> list[_Element]:
    found: list[_Element] = root.xpath(path, namespaces=_NAMES)
    return found


def _text(paragraph: _Element) -> str:
    depth = paragraph.xpath(_DEPTH, namespaces=_NAMES)
    pieces = paragraph.xpath(_PIECES, namespaces=_NAMES, depth=depth)
    return "".join(piece if isinstance(piece, str) else _space(piece) for piece in pieces)


def _space(element: _Element) -> str:
    return "\n" if element.tag == f"{{{_NAMES['text']}}}line-break" else " "
