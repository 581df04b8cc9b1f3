"""PDF: whole words, whole paragraphs, fields where they stand, pages as places."""

from __future__ import annotations

import io

import made_files
import pytest
from made_files import PAGE_BREAK
from reportlab.lib import pdfencrypt
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from ka2nlp import Document
from ka2nlp.documents.layout import Line, place_fields, undivide, words_of
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.documents.pdf import read_pdf
from ka2nlp.errors import InputError

LONG = (
    "Twelve youth centres learn how to repair what is broken, and they show it to the people of "
    "their towns in open workshops that take place every second week of the whole school year. "
)


def read(content: bytes) -> Document:
    (document,) = read_pdf(io.BytesIO(content), "name", ReadingOptions())
    return document


def draw(*lines: str | tuple[float, float, str], size: int = 11, font: str = "Helvetica") -> bytes:
    """Draw lines below each other, or where they say, on one page."""
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1, pageCompression=0)
    canvas.setFont(font, size)
    for number, line in enumerate(lines):
        x, y, text = (72, 780 - 13 * number, line) if isinstance(line, str) else line
        canvas.drawString(x, y, text)
    canvas.save()
    return stream.getvalue()


def test_lines_of_a_paragraph_are_joined() -> None:
    texts = ["A short heading", 3 * LONG, 2 * LONG, "The end."]
    document = read(made_files.pdf([text.strip() for text in texts], "Repair"))
    assert document.text == "\n\n".join(text.strip() for text in texts)
    assert document.title == "Repair"


def test_a_heading_of_several_lines_is_one() -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1)
    canvas.setFont("Helvetica", 22)
    canvas.drawString(72, 780, "Mending Matters: repair workshops for")
    canvas.drawString(72, 754, "young people who left their school early")
    canvas.drawString(72, 716, "What we want")
    canvas.setFont("Helvetica", 11)
    lines = [LONG.strip()[:90], LONG.strip()[90:]]
    for number, line in enumerate(4 * lines):
        canvas.drawString(72, 690 - 13 * number, line)
    canvas.save()
    assert read(stream.getvalue()).text.split("\n\n") == [
        "Mending Matters: repair workshops for young people who left their school early",
        "What we want",
        (4 * LONG).strip(),
    ]


def test_pages_are_places_and_page_furniture_is_left_out() -> None:
    texts = ["First page.", PAGE_BREAK, "Second page.", PAGE_BREAK, "Third page."]
    document = read(made_files.pdf(texts, footer="Form 17, page {} of 3"))
    assert document.text == "First page.\n\nSecond page.\n\nThird page."
    assert [place.label for place in document.places] == ["page 1", "page 2", "page 3"]
    assert document.place_at(document.text.index("Third")) == "page 3"
    assert document.place_at(document.text.index("Third") - 1) == "page 2"


def test_headers_and_footers_of_several_columns_are_left_out() -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1)
    for number, text in enumerate(
        ["They learn to repair", "what is broken.", "They rest."], start=1
    ):
        canvas.drawString(72, 810, "Mending Together")
        canvas.drawString(450, 810, "Call of 2020")
        canvas.drawString(72, 797, "Partnerships for cooperation")
        canvas.drawString(72, 784, f"Form KA2-{number}")
        canvas.drawString(72, 700, text)
        canvas.drawString(72, 40, "Submission of the")
        canvas.drawString(450, 40, f"Page {number} of 3")
        canvas.drawString(72, 27, "partner in Ghent")
        canvas.showPage()
    canvas.save()
    assert read(stream.getvalue()).text == "They learn to repair what is broken.\n\nThey rest."


def test_a_sentence_goes_on_over_the_end_of_a_page() -> None:
    document = read(made_files.pdf(["They meet every", PAGE_BREAK, "second week. Then they rest."]))
    assert document.text == "They meet every second week. Then they rest."
    assert document.place_at(0) == "page 1"
    assert document.place_at(len(document.text) - 1) == "page 2"


def test_divided_words_are_put_together() -> None:
    document = read(
        draw(
            "The partners of this project write an open hand-",
            "book about the teaching of a non-formal and non-",
            "formal kind, and they raise the self-",
            "esteem of all.",
        )
    )
    assert document.text == (
        "The partners of this project write an open handbook about the teaching of a non-formal "
        "and non-formal kind, and they raise the self-esteem of all."
    )


def test_lines_before_and_after_a_divided_word_are_of_one_paragraph() -> None:
    document = read(
        draw(
            "The partners of this project write a book for all the teachers",
            "of their schools, who are to learn about the repair of inter-",
            "esting things, and they read it together with the pupils who",
            "found most of the tools that it describes.",
        )
    )
    assert "\n" not in document.text
    assert "repair of interesting things" in document.text


def test_hyphens_and_bullets_that_pdfium_takes_for_other_characters() -> None:
    registerFont(TTFont("Vera", "Vera.ttf"))  # comes with ReportLab
    content = draw(
        "¤ to train all of the teachers of our schools in co¬operation and in inter¦",
        "cultural learning by means of many work§shops that they hold in pro§",
        "fessional networks, with the help of all the people of their own towns;",
        "¤ to publish what they find.",
        font="Vera",
    )
    for drawn, meant in ("¤\uf0b7", "¬\u2011", "¦\u2010", "§\xad"):  # a font names its characters
        content = content.replace(b"<%04X>" % ord(drawn), b"<%04X>" % ord(meant))
    assert read(content).text.split("\n\n") == [
        (
            "• to train all of the teachers of our schools in co-operation and in intercultural "
            "learning by means of many workshops that they hold in professional networks, with the "
            "help of all the people of their own towns;"
        ),
        "• to publish what they find.",
    ]


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("inter\xadnational", "international"),
        ("e\xadlearning", "e-learning"),
        ("2014\xad2020", "2014-2020"),
        ("long-term and long\xadterm", "long-term and long-term"),
        ("open \xad ended", "open - ended"),
        ("three\xadweek courses, evidence\xadbased", "three-week courses, evidence-based"),
        ("multi\xadple and multiple", "multiple and multiple"),
        ("Co\xadoperation and cooperation", "Cooperation and cooperation"),
        ("Long\xadlasting and long-lasting", "Long-lasting and long-lasting"),
    ],
)
def test_which_hyphens_stay(text: str, joined: str) -> None:
    assert undivide(text, words_of([Line(text, 72, 700, 200, 710, 10)])) == joined


def test_how_a_word_is_written_elsewhere_in_the_document() -> None:
    lines = [
        (72, 780, "A peer-review."),
        (72, 700, "They hold a peer-"),
        (72, 687, "review of all."),
    ]
    assert read(draw(*lines)).text == "A peer-review.\n\nThey hold a peer-review of all."


def test_a_page_that_ends_in_a_divided_word() -> None:
    document = read(made_files.pdf(["They are open-", PAGE_BREAK, "minded to others."]))
    assert document.text == "They are open-minded to others."


def test_items_and_columns() -> None:
    document = read(
        draw(
            "The aims of the work are these, which the partners agreed upon early:",
            "• to train teachers of many schools in the repair of tools and toys and",
            "clothes of every kind",
            "1. to build a platform",
            "Teachers",
            (330, 700, "A second column begins here."),
        )
    )
    assert document.text.split("\n\n") == [
        "The aims of the work are these, which the partners agreed upon early:",
        "• to train teachers of many schools in the repair of tools and toys and clothes of every kind",
        "1. to build a platform",
        "Teachers",
        "A second column begins here.",
    ]


def form(**settings: object) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1, **settings)
    text = {"borderStyle": "solid", "width": 300}
    canvas.drawString(72, 750, "Project title")
    canvas.drawString(72, 700, "What do you want to achieve?")
    canvas.drawString(72, 540, "Field of education")
    canvas.drawString(72, 500, "End of the form")
    fields = canvas.acroForm
    choices = {"options": ["Adults", "Schools"], "value": "Schools"}
    fields.choice(name="field", x=200, y=535, width=200, height=20, **choices)
    fields.textfield(
        name="aims",
        x=72,
        y=560,
        height=130,
        fieldFlags="multiline",
        **text,
        value="We train teachers.\nPupils repair toys with café owners.",
        maxlen=9999,
    )
    fields.textfield(name="title", x=200, y=745, height=20, value="Mending Together", **text)
    fields.textfield(name="empty", x=200, y=480, height=10, value="", **text)
    fields.checkbox(name="agree", x=72, y=470, checked=True)
    canvas.showPage()
    canvas.drawString(72, 750, "Declaration")
    fields.textfield(name="title", x=200, y=745, height=20, value="Mending Together", **text)
    canvas.save()
    return stream.getvalue()


def test_form_fields_are_read_where_they_stand() -> None:
    document = read(form())
    assert document.text.split("\n\n") == [
        "Project title",
        "Mending Together",
        "What do you want to achieve?",
        "We train teachers.\nPupils repair toys with café owners.",
        "Field of education",
        "Schools",
        "End of the form",
        "Declaration",
    ]
    assert document.place_at(document.text.index("Declaration")) == "page 2"


def test_fields_follow_their_labels() -> None:
    def line(text: str, left: float, bottom: float, height: float, *, field: bool = False) -> Line:
        return Line(text, left, bottom, left + 80, bottom + height, 10, field)

    lines = [line("a", 72, 700, 10), line("c", 300, 700, 10), line("e", 72, 600, 10)]
    fields = [
        line("f", 200, 550, 100, field=True),
        line("d", 400, 698, 14, field=True),
        line("b", 160, 698, 14, field=True),
    ]
    assert "".join(one.text for one in place_fields(lines, fields)) == "abcdef"


def test_a_scan_names_the_way_out() -> None:
    with pytest.raises(InputError, match=r"2 pages without text.*ocrmypdf in\.pdf out\.pdf"):
        read(scan(0))
    document = read(scan(1))
    assert document.text == "Text."
    assert document.problems[0].startswith("no text on page 1, 2, only pictures; recognise")


def scan(n_texts: int) -> bytes:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1)
    for _ in range(2):
        canvas.drawImage(ImageReader(Image.new("L", (60, 80), 200)), 50, 50)
        canvas.showPage()
    for _ in range(n_texts):
        canvas.drawString(72, 700, "Text.")
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def test_passwords_damage_and_other_files() -> None:
    secret = pdfencrypt.StandardEncryption("word", canPrint=0)
    with pytest.raises(InputError, match="got a PDF under a password"):
        read(made_files.pdf(["Text."], encrypt=secret))
    for content in (b"", b"plain text", b"%PDF-1.7\n"):
        with pytest.raises(InputError, match="not PDF or is damaged"):
            read(content)
    owned = pdfencrypt.StandardEncryption("", ownerPassword="word", canCopy=0)
    assert read(made_files.pdf(["Text."], encrypt=owned)).text == "Text."


@pytest.mark.parametrize("title", ["Microsoft Word - final.doc", "untitled", "annex.docx"])
def test_titles_that_programs_put_in_do_not_count(title: str) -> None:
    assert read(made_files.pdf(["Text."], title)).title == ""


def test_a_form_of_adobe_reader_only() -> None:
    content = form().replace(b"/AcroForm", b"/NeedsRendering true /AcroForm")
    content = content.replace(b"/Fields [", b"/XFA [(template) 1 0 R] /Fields [")
    with pytest.raises(InputError, match="only Adobe Reader lays out"):
        read(content)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_turned_pages_keep_their_paragraphs(turn: int) -> None:
    """A page drawn askew and turned upright to be shown, as wide tables often are."""
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1)
    canvas.translate(300, 400)
    canvas.rotate(turn)
    lines = ["The partners meet in four towns and", "learn. They rest."]
    for number, line in enumerate([*lines, "Then they end."]):
        canvas.drawString(-150, 50 - 13 * number, line)
    canvas.setPageRotation(turn)
    canvas.save()
    assert read(stream.getvalue()).text == " ".join(lines) + "\n\nThen they end."
