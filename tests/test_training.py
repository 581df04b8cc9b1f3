from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_annotations import annotate

from ka2nlp import Document, Tagger, Taxonomy
from ka2nlp.annotations import join_texts
from ka2nlp.bundle_adaptation import adapt_bundle
from ka2nlp.bundle_training import fingerprint_corpus, group_documents, rare_codes, train_bundle
from ka2nlp.embeddings import OnnxEncoder
from ka2nlp.errors import CorpusError
from ka2nlp.first_stage import Example
from ka2nlp.labelled import LabelledDocument
from ka2nlp.model_cards import write_card
from ka2nlp.training import Settings, train_heads

Call = Callable[..., tuple[int, str, str]]

# no run of eight words without a number: documents that share such runs are near-duplicates
WORDS = {
    "S6": "The partners publish online platform {} with open educational resources.",
    "I2": "Pupils of group {} improve their competence in foreign languages.",
    "P1": "Practice {} is new and was developed here.",
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
    outcomes = trained.evaluate().groups[0]
    assert outcomes.micro_f1 is not None
    assert outcomes.micro_f1 > 0.95
    assert bundle.manifest.training_data["n_documents"] == 59
    report = Tagger.load(tmp_path / "mine").tag(corpus[-1].document)
    assert {tag.code for tag in report.tags} == corpus[-1].labels
    for tag in report.tags:
        assert tag.best_sentence == WORDS[tag.code].format(59)


def random_examples(n: int) -> list[Example]:
    rng = np.random.default_rng(1)
    n_labels = len(Taxonomy.load("priorities"))
    return [
        Example(
            rng.normal(size=(3, 8)).astype(np.float32),
            rng.normal(size=8).astype(np.float32),
            rng.random((3, n_labels)) < 0.2,
            rng.random(n_labels) < 0.3,
            " ".join(rng.choice(["apple", "pear", "plum", "fig"], 3)),
        )
        for _ in range(n)
    ]


def test_fits_side_by_side_are_those_of_one_after_the_other() -> None:
    taxonomy = Taxonomy.load("priorities")
    examples = random_examples(30)
    one = train_heads(examples, taxonomy, Settings(n_folds=3))
    two = train_heads(examples, taxonomy, Settings(n_folds=3, n_jobs=2))
    np.testing.assert_array_equal(one.out_of_fold, two.out_of_fold)
    np.testing.assert_array_equal(one.heads.sentence_weights, two.heads.sentence_weights)


def test_documents_without_a_fold_are_learnt_from_and_never_measured() -> None:
    taxonomy = Taxonomy.load("priorities")
    examples = random_examples(40)
    folds = np.array([row % 3 if row < 30 else -1 for row in range(40)])
    trained = train_heads(examples, taxonomy, folds=folds, blocks=np.maximum(folds, 0))
    assert len(trained.truth) == 30
    fewer = train_heads(examples[:30], taxonomy, folds=folds[:30])
    assert not np.array_equal(trained.heads.sentence_weights, fewer.heads.sentence_weights)


def test_the_order_of_the_texts_changes_nothing(tmp_path: Path) -> None:
    corpus = labelled(30)
    one, forwards = train_bundle(corpus, tmp_path / "one")
    two, backwards = train_bundle(corpus[::-1], tmp_path / "two")
    np.testing.assert_array_equal(forwards.heads.second.weights, backwards.heads.second.weights)
    assert one.manifest.training_data == two.manifest.training_data


def test_a_document_stands_once_in_a_corpus(tmp_path: Path) -> None:
    corpus = labelled(25)
    with pytest.raises(CorpusError, match="got 1 identifiers twice, d003 among them"):
        train_bundle([*corpus, corpus[3]], tmp_path / "mine")


def test_other_labels_give_another_fingerprint() -> None:
    """Labels of tables have no evidence that would tell them apart."""
    document = Document("a", "", "We train teachers.")
    one, other = (LabelledDocument(document, frozenset({code})) for code in ("S1", "S2"))
    assert fingerprint_corpus([one]) != fingerprint_corpus([other])


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
    evaluation = train_heads(examples, Taxonomy.load(), Settings(sentence_c=100.0)).evaluate()
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
    assert metrics["groups"][0]["micro_f1"] == trained.evaluate().groups[0].micro_f1
    assert "## Cross-validation" in (bundle.folder / "card.md").read_text()


def test_auxiliary_documents_teach_but_are_not_measured(tmp_path: Path) -> None:
    corpus = labelled(60)
    bundle, trained = train_bundle(
        corpus[:40], tmp_path / "mine", auxiliary=corpus[40:], labelled_by="two readers of ours"
    )
    assert trained.evaluate().n_documents == 40
    assert trained.evaluate(trained.auxiliary).n_documents == 20
    assert bundle.manifest.training_data["n_auxiliary"] == 20
    card = (bundle.folder / "card.md").read_text()
    assert "20 auxiliary documents" in card
    assert "\n\nLabels: by two readers of ours.\n\nEncoder: " in card
    data = {**bundle.manifest.training_data, "n_taught": 7}
    taught = write_card(replace(bundle.manifest, training_data=data), trained, trained.taxonomy, "")
    assert "\n\nBeside the labelled documents it learnt from 7 without labels" in taught[0]
    assert bundle.manifest.training_data["n_taught"] == 0
    assert "without labels" not in card


def near_duplicates(n: int) -> list[LabelledDocument]:
    words = " ".join(f"word{number}" for number in range(30))
    return [
        LabelledDocument(Document(f"kin{k}", "", f"{words} end{k}."), frozenset({"P1"}))
        for k in range(n)
    ]


def test_near_duplicates_share_a_fold(tmp_path: Path) -> None:
    corpus, kin = labelled(40), near_duplicates(6)
    groups = group_documents([*corpus, *kin])
    assert len(set(groups[-6:])) == 1
    _, trained = train_bundle([*corpus, *kin], tmp_path / "mine")
    names = sorted(one.document.id for one in [*corpus, *kin])
    assert len({trained.folds[names.index(f"kin{k}")] for k in range(6)}) == 1


def test_near_duplicates_alone_are_too_few(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="got documents for 1 folds, near-duplicates kept"):
        train_bundle(near_duplicates(25), tmp_path / "mine")


def test_given_folds_must_cover_the_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="got 25 documents without a fold, d000 among them"):
        train_bundle(labelled(25), tmp_path / "mine", folds={"other": 1})


def test_too_few_documents_are_not_encoded_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OnnxEncoder, "encode", None)
    corpus = [*labelled(19), LabelledDocument(Document("empty", "", " "), frozenset())]
    for make in (train_bundle, adapt_bundle):
        with pytest.raises(CorpusError, match="got 19 labelled documents with text, expected at"):
            make(corpus, tmp_path / "mine")


def test_what_is_odd_is_said_before_training(tmp_path: Path, call: Call) -> None:
    lines = [f"Documents of number {n} are about schools,1" for n in range(25)]
    lines[3] = "Wir bilden vierzig Lehrkräfte aus fünf Ländern in digitalen Methoden fort,0"
    lines[7] = ",0"
    table = tmp_path / "mine.csv"
    table.write_text("text,S 6,S1\n" + "".join(f"{line},0\n" for line in lines))
    code, output, error = call("train", "--start", "fast", "--corpus", table, "-o", tmp_path / "m")
    assert code == 0
    said = error.splitlines()
    assert said[0] == "got 1 documents without a text, which are left out: mine:9"
    assert said[1].startswith(
        "got 1 documents that seem not to be in English, which is what models"
    )
    assert said[2].startswith("got 1 columns that are named almost as a code, and are not read as")
    assert said[2].endswith("S 6 (S6?)")
    shown = output.splitlines()
    assert shown[0].startswith("changed the probabilities of ")
    assert shown[1].startswith("moved the thresholds of ")
    assert call("corpus", "validate", table)[2].splitlines() == said[:3]


def test_rare_codes_are_named(taxonomy: Taxonomy) -> None:
    rare = rare_codes(labelled(30), taxonomy)
    assert "S6" not in rare
    assert rare["O1f"] == 0


def test_an_adapted_model_says_so(tmp_path: Path) -> None:
    corpus = labelled(40)
    train_bundle(corpus[:20], tmp_path / "first")
    bundle, adapted = adapt_bundle(corpus[20:], tmp_path / "second", start=tmp_path / "first")
    assert bundle.manifest.training_data["adapted_to"]["n_documents"] == 20  # type: ignore[index]
    card = (bundle.folder / "card.md").read_text()
    assert card.startswith("# second\n\nAdapted to 20 labelled documents from first 1")
    assert Tagger.load(tmp_path / "second").tag(corpus[0].document).model == "second 1"
    assert set(adapted.changed) <= set(Taxonomy.load().codes)


def test_layers_compute_what_transformers_computes() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch comes with the train extra")
    from transformers import AutoModel

    from ka2nlp import transformer_body
    from ka2nlp.embeddings import pretrained_folder

    model = AutoModel.from_pretrained(pretrained_folder()).eval()
    ids = torch.tensor([[101, 2057, 3345, 5089, 102], [101, 5572, 102, 0, 0]])
    with torch.no_grad():
        expected = model(input_ids=ids, attention_mask=(ids > 0).long()).last_hidden_state
        states = model.embeddings(input_ids=ids)
        found = transformer_body._run(model.encoder.layer, states, [5, 3], None)
    torch.testing.assert_close(found[0], expected[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found[1, :3], expected[1, :3], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_the_encoder_learns(
    tmp_path: Path, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fine-tuned on 60 documents, the encoder tells sentences apart, and its export agrees."""
    torch = pytest.importorskip("torch", reason="PyTorch comes with the train extra")
    from ka2nlp import transformer_body
    from ka2nlp.encoder_training import FineTuneSettings
    from ka2nlp.transformer_body import TransformerBody

    if precision == "bfloat16" and transformer_body._precision() is not torch.bfloat16:
        pytest.skip("this processor emulates bfloat16, which training then never chooses: minutes")
    monkeypatch.setattr(transformer_body, "_precision", lambda: getattr(torch, precision))
    corpus = labelled(60)
    settings = FineTuneSettings(n_epochs=4)
    folds = {one.document.id: row % 3 for row, one in enumerate(corpus)}
    bundle, trained = train_bundle(
        corpus, tmp_path / "mine", body=TransformerBody(4), fine_tune=settings, folds=folds
    )
    average_precision = trained.evaluate().groups[0].mean_average_precision
    assert average_precision is not None
    assert average_precision > 0.7
    report = Tagger.load(bundle.folder).tag(corpus[0].document)
    assert report.scores["P1"] > 0.5 if "P1" in corpus[0].labels else report.scores["P1"] < 0.5
