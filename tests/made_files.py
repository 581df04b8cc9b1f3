"""Documents made by the libraries that make them: what the readers are tested on."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape

import docx
import odfdo
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

PAGE_BREAK = "\f"


def word(paragraphs: Sequence[str], title: str = "") -> bytes:
    document = docx.Document()
    document.core_properties.title = title
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    return save(document)


def save(document: docx.document.Document | odfdo.Document) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def opendocument(paragraphs: Sequence[str], title: str = "") -> bytes:
    document = odfdo.Document("text")
    document.body.clear()
    document.meta.title = title
    for paragraph in paragraphs:
        document.body.append(odfdo.Paragraph(paragraph))
    return save(document)


def page(paragraphs: Sequence[str], title: str = "") -> bytes:
    body = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return f"<!doctype html><title>{escape(title)}</title><body>\n{body}".encode()


def pdf(paragraphs: Sequence[str], title: str = "", footer: str = "", **settings: object) -> bytes:
    """Set paragraphs on pages, justified; ``PAGE_BREAK`` starts a new one."""
    style = getSampleStyleSheet()["Normal"].clone("text", alignment=4, spaceAfter=6)

    def draw(canvas: Canvas, template: SimpleDocTemplate) -> None:
        canvas.drawString(72, 30, footer.format(template.page))

    stream = io.BytesIO()
    template = SimpleDocTemplate(stream, pagesize=A4, title=title, invariant=1, **settings)
    flow = [
        PageBreak() if text == PAGE_BREAK else Paragraph(escape(text), style) for text in paragraphs
    ]
    template.build(flow, onFirstPage=draw, onLaterPages=draw)
    return stream.getvalue()
