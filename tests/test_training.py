from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from test_annotations import annotate

from ka2nlp import Document, Tagger, Taxonomy
from ka2nlp.annotations import join_texts
from ka2nlp.bundle_training import train_bundle
from ka2nlp.errors import CorpusError
from ka2nlp.labelled import LabelledDocument
from ka2nlp.training import Example, Settings, train_heads

WORDS = {
    "S6": "The partners publish an online platform with open educational resources number {}.",
    "I2": "Pupils of group {} improve their competence in foreign languages.",
    "P1": "A new practice number {} is developed.",
}


def small_corpus(n: int = 60) -> list[tuple[Document, dict[str, tuple[list[int], list[int]]]]]:
    rng = np.random.default_rng(0)
    made = []
    for number in range(n):
        held = [code for code in WORDS if rng.random() < 0.5]
        sentences = [f"The meeting number {number} took place in March."]
        sentences += [WORDS[code].format(number) for code in held]
        labels: dict[str, tuple[list[int], list[int]]] = {
            code: ([row + 1], []) for row, code in enumerate(held)
        }
        made.append((Document(f"d{number:03}", "", " ".join(sentences)), labels))
    return made


def labelled(n: int = 60) -> list[LabelledDocument]:
    corpus = small_corpus(n)
    annotations = [annotate(*one) for one in corpus]
    return list(join_texts(annotations, [document for document, _ in corpus]).documents)


def test_a_model_is_trained_saved_and_used(tmp_path: Path) -> None:
    corpus = labelled()
    bundle, trained = train_bundle(corpus[:-1], tmp_path / "mine", command="here")
    outcomes = trained.evaluation.groups[0]
    assert outcomes.micro_f1 is not None
    assert outcomes.micro_f1 > 0.95
    assert bundle.manifest.training_data["n_documents"] == 59
    report = Tagger.load(tmp_path / "mine").tag(corpus[-1].document)
    assert {tag.code for tag in report.tags} == corpus[-1].labels
    for tag in report.tags:
        assert tag.best_sentence == WORDS[tag.code].format(59)


def test_the_order_of_the_texts_changes_nothing(tmp_path: Path) -> None:
    corpus = labelled(30)
    one, forwards = train_bundle(corpus, tmp_path / "one")
    two, backwards = train_bundle(corpus[::-1], tmp_path / "two")
    np.testing.assert_array_equal(forwards.heads.pooled_weights, backwards.heads.pooled_weights)
    assert one.manifest.training_data == two.manifest.training_data


def test_a_document_stands_once_in_a_corpus(tmp_path: Path) -> None:
    corpus = labelled(25)
    with pytest.raises(CorpusError, match="got 1 identifiers twice, d003 among them"):
        train_bundle([*corpus, corpus[3]], tmp_path / "mine")


def test_documents_are_never_split_between_training_and_test() -> None:
    """Noise labels cannot be learnt: an F1 above chance would mean that a document leaked."""
    rng = np.random.default_rng(0)
    examples = [
        Example(
            rng.normal(size=(6, 16)).astype(np.float32),
            np.zeros(16, dtype=np.float32),
            np.tile(labels, (6, 1)),
            labels,
            " ".join(rng.choice(["apple", "pear", "plum", "fig"], 9)),
        )
        for labels in (rng.random((120, 48)) < 0.3)
    ]
    evaluation = train_heads(examples, Taxonomy.load(), Settings(sentence_c=100.0)).evaluation
    average_precision = evaluation.groups[-1].mean_average_precision
    assert average_precision is not None
    assert average_precision < 0.42


def test_too_few_documents(taxonomy: Taxonomy) -> None:
    with pytest.raises(CorpusError, match="got 0 annotated documents with text, expected at least"):
        train_heads([], taxonomy)


def test_metrics_stand_in_the_manifest(tmp_path: Path) -> None:
    bundle, trained = train_bundle(labelled(25), tmp_path / "mine")
    manifest = json.loads((bundle.folder / "manifest.json").read_text())
    (metrics,) = manifest["metrics"].values()
    assert metrics["groups"][0]["micro_f1"] == trained.evaluation.groups[0].micro_f1
    assert "cross-validation" in (bundle.folder / "card.md").read_text()
