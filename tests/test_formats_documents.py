"""Word, OpenDocument and web pages: all their text, in order, and nothing else."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import docx
import made_files
import odfdo
import pytest
from docx.oxml import parse_xml
from hypothesis import given, settings
from hypothesis import strategies as st

from ka2nlp import Document, Tagger, read_documents, split_sentences
from ka2nlp.documents.formats import load_reader
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.errors import InputError

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
DESCRIPTION = [
    "Mending Together",
    (
        "Forty teachers from Lithuania, Malta and Finland learn to run repair workshops at school. "
        "They meet twice, try out each other’s lessons and publish a handbook with open educational "
        "resources, so that other schools can begin without outside help."
    ),
    (
        "Pupils – among them young people at risk of leaving school early – practise English while "
        "they explain to visitors what they have mended. A self-assessment shows that they speak with "
        "more confidence than before, and employers of the region offer them placements."
    ),
    (
        "The partnership ends with a conference for local authorities, which agree on a plan for "
        "repair corners in every school of the three towns."
    ),
]
MAKERS = {
    "docx": made_files.word,
    "odt": made_files.opendocument,
    "html": made_files.page,
    "pdf": made_files.pdf,
}


def read(content: bytes, format: str) -> Document:
    (document,) = load_reader(format)(io.BytesIO(content), "name", ReadingOptions())
    return document


def paragraphs(document: Document) -> list[str]:
    return document.text.split("\n\n")


@pytest.mark.parametrize("format", MAKERS)
def test_the_same_text_gives_the_same_sentences_and_tags(format: str, tagger: Tagger) -> None:
    plain = read("\n\n".join(DESCRIPTION).encode(), "text")
    made = read(MAKERS[format](DESCRIPTION, "A title"), format)
    assert made.text.split() == plain.text.split()
    found, wanted = (
        [" ".join(one.text.split()) for one in split_sentences(text.text)] for text in (made, plain)
    )
    assert found == wanted
    assert made.title == "A title"
    with_title = Document("name", "A title", plain.text)
    report, expected = tagger.tag(made), tagger.tag(with_title)
    assert [tag.code for tag in report.tags] == [tag.code for tag in expected.tags] != []
    assert report.scores == expected.scores
    place = {"pdf": "page 1"}.get(format, "paragraph ")
    assert all(item.place.startswith(place) for tag in report.tags for item in tag.evidence)


WORDS = st.text(st.characters(categories=["L", "N", "P"], codec="utf-8"), min_size=1, max_size=12)
PARAGRAPHS = st.lists(st.lists(WORDS, min_size=1).map(" ".join), min_size=1, max_size=6)


@pytest.mark.parametrize("format", ["docx", "odt", "html"])
@given(PARAGRAPHS)
@settings(max_examples=15, deadline=None)
def test_any_paragraphs_come_back(format: str, texts: list[str]) -> None:
    document = read(MAKERS[format](texts), format)
    assert paragraphs(document) == texts
    labels = [place.label for place in document.places]
    assert labels == [f"paragraph {number}" for number in range(1, len(texts) + 1)]
    for place, text in zip(document.places, texts, strict=True):
        assert document.text.startswith(text, place.start)


def test_word_in_its_order() -> None:
    document = docx.Document()
    document.add_paragraph("Repair Schools", style="Title")
    document.add_heading("Aims")
    document.add_paragraph("We mend.\nTogether.").add_run(" Often.")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ["Needs", "Tools.", "Both", ""], strict=True):
        cell.text = text
    table.cell(1, 0).merge(table.cell(1, 1))
    body = document.element.body
    for xml in (
        f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>Chosen answer.</w:t></w:r></w:p></w:sdtContent></w:sdt>",
        (
            f"<w:p {W}><w:ins><w:r><w:t>New.</w:t></w:r></w:ins><w:del><w:r><w:delText>Old.</w:delText>"
            "</w:r></w:del><w:moveFrom><w:r><w:t>Moved.</w:t></w:r></w:moveFrom></w:p>"
        ),
        (
            f"<w:p {W} {MC}><w:r><w:t>Around</w:t></w:r><w:r><mc:AlternateContent><mc:Choice>"
            "<w:txbxContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:txbxContent></mc:Choice>"
            "<mc:Fallback><w:txbxContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:txbxContent>"
            "</mc:Fallback></mc:AlternateContent></w:r><w:r><w:t> it.</w:t></w:r></w:p>"
        ),
    ):
        body.insert(len(body) - 1, parse_xml(xml))
    found = read(made_files.save(document), "docx")
    assert found.title == "Repair Schools"
    assert paragraphs(found) == [
        "Repair Schools",
        "Aims",
        "We mend.\nTogether. Often.",
        "Needs",
        "Tools.",
        "Both",
        "Chosen answer.",
        "New.",
        "Around it.",
        "Boxed.",
    ]


def test_opendocument_in_its_order() -> None:
    document = odfdo.Document("text")
    body = document.body
    body.clear()
    body.append(odfdo.Header(1, "Aims"))
    body.append(
        odfdo.Element.from_tag(
            "<text:p>We<text:s text:c='3'/>mend.<text:line-break/>Often.</text:p>"
        )
    )
    table = odfdo.Table("t", width=2, height=1)
    table.set_values([["Needs", "Tools."]])
    body.append(table)
    body.append(
        odfdo.Element.from_tag(
            "<text:p>Around<draw:frame><draw:text-box><text:p>Boxed.</text:p></draw:text-box>"
            "</draw:frame> it.<office:annotation><text:p>A comment.</text:p></office:annotation>"
            "<text:note><text:note-body><text:p>A note.</text:p></text:note-body></text:note></text:p>"
        )
    )
    found = read(made_files.save(document), "odt")
    assert paragraphs(found) == [
        "Aims",
        "We mend.\nOften.",
        "Needs",
        "Tools.",
        "Around it.",
        "Boxed.",
    ]


PAGE = """<!doctype html><html><head><meta charset="iso-8859-1"><title>Mending | Our town</title>
<style>p {color: red}</style></head><body><header>Home</header><nav>Menu</nav>
<main><h1>Mending <em>Together</em></h1><!-- hidden remark --><script>run()</script>
<p>We train\n teachers “now”.<br>Twice.</p><ul><li>One</li><li>Two</li></ul>
<table><tr><td>Needs<td>Tools</table>Loose<br><br>ends<pre>a\nb</pre><p hidden>Secret</p></main>
<footer>Imprint</footer></body></html>"""


def test_the_main_text_of_a_page() -> None:
    found = read(PAGE.encode("cp1252"), "html")
    assert found.title == "Mending Together"
    assert paragraphs(found) == [
        "Mending Together",
        "We train teachers “now”.\nTwice.",
        *("One", "Two", "Needs", "Tools", "Loose", "ends", "a\nb"),
    ]


def test_a_page_without_a_main_part() -> None:
    found = read(b"<title>Site</title><nav>Menu</nav><h1>A</h1><h1>B</h1><p>Text.</p>", "html")
    assert (found.title, paragraphs(found)) == ("Site", ["A", "B", "Text."])


def rezip(content: bytes, part: str, change: bytes | None, times: int = 1) -> bytes:
    """Put other bytes into a part of an archive, many times; or leave it out."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            if info.filename != part:
                new.writestr(info.filename, old.read(info))
            elif change is not None:
                with new.open(part, "w", force_zip64=True) as target:
                    for _ in range(times):
                        target.write(change)
    return stream.getvalue()


BOMB = b'<!DOCTYPE a [<!ENTITY a "We train."><!ENTITY b "&a;&a;&a;">]>'
PARTS = {
    "docx": (
        "word/document.xml",
        f"<w:document {W}><w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body></w:document>",
    ),
    "odt": ("content.xml", '<o xmlns="urn:oasis:names:tc:opendocument:xmlns:office:1.0">&b;</o>'),
}


@pytest.mark.parametrize("format", ["docx", "odt"])
def test_attacks_and_damage(format: str) -> None:
    good = MAKERS[format](["We train."])
    part, xml = PARTS[format]
    other = {"docx": "odt", "odt": "docx"}[format]
    for content, message in (
        (rezip(good, part, BOMB + xml.encode()), "declares a document type"),
        (rezip(good, part, b" " * (1 << 20), 65), "unpacks to 65 MiB, expected at most"),
        (rezip(good, part, b"<broken"), "damaged"),
        (rezip(good, part, None), "damaged"),
        (good[: len(good) // 2], "damaged"),
        (MAKERS[other](["We train."]), "damaged file or one of another format"),
        (b"plain text", "damaged file or one of another format"),
        (b"\xd0\xcf\x11\xe0 old", "old format or under a password"),
        (MAKERS[format]([" "]), "without text"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            read(content, format)
        assert "\n" not in str(caught.value)


def scrambled(content: bytes, part: str, compression: int) -> bytes:
    """Pack an archive anew and spoil the packed bytes of a part; what stands around it is sound."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", compression) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
        info = new.getinfo(part)
    data = bytearray(stream.getvalue())
    start = info.header_offset + 30 + len(part)
    start += 9 if compression == zipfile.ZIP_LZMA else 0  # the settings of the packer
    data[start : start + 20] = b"\xff" * 20
    return bytes(data)


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("format", ["docx", "odt"])
def test_a_damaged_part_costs_only_its_file(format: str, compression: int, tmp_path: Path) -> None:
    damaged = scrambled(MAKERS[format](["We train."]), PARTS[format][0], compression)
    (tmp_path / f"a.{format}").write_bytes(damaged)
    (tmp_path / "b.txt").write_text("B.")
    first, second = read_documents(tmp_path)
    assert (first.text, second.text) == ("", "B.")
    assert first.problems[0].startswith("got a damaged file or one of another format (")


def test_an_opendocument_under_a_password() -> None:
    namespace = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    manifest = f'<m:manifest xmlns:m="{namespace}"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    content = rezip(made_files.opendocument(["We."]), "META-INF/manifest.xml", manifest.encode())
    with pytest.raises(InputError, match="under a password"):
        read(content, "odt")


@pytest.mark.parametrize(
    ("name", "library", "extra"),
    [
        ("a.docx", "docx", "documents"),
        ("a.odt", "lxml", "documents"),
        ("a.html", "bs4", "documents"),
        ("a.pdf", "pypdfium2", "documents"),
        ("a.parquet", "pyarrow", "archive"),
    ],
)
def test_a_missing_library_names_its_extra(
    name: str, library: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    path = tmp_path / name
    path.write_bytes(MAKERS.get(path.suffix[1:], made_files.page)(["We train."]))
    with pytest.raises(InputError, match=rf"install: pip install 'ka2nlp\[{extra}\]'"):
        list(read_documents(path))


def test_a_library_that_fails_to_load_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", ModuleType("pyarrow"))  # as if a file hid it
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="a pyarrow that cannot be imported"):
        list(read_documents(path))
