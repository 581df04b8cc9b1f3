"""Web pages (.html): the text that a reader comes for, without scripts, styles and navigation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

from ka2nlp.documents.decoding import decode
from ka2nlp.documents.extras import needs
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.documents.paragraphs import join_paragraphs
from ka2nlp.records import Document

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, PageElement

__all__ = ["read_web_page"]

_FURNITURE: Final = (
    "script, style, template, noscript, svg, iframe, object, nav, aside, dialog, button, select, "
    "[hidden], [aria-hidden=true], [role=navigation], [role=search], [role=banner], "
    "[role=contentinfo], [role=dialog], body > header, body > footer"
)
_MAIN: Final = ("main", "[role=main]", "article:only-of-type")
_BLOCKS: Final = frozenset(
    "address article blockquote body caption center dd details div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hr legend li main ol p pre section summary table "
    "tbody td textarea tfoot th thead tr ul".split()
)
_BREAK: Final = "\0"
"""Stands between blocks until white space is reduced; HTML cannot hold it."""

_ENCODINGS: Final = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "us-ascii": "cp1252"}
"""What pages call their encoding, to what browsers take that for."""


def read_web_page(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[Document]:
    """Read one page: its main part where it marks one, else all but what stands around a text.

    The title is the only heading of the first level, else the one that the browser shows.
    """
    with needs("a web page", "beautifulsoup4", "documents"):
        from bs4 import BeautifulSoup
        from bs4.dammit import EncodingDetector
    data = stream.read()
    declared = EncodingDetector.find_declared_encoding(data, is_html=True)
    encoding = _ENCODINGS.get(declared or "", declared) or options.encoding
    page = BeautifulSoup(decode(data, encoding), "lxml")
    title = _title(page)
    for element in page.select(_FURNITURE):
        element.decompose()
    yield join_paragraphs(name, title, _paragraphs(page))


def _title(page: BeautifulSoup) -> str:
    headings = page.select("h1")
    stated = headings if len(headings) == 1 else page.select("head title")
    return stated[0].get_text() if stated else ""


def _paragraphs(page: BeautifulSoup) -> list[str]:
    """Walk the tree once, without recursion, marking the blocks; pages may be nested deeply."""
    from bs4.element import PreformattedString

    main = next((found for path in _MAIN if (found := page.select_one(path))), page.body or page)
    pieces: list[str] = []
    rest: list[tuple[PageElement | str, bool]] = [(main, False)]
    while rest:
        node, is_pre = rest.pop()
        if isinstance(node, PreformattedString):  # comments and the like
            continue
        if isinstance(node, str):
            pieces.append(node if is_pre else re.sub(r"\s+", " ", node))
        elif node.name == "br":
            pieces.append("\n")
        else:
            is_pre = is_pre or node.name == "pre"
            edge = [(_BREAK, is_pre)] if node.name in _BLOCKS else []
            rest += [*edge, *((child, is_pre) for child in reversed(node.contents)), *edge]
    return [part for block in "".join(pieces).split(_BREAK) for part in re.split(r"\n\s*\n", block)]
