from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow.parquet
import pytest

from ka2nlp import Document, Tagger
from ka2nlp.archives import read_archive, tag_archive, write_long, write_wide
from ka2nlp.errors import ArchiveError

Call = Callable[..., tuple[int, str, str]]

TEXT = (
    "We train forty teachers in digital methods.\nThe schools publish open materials online. "
    "Pupils from five countries improve their English and learn about other cultures."
)
DOCUMENTS = [
    Document("=HYPERLINK(1)", "+SUM(A1)\x07 naïve", TEXT, {"year": 2020, "note": "@cmd"}),
    Document("b", "=1", ""),
    Document("c", "long", TEXT + " And more.", {"note": "n" * 40_000}),
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    tag_archive(DOCUMENTS, folder, keep=["year", "note"], n_workers=1, shard_rows=2)
    return folder


def test_wide_csv(archive: Path, tmp_path: Path, tagger: Tagger) -> None:
    target = tmp_path / "wide.csv"
    write_wide(archive, target)
    assert target.read_bytes().startswith(b"\xef\xbb\xbfid,source,row,title,language,")
    with target.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    report = tagger.tag(DOCUMENTS[0])
    assert [row["id"] for row in rows] == ["'=HYPERLINK(1)", "b", "c"]
    assert rows[0]["title"] == "'+SUM(A1)  naïve"
    assert rows[0]["note"] == "'@cmd"
    assert rows[0]["tags"].split() == [tag.code for tag in report.tags]
    assert float(rows[0]["probability_S1"]) == pytest.approx(report.scores["S1"], abs=1e-4)
    first = report.tags[0]
    assert rows[0]["evidence"].startswith(f"{first.code}: {first.best_sentence}")
    assert rows[1]["problem"] == "the text is empty: there is nothing to tag"
    assert rows[1]["probability_S1"] == ""
    assert len(rows[2]["note"]) == 32_767
    assert "\n" not in rows[0]["evidence"]


def test_wide_xlsx_shows_what_the_csv_shows(archive: Path, tmp_path: Path) -> None:
    write_wide(archive, tmp_path / "wide.csv")
    for name in ("wide.xlsx", "again.xlsx"):
        write_wide(archive, tmp_path / name)
    assert (tmp_path / "wide.xlsx").read_bytes() == (tmp_path / "again.xlsx").read_bytes()
    book = openpyxl.load_workbook(tmp_path / "wide.xlsx")
    sheet = book.active
    assert sheet.freeze_panes == "B2"
    assert sheet.column_dimensions["A"].width > 20
    with (tmp_path / "wide.csv").open(encoding="utf-8-sig", newline="") as stream:
        expected = list(csv.reader(stream))
    found = [["" if cell.value is None else cell.value for cell in row] for row in sheet]
    assert [[str(cell) for cell in row] for row in found[:1]] == expected[:1]
    for shown, wanted in zip(found[1:], expected[1:], strict=True):
        for cell, text in zip(shown, wanted, strict=True):
            assert cell == (float(text) if isinstance(cell, (int, float)) else text)
    assert not any(cell.data_type == "f" for row in sheet for cell in row)


def test_long_tables(archive: Path, tmp_path: Path, tagger: Tagger) -> None:
    write_long(archive, tmp_path / "long.parquet")
    write_long(archive, tmp_path / "long.csv")
    table = pyarrow.parquet.read_table(tmp_path / "long.parquet")
    assert table.schema.names == [
        *("id", "code", "label", "level", "probability", "answer", "tagged", "best_sentence")
    ]
    rows = table.to_pylist()
    codes = tagger.taxonomy.codes
    assert [(row["id"], row["code"]) for row in rows] == [
        (document.id, code) for document in DOCUMENTS for code in codes
    ]
    report = tagger.tag(DOCUMENTS[0])
    best = {tag.code: tag.best_sentence for tag in report.tags}
    for row in rows[: len(codes)]:
        concept = tagger.taxonomy[row["code"]]
        assert (row["label"], row["level"]) == (concept.label, concept.level)
        assert row["probability"] == pytest.approx(report.scores[row["code"]], abs=1e-6)
        assert row["answer"] == report.answers[row["code"]]
        assert row["tagged"] is (row["code"] in best)
        assert row["best_sentence"] == best.get(row["code"])
    for row in rows[len(codes) : 2 * len(codes)]:
        assert row["probability"] is row["answer"] is row["tagged"] is None
        assert row["best_sentence"] is None
    with (tmp_path / "long.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == len(rows)
    assert lines[0]["id"] == "'=HYPERLINK(1)"
    assert lines[0]["answer"] == rows[0]["answer"]
    assert float(lines[0]["probability"]) == pytest.approx(rows[0]["probability"], abs=1e-4)


def test_cells_of_the_long_csv_are_those_of_the_wide_one(tmp_path: Path) -> None:
    tag_archive([Document("=1\x07" + "d" * 40_000, "", TEXT)], tmp_path / "out", n_workers=1)
    write_long(tmp_path / "out", tmp_path / "long.csv")
    write_wide(tmp_path / "out", tmp_path / "wide.csv")
    rows = []
    for name in ("long.csv", "wide.csv"):
        with (tmp_path / name).open(encoding="utf-8-sig", newline="") as stream:
            rows.append(next(csv.DictReader(stream)))
    assert rows[0]["id"] == rows[1]["id"] == "'=1 " + "d" * 32_763


def test_tables_of_the_command(call: Call, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text(TEXT)
    wide, long = tmp_path / "wide.xlsx", tmp_path / "long.parquet"
    words = ("archive", tmp_path / "in.txt", "-o", tmp_path / "out", "--workers", 1)
    code, output, _ = call(*words, "--wide", wide, "--long", long)
    assert code == 0
    assert output.splitlines()[1:] == [f"wrote {wide}", f"wrote {long}"]
    assert pyarrow.parquet.read_table(long).num_rows == 48
    assert read_archive(tmp_path / "out").num_rows == 1


def test_a_table_that_cannot_be_written_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot be written"):
        write_wide(archive, tmp_path / "nowhere" / "wide.csv")
    with pytest.raises(ArchiveError, match=r"with the ending '\.txt', expected \.csv or \.xlsx"):
        write_wide(archive, tmp_path / "wide.txt")
    assert not list(tmp_path.iterdir())
