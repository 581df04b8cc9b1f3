from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score, log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from ka2nlp import Document
from ka2nlp.aggregation import sigmoid
from ka2nlp.bundles import find_model
from ka2nlp.errors import InputError, ModelError
from ka2nlp.estimators import (
    CalibratedMultilabel,
    MultilabelLogistic,
    OutcomeClassifier,
    SentenceEmbedder,
    ThresholdedMultilabel,
    fit_platt,
    stretch,
    tune_thresholds,
)
from ka2nlp.estimators.folds import out_of_fold

MATRIX = "labels of shape (n, 1) are a matrix of one label, not a vector to warn of"
AT_HALF = "decides at tuned thresholds, not where the probability is highest"
EXPECTED_FAILURES = {
    "CalibratedMultilabel": {"check_supervised_y_2d": MATRIX},
    "MultilabelLogistic": {"check_supervised_y_2d": MATRIX},
    "OutcomeClassifier": {"check_supervised_y_2d": MATRIX, "check_classifiers_train": AT_HALF},
    "ThresholdedMultilabel": {"check_supervised_y_2d": MATRIX, "check_classifiers_train": AT_HALF},
}
TEXTS = [
    "We train teachers of languages.",
    "Pupils mend bicycles in a repair café.",
    "An open platform for language teachers.",
    "Old bicycles become new ones.",
] * 15
LABELS = pd.DataFrame({"languages": [1, 0, 1, 0] * 15, "bicycles": [0, 1, 0, 1] * 15})


# scikit-learn's checks give numbers, and none of them is for transformers of texts: what they
# would ask of SentenceEmbedder stands below.
@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [CalibratedMultilabel(), MultilabelLogistic(), OutcomeClassifier(), ThresholdedMultilabel()],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES[type(estimator).__name__],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learn_contract(estimator: Any, check: Any) -> None:
    check(estimator)


def linear_case(n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 5))
    return X, (X @ rng.normal(size=(5, 3)) > 0.4).astype(int)


def test_labels_are_learnt_independently() -> None:
    X, Y = linear_case()
    model = MultilabelLogistic(10.0).fit(X, Y)
    assert f1_score(Y, model.predict(X), average="macro") > 0.95
    assert model.predict_proba(X).shape == Y.shape
    alone = clone(model).fit(X, Y[:, [1]])
    np.testing.assert_allclose(alone.coef_[0], model.coef_[1], rtol=1e-6)


def test_absent_and_universal_labels_are_constant() -> None:
    X, _ = linear_case(9)
    Y = np.column_stack([np.zeros(9, dtype=int), np.ones(9, dtype=int)])
    probabilities = MultilabelLogistic().fit(X, Y).predict_proba(X)
    np.testing.assert_allclose(probabilities, np.tile([0.05, 0.95], (9, 1)))


def test_thresholds_follow_the_data_where_there_is_enough() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((2000, 2)) < 0.4
    scores = np.clip(np.where(truth, 0.3, 0.1) + rng.normal(0, 0.02, truth.shape), 0, 1)
    scores[:, 1] += 0.5
    low, high = tune_thresholds(truth, scores)
    assert 0.1 < low < 0.45 < high < 0.8


def test_thresholds_of_rare_labels_are_the_common_one() -> None:
    rng = np.random.default_rng(0)
    truth = np.column_stack([rng.random(500) < 0.5, np.zeros(500, dtype=bool)])
    scores = np.column_stack([np.where(truth[:, 0], 0.7, 0.2), np.full(500, 0.1)])
    own, common = tune_thresholds(truth, scores)
    assert own == pytest.approx(common)


# --- targets


def test_labels_keep_the_names_of_a_frame() -> None:
    X, Y = linear_case()
    model = ThresholdedMultilabel().fit(X, pd.DataFrame(Y, columns=["S1", "O2", "O2c"]))
    assert model.classes_.tolist() == ["S1", "O2", "O2c"]
    np.testing.assert_array_equal(model.predict(X), ThresholdedMultilabel().fit(X, Y).predict(X))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([["S1"], ["S1", "O2"]], r"got lists of codes, expected a matrix .*MultiLabelBinarizer"),
        ([{"S1"}, set()], r"got lists of codes, expected a matrix"),
        ([[0, 1], [2, 1]], r"got labels of shape \(2, 2\) that are not all 0 or 1"),
        (["a", "b", "c"], r"Only binary classification is supported.*give a matrix of 0 and 1"),
        (None, r"requires y to be passed, but the target y is None"),
    ],
)
def test_labels_of_other_forms(labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MultilabelLogistic().fit([[0.0], [1.0], [2.0]][: len(labels or ()) or 3], labels)


# --- out of fold


def test_a_group_is_never_divided() -> None:
    """A nearest neighbour knows each sample by its copy, unless both are in one fold."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(60, 4)), rng.random((60, 3)) < 0.5
    twice, labels, groups = np.tile(X, (2, 1)), np.tile(Y, (2, 1)), np.tile(np.arange(60), 2)
    copies = KNeighborsClassifier(1)
    knows = out_of_fold(copies, twice, labels, 3, None, 0) > 0
    guesses = out_of_fold(copies, twice, labels, 3, groups, 0) > 0
    assert (knows == labels).mean() > 0.8
    assert (guesses == labels).mean() < 0.65
    split = out_of_fold(copies, twice, labels, GroupKFold(3), groups, None) > 0
    assert (split == labels).mean() < 0.65


@pytest.mark.parametrize("cv", [2, 5, 20])
def test_every_sample_is_held_out_once(cv: int) -> None:
    X, Y = linear_case(20)
    found = out_of_fold(MultilabelLogistic(), X, Y.astype(bool), cv, None, 0)
    assert np.isfinite(found).all()
    assert ((found > 0) == Y).mean() > 0.7


@pytest.mark.parametrize("cv", [1, 0])
def test_one_fold_is_none(cv: int) -> None:
    X, Y = linear_case(20)
    with pytest.raises(ValueError, match=rf"got n_samples = 20 and {cv} folds, expected 2"):
        ThresholdedMultilabel(cv=cv).fit(X, Y)


def test_folds_in_every_form_of_scikit_learn() -> None:
    X, Y = linear_case(60)
    pairs = list(KFold(3).split(X))
    by_splitter, by_pairs = (
        ThresholdedMultilabel(cv=cv).fit(X, Y).thresholds_ for cv in (KFold(3), pairs)
    )
    np.testing.assert_array_equal(by_pairs, by_splitter)
    five, none, of_numpy = (
        ThresholdedMultilabel(cv=cv).fit(X, Y).thresholds_ for cv in (5, None, np.int64(5))
    )
    np.testing.assert_array_equal(none, five)
    np.testing.assert_array_equal(of_numpy, five)
    with pytest.raises(ValueError, match="Expected `cv` as an integer, a cross-validation object"):
        CalibratedMultilabel(cv="five").fit(X, Y)


@pytest.mark.parametrize(
    "inner",
    [
        RandomForestClassifier(20, random_state=0),
        KNeighborsClassifier(3),
        OneVsRestClassifier(MultilabelLogistic()),
        MultilabelLogistic(),
    ],
    ids=lambda inner: type(inner).__name__,
)
@pytest.mark.parametrize("n_labels", [1, 3])
def test_any_classifier_of_labels_goes_within(inner: Any, n_labels: int) -> None:
    X, Y = linear_case()
    labels = Y[:, :n_labels]
    for model in (ThresholdedMultilabel(inner, cv=3), CalibratedMultilabel(inner, cv=3)):
        probabilities = model.fit(X[:200], labels[:200]).predict_proba(X[200:])
        assert probabilities.shape == (100, n_labels)
        assert f1_score(labels[200:], model.predict(X[200:]), average="micro") > 0.7


# --- thresholds


def test_predictions_follow_the_thresholds() -> None:
    X, Y = linear_case()
    rare = (X[:, 0] > 1.2).astype(int)
    model = ThresholdedMultilabel(MultilabelLogistic(0.01)).fit(X, np.column_stack([Y, rare]))
    probabilities = model.predict_proba(X)
    assert not np.allclose(model.thresholds_, 0.5)
    np.testing.assert_array_equal(model.predict(X), probabilities >= model.thresholds_)
    np.testing.assert_array_equal(model.predict(X), model.decision_function(X) >= 0)
    np.testing.assert_allclose(probabilities, model.estimator_.predict_proba(X))


def test_tuned_thresholds_find_more_of_what_is_rare() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(3000, 3))
    Y = (X + rng.normal(size=X.shape) > 1.6).astype(int)
    model = ThresholdedMultilabel().fit(X[:1500], Y[:1500])
    at_half = (model.predict_proba(X[1500:]) >= 0.5).astype(int)
    tuned = f1_score(Y[1500:], model.predict(X[1500:]), average="macro")
    assert tuned > f1_score(Y[1500:], at_half, average="macro") + 0.03


def test_margins_need_calibration_first() -> None:
    X, Y = linear_case()
    margins = OneVsRestClassifier(LinearSVC())
    with pytest.raises(ValueError, match="got OneVsRestClassifier, expected a classifier with pr"):
        ThresholdedMultilabel(margins).fit(X, Y)
    model = ThresholdedMultilabel(CalibratedMultilabel(margins)).fit(X, Y)
    assert f1_score(Y, model.predict(X), average="macro") > 0.9


# --- calibration


def noisy_case(seed: int, n: int = 600) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Few samples, many features: a classifier without regularisation is far too sure."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 60))
    return X, (X[:, :4] + 2 * rng.normal(size=(n, 4)) > 0).astype(int)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_probabilities_become_honest(method: str) -> None:
    X, Y = noisy_case(0)
    fresh, truth = noisy_case(1, 2000)
    sure = MultilabelLogistic(1e4)
    model = CalibratedMultilabel(sure, method=method).fit(X[:200], Y[:200])
    before = clone(sure).fit(X[:200], Y[:200]).predict_proba(fresh)
    after = model.predict_proba(fresh)
    assert log_loss(truth.ravel(), after.ravel()) < log_loss(truth.ravel(), before.ravel()) - 0.1
    assert (model.change_[0] < 0.7).all()


def test_free_curves_are_for_frequent_labels() -> None:
    X, Y = noisy_case(0)
    Y[:, 2] = np.arange(len(Y)) < 20
    Y[:, 3] = 0
    model = CalibratedMultilabel(method="isotonic").fit(X, Y)
    assert set(model.curves_) == {0, 1}
    probabilities = model.predict_proba(X)
    assert np.isfinite(probabilities).all()
    assert probabilities[:, 3].max() < 0.01


def test_methods_of_calibration() -> None:
    with pytest.raises(ValueError, match="got the method 'beta', expected 'sigmoid' or 'isotonic'"):
        CalibratedMultilabel(method="beta").fit(*noisy_case(0))


@pytest.mark.parametrize("scale", [0.01, 1.0, 40.0])
def test_stretch_and_shift_are_the_most_probable(scale: float) -> None:
    rng = np.random.default_rng(0)
    log_odds = scale * rng.normal(size=(300, 5))
    truth = rng.random((300, 5)) < sigmoid(2 * log_odds / scale - 1)
    spreads = np.array([2.0, 3.0])

    def loss(change: NDArray[np.float64]) -> float:
        moved = stretch(log_odds, change)
        errors = np.logaddexp(0, np.where(truth, -moved, moved)).sum()
        return float(errors + (change**2 / spreads[:, None] ** 2).sum() / 2)

    found = fit_platt(log_odds, truth, spreads)
    for _ in range(50):
        assert loss(found) <= loss(found + 0.01 * rng.normal(size=found.shape)) + 1e-9


# --- texts


def again(estimator: Any) -> Any:
    """Give what a pickle brings back."""
    return pickle.loads(pickle.dumps(estimator))  # noqa: S301


def test_embedding_is_that_of_the_model() -> None:
    embedder = SentenceEmbedder("fast")
    assert not hasattr(embedder, "encoder_")
    vectors = embedder.fit_transform(TEXTS[:4])
    assert (vectors.shape, vectors.dtype) == ((4, 256), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(embedder.transform(TEXTS[1:2]), vectors[1:2])
    assert embedder.transform([]).shape == (0, 256)


def test_split_texts_are_means_of_their_sentences() -> None:
    whole = SentenceEmbedder("fast", split=True)
    found = whole.fit_transform(["We train teachers. Pupils mend bicycles.", ""])
    sentences = SentenceEmbedder("fast").fit_transform(
        ["We train teachers.", "Pupils mend bicycles."]
    )
    np.testing.assert_allclose(found[0], sentences.mean(axis=0), rtol=1e-5)
    assert not found[1].any()
    titled = whole.transform([Document("1", "Bicycles", "We train teachers.")])
    assert not np.allclose(titled, whole.transform(["We train teachers."]))


def test_vectors_come_as_a_frame() -> None:
    texts = pd.Series(TEXTS[:4], index=list("abcd"))
    embedder = SentenceEmbedder("fast").set_output(transform="pandas")
    frame = embedder.fit_transform(texts)
    assert frame.columns.tolist() == list(embedder.get_feature_names_out())
    assert frame.columns[0] == "sentenceembedder0"
    plain = clone(embedder).set_output(transform="default").fit_transform(texts)
    np.testing.assert_array_equal(frame.to_numpy(), plain)


def test_pickles_hold_no_weights() -> None:
    embedder = SentenceEmbedder("fast").fit(TEXTS)
    assert len(pickle.dumps(embedder)) < 1000
    np.testing.assert_array_equal(again(embedder).transform(TEXTS), embedder.transform(TEXTS))
    assert not hasattr(again(SentenceEmbedder("fast")), "encoder_")


def test_a_pickle_knows_its_model(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(find_model("fast"), tmp_path / "mine"))
    data = pickle.dumps(SentenceEmbedder(folder).fit(TEXTS))
    with np.load(folder / "encoder.npz") as arrays:
        changed = {**arrays, "scales": 2 * arrays["scales"]}
    np.savez(folder / "encoder.npz", **changed)
    with pytest.raises(ModelError, match="which this transformer was fitted with"):
        pickle.loads(data)  # noqa: S301  (our own)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("one text", r"got str, expected a column of texts; give a list"),
        (pd.DataFrame({"summary": ["a"]}), r"got DataFrame, expected a column of texts"),
        (["a", None], r"position 1: got a missing value \(None\), expected a text"),
        ([["a"]], r"position 0: got a list, expected a text"),
        (iter(["a"]), r"got list_iterator, expected a column of texts; give a list"),
        ({"a": "b"}, r"got dict, expected a column of texts; give a list"),
    ],
)
def test_a_column_of_texts_is_asked_for(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        SentenceEmbedder("fast").fit(given)


@pytest.mark.parametrize(
    "given", ["one text", pd.DataFrame({"summary": ["a", "b"]}), (text for text in "ab")]
)
def test_a_classifier_of_texts_asks_for_a_column_too(given: Any) -> None:
    with pytest.raises(InputError, match="expected a column of texts; give a list"):
        OutcomeClassifier("fast").fit(given, [[1], [0]])


def test_fit_comes_first() -> None:
    with pytest.raises(NotFittedError):
        SentenceEmbedder("fast").transform(TEXTS)
    with pytest.raises(ModelError, match="got the model 'none'"):
        SentenceEmbedder("none").fit(TEXTS)


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series])
def test_labels_are_learnt_from_texts(kind: Any) -> None:
    model = OutcomeClassifier("fast").fit(kind(TEXTS), LABELS)
    assert model.classes_.tolist() == ["languages", "bicycles"]
    fresh = kind(["A language course.", "A bicycle workshop in our café."])
    np.testing.assert_array_equal(model.predict(fresh), [[1, 0], [0, 1]])
    np.testing.assert_array_equal(
        model.predict(fresh), model.predict_proba(fresh) >= model.thresholds_
    )
    np.testing.assert_array_equal(
        again(model).decision_function(fresh), model.decision_function(fresh)
    )


def test_documents_do_as_well_as_texts_and_vectors() -> None:
    documents = [Document(str(n), "", text) for n, text in enumerate(TEXTS)]
    vectors = SentenceEmbedder("fast", split=True).fit_transform(TEXTS)
    fresh = ["A language course.", "A bicycle workshop."]
    of_texts, of_documents = (
        OutcomeClassifier("fast").fit(X, LABELS).predict_proba(fresh) for X in (TEXTS, documents)
    )
    np.testing.assert_array_equal(of_texts, of_documents)
    model = OutcomeClassifier("fast").fit(vectors, LABELS)
    assert model.reader_ is None
    assert model.predict(vectors).tolist() == LABELS.to_numpy().tolist()
    assert model.n_features_in_ == 256


def test_a_missing_text_is_told_with_its_place() -> None:
    texts: list[Any] = [*TEXTS[:4], None, *TEXTS[5:]]
    with pytest.raises(InputError, match=r"position 4: got a missing value"):
        OutcomeClassifier("fast").fit(texts, LABELS)


def test_pipelines_and_searches() -> None:
    pipeline = make_pipeline(SentenceEmbedder("fast"), ThresholdedMultilabel(cv=3))
    parameters = {"thresholdedmultilabel__strength": [10.0, 100.0]}
    search = GridSearchCV(pipeline, parameters, cv=3, scoring="f1_micro").fit(TEXTS, LABELS)
    assert search.best_score_ > 0.95
    assert search.predict(["Languages"]).shape == (1, 2)
    search = GridSearchCV(OutcomeClassifier("fast", cv=3), {"C": [0.3, 3.0]}, cv=3)
    assert search.fit(TEXTS, LABELS).best_score_ > 0.95


def test_texts_pass_through_to_a_pipeline_within() -> None:
    words = make_pipeline(TfidfVectorizer(), MultilabelLogistic(10.0))
    model = ThresholdedMultilabel(words).fit(TEXTS, LABELS)
    assert model.predict(["bicycles", "languages"]).tolist() == [[0, 1], [1, 0]]
