"""Tables of every vintage: which column is which, and rows that never shift."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest
from conftest import ROOT

from ka2nlp.documents import read_documents
from ka2nlp.documents.columns import find_columns, normalise
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.errors import InputError

GRANT = (
    "EU Grant award in euros (This amount represents the grant awarded after the selection stage "
    "and is indicative.)"
)
LISTS = [  # the project lists: 622 columns with their hundred partners
    "Programme",
    "Key Action",
    "Action Type",
    "Call year",
    "Project Identifier",
    "Project Title",
    "Topics",
    "Project Summary",
    "Project Status",
    GRANT,
    "Participating countries",
    "Coordinator’s country",
    *(f"Partner {n} {what}" for n in range(1, 101) for what in ("name", "country")),
]
SEARCH = [  # the small export of the search page
    "Programme",
    "Action Type",
    "Funding Year",
    "Project Identifier",
    "Project Title",
    "Project Summary",
    "Topics",
    "Coordinator's country",
    "Participating Countries",
    GRANT,
]
LIFELONG = [  # 2007-2013
    "Programme Funding",
    "Project Identifier",
    "External Reference",
    "Project Title",
    "Project Summary",
    GRANT,
    "Coordinator's country",
]
CREATIVE = ["Programme", "Call year", "Project Number", "Project Title", "Project Summary"]
API = [
    "projectId",
    "projectTitle",
    "projectCallYear",
    "projectDescriptionBackground",
    "projectDescriptionObjectives",
    "projectDescriptionResults",
]
VALUES = {
    "project identifier": "2014-1-LI01-KA200-000001",
    "project number": "2014-1-LI01-KA200-000001",
    "project id": "2014-1-LI01-KA200-000001",
    "project title": "Mending",
    "project summary": "We mend; we teach.\nCafés, too.",
    "project description background": "Things break.",
    "project description objectives": "We mend.",
    "project description results": "Cafés, too.",
    "call year": "2014",
    "funding year": "2014",
    "project call year": "2014",
    "coordinator s country": "LI",
}


def table(headers: list[str], *rows: list[str], delimiter: str = ",") -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows([headers, *rows])
    return stream.getvalue().encode("utf-8-sig")


def row(headers: list[str]) -> list[str]:
    return [VALUES.get(normalise(header), "") for header in headers]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("headers", [LISTS, SEARCH, LIFELONG, CREATIVE, API])
def test_every_vintage_of_the_export(tmp_path: Path, headers: list[str], delimiter: str) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(table(headers, row(headers), delimiter=delimiter))
    (document,) = read_documents(path)
    assert document.id == "2014-1-LI01-KA200-000001"
    assert document.title == "Mending"
    assert document.text.endswith("Cafés, too.")
    assert document.metadata.get("year", "2014") == "2014"
    assert not any(name.startswith("Partner") for name in document.metadata)
    if headers is API:
        assert document.text == "Things break.\n\nWe mend.\n\nCafés, too."
    if "Coordinator’s country" in headers:
        assert document.metadata["country"] == "LI"


def test_the_grant_sentence_is_known_by_its_beginning() -> None:
    assert "grant_eur" in find_columns(LISTS).metadata.values()
    assert find_columns(["Coordinator’s country", "TEXT"]).metadata == {0: "country"}


def test_columns_may_be_named() -> None:
    named = ReadingOptions(text_column="about", id_column="code", title_column="NAME")
    columns = find_columns(["code", "About", "text", "title", "name"], named)
    assert (columns.id, columns.text, columns.title) == (0, (1,), 4)
    assert columns.metadata == {2: "text", 3: "title"}
    with pytest.raises(InputError, match="got no column 'aboot', expected one of: code, About"):
        find_columns(["code", "About"], ReadingOptions(text_column="aboot"))
    with pytest.raises(InputError, match="got no column 'nom', expected one of: code, text"):
        find_columns(["code", "text"], ReadingOptions(title_column="nom"))
    with pytest.raises(InputError, match="got the columns name, city, expected one named text"):
        find_columns(["name", "city"])


def test_bad_rows_keep_their_places(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(
        b"id,text,note\n1,One.,a\n2,Two, too.,b,c\n3,\n\n"
        + "4,Café.,".encode("cp1252")
        + '\n5,"Líne'.encode()
        + b'\nbreak.",e\n,Six.\n'
    )
    found = list(read_documents(path))
    assert [one.id for one in found] == ["1", "rows:3", "3", "rows:6", "5", "rows:9"]
    assert [one.text for one in found] == ["One.", "", "", "", "Líne\nbreak.", "Six."]
    assert found[1].problems == ("got a row of 5 cells, expected 3: a delimiter is unquoted",)
    assert "bytes of another encoding" in found[3].problems[0]
    assert found[2].problems == found[4].problems == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty file, expected a table"),
        (b"id,text\n", "got a header without a row"),
        (b"id,text\n1,caf\xe9\n", "not utf-8; save the file as UTF-8"),
        (bytes(range(256)), "binary data"),
    ],
)
def test_bad_tables(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(read_documents(path))


def test_a_workbook_with_lines_before_its_header(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl comes with the test extra")
    workbook = openpyxl.Workbook()
    workbook.active.append(["Export of the search page", date(2024, 5, 1)])
    workbook.active.append(SEARCH)
    workbook.active.append([None] * 3)
    workbook.active.append(
        [2014 if name == "Funding Year" else VALUES.get(normalise(name)) for name in SEARCH]
    )
    workbook.active.append([None, None, None, None, "No identifier", "Short."])
    path = tmp_path / "search.xlsx"
    workbook.save(path)
    first, second = read_documents(path)
    assert first.id == "2014-1-LI01-KA200-000001"
    assert first.text == "We mend; we teach.\nCafés, too."
    assert first.metadata["year"] == 2014
    assert (second.id, second.title) == ("search:Sheet:5", "No identifier")


@pytest.mark.parametrize("start", [1, 2, 6])
def test_a_workbook_that_begins_lower_counts_its_rows_as_shown(tmp_path: Path, start: int) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl comes with the test extra")
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row, cells in enumerate([("text", "year"), ("We mend.", 2014), (), ("We teach.", 2015)]):
        for column, cell in enumerate(cells, start=3):
            sheet.cell(row=start + row, column=column, value=cell)
    path = tmp_path / "low.xlsx"
    workbook.save(path)
    found = [(one.id, one.text) for one in read_documents(path)]
    assert found == [
        (f"low:Sheet:{start + 1}", "We mend."),
        (f"low:Sheet:{start + 3}", "We teach."),
    ]


def test_a_workbook_must_be_one(tmp_path: Path) -> None:
    path = tmp_path / "no.xlsx"
    path.write_bytes(b"<html></html>")
    with pytest.raises(InputError, match="not a workbook"):
        list(read_documents(path))


def test_real_rows_of_the_export(tmp_path: Path) -> None:
    rows = ROOT.parent / "shared" / "real" / "platform_export_rows.jsonl"
    if not rows.is_file():
        pytest.skip("../shared/real/platform_export_rows.jsonl is not here to read")
    path = tmp_path / "export.csv"
    for line in rows.read_text(encoding="utf-8").splitlines():
        known = {key: value for key, value in json.loads(line).items() if key[0] != "_"}
        path.write_bytes(table(list(known), list(map(str, known.values()))))
        (document,) = read_documents(path)
        identifier = known.get("Project Identifier") or known["Project Number"]
        assert document.id == identifier.strip()
        assert document.title == known["Project Title"].strip()
        assert document.text == known["Project Summary"]
        assert document.metadata.get("year") == known.get("Call year")
        assert document.metadata["countries"] == known["Participating countries"]
        assert not document.problems


def test_a_workbook_goes_on_over_sheets(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl comes with the test extra")
    workbook = openpyxl.Workbook()
    sheets: dict[str, list[list[str | int]]] = {
        "2017": [["Projects of 2017"], ["Project Title", "Project Summary"], ["A", "We mend."]],
        "Codes": [["code", "description"], ["KA2", "Cooperation"]],
        "Notes": [["Project Summary"], ["What projects say."]],
        "2018": [["PROJECT TITLE", "Project summary", "Funding Year"], ["B", "We teach.", 2018]],
    }
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
    path = tmp_path / "sheets.xlsx"
    workbook.save(path)
    found = [(one.id, one.title, one.text) for one in read_documents(path)]
    assert found == [
        ("sheets:2017:3", "A", "We mend."),
        ("sheets:2018:2", "B", "We teach."),
    ]


def test_a_row_of_data_is_no_header(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("nr,words\n1,One\n2,Summary\n3,Three\n")
    with pytest.raises(InputError, match="got the columns nr, words, expected one named text"):
        list(read_documents(path))


def test_a_workbook_without_rows_is_told(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl comes with the test extra")
    workbook = openpyxl.Workbook()
    workbook.active.append(["id", "text"])
    path = tmp_path / "empty.xlsx"
    workbook.save(path)
    with pytest.raises(InputError, match="got a table without a row"):
        list(read_documents(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("before", "line"),
    [("sep=;\n", 3), ("\n\n", 4), ("Projekte der Bürger\nErzeugt am;2026-11-01\n;;\n", 5)],
)
def test_a_table_with_lines_before_its_header(
    tmp_path: Path, encoding: str, before: str, line: int
) -> None:
    path = tmp_path / "export.csv"
    text = before + 'Project Title;"Project\nSummary";Funding Year\nA;"We, too,\nmend.";2017\n'
    path.write_text(text + "B;We teach.\n", encoding=encoding, newline="")
    first, second = read_documents(path)
    assert (first.title, first.text, first.metadata) == ("A", "We, too,\nmend.", {"year": "2017"})
    assert (first.id, second.id) == (f"export:{line + 1}", f"export:{line + 3}")


def test_no_line_of_a_table_is_taken_for_its_header(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("number,kind,words\n1,text,We mend.\n2,summary,We teach.\n")
    with pytest.raises(InputError, match="got the columns number, kind, words"):
        list(read_documents(path))
