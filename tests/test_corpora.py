from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from test_annotations import annotate

from ka2nlp import Document, Taxonomy
from ka2nlp.annotations import write_annotations
from ka2nlp.corpora import load_corpus, read_labels, read_table
from ka2nlp.corpus_statistics import describe, plot_statistics
from ka2nlp.errors import CorpusError
from ka2nlp.labelled import LabelledDocument, read_labelled, write_labelled

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
    path.write_text('﻿id,text,S1,O1b,comment\n7,"We, too",x,TRUE,hm\n,Other,0,,\n', encoding="utf-8")
    first, second = read_table(path, taxonomy)
    assert (first.document.id, first.document.text) == ("7", "We, too")
    assert first.labels == {"S1", "O1", "O1b"}
    assert (second.document.id, second.labels) == ("row 3", frozenset())
    assert load_corpus([path], (), taxonomy).documents == (first, second)


@pytest.mark.parametrize(
    ("content", "message"),
    [("text,Z1\na,1\n", "expected text"), ("text,S1\na,perhaps\n", "row 2: got 'perhaps' for S1")],
)
def test_bad_tables(tmp_path: Path, taxonomy: Taxonomy, content: str, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)
    with pytest.raises(CorpusError, match=message):
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


def test_agree_command(call: Call, folder: Path) -> None:
    pytest.importorskip("krippendorff", reason="comes with the train extra")
    path = folder / "reference.jsonl"
    code, output, _ = call("corpus", "agree", path, path)
    assert code == 0
    assert "2 documents labelled in both" in output
    found = json.loads(call("corpus", "agree", path, path, "-f", "json")[1])
    assert found["groups"][0]["micro_f1"] == 1.0
    assert call("corpus", "agree", path, folder / "whole.jsonl")[0] == 2
