from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ka2nlp.estimators import tune_cutoffs

Draw = tuple[NDArray[np.bool_], NDArray[np.float64]]


def draw(n: int, n_labels: int, seed: int) -> Draw:
    """Calibrated scores: a label holds with the probability that its score says."""
    rng = np.random.default_rng(seed)
    scores = rng.beta(0.5, 0.7, size=(n, n_labels))
    return rng.random((n, n_labels)) < scores, scores


def test_rates_hold_on_new_data() -> None:
    missed, right, between = [], [], []
    for seed in range(30):
        lower, upper = tune_cutoffs(*draw(800, 3, seed))
        truth, scores = draw(4000, 3, seed + 1000)
        missed.append((scores < lower)[truth].mean())
        right.append(truth[scores >= upper])
        between.append(((scores >= lower) & (scores < upper)).mean())
    assert 0.03 < np.mean(missed) <= 0.05
    assert 0.895 <= np.concatenate(right).mean() < 0.95
    assert np.mean(between) < 0.6


def test_rare_labels_share_their_cutoffs() -> None:
    truth, scores = draw(900, 4, 0)
    truth[10:, 2:] = False
    lower, upper = tune_cutoffs(truth, scores)
    assert lower[2] == lower[3]
    assert upper[2] == upper[3]
    assert lower[0] != lower[1]


def test_without_positives_nothing_is_excluded_and_nothing_asserted() -> None:
    truth = np.zeros((50, 2), dtype=bool)
    lower, upper = tune_cutoffs(truth, np.full((50, 2), 0.3))
    assert lower.tolist() == [0, 0]
    assert upper.tolist() == [1, 1]


@pytest.mark.parametrize("n", [18, 19, 20, 39])
def test_the_lower_cutoff_by_hand(n: int) -> None:
    """With n positives, floor(0.05 (n + 1)) - 1 of them may lie under the cut-off."""
    scores = (np.arange(n) + 1)[:, None] / (n + 2)
    lower, _ = tune_cutoffs(np.ones((n, 1), dtype=bool), scores, min_positives=0)
    allowed = {18: None, 19: 0, 20: 0, 39: 1}[n]
    assert lower[0] == (0.0 if allowed is None else scores[allowed, 0])


def test_tied_scores_are_decided_together() -> None:
    scores = np.array([[0.9]] * 30 + [[0.5]] * 30)
    truth = np.array([[True]] * 30 + [[True]] * 15 + [[False]] * 15)
    _, upper = tune_cutoffs(truth, scores, min_positives=0)
    assert upper[0] == 0.9
