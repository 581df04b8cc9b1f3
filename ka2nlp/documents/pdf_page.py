"""One page of a PDF, as PDFium sees it: lines of text, form fields, pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from ctypes import c_ushort
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from ka2nlp.documents.layout import SOFT_HYPHEN, Line
from ka2nlp.documents.paragraphs import tidy

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

__all__ = ["has_picture", "read_fields", "read_lines"]

_Box = tuple[float, float, float, float]
"""Left, bottom, right and top, as in ``Line``."""

_LIGATURES: Final = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_BULLETS: Final = dict.fromkeys("\uf0b7\uf0a7\uf0d8\uf076\uf0fc", "•")
"""Of the fonts Symbol and Wingdings, at places of their own."""

_HYPHENS: Final = {"\N{HYPHEN}": "-", "\N{NON-BREAKING HYPHEN}": "-", SOFT_HYPHEN: ""}
_PLAIN: Final = str.maketrans(_LIGATURES | _BULLETS | _HYPHENS)
_DIVIDED: Final = re.compile(rf"(?:{SOFT_HYPHEN}|(?<=\w)\N{{HYPHEN}})\s*$")
"""The end of a line that divides a word; PDFium takes some hyphens for written ones."""


def read_lines(page: PdfPage) -> Iterator[Line]:
    """Read the lines of a page in the order of the file; PDFium finds words and line ends."""
    from pypdfium2 import raw

    textpage = page.get_textpage()
    letters: list[tuple[int, str]] = []
    for position in range(textpage.count_chars()):
        character = chr(raw.FPDFText_GetUnicode(textpage, position))
        divides = raw.FPDFText_IsHyphen(textpage, position) == 1
        if divides:
            letters.append((position, SOFT_HYPHEN))
        if divides or (character == "\n" and raw.FPDFText_IsGenerated(textpage, position)):
            yield from _line(textpage, letters, page.get_rotation())
            letters = []
        else:
            letters.append((position, character))
    yield from _line(textpage, letters, page.get_rotation())


def read_fields(pdf: PdfDocument, page: PdfPage) -> Iterator[tuple[str, Line]]:
    """Read the name and the value of every text and choice of a form that is filled and shown."""
    from pypdfium2 import raw

    if pdf.formenv is None:
        return
    texts = {raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}
    hidden = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
    for number in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if (
            raw.FPDFAnnot_GetFormFieldType(pdf.formenv, annotation) in texts
            and not raw.FPDFAnnot_GetFlags(annotation) & hidden
        ):
            value = tidy(_string(raw.FPDFAnnot_GetFormFieldValue, pdf.formenv, annotation))
            name = _string(raw.FPDFAnnot_GetFormFieldName, pdf.formenv, annotation)
            box = raw.FS_RECTF()
            if value and raw.FPDFAnnot_GetRect(annotation, box):
                turn = page.get_rotation()
                shown = _upright((box.left, box.bottom, box.right, box.top), turn)
                yield name, Line(value, *shown, size=shown[3] - shown[1], is_field=True)
        raw.FPDFPage_CloseAnnot(annotation)


def has_picture(page: PdfPage) -> bool:
    """Tell whether there is a picture on a page."""
    from pypdfium2 import raw

    return any(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]))


def _line(textpage: PdfTextPage, letters: Sequence[tuple[int, str]], turn: int) -> Iterator[Line]:
    text = _text("".join(character for _, character in letters))
    if not text:
        return
    drawn = [position for position, character in letters if not character.isspace()]
    some = (drawn[0], drawn[len(drawn) // 2], drawn[-1])
    boxes = [_upright(textpage.get_charbox(position, loose=True), turn) for position in some]
    size = median(top - bottom for _, bottom, _, top in boxes)
    (left, _, _, top), _, (_, bottom, right, _) = boxes
    yield Line(text, left, bottom, right, top, size)


def _text(characters: str) -> str:
    """Write a line in usual characters, with a soft hyphen at its end where it divides a word."""
    plain = characters.translate(_PLAIN)
    shown = "".join(character if character.isprintable() else " " for character in plain)
    text = " ".join(shown.split())
    return text.removesuffix("-") + SOFT_HYPHEN if _DIVIDED.search(characters) else text


def _upright(box: _Box, turn: int) -> _Box:
    """Turn a box clockwise by 0, 90, 180 or 270 degrees, as its page is turned to be shown."""
    left, bottom, right, top = box
    for _ in range(turn // 90):
        left, bottom, right, top = bottom, -right, top, -left
    return left, bottom, right, top


def _string(get: Callable[..., int], form: Any, annotation: Any) -> str:  # noqa: ANN401
    """Call a function of PDFium that fills a buffer with UTF-16 and tells how long it must be."""
    length = get(form, annotation, None, 0)
    buffer = (c_ushort * (length // 2))()
    get(form, annotation, buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")
