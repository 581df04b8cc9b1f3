from __future__ import annotations

import codecs
import io
import json
from collections.abc import Sequence
from pathlib import Path

import made_files
import pytest

from ka2nlp.documents import READERS, read_documents
from ka2nlp.documents.decoding import decode
from ka2nlp.errors import InputError
from ka2nlp.records import Document


def read(path: Path, content: bytes) -> list[Document]:
    path.write_bytes(content)
    return list(read_documents(path))


def test_plain_text(tmp_path: Path) -> None:
    (document,) = read(tmp_path / "mending.txt", "Cafés mend.\r\n".encode())
    assert (document.id, document.title, document.text) == ("mending", "", "Cafés mend.\r\n")


def test_markdown_title(tmp_path: Path) -> None:
    (document,) = read(tmp_path / "trail.md", b"intro\n\n## Language Trails ##\n\nWe walk.")
    assert document.title == "Language Trails"
    (document,) = read(tmp_path / "crlf.md", b"intro\r\n\r\n## Trails ##\r\n\r\n# \r\nWe walk.\r\n")
    assert document.title == "Trails"
    (document,) = read(tmp_path / "late.md", b"# \r\n# Trails\r\n")
    assert document.title == "Trails"


def test_json_lines_keep_their_places(tmp_path: Path) -> None:
    rows = [
        b'{"id": 7, "title": "A", "text": "First.", "year": 2017}',
        b'{"id": "b", "text": ""}',
        b"{broken",
        b'["list"]',
        b'{"id": "e", "text": null}',
        b"\xff\xfe bad",
        b"",
        b'{"text": "Last."}',
    ]
    found = read(tmp_path / "many.jsonl", b"\n".join(rows))
    assert [one.id for one in found] == ["7", "b", "many:3", "many:4", "e", "many:6", "many:8"]
    assert [one.text for one in found] == ["First.", "", "", "", "", "", "Last."]
    assert found[0].metadata == {"year": 2017}
    assert "not JSON" in found[2].problems[0]
    assert "got a JSON list, expected an object" in found[3].problems
    assert "text of type NoneType" in found[4].problems[0]
    assert found[1].problems == found[6].problems == ()


def test_a_line_that_is_nested_deeply_costs_only_itself(tmp_path: Path) -> None:
    deep = b'{"text": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    rows = [b'{"text": "First."}', deep, b'{"text": "Last."}']
    found = read(tmp_path / "deep.jsonl", b"\n".join(rows))
    assert [one.text for one in found] == ["First.", "", "Last."]
    assert found[1].problems[0].startswith("got a line that is not JSON (maximum recursion depth")
    assert found[0].problems == found[2].problems == ()


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"We train.")))
    assert [document.text for document in read_documents("-")] == ["We train."]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_are_obeyed(encoding: str) -> None:
    assert decode("Ελλάδα".encode(encoding)) == "Ελλάδα"


def test_named_encoding(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes("café – ok".encode("cp1252"))
    (document,) = read_documents(path, encoding="cp1252")
    assert document.text == "café – ok"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.txt", b"", "empty text, expected a project description"),
        ("blank.txt", b" \n\t", "empty text"),
        ("blank.txt", codecs.BOM_UTF8, "empty text"),
        ("picture.txt", bytes(range(256)) * 4, "binary data"),
        ("nul.txt", b"abc\0\0\0\1\2def", "binary data"),
        ("latin.txt", "Żółć café".encode("cp1250"), "which is not utf-8; save the file as UTF-8"),
        ("empty.jsonl", b"\n", "got no line, expected JSON Lines"),
        ("proposal.doc", b"PK", "unknown ending '.doc', expected one of .txt"),
        ("macros.docm", b"PK", "unknown ending '.docm', expected one of .txt"),
        ("table.parquet", b"not parquet at all", "not Parquet"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow", reason="pyarrow comes with the archive extra")
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path / name, content)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_directory_missing_file_and_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="without a file that can be read"):
        list(read_documents(tmp_path))
    with pytest.raises(InputError, match="does not exist"):
        list(read_documents(tmp_path / "nowhere.txt"))
    with pytest.raises(InputError, match="got the format 'doc', expected one of text, markdown"):
        list(read_documents(tmp_path / "nowhere.txt", format="doc"))
    with pytest.raises(InputError, match="unknown encoding 'utf-99'"):
        decode(b"x", "utf-99")


def test_parquet(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas comes with the train extra")
    pytest.importorskip("pyarrow", reason="pyarrow comes with the archive extra")
    path = tmp_path / "table.parquet"
    rows = {"id": ["a", "b"], "title": ["A", None], "summary": ["One.", None], "year": [2014, 2015]}
    pandas.DataFrame(rows).to_parquet(path)
    found = list(read_documents(path))
    assert [(one.id, one.title, one.text) for one in found] == [("a", "A", "One."), ("b", "", "")]
    assert found[1].metadata["year"] == 2015


def write_parquet(path: Path, names: list[str], *columns: Sequence[object]) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow comes with the archive extra")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_arrays(list(map(pyarrow.array, columns)), names), path)


def test_columns_of_one_name_keep_their_places(tmp_path: Path) -> None:
    names = ["id", "note", "note", "text", "country"]
    cells = ["a", "first", "second", "We mend.", "Germany"]
    write_parquet(tmp_path / "table.parquet", names, *([cell] for cell in cells))
    (document,) = read_documents(tmp_path / "table.parquet")
    table = "\n".join(map(",".join, (names, cells)))
    (expected,) = read(tmp_path / "table.csv", table.encode())
    assert (document.id, document.text) == ("a", "We mend.")
    assert document.metadata == expected.metadata == {"note": "second", "country": "Germany"}


def test_texts_of_parquet_that_are_no_strings(tmp_path: Path) -> None:
    texts: list[object] = ["café project".encode(), b"\xff\xfe\x00", None]
    countries: list[object] = ["Türkiye".encode(), b"\xff", b""]
    write_parquet(tmp_path / "bytes.parquet", ["text", "country"], texts, countries)
    found = list(read_documents(tmp_path / "bytes.parquet"))
    assert [one.text for one in found] == ["café project", "", ""]
    assert found[1].problems == ("got a text of type bytes, expected a string",)
    assert found[0].problems == found[2].problems == ()
    assert [one.metadata for one in found] == [{"country": "Türkiye"}, {"country": b"\xff"}, {}]
    lists: list[object] = [["a", "b"], None]
    write_parquet(tmp_path / "lists.parquet", ["title", "text"], ["A", "B"], lists)
    first, second = read_documents(tmp_path / "lists.parquet")
    assert (first.title, first.text) == ("A", "")
    assert first.problems == ("got a text of type list, expected a string",)
    assert (second.title, second.problems) == ("B", ())


def test_a_title_in_json_lines_is_a_string(tmp_path: Path) -> None:
    rows = [{"title": ["A"], "text": "We mend."}, {"title": {"en": "A"}, "text": ["We mend."]}]
    first, second = read(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)).encode())
    assert (first.title, first.text, second.title, second.text) == ("", "", "", "")
    assert first.problems == ("got a title of type list, expected a string",)
    assert second.problems == ("got a title of type dict, expected a string",)


CODED = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", CODED)
@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_json_lines_in_wide_characters(tmp_path: Path, encoding: str, mark: str) -> None:
    # characters with the byte of a line feed, and lines longer than what is read at once
    odd = "\u010a\u0a0a\u0a00\u0100\u0a41 caf\u00e9"
    rows = [
        f'{{"id": "a", "text": "{odd}"}}',
        "{broken",
        "\t",
        f'{{"text": "{odd * 20_000}"}}\r',
        '{"text": "Last."}',
    ]
    path = tmp_path / "wide.jsonl"
    path.write_bytes(f"{mark}{chr(10).join(rows)}\n".encode(encoding))
    found = list(read_documents(path, encoding="utf-8" if mark else encoding))
    assert [one.id for one in found] == ["a", "wide:2", "wide:4", "wide:5"]
    assert [one.text for one in found] == [odd, "", odd * 20_000, "Last."]
    assert [bool(one.problems) for one in found] == [False, True, False, False]


@pytest.mark.parametrize("encoding", CODED)
def test_a_bad_line_in_wide_characters_costs_only_itself(tmp_path: Path, encoding: str) -> None:
    rows = ['{"text": "First."}\n', '{"text": "\ud800"}\n', '{"text": "Last."}']
    path = tmp_path / "wide.jsonl"
    path.write_bytes("".join(rows).encode(encoding, "surrogatepass"))
    found = list(read_documents(path, encoding=encoding))
    assert [one.text for one in found] == ["First.", "", "Last."]
    assert f"which is not {encoding}; save the file as UTF-8" in found[1].problems[0]


def test_a_byte_order_mark_counts_for_every_line(tmp_path: Path) -> None:
    path = tmp_path / "marked.jsonl"
    path.write_text('{"text": "café"}\n' * 2, encoding="utf-8-sig")
    found = read_documents(path, encoding="cp1252")
    assert [one.text for one in found] == ["café", "café"]


def test_what_is_not_a_number_is_missing(tmp_path: Path) -> None:
    rows = [
        b'{"id": NaN, "title": NaN, "text": "We mend.", "year": NaN, "rate": 0.5}',
        b'{"id": "b", "text": NaN}',
        b'{"id": "c", "text": NaN, "Description of results": "We teach."}',
    ]
    first, second, third = read(tmp_path / "a.jsonl", b"\n".join(rows))
    assert (first.id, first.title, first.text) == ("a:1", "", "We mend.")
    assert first.metadata == {"rate": 0.5}
    assert second.problems == ("got a text of type NoneType, expected a string",)
    assert (third.text, third.problems) == ("We teach.", ())
    nan = float("nan")
    columns: list[list[object]] = [[nan, 7.0], [nan, nan], ["We mend."] * 2, [nan, 2014.0]]
    write_parquet(tmp_path / "a.parquet", ["id", "title", "text", "year"], *columns)
    first, second = read_documents(tmp_path / "a.parquet")
    assert [(one.id, one.title) for one in (first, second)] == [("a:1", ""), ("7", "")]
    assert (first.metadata, second.metadata) == ({}, {"year": 2014})


SAMPLES = {
    "text": b"We train teachers.",
    "markdown": b"# Title\nWe train teachers.",
    "jsonl": json.dumps({"id": "a", "text": "We train teachers."}).encode(),
    "csv": b"id\ttext\na\tWe train teachers.",
    "html": b"<title>Title</title><p>We train teachers.",
    "docx": made_files.word(["We train teachers."]),
    "odt": made_files.opendocument(["We train teachers."]),
    "pdf": made_files.pdf(["We train teachers."]),
}


@pytest.mark.parametrize("format", sorted(set(READERS) - {"parquet", "excel"}))
def test_every_reader_keeps_the_contract(tmp_path: Path, format: str) -> None:
    for ending in READERS[format][1]:
        (document,) = read(tmp_path / f"sample{ending}", SAMPLES[format])
        assert document.text.endswith("We train teachers.")
        assert document.id
        assert document.problems == ()
