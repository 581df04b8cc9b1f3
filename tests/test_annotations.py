from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT
from hypothesis import given
from hypothesis import strategies as st

from ka2nlp import Document, Sentence, Taxonomy, split_sentences
from ka2nlp.annotations import (
    Annotation,
    Shown,
    fingerprint_sentence,
    fingerprint_text,
    join_texts,
    read_annotations,
    write_annotations,
)
from ka2nlp.errors import CorpusError
from ka2nlp.labelled import label_sentences, overlaps


def annotate(document: Document, labels: dict[str, tuple[list[int], list[int]]]) -> Annotation:
    """Label sentences by their numbers, from 0."""
    sentences = split_sentences(document.text)
    prints = [fingerprint_sentence(sentence.text) for sentence in sentences]
    return Annotation(
        document.id,
        fingerprint_text(document.text),
        "tester",
        "2026-11-23",
        {key: (s.start, s.end) for key, s in zip(prints, sentences, strict=True)},
        {
            code: Shown(tuple(prints[row] for row in best), tuple(prints[row] for row in also))
            for code, (best, also) in labels.items()
        },
    )


@pytest.fixture
def document() -> Document:
    return Document("p1", "A project", PROJECT)


@pytest.fixture
def annotation(document: Document) -> Annotation:
    return annotate(
        document, {"S6": ([1], []), "I2": ([2], []), "O2": ([0], []), "O2c": ([0], [1])}
    )


def test_fingerprints_see_words_only() -> None:
    assert fingerprint_text("We  train,\nteachers.") == fingerprint_text("we TRAIN teachers")
    assert fingerprint_text("we train") != fingerprint_text("we trained")
    assert (len(fingerprint_text("x")), len(fingerprint_sentence("x"))) == (16, 12)


def test_round_trip(tmp_path: Path, annotation: Annotation, taxonomy: Taxonomy) -> None:
    write_annotations([annotation], tmp_path / "a.jsonl")
    assert read_annotations(tmp_path, taxonomy) == [annotation]
    assert read_annotations(tmp_path / "a.jsonl", taxonomy) == [annotation]


def test_no_word_is_written(tmp_path: Path, annotation: Annotation) -> None:
    write_annotations([annotation], tmp_path / "a.jsonl")
    assert "teachers" not in (tmp_path / "a.jsonl").read_text()


def shown(
    sentences: list[Sentence], document: Document, annotation: Annotation
) -> dict[str, list[int]]:
    """Join, and give the rows of each code."""
    taxonomy = Taxonomy.load()
    (labelled,) = join_texts([annotation], [document]).documents
    shows = label_sentences(sentences, labelled, taxonomy)
    assert shows.shape == (len(sentences), 48)
    rows = {c: np.flatnonzero(shows[:, taxonomy.column(c)]).tolist() for c in taxonomy.codes}
    return {code: found for code, found in rows.items() if found}


def test_sentences_get_their_labels(document: Document, annotation: Annotation) -> None:
    expected = {"S6": [1], "I2": [2], "O2": [0], "O2c": [0, 1]}
    assert shown(split_sentences(document.text), document, annotation) == expected


def test_another_segmentation_is_realigned(document: Document, annotation: Annotation) -> None:
    whole = [Sentence(0, len(document.text), document.text)]
    assert shown(whole, document, annotation) == {key: [0] for key in ("S6", "O2", "O2c", "I2")}
    step = 5
    pieces = [
        Sentence(at, at + step, document.text[at : at + step])
        for at in range(0, len(document.text) - step, step)
    ]
    third = split_sentences(document.text)[2]
    rows = shown(pieces, document, annotation)["I2"]
    assert all(third.start - step < pieces[row].start < third.end for row in rows)
    assert len(rows) >= (third.end - third.start) // step - 1


def test_a_copy_with_other_spaces_is_the_same_text(
    document: Document, annotation: Annotation
) -> None:
    copy = Document("p1", "", "  " + document.text.replace(". ", ".\n\n"))
    joined = join_texts([annotation], [copy])
    assert (joined.n_sentences, joined.n_lost) == (4, 0)
    expected = {"S6": [1], "I2": [2], "O2": [0], "O2c": [0, 1]}
    assert shown(split_sentences(copy.text), copy, annotation) == expected


def test_what_is_not_found_is_counted(document: Document, annotation: Annotation) -> None:
    changed = Document("p1", "", document.text + " And more.")
    other = Document("p2", "", document.text)
    joined = join_texts([annotation], [other, changed])
    assert (joined.documents, joined.without_text, joined.changed) == ((), (), ("p1",))
    assert join_texts([annotation], [other]).without_text == ("p1",)
    both = join_texts([annotation], [other, changed, document])
    assert [one.document for one in both.documents] == [document]
    assert both.changed == ()


def test_sentences_that_are_gone_are_counted(document: Document, annotation: Annotation) -> None:
    lost = dict.fromkeys(annotation.sentences, (0, 3)) | {"0" * 12: (0, 3)}
    labels = {**annotation.labels, "S1": Shown(("0" * 12,))}
    joined = join_texts([replace(annotation, sentences=lost, labels=labels)], [document])
    assert (joined.n_sentences, joined.n_lost) == (5, 1)
    assert joined.documents[0].evidence["S1"] == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": {"X1": {"best": ["k"], "also": []}}}, "code 'X1', which the taxonomy"),
        ({"labels": {"O2c": {"best": ["k"], "also": []}}}, "got O2c without its parent O2"),
        ({"labels": {"S1": {"best": [], "also": []}}}, "got 0 best sentences for S1"),
        ({"labels": {"S1": {"best": ["z"], "also": []}}}, "sentence z for S1 without its offsets"),
        ({"labels": {"S1": {"best": ["k"], "also": ["k"]}}}, "in both best and also"),
        ({"sentences": None}, "NoneType"),
    ],
)
def test_broken_rules_are_named(
    tmp_path: Path, taxonomy: Taxonomy, change: dict[str, object], message: str
) -> None:
    row = {"id": "a", "text": "t", "annotator": "x", "date": "d", "sentences": {"k": [0, 1]}}
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(row | {"labels": {}} | change))
    with pytest.raises(CorpusError, match=r"bad\.jsonl, line 1: ") as caught:
        read_annotations(path, taxonomy)
    assert message in str(caught.value)


def test_a_line_of_great_depth_is_named(tmp_path: Path, taxonomy: Taxonomy) -> None:
    path = tmp_path / "deep.jsonl"
    path.write_text("[" * 200_000)
    with pytest.raises(CorpusError, match=r"deep\.jsonl, line 1: maximum recursion"):
        read_annotations(path, taxonomy)


def test_a_byte_that_is_not_utf_8_is_told(
    tmp_path: Path, annotation: Annotation, taxonomy: Taxonomy
) -> None:
    path = tmp_path / "a.jsonl"
    others = [replace(annotation, id=f"q{number:04}") for number in range(100)]
    write_annotations([annotation, *others], path)
    path.write_bytes(path.read_bytes() + b'{"id": "caf\xe9"}\n')
    with pytest.raises(CorpusError, match=r"got .*a\.jsonl, which cannot be read as JSON Lines"):
        read_annotations(path, taxonomy)


def test_a_document_is_annotated_once(
    tmp_path: Path, document: Document, annotation: Annotation, taxonomy: Taxonomy
) -> None:
    write_annotations([annotation, annotation], tmp_path / "a.jsonl")
    with pytest.raises(CorpusError, match=r"a\.jsonl, line 2: .*p1, which .*a\.jsonl, line 1 has"):
        read_annotations(tmp_path / "a.jsonl", taxonomy)
    write_annotations([annotation], tmp_path / "a.jsonl")
    write_annotations([annotation], tmp_path / "b.jsonl")
    with pytest.raises(CorpusError, match=r"b\.jsonl, line 1: .*p1, which .*a\.jsonl, line 1 has"):
        read_annotations(tmp_path, taxonomy)
    with pytest.raises(CorpusError, match="got two annotations of p1"):
        join_texts([annotation, replace(annotation, annotator="other")], [document])


def test_no_annotations(tmp_path: Path, taxonomy: Taxonomy) -> None:
    with pytest.raises(CorpusError, match="expected an annotation file or a folder"):
        read_annotations(tmp_path, taxonomy)


spans = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: tuple(sorted(pair)))


@given(spans, spans)
def test_overlap_is_symmetric(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert overlaps(one, other) == overlaps(other, one)
    assert overlaps(one, one) == (one[0] < one[1])
