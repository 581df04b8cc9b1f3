"""PDF with a text layer: text and filled form fields, page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Final

from ka2nlp.documents.extras import needs
from ka2nlp.documents.layout import (
    Line,
    drop_furniture,
    goes_on,
    join_lines,
    place_fields,
    undivide,
    words_of,
)
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.documents.paragraphs import PARAGRAPH_BREAK
from ka2nlp.documents.pdf_page import has_picture, read_fields, read_lines
from ka2nlp.errors import InputError
from ka2nlp.records import Document, Place

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

__all__ = ["read_pdf"]

_NOT_A_TITLE: Final = re.compile(
    r"microsoft \w+ - .*|untitled.*|.*\.(?:docx?|odt|pdf|indd|tex|dvi)", re.IGNORECASE
)


def read_pdf(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[Document]:
    """Read one PDF; lines of a paragraph are joined, and words divided at line ends too.

    Values of form fields stand where the fields do. Headers, footers and page numbers that most
    pages share are left out. No script in the file is run.

    Raises
    ------
    InputError
        When it is under a password, is damaged, or has no text: then it is a scan, or a form that
        only Adobe Reader lays out.
    """
    with needs("a PDF", "pypdfium2", "documents"):
        import pypdfium2
    try:
        with closing(pypdfium2.PdfDocument(stream.read())) as pdf:
            if pdf.get_formtype() == pypdfium2.raw.FORMTYPE_XFA_FULL:
                raise InputError(
                    "got a form that only Adobe Reader lays out (XFA), expected pages; open it "
                    "there and print it to a PDF"
                )
            if options.most_pages is not None and len(pdf) > options.most_pages:
                raise InputError(
                    f"got a PDF of {len(pdf):,} pages, expected at most {options.most_pages}; "
                    "leave out the annexes"
                )
            if pdf.get_formtype():
                pdf.init_forms()
            yield _document(pdf, name)
    except pypdfium2.PdfiumError as error:
        raise InputError(_refusal(str(error))) from error


def _refusal(reason: str) -> str:
    if "password" in reason.lower():
        return "got a PDF under a password, expected an open one; save it anew without a password"
    return f"got a file that is not PDF or is damaged ({reason}); export it anew"


def _document(pdf: PdfDocument, name: str) -> Document:
    pages: list[list[Line]] = []
    pictures = []
    seen: set[str] = set()
    for number, page in enumerate(pdf, start=1):
        fields = {key: field for key, field in read_fields(pdf, page) if key not in seen}
        seen.update(fields)  # a field may be shown on several pages
        pages.append(place_fields(list(read_lines(page)), list(fields.values())))
        if not pages[-1] and has_picture(page):
            pictures.append(str(number))
        page.close()
    if not any(pages):
        raise InputError(
            f"got a PDF of {len(pages)} pages without text, as a scanner makes it; recognise its "
            "text first: ocrmypdf in.pdf out.pdf"
        )
    text, places = _join_pages(drop_furniture(pages))
    title = " ".join(pdf.get_metadata_value("Title").split())
    return Document(
        id=name,
        title="" if _NOT_A_TITLE.fullmatch(title) else title,
        text=text,
        problems=(_warning(pictures),) if pictures else (),
        places=places,
    )


def _warning(pictures: Sequence[str]) -> str:
    return (
        f"no text on page {', '.join(pictures)}, only pictures; recognise their text first: "
        "ocrmypdf --skip-text in.pdf out.pdf"
    )


def _join_pages(pages: Sequence[Sequence[Line]]) -> tuple[str, tuple[Place, ...]]:
    """Join the paragraphs of all pages; one may go on over the end of its page."""
    text = ""
    places = []
    words = words_of(chain.from_iterable(pages))
    for number, page in enumerate(pages, start=1):
        paragraphs = [undivide(paragraph, words) for paragraph in join_lines(page)]
        if not paragraphs:
            continue
        if text:
            is_divided = text.endswith("-") and text[-2:-1].isalnum()
            gap = "" if is_divided else " "
            text += gap if goes_on(text, paragraphs[0]) else PARAGRAPH_BREAK
        places.append(Place(len(text), f"page {number}"))
        text += PARAGRAPH_BREAK.join(paragraphs)
    return text, tuple(places)
