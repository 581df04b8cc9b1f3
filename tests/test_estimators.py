from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import f1_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from ka2nlp.estimators import MultilabelLogistic, tune_thresholds

EXPECTED_FAILURES = {
    "check_classifiers_train": "labels come as an indicator matrix; there are no classes_ to check",
    "check_classifiers_one_label": "as above",
    "check_classifiers_classes": "as above",
    "check_classifiers_regression_target": "as above",
    "check_supervised_y_2d": "two-dimensional labels are the rule here, not an accident to warn of",
    "check_decision_proba_consistency": "one column a label, also for a single label",
    "check_classifier_not_supporting_multiclass": "labels are an indicator matrix",
    "check_estimator_sparse_array": "expects one column a class of a multi-class label",
    "check_estimator_sparse_matrix": "as above",
}


@parametrize_with_checks(
    [MultilabelLogistic()], expected_failed_checks=lambda estimator: EXPECTED_FAILURES
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
