from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from test_annotations import annotate

from ka2nlp import Document, Taxonomy
from ka2nlp.annotations import write_annotations
from ka2nlp.corpora import load_corpus, read_labels, read_table
from ka2nlp.corpus_statistics import describe, plot_statistics
from ka2nlp.errors import CorpusError, InputError
from ka2nlp.labelled import LabelledDocument, judged_matrix, read_labelled, write_labelled

Call = Callable[..., tuple[int, str, str]]
TEXT = "We train teachers. Pupils learn Greek."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One document with its text, two by reference."""
    whole = LabelledDocument(
        Document("w", "Title", TEXT, {"field": "school"}),
        frozenset({"I2", "O1", "O1b"}),
        {"I2": ((19, 38),)},
        {"O1": ((0, 18),)},
    )
    write_labelled([whole], tmp_path / "whole.jsonl")
    reference = [
        annotate(Document(key, "", f"{TEXT} {key}"), {"I12": ([0], []), "I2": ([1], [])})
        for key in "ab"
    ]
    write_annotations(reference, tmp_path / "reference.jsonl")
    rows = [{"id": "a", "text": f"{TEXT} a"}, {"id": "z", "text": "Other."}]
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def test_labelled_documents_survive_writing(folder: Path, taxonomy: Taxonomy) -> None:
    (one,) = read_labelled(folder / "whole.jsonl", taxonomy)
    assert one.document.metadata == {"field": "school"}
    assert one.labels == {"I2", "O1", "O1b"}
    assert (one.evidence, one.also) == ({"I2": ((19, 38),)}, {"O1": ((0, 18),)})


def test_what_was_judged_survives_writing(tmp_path: Path, taxonomy: Taxonomy) -> None:
    written = LabelledDocument(Document("w", "", TEXT), frozenset(), judged=frozenset({"S1", "I2"}))
    write_labelled([written], tmp_path / "some.jsonl")
    (one,) = read_labelled(tmp_path / "some.jsonl", taxonomy)
    assert one == written
    expected = [code in ("S1", "I2") for code in taxonomy.codes]
    assert judged_matrix([one], taxonomy).tolist() == [expected]


def test_files_of_all_kinds_are_gathered(folder: Path, taxonomy: Taxonomy) -> None:
    corpus = load_corpus([folder], [Document("a", "", f"{TEXT} a")], taxonomy)
    assert sorted(one.document.id for one in corpus.documents) == ["a", "w"]
    assert corpus.joined is not None
    assert corpus.joined.without_text == ("b",)
    labels = read_labels(folder, taxonomy)
    assert labels["b"] == {"I2", "I12"}
    assert len(labels) == 3


def test_tables(tmp_path: Path, taxonomy: Taxonomy) -> None:
    path = tmp_path / "table.csv"
    path.write_text('﻿id,text,S1,O1b,comment\n7,"We, too",Y,TRUE,hm\n,Other,n,,\n', encoding="utf-8")
    first, second = read_table(path, taxonomy)
    assert (first.document.id, first.document.text) == ("7", "We, too")
    assert first.document.metadata == {"comment": "hm"}
    assert first.labels == {"S1", "O1", "O1b"}
    assert first.judged == frozenset({"S1", "O1b"})
    assert (second.document.id, second.labels) == ("table:3", frozenset())
    assert load_corpus([path], (), taxonomy).documents == (first, second)
    assert load_corpus([tmp_path], (), taxonomy).documents == (first, second)


def test_tables_are_read_as_those_to_be_tagged(tmp_path: Path, taxonomy: Taxonomy) -> None:
    """Spreadsheets of other countries write semicolons, other programs other encodings."""
    rows = [("Id", "Project Summary", "s1", "O1b"), ("7", "Für uns", "1", "0")]
    written = {"utf-8": ("a.CSV", ";"), "utf-16": ("b.csv", ","), "utf-8-sig": ("c.tsv", "\t")}
    for encoding, (name, delimiter) in written.items():
        text = "".join(f"{delimiter.join(row)}\n" for row in rows)
        (tmp_path / name).write_text(text, encoding=encoding)
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "d.xlsx")
    found = load_corpus([tmp_path], (), taxonomy).documents
    assert len(found) == 4
    for one in found:
        assert (one.document.id, one.document.text, one.labels) == (
            "7",
            "Für uns",
            frozenset({"S1"}),
        )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,Z1\na,1\n", "got Z1 beside the text in .*, expected a column of 1 and 0"),
        ("text,S1\na,perhaps\n", "bad.csv, bad:2: got 'perhaps' for S1, expected 1 or 0"),
        ("text,S1\na,1\nb,1,2\n", "bad.csv, bad:3: got a row of 3 cells, expected 2"),
        ("words,S1\na,1\n", "bad.csv: got the columns words, S1, expected one named text"),
        ("text,S1\n", "bad.csv: got a header without a row"),
        (b"text,S1\ncaf\xe9,1\n", "bad.csv: got the byte 0xe9 .*; save the file as UTF-8"),
    ],
)
def test_bad_tables(tmp_path: Path, taxonomy: Taxonomy, content: str | bytes, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises((CorpusError, InputError), match=message):
        read_table(path, taxonomy)


def test_missing_sources(tmp_path: Path, taxonomy: Taxonomy) -> None:
    for source in (tmp_path, tmp_path / "nowhere.jsonl"):
        with pytest.raises(CorpusError, match="expected a corpus file or a folder"):
            load_corpus([source], (), taxonomy)


def test_spans_must_lie_in_the_text(tmp_path: Path, taxonomy: Taxonomy) -> None:
    path = tmp_path / "bad.jsonl"
    row = {"id": "a", "text": "Short.", "labels": ["S1"], "evidence": {"S1": [[3, 99]]}}
    path.write_text(json.dumps(row))
    with pytest.raises(CorpusError, match=r"span 3:99 of S1 in 6 characters"):
        read_labelled(path, taxonomy)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"text": None}, "text None"),
        ({"id": None}, "id None"),
        ({"id": float("nan")}, "id nan"),
        ({"evidence": {"Z9": [[0, 3]]}}, r"evidence of \['Z9'\]"),
        ({"also": {"Z9": [[0, 3]]}}, r"evidence of \['Z9'\]"),
        ({"judged": ["Z9"]}, r"judged \['Z9'\]"),
        ({"labels": "S1"}, "labels 'S1'"),
    ],
)
def test_bad_lines(
    tmp_path: Path, taxonomy: Taxonomy, changed: dict[str, object], message: str
) -> None:
    path = tmp_path / "bad.jsonl"
    row = {"id": "a", "text": "Short.", "labels": ["S1"]} | changed
    path.write_text(json.dumps(row))
    with pytest.raises(CorpusError, match=rf"bad\.jsonl, line 1: got .*{message}"):
        read_labelled(path, taxonomy)


def test_a_line_of_great_depth_is_named(tmp_path: Path, taxonomy: Taxonomy) -> None:
    path = tmp_path / "deep.jsonl"
    path.write_text('{"id": "a", "text": "t", "labels": []}\n' + "[" * 200_000)
    with pytest.raises(CorpusError, match=r"deep\.jsonl, line 2: got RecursionError"):
        load_corpus([path], (), taxonomy)
    path.write_text("[" * 200_000)
    with pytest.raises(CorpusError, match=r"got .*deep\.jsonl, which cannot be read"):
        load_corpus([path], (), taxonomy)


def test_byte_order_marks_and_empty_lines_do_no_harm(folder: Path, taxonomy: Taxonomy) -> None:
    before = load_corpus([folder], [Document("a", "", f"{TEXT} a")], taxonomy)
    for path in folder.glob("*.jsonl"):
        path.write_text(f"\ufeff{path.read_text()}\n\n", encoding="utf-8")
    assert load_corpus([folder], [Document("a", "", f"{TEXT} a")], taxonomy) == before


def test_a_corpus_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    dated = LabelledDocument(Document("a", "", TEXT, {"start": date(2024, 9, 1)}), frozenset())

    def failing() -> Iterator[LabelledDocument]:
        yield dated
        raise KeyboardInterrupt

    write_labelled([dated], path)
    written = path.read_bytes()
    assert b'"start": "2024-09-01"' in written
    with pytest.raises(KeyboardInterrupt):
        write_labelled(failing(), path)
    assert [(one, one.read_bytes()) for one in tmp_path.iterdir()] == [(path, written)]
    with pytest.raises(InputError, match=r"got the output .*, which cannot be written"):
        write_labelled([dated], tmp_path / "nowhere" / "corpus.jsonl")


def test_an_identifier_that_stands_twice_is_not_valid(call: Call, folder: Path) -> None:
    path = folder / "whole.jsonl"
    code, _, error = call("corpus", "validate", path, path)
    assert code == 2
    assert "got 1 identifiers twice, w among them; expected each document once" in error


def test_two_annotations_of_a_document_are_not_valid(
    call: Call, folder: Path, taxonomy: Taxonomy
) -> None:
    first, second = folder / "reference.jsonl", folder / "second.jsonl"
    second.write_bytes(first.read_bytes())
    code, _, error = call("corpus", "validate", first, second)
    assert code == 2
    assert f"{second}, line 1: got a second annotation of a, which {first}, line 1 has" in error
    with pytest.raises(CorpusError, match=r"of a in .*reference\.jsonl and again in .*second"):
        read_labels(folder, taxonomy)
    assert read_labels(first, taxonomy) == read_labels(second, taxonomy)
    second.write_bytes((folder / "whole.jsonl").read_bytes() * 2)
    with pytest.raises(CorpusError, match=r"of w in .*second\.jsonl and again in .*second\.jsonl"):
        read_labels(second, taxonomy)


def test_statistics(taxonomy: Taxonomy, tmp_path: Path) -> None:
    labels = {str(n): frozenset({"S1", "S2"} if n % 2 else {"P1"}) for n in range(20)}
    labels["none"] = frozenset()
    texts = [LabelledDocument(Document("a", "", "one two three"), frozenset())]
    found = describe(labels, texts, taxonomy)
    assert (found.n_documents, found.n_unlabelled) == (21, 1)
    assert (found.counts["S1"], found.counts["P1"], found.counts["I1"]) == (10, 10, 0)
    ((codes, n_together, lift),) = found.strongest
    assert (codes, n_together) == (("S1", "S2"), 10)
    assert lift == pytest.approx(2.1)
    assert found.median_words == 3
    with pytest.raises(CorpusError, match="without a document"):
        describe({}, (), taxonomy)
    pytest.importorskip("matplotlib", reason="comes with the train extra")
    for path in plot_statistics(found, taxonomy, tmp_path / "plots"):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_corpus_commands(call: Call, folder: Path) -> None:
    texts = folder / "texts" / "t.jsonl"
    code, output, _ = call("corpus", "validate", folder)
    assert (code, output) == (0, "valid: 1 documents with text, 2 by reference\n")
    built = folder / "built.json"
    code, output, error = call("corpus", "build", folder, "--texts", texts, "-o", built)
    assert code == 0
    assert "wrote 2 labelled documents" in output
    assert "1 have no text here, 0 have another text; 0 of 3 sentences not found" in error
    assert '"S1"' not in built.read_text()
    code, output, _ = call("corpus", "stats", folder, "--texts", texts)
    assert code == 0
    assert "3 documents, 2.3 labels a document, 0 without any" in output
    again = folder / "whole.jsonl"
    code, _, error = call("corpus", "stats", folder, again)
    assert code == 2
    assert f"got the labels of w in {again} and again in {again}" in error


def test_what_is_not_a_number_is_missing(tmp_path: Path, taxonomy: Taxonomy) -> None:
    row = {"id": "a", "title": float("nan"), "text": TEXT, "labels": [], "note": float("nan")}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    (one,) = read_labelled(tmp_path / "a.jsonl", taxonomy)
    assert (one.document.title, one.document.metadata) == ("", {"note": None})


def test_lengths_of_the_texts_that_a_corpus_holds(call: Call, folder: Path) -> None:
    code, output, error = call("corpus", "stats", folder / "whole.jsonl")
    assert (code, error) == (0, "")
    assert "1 documents, 3.0 labels a document" in output
    assert "words: median 6, nine in ten under 6" in output
    code, output, error = call("corpus", "stats", folder)
    assert (code, error) == (0, "")
    assert "3 documents, 2.3 labels a document" in output
    assert "words: median 6" in output
    code, output, error = call("corpus", "stats", folder / "reference.jsonl")
    assert (code, error) == (0, "")
    assert "2 documents" in output
    assert "words: median" not in output


def test_agree_command(call: Call, folder: Path) -> None:
    pytest.importorskip("krippendorff", reason="comes with the train extra")
    path = folder / "reference.jsonl"
    code, output, _ = call("corpus", "agree", path, path)
    assert code == 0
    assert "2 documents labelled in both" in output
    found = json.loads(call("corpus", "agree", path, path, "-f", "json")[1])
    assert found["groups"][0]["micro_f1"] == 1.0
    assert call("corpus", "agree", path, folder / "whole.jsonl")[0] == 2


def test_a_column_without_a_tick_was_judged(tmp_path: Path, taxonomy: Taxonomy) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text("text,S1,S2,note\nWe mend.,x,,\nWe teach.,,,\n")
    first, second = read_table(path, taxonomy)
    assert first.judged == second.judged == frozenset({"S1", "S2"})
    assert (first.labels, second.labels) == (frozenset({"S1"}), frozenset())
    assert first.document.metadata == {}


def test_locks_of_open_documents_are_left_out(tmp_path: Path, taxonomy: Taxonomy) -> None:
    (tmp_path / "~$a.csv").write_text("no table")
    (tmp_path / "._a.jsonl").write_text("no lines")
    (tmp_path / "a.csv").write_text("text,S1\nWe mend.,1\n")
    assert len(load_corpus(tmp_path, (), taxonomy).documents) == 1


def test_what_is_written_can_be_read(tmp_path: Path, taxonomy: Taxonomy) -> None:
    named = Document("a", "", "We mend.", {"judged": "yes", "year": 2015})
    write_labelled([LabelledDocument(named, frozenset({"S1"}))], tmp_path / "a.jsonl")
    (tmp_path / "a.jsonl").write_text("\n" + (tmp_path / "a.jsonl").read_text())
    (found,) = load_corpus(tmp_path / "a.jsonl", (), taxonomy).documents
    assert (found.document.metadata, found.judged) == ({"year": 2015}, None)


def test_halves_of_surrogate_pairs_are_replaced(tmp_path: Path, taxonomy: Taxonomy) -> None:
    half = "We \ud83d mend."
    row = {"id": half, "title": half, "text": half, "note": half}
    (tmp_path / "a.jsonl").write_text(
        json.dumps(row | {"labels": ["S1"], "evidence": {"S1": [[5, 10]]}})
    )
    (found,) = read_labelled(tmp_path / "a.jsonl", taxonomy)
    document = found.document
    assert document.id == document.title == document.text == "We \ufffd mend."
    assert document.text[slice(*found.evidence["S1"][0])] == "mend."
    write_labelled([found], tmp_path / "b.jsonl")
    (again,) = read_labelled(tmp_path / "b.jsonl", taxonomy)
    assert again.document.metadata == {"note": "We \ufffd mend."}
