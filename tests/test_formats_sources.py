"""Folders, named columns, and streams that cannot go back."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import made_files
import openpyxl
import pytest

from ka2nlp.documents import read_documents
from ka2nlp.errors import InputError

Call = Callable[..., tuple[int, str, str]]

ROWS = [
    {"code": 1, "text": "", "About us": "We train."},
    {"code": 2, "text": "", "About us": "We mend."},
]


def write(folder: Path, **files: bytes) -> None:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_a_folder_in_the_order_of_its_paths(tmp_path: Path) -> None:
    write(
        tmp_path,
        b_txt=b"B.",
        a__z_docx=made_files.word(["Z."]),
        a__broken_pdf=b"%PDF-1.7",
        a__rows_csv=b"text\nOne.\nTwo.\n",
        same_txt=b"Plain.",
        same_html=b"<p>Page.",
        picture_png=b"\x89PNG",
        _hidden_txt=b"No.",
        _git__config_txt=b"No.",
    )
    found = list(read_documents(tmp_path))
    assert [(one.id, one.text) for one in found] == [
        ("a/broken", ""),
        ("a/rows:2", "One."),
        ("a/rows:3", "Two."),
        ("a/z", "Z."),
        ("b", "B."),
        ("same.html", "Page."),
        ("same.txt", "Plain."),
    ]
    assert found[0].problems[0].startswith("got a file that is not PDF or is damaged")
    assert not any(one.problems for one in found[1:])


def test_an_unreadable_file_costs_only_itself(tmp_path: Path) -> None:
    write(tmp_path, a_txt=b"A.", c_txt=b"C.")
    (tmp_path / "b.txt").symlink_to(tmp_path / "nowhere")
    found = list(read_documents(tmp_path))
    assert [one.text for one in found] == ["A.", "", "C."]
    assert found[1].problems == ("got a file that cannot be opened: No such file or directory",)


def test_a_folder_that_cannot_be_opened_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a_txt=b"A.", b__c__hidden_txt=b"No.", b__d_txt=b"D.", e_txt=b"E.")
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name in closed:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    closed = ["c"]
    found = list(read_documents(tmp_path))
    assert [one.id for one in found] == ["a", "b/c/", "b/d", "e"]
    assert found[1].problems == ("got a folder that cannot be opened: Permission denied",)
    assert not any(one.problems for one in (found[0], *found[2:]))
    closed = ["c", tmp_path.name]
    with pytest.raises(InputError, match=r"got a folder that cannot be opened: Permission denied"):
        list(read_documents(tmp_path))


def test_a_damaged_workbook_costs_only_itself(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "b.xlsx")
    whole = (tmp_path / "b.xlsx").read_bytes()
    damaged = whole.replace(b"PK\x01\x02", b"PK\x09\x09")
    write(tmp_path, a_txt=b"A.", b_xlsx=damaged, c_txt=b"C.")
    found = list(read_documents(tmp_path))
    assert [one.text for one in found] == ["A.", "", "C."]
    (problem,) = found[1].problems
    assert problem.startswith("got a damaged file (Bad magic number for central directory)")


def test_a_folder_of_one_format(tmp_path: Path) -> None:
    write(tmp_path, a_dat=b"A.", b_txt=b"B.")
    assert [one.id for one in read_documents(tmp_path, format="text")] == ["a", "b"]
    assert [one.id for one in read_documents(tmp_path)] == ["b"]


def as_csv(path: Path) -> None:
    lines = [";".join(ROWS[0]), *(";".join(map(str, row.values())) for row in ROWS)]
    path.write_text("\n".join(lines))


def as_excel(path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in (list(ROWS[0]), *(list(row.values()) for row in ROWS)):
        workbook.active.append(row)
    workbook.save(path)


def as_json_lines(path: Path) -> None:
    path.write_text("\n".join(map(json.dumps, ROWS)))


def as_parquet(path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow comes with the archive extra")
    from pyarrow import parquet

    parquet.write_table(arrow.Table.from_pylist(ROWS), path)


TABLES = {"csv": as_csv, "xlsx": as_excel, "jsonl": as_json_lines, "parquet": as_parquet}


@pytest.mark.parametrize("ending", TABLES)
def test_any_table_by_the_names_of_its_columns(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"table.{ending}"
    TABLES[ending](path)
    found = list(read_documents(path, text_column="about US", id_column="Code"))
    assert [(one.id, one.text) for one in found] == [("1", "We train."), ("2", "We mend.")]
    (first, _) = read_documents(path, text_column="about US", title_column="code")
    assert (first.title, first.text) == ("1", "We train.")


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_a_column_that_is_not_there(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"table.{ending}"
    TABLES[ending](path)
    with pytest.raises(InputError, match=r"table\..*got no column 'aboot', expected one of: code"):
        list(read_documents(path, text_column="aboot"))


def test_columns_named_on_the_command_line(call: Call, tmp_path: Path) -> None:
    as_csv(tmp_path / "table.csv")
    columns = ("--text-column", "About us", "--id-column", "code")
    code, output, _ = call("tag", tmp_path, "-f", "jsonl", *columns)
    assert code == 0
    assert [json.loads(line)["id"] for line in output.splitlines()] == ["1", "2"]
    code, output, _ = call("tag", tmp_path, *columns[:2], "--title-column", "code")
    assert code == 0
    assert [line for line in output.splitlines() if line in ("1", "2")] == ["1", "2"]


GRANT = (
    "EU Grant award in euros (This amount represents the grant awarded after the selection stage "
    "and is indicative. Please note that any changes made during or after the project's lifetime "
    "will not be reflected here.)"
)
BASE = (
    "Programme|Key Action|Action Type|Call year|Project Identifier|Project Title|Topics|"
    f"Project Summary|Project Status|{GRANT}|Is Good Practice|Is Success Story|Project Website|"
    "Results Available|Results Platform Project Card|Participating countries|"
    "Coordinating organisation name|Coordinating organisation type|Coordinator’s address|"
    "Coordinator’s region|Coordinator’s country|Coordinator’s website"
).split("|")
PARTNER = ["name", "organisation type", "address", "region", "country", "website"]
WIDE = [*BASE, *(f"Partner {n} {what}" for n in range(1, 101) for what in PARTNER)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_widest_export(tmp_path: Path, delimiter: str, encoding: str) -> None:
    values = {
        "Project Identifier": "2019-1-BE02-KA229-000001_2",
        "Project Summary": "Ziele; \tAims:\r\n- mend, “often”\n\n- teach",
        "Call year": "2019",
        "Participating countries": "BE,EL",
        "Coordinator’s country": "BE",
        "Partner 100 name": "School",
        GRANT: "112527.93",
    }
    path = tmp_path / "export.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(WIDE)
        writer.writerow([values.get(header, "") for header in WIDE])
        writer.writerow([values.get(header, "") for header in WIDE[: len(BASE)]])
    first, second = read_documents(path)
    assert len(WIDE) == 622
    assert first.text == second.text == values["Project Summary"]
    assert first.metadata == {
        "year": "2019",
        "countries": "BE,EL",
        "country": "BE",
        "grant_eur": "112527.93",
    }
    assert not first.problems


def test_a_summary_split_over_columns(tmp_path: Path) -> None:
    path = tmp_path / "split.csv"
    path.write_text(
        "Project Identifier,Project Summary: Objectives,Summary of the activities,"
        "Project Summary (Results)\n1,Aims.,,Results.\n"
    )
    (document,) = read_documents(path)
    assert document.text == "Aims.\n\nResults."


def test_json_lines_know_the_names_of_the_platform(tmp_path: Path) -> None:
    path = tmp_path / "api.jsonl"
    rows = [
        {
            "projectId": 7,
            "projectTitle": "Mending",
            "projectCallYear": 2019,
            "projectDescriptionBackground": "Things break.",
            "projectDescriptionResults": None,
        },
        {"projectId": 8, "name": "no text"},
        {"projectId": 9, "text": ["We", "mend."]},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    first, second, third = read_documents(path)
    assert (first.id, first.title, first.text) == ("7", "Mending", "Things break.")
    assert first.metadata == {"year": 2019}
    assert first.problems == ()
    assert "expected one named text" in second.problems[0]
    assert third.problems == ("got a text of type list, expected a string",)
    assert (third.id, third.text) == ("9", "")


@pytest.mark.parametrize("ending", TABLES)
def test_tables_through_a_pipe(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    TABLES[ending](tmp_path / "table")
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write((tmp_path / "table").read_bytes())
    known = "excel" if ending == "xlsx" else ending
    with io.TextIOWrapper(os.fdopen(reading, "rb")) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        found = list(read_documents("-", format=known, text_column="About us"))
    assert [one.text for one in found] == ["We train.", "We mend."]


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_a_table_without_a_row(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"table.{ending}"
    if ending == "xlsx":
        workbook = openpyxl.Workbook()
        workbook.active.append(["id", "text"])
        workbook.save(path)
    else:
        arrow = pytest.importorskip("pyarrow", reason="pyarrow comes with the archive extra")
        from pyarrow import parquet

        parquet.write_table(arrow.table({"text": arrow.array([], arrow.string())}), path)
    with pytest.raises(InputError, match="got a table without a row"):
        list(read_documents(path))
