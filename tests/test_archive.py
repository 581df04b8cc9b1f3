from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import PROJECT, ROOT, ToyEncoder, make_heads

from ka2nlp import Document, Tagger, Taxonomy
from ka2nlp.archives import RunSummary, iterate_archive, read_archive, tag_archive
from ka2nlp.archives.rows import LONGEST, make_row
from ka2nlp.archives.settings import choose_settings
from ka2nlp.archives.shards import Bench, Shard, tag_rows, write_shard
from ka2nlp.archives.store import open_session
from ka2nlp.errors import ArchiveError, InputError
from ka2nlp.languages import detect_language

Call = Callable[..., tuple[int, str, str]]

TOPICS = (
    "teachers learn to use tablets",
    "pupils write plays in two languages",
    "bakers take apprentices from abroad",
    "a museum lends its boats to schools",
    "nurses practise with a speaking doll",
)


def description(number: int) -> Document:
    topic = TOPICS[number % len(TOPICS)]
    text = f"{PROJECT} In the valley number {number} {topic}."
    return Document(f"p{number}", f"Valley {number}", text, {"year": 2014 + number % 3})


def descriptions(n: int) -> list[Document]:
    return [description(number) for number in range(n)]


def archive(documents: Iterable[Any], output: Path, **options: Any) -> RunSummary:
    return tag_archive(
        documents, output, **{"n_workers": 1, "shard_rows": 4, "keep": ["year"], **options}
    )


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def counts(summary: RunSummary) -> tuple[int, int, int, int]:
    return (
        summary.n_documents,
        summary.n_tagged,
        summary.n_taken_over,
        summary.n_problems,
    )


def test_an_archive_holds_what_the_tagger_says(tmp_path: Path, tagger: Tagger) -> None:
    documents = descriptions(6)
    summary = archive(documents, tmp_path)
    assert counts(summary) == (6, 6, 0, 0)
    table = read_archive(tmp_path)
    codes = tagger.taxonomy.codes
    assert table.schema.names == [
        *("id", "source", "row", "key", "title", "language", "n_words", "n_sentences"),
        *("problem", "warnings", "year", "tags", "to_check", "addressed"),
        *(f"probability_{code}" for code in codes),
        *("evidence", "model", "taxonomy"),
    ]
    assert table.schema.field("probability_S1").type == pa.float32()
    assert table.schema.field("model").type == pa.dictionary(pa.int32(), pa.string())
    for number, (row, document) in enumerate(
        zip(table.to_pylist(), documents, strict=True), start=1
    ):
        report = tagger.tag(document)
        assert (row["id"], row["row"], row["title"]) == (document.id, number, document.title)
        assert row["year"] == str(document.metadata["year"])
        assert row["language"] == detect_language(document.text)
        assert row["tags"] == [tag.code for tag in report.tags]
        assert row["to_check"] == [c for c in codes if report.answers[c] == "to check"]
        assert row["addressed"] == [c for c in codes if report.answers[c] == "addressed"]
        for code in codes:
            assert row[f"probability_{code}"] == pytest.approx(report.scores[code], abs=1e-6)
        assert [(e["code"], e["text"]) for e in row["evidence"]] == [
            (tag.code, item.text) for tag in report.tags for item in tag.evidence
        ]
        for item in row["evidence"]:
            assert document.text[item["start"] : item["end"]] == item["text"]
        assert (row["model"], row["taxonomy"]) == (report.model, report.taxonomy)
    assert any(row["evidence"] for row in table.to_pylist())


def test_run_and_latest(tmp_path: Path, tagger: Tagger) -> None:
    summary = archive(descriptions(5), tmp_path, threshold=0.5)
    run = json.loads((summary.folder / "run.json").read_text())
    assert list(run) == [
        *("format", "model", "bundle", "taxonomy", "ka2nlp", "threshold", "keep", "codes"),
        "shard_rows",
        "device",
    ]
    assert (run["format"], run["model"], run["threshold"]) == (1, tagger.name, 0.5)
    assert (run["keep"], run["shard_rows"]) == (["year"], 4)
    assert run["codes"] == list(tagger.taxonomy.codes)
    assert json.loads((tmp_path / "latest.json").read_text()) == {"run": summary.folder.name}
    assert (summary.folder / "errors.jsonl").read_text() == ""
    names = sorted(path.name for path in summary.folder.glob("part-*"))
    assert [name[:12] for name in names] == ["part-000000-", "part-000001-"]
    assert not list(summary.folder.glob(".*"))


def test_the_same_input_twice_tags_nothing_and_changes_no_byte(tmp_path: Path) -> None:
    archive(descriptions(9), tmp_path)
    before = tree(tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/part-*")}
    assert counts(archive(descriptions(9), tmp_path)) == (9, 0, 9, 0)
    assert tree(tmp_path) == before
    assert stamps == {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/part-*")}


@pytest.mark.parametrize(
    ("change", "n_tagged"),
    [
        (lambda rows: [description(99), *rows], 1),
        (lambda rows: [*rows[:2], *rows[3:]], 0),
        (lambda rows: rows[::-1], 0),
        (lambda rows: rows[:4], 0),
        (lambda rows: [*rows, *rows], 0),
        (lambda rows: [rows[0], replace(rows[1], text=rows[1].text + " Free."), *rows[2:]], 1),
        (lambda rows: [replace(rows[0], id="other", metadata={"year": 1999}), *rows[1:]], 0),
        (lambda rows: [replace(rows[0], title="Other"), *rows[1:]], 1),
        (lambda rows: [replace(rows[0], problems=("torn",)), *rows[1:]], 1),
    ],
    ids=["insert", "remove", "turn", "cut", "double", "change", "place", "title", "problem"],
)
def test_only_what_changed_is_tagged_again(
    tmp_path: Path, change: Callable[[list[Document]], list[Document]], n_tagged: int
) -> None:
    archive(descriptions(9), tmp_path / "kept")
    rows = change(descriptions(9))
    assert counts(archive(rows, tmp_path / "kept")) == (
        len(rows),
        n_tagged,
        len(rows) - n_tagged,
        0,
    )
    archive(rows, tmp_path / "fresh")
    assert tree(tmp_path / "kept") == tree(tmp_path / "fresh")
    assert read_archive(tmp_path / "kept", ["id"])["id"].to_pylist() == [row.id for row in rows]


def test_other_columns_and_shards_tag_nothing_again(tmp_path: Path) -> None:
    archive(descriptions(9), tmp_path / "kept")
    assert archive(descriptions(9), tmp_path / "kept", keep=[], shard_rows=2).n_tagged == 0
    archive(descriptions(9), tmp_path / "fresh", keep=[], shard_rows=2)
    assert tree(tmp_path / "kept") == tree(tmp_path / "fresh")


def test_a_text_has_the_same_bytes_in_any_company(tmp_path: Path) -> None:
    archive(descriptions(8), tmp_path / "a", shard_rows=3)
    archive(descriptions(8)[::-1], tmp_path / "b", shard_rows=5)
    columns = [name for name in read_archive(tmp_path / "a").schema.names if name != "row"]
    first, second = (read_archive(tmp_path / name, columns) for name in "ab")
    assert first.to_pylist() == second.to_pylist()[::-1]


def test_a_new_model_starts_beside_the_old(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(ROOT / "models" / "ka2-minilm", model)
    old = archive(descriptions(3), tmp_path / "out", model=model)
    before = tree(old.folder)
    manifest = json.loads((model / "manifest.json").read_text())
    (model / "manifest.json").write_text(json.dumps(manifest | {"version": "9"}))
    new = archive(descriptions(3), tmp_path / "out", model=model)
    assert new.n_tagged == 3
    assert tree(old.folder) == before
    assert read_archive(tmp_path / "out", ["model"])["model"].to_pylist() == ["ka2-minilm 9"] * 3
    assert read_archive(old.folder, ["model"])["model"].to_pylist() != ["ka2-minilm 9"] * 3
    again = archive(descriptions(4), tmp_path / "out", model=model, threshold=0.9)
    assert again.n_tagged == 4
    assert len(list((tmp_path / "out").glob("run-*"))) == 3


def test_bad_rows_keep_their_places(tmp_path: Path) -> None:
    rows = descriptions(3)
    bad = [
        Document("torn", "", "", problems=("got a row of 3 cells, expected 2",)),
        Document("empty", "A title", " \n"),
        Document("binary", "", "PK\x03\x04\x00\x00\ufffd\ufffd\x01" * 9),
        Document("long", "", "word " * (LONGEST // 5 + 1)),
    ]
    half = Document(
        "half\ud800", "A \udc00 title", rows[0].text + " \ud800 end.", {"year": "\udfff"}
    )
    german = Document("german", "", "Die Lehrerinnen der Schulen lernen das Backen. " * 4)
    given = [rows[0], bad[0], bad[1], rows[1], bad[2], bad[3], half, german, rows[2]]
    summary = archive(given, tmp_path)
    assert counts(summary) == (9, 5, 0, 4)
    found = read_archive(tmp_path).to_pylist()
    assert [row["id"].replace("\ufffd", "\ud800") for row in found] == [one.id for one in given]
    assert [row["row"] for row in found] == list(range(1, 10))
    lines = (summary.folder / "errors.jsonl").read_text().splitlines()
    listed = [json.loads(line) for line in lines]
    assert [(line["row"], line["id"]) for line in listed] == [
        (2, "torn"),
        (3, "empty"),
        (5, "binary"),
        (6, "long"),
    ]
    for line, start in zip(
        listed,
        ["got a row of 3", "the text is empty", "got binary data", "got 1,000,00"],
        strict=True,
    ):
        row = found[line["row"] - 1]
        assert line["problem"] == row["problem"]
        assert row["problem"].startswith(start)
        assert row["tags"] == row["evidence"] == row["warnings"] == []
        assert row["probability_S1"] is row["language"] is None
        assert (row["n_words"], row["n_sentences"]) == (0, 0)
        assert row["model"]
    assert found[6]["title"] == "A \ufffd title"
    assert found[6]["problem"] is None
    assert any("'de'" in warning for warning in found[7]["warnings"])
    assert found[7]["language"] == "de"
    assert counts(archive(given, tmp_path)) == (9, 0, 5, 4)


def test_a_text_that_the_tagger_cannot_take_is_its_own_problem(taxonomy: Taxonomy) -> None:
    class Choosy(ToyEncoder):
        def encode(self, texts: Any) -> Any:
            if any("bakers" in text for text in texts):
                raise ValueError("no bakers")
            return super().encode(texts)

    tagger = Tagger(taxonomy, Choosy(), make_heads(), "toy 1")
    settings = choose_settings(None, None, [], 4)
    rows = [make_row("", 1, document, settings) for document in descriptions(4)]
    results = tag_rows(tagger, rows, settings)
    assert [result["problem"] for result in results] == [
        None,
        None,
        "the text cannot be tagged: ValueError: no bakers",
        None,
    ]


def test_an_input_that_fails_midway_keeps_what_was_read(tmp_path: Path) -> None:
    def read(source: Path | str) -> Iterator[Document]:
        yield from descriptions(2)
        if source == "first":
            raise OSError("the disk is gone")

    summary = archive(["first", "second"], tmp_path, read=read)
    assert counts(summary) == (5, 4, 0, 1)
    found = read_archive(tmp_path, ["source", "row", "problem"]).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("first", 1, None),
        ("first", 2, None),
        ("first", 3, "the disk is gone"),
        ("second", 1, None),
        ("second", 2, None),
    ]


def test_inputs_without_any_document_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"got nowhere\.csv, which does not exist"):
        archive(["nowhere.csv", "neither.csv"], tmp_path / "out")
    with pytest.raises(InputError, match="got no document"):
        archive([], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shard_rows": 0}, "got 0 rows a part, expected 1 or more"),
        ({"shard_rows": -1}, "got -1 rows a part"),
        ({"threshold": 2}, r"got the threshold 2, expected a probability in \[0, 1\]"),
        ({"threshold": float("nan")}, "got the threshold nan"),
    ],
)
def test_settings_that_cannot_be_leave_what_is_there(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    archive(descriptions(2), tmp_path)
    before = tree(tmp_path)
    given = iter(descriptions(2))
    with pytest.raises(ValueError, match=message):
        archive(given, tmp_path, **options)
    assert len(list(given)) == 2  # nothing was read
    assert tree(tmp_path) == before


def test_one_path_is_an_input(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text(description(1).text)
    assert tag_archive(path, tmp_path / "out", n_workers=1).n_documents == 1
    assert read_archive(tmp_path / "out", ["source"])["source"].to_pylist() == [str(path)]


def test_a_key_that_only_begins_alike_is_not_borrowed(tmp_path: Path) -> None:
    settings = choose_settings(None, None, [], 4)
    rows = tuple(make_row("", n, one, settings) for n, one in enumerate(descriptions(2), 1))
    with open_session(tmp_path, settings.run) as session:
        bench = Bench(session.folder, session.drafts, settings, None)
        assert write_shard(bench, Shard("part-000000-a.parquet", rows, {})) == 2
        right, wrong = {0: ("part-000000-a.parquet", 0)}, {0: ("part-000000-a.parquet", 1)}
        assert write_shard(bench, Shard("part-000000-b.parquet", rows, right)) == 1
        assert write_shard(bench, Shard("part-000000-c.parquet", rows, wrong)) == 2
        first, *others = (path.read_bytes() for path in sorted(session.folder.glob("part-*")))
        assert others == [first, first]


def test_a_worker_of_a_killed_run_puts_nothing_in_place(tmp_path: Path) -> None:
    settings = choose_settings(None, None, [], 4)
    rows = (make_row("", 1, description(1), settings),)
    with open_session(tmp_path, settings.run) as session:
        left_over = Bench(session.folder, session.drafts, settings, None)
    with open_session(tmp_path, settings.run), pytest.raises(OSError, match="No such file"):
        write_shard(left_over, Shard("part-000000-a.parquet", rows, {}))
    assert not list(tmp_path.glob("*/part-*"))


def test_an_unfinished_archive_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="in which no run has finished"):
        read_archive(tmp_path)
    summary = archive(descriptions(2), tmp_path)

    def interrupted() -> Iterator[Document]:
        yield from descriptions(8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archive(interrupted(), tmp_path)
    assert len(list(summary.folder.glob("part-*"))) == 3
    assert not list(summary.folder.glob(".drafts*"))
    with pytest.raises(ArchiveError, match="is not finished; run the same"):
        list(iterate_archive(tmp_path))
    assert counts(archive(descriptions(8), tmp_path)) == (8, 0, 8, 0)
    assert read_archive(tmp_path, ["id"]).num_rows == 8


def test_batches_and_columns(tmp_path: Path) -> None:
    archive(descriptions(9), tmp_path)
    batches = list(iterate_archive(tmp_path, ["tags", "id"]))
    assert [batch.num_rows for batch in batches] == [4, 4, 1]
    assert batches[0].schema.names == ["tags", "id"]
    assert read_archive(tmp_path, ["tags", "id"]).schema.names == ["tags", "id"]
    for read in (read_archive, lambda *given: list(iterate_archive(*given))):
        with pytest.raises(ArchiveError, match=r"got the column 'tag', expected some of: id, sour"):
            read(tmp_path, ["id", "tag"])
        with pytest.raises(ArchiveError, match=r"got the columns 'id', expected a list .*\['id'\]"):
            read(tmp_path, "id")


@pytest.mark.parametrize("name", ["id", "probability_S1", "evidence"])
def test_a_kept_column_must_not_hide_another(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match=f"got the column '{name}' to keep"):
        archive(descriptions(1), tmp_path, keep=[name])


def test_a_column_to_keep_goes_by_its_header_too(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(f"Call year,Coordinator's country,text\n2017,PT,{PROJECT}\n")
    headers = ["Call year", "coordinator’s country", "Funding Year"]
    summary = archive([path], tmp_path / "archive", keep=headers)
    assert summary.empty == ()
    table = read_archive(tmp_path / "archive", headers)
    assert table.to_pylist() == [dict(zip(headers, ("2017", "PT", "2017"), strict=True))]


def test_a_column_to_keep_is_matched_loosely(tmp_path: Path) -> None:
    named = [Document("a", "", PROJECT, {"Call Year": 2015, "Start-Up": 1}), description(1)]
    summary = archive(named, tmp_path, keep=["call_year", "Year", "start up"])
    assert summary.empty == ()
    table = read_archive(tmp_path, ["call_year", "Year", "start up"])
    assert [*table.to_pydict().values()] == [["2015", "2015"], [None, "2015"], ["1", None]]


def test_command(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    lines = ["id,title,summary,year", *(f'{n},T,"{description(n).text}",2020' for n in range(3))]
    path.write_text("\n".join([*lines, "x,T,a,b,c,d"]))
    out = tmp_path / "out"
    words = ("archive", path, "-o", out, "--workers", 1, "--keep", "year,yaer")
    code, output, error = call(*words)
    assert code == 0
    assert "4 documents, 3 tagged, 0 taken over, 1 with problems, listed in" in output
    assert error == "ka2nlp: no document says anything of 'yaer'; check --keep\n"
    assert read_archive(out, ["year"])["year"].to_pylist() == ["2020"] * 3 + [None]
    assert "4 documents, 0 tagged, 3 taken over" in call(*words)[1]


def test_progress_as_json_lines(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(json.dumps({"text": description(n).text}) for n in range(5)))
    words = ("archive", path, "-o", tmp_path / "out", "--workers", 1, "--shard-rows", 2)
    code, _, error = call(*words, "--progress", "json")
    lines = [json.loads(line) for line in error.splitlines()]
    assert code == 0
    assert [line["documents"] for line in lines] == [2, 4, 5]
    assert [line["tagged"] for line in lines] == [2, 4, 5]
    assert lines[-1]["total"] == 5
    assert lines[-1]["seconds_left"] == 0
    assert all(line["tagged_per_second"] > 0 for line in lines)


@pytest.mark.parametrize("words", [["in.pdf"], ["in.csv", "--input-format", "pdf"]])
def test_a_file_of_one_document_is_counted_unread(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    readers: list[threading.Thread] = []

    def read(source: Path | str, **settings: Any) -> Iterator[Document]:
        readers.append(threading.current_thread())
        yield description(1)

    monkeypatch.setattr("ka2nlp.cli.inputs.read_documents", read)
    path = tmp_path / words[0]
    path.touch()
    where = ["-o", tmp_path / "out", "--workers", 1, "--progress", "json"]
    code, _, error = call("archive", path, path, *words[1:], *where)
    assert code == 0
    assert json.loads(error.splitlines()[-1])["total"] == 2
    assert readers == [threading.main_thread()] * 2


def test_bad_calls(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_text(description(1).text)
    out = tmp_path / "out"
    for words, message in (
        (["--scheduler", "tcp://x"], "--scheduler goes with --engine dask"),
        (["--wide", "a.parquet"], "got the table a.parquet with the ending '.parquet', expected"),
        (["--long", "a.xlsx"], "with the ending '.xlsx', expected .csv or .parquet"),
        (["--keep", "title"], "got the column 'title' to keep"),
        (["--model", "none"], "got the model 'none'"),
    ):
        code, output, error = call("archive", path, "-o", out, *words)
        assert (code, output) == (2, "")
        assert message in error
    assert not out.exists()
    code, _, error = call("archive", path, "-o", path / "below")
    assert code == 2
    assert error.startswith(f"ka2nlp: got the output {path / 'below'}, which cannot be written")
    assert error.count("\n") == 1


def test_a_database_leaves_no_password_behind(tmp_path: Path) -> None:
    address = "postgresql+psycopg://reader:hunter2@127.0.0.1:1/nowhere"
    document = descriptions(1)[0]

    def read(source: Path | str) -> Iterator[Document]:
        yield document

    summary = tag_archive([address], tmp_path / "out", read=read, n_workers=1)
    (row,) = read_archive(tmp_path / "out", ["source"]).to_pylist()
    assert "hunter2" not in row["source"]
    assert "127.0.0.1" in row["source"]
    assert all(b"hunter2" not in path.read_bytes() for path in summary.folder.iterdir())
