"""Word documents (.docx): their paragraphs, those in tables and text boxes among them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

from ka2nlp.documents.archives import open_archive, refuse_entities
from ka2nlp.documents.extras import needs
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.documents.paragraphs import join_paragraphs
from ka2nlp.errors import InputError
from ka2nlp.records import Document

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.oxml.xmlchemy import BaseOxmlElement

__all__ = ["read_word"]

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARAGRAPH: Final = f"{_W}p"
_SPACES: Final = {f"{_W}tab": " ", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_TWICE: Final = (
    f"{_W}moveFrom",
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
)
"""What is in the file a second time: text before it was moved, text boxes for older programs."""


def read_word(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[Document]:
    """Read one document in its order: headings, paragraphs, cells, text boxes, content controls.

    Of tracked changes, what was inserted is text and what was deleted is not. Headers, footers,
    footnotes and comments are left out. The title is the paragraph in the style "Title", else the
    one in the properties of the file.
    """
    with needs("a Word document", "python-docx", "documents"):
        import docx
        from docx.opc.exceptions import PackageNotFoundError
        from lxml.etree import XMLSyntaxError
    file = io.BytesIO(stream.read())
    try:
        with open_archive(file, "a Word document (.docx)"):
            document = docx.Document(file)
    except (PackageNotFoundError, XMLSyntaxError) as error:
        raise InputError(f"got a damaged Word document ({error}); save it anew") from error
    refuse_entities(document.element)
    paragraphs = document.element.body.iter(_PARAGRAPH)
    yield join_paragraphs(name, _title(document), map(_text, paragraphs))


def _text(paragraph: BaseOxmlElement) -> str:
    """Join the runs of a paragraph, but not those of a text box in it: that has its own."""
    return "".join(
        _SPACES.get(run.tag, run.text or "")
        for run in paragraph.iter(f"{_W}t", *_SPACES)
        if next(run.iterancestors(_PARAGRAPH)) is paragraph
        and next(run.iterancestors(*_TWICE), None) is None
    )


def _title(document: WordDocument) -> str:
    titled = (one.text for one in document.paragraphs if one.style and one.style.name == "Title")
    return next(filter(str.strip, titled), document.core_properties.title or "")
