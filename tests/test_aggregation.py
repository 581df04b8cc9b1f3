from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ka2nlp import Taxonomy
from ka2nlp.aggregation import N_POOLED, decide, pool, raise_parents, rank_evidence, sigmoid

PARENTS = Taxonomy.load().parents
logits = arrays(
    np.float64,
    st.tuples(st.integers(0, 12), st.just(48)),
    elements=st.floats(-12, 12, allow_nan=False),
)
probabilities = arrays(np.float64, (48,), elements=st.floats(0, 1))


def test_sigmoid_is_stable() -> None:
    np.testing.assert_allclose(sigmoid(np.array([-800.0, 0.0, 800.0])), [0.0, 0.5, 1.0])


@given(logits, st.randoms(use_true_random=False))
def test_order_of_sentences_is_irrelevant(values: np.ndarray, random: object) -> None:
    order = list(range(len(values)))
    random.shuffle(order)  # type: ignore[attr-defined]
    np.testing.assert_allclose(pool(values[order]), pool(values), rtol=1e-9)


@given(logits)
def test_pooled_values_are_finite_and_bounded(values: np.ndarray) -> None:
    pooled = pool(values)
    assert pooled.shape == (48, N_POOLED)
    assert np.isfinite(pooled).all()
    assert (pooled[:, 0] >= pooled[:, 2] - 1e-9).all()
    assert (pooled[:, 3] >= pooled[:, 0] - 1e-6).all()


@given(probabilities)
def test_a_parent_is_never_less_likely_than_its_facets(values: np.ndarray) -> None:
    raised = raise_parents(values, PARENTS)
    assert (raised >= values).all()
    assert all(raised[parent] >= raised[facet] for facet, parent in PARENTS.items())


@given(probabilities, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_never_adds_labels(values: np.ndarray, one: float, other: float) -> None:
    low, high = decide(values, min(one, other), PARENTS), decide(values, max(one, other), PARENTS)
    assert (low >= high).all()


@given(probabilities, probabilities)
def test_a_facet_is_never_decided_without_its_parent(
    values: np.ndarray, thresholds: np.ndarray
) -> None:
    decided = decide(values, thresholds, PARENTS)
    assert all(decided[parent] for facet, parent in PARENTS.items() if decided[facet])


def test_evidence_is_ranked_and_weak_sentences_are_left_out() -> None:
    scores = np.array([[0.1, 0.9], [0.9, 0.3], [0.5, 0.4], [0.9, 0.3], [0.8, 0.2]])
    assert rank_evidence(scores) == [[(1, 0.9), (3, 0.9), (4, 0.8)], [(0, 0.9)]]
    assert rank_evidence(scores[:1]) == [[(0, 0.1)], [(0, 0.9)]]
    assert rank_evidence(scores[:0]) == [[], []]
