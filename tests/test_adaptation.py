from __future__ import annotations

import numpy as np
import pytest
from conftest import make_heads
from numpy.typing import NDArray

from ka2nlp import Taxonomy
from ka2nlp.adaptation import Adapted, Scores, adapt_heads
from ka2nlp.aggregation import sigmoid
from ka2nlp.errors import CorpusError


def draw(n: int, shift: float, seed: int) -> tuple[Scores, NDArray[np.bool_]]:
    """Log odds that are ``shift`` too low for this kind of text."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-0.5, 1.5, size=(n, 48))
    return Scores(logits, np.full(n, 4.0)), rng.random((n, 48)) < sigmoid(logits + shift)


def loss(probabilities: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    return float(-np.log(np.where(truth, probabilities, 1 - probabilities)).mean())


@pytest.mark.parametrize("n", [50, 400])
def test_a_shift_is_learnt_the_better_the_more_documents(n: int, taxonomy: Taxonomy) -> None:
    heads = make_heads()
    adapted = adapt_heads(heads, *draw(n, 1.2, 0), range(n), taxonomy)
    slope, shift = adapted.change[:, :-1]
    np.testing.assert_allclose(
        adapted.heads.second.bias, heads.second.bias * slope + shift, rtol=1e-4, atol=1e-5
    )
    scores, truth = draw(2000, 1.2, 1)
    as_it_was = Adapted(heads, (), np.array([[1.0], [0.0]]))
    before, _ = as_it_was.probabilities(scores, taxonomy)
    after, _ = adapted.probabilities(scores, taxonomy)
    assert len(adapted.changed) > 40
    assert loss(after, truth) < loss(before, truth) - 0.08


def test_a_model_that_fits_is_hardly_changed(taxonomy: Taxonomy) -> None:
    heads = make_heads()
    adapted = adapt_heads(heads, *draw(60, 0.0, 0), range(60), taxonomy)
    assert len(adapted.changed) < 24
    moved = adapted.heads.thresholds != heads.thresholds
    assert adapted.moved == tuple(np.array(taxonomy.codes)[moved])
    kept = [k for k, code in enumerate(taxonomy.codes) if code not in adapted.changed]
    np.testing.assert_array_equal(adapted.heads.second.bias[kept], heads.second.bias[kept])
    assert (adapted.heads.thresholds >= heads.lower).all()
    assert (adapted.heads.thresholds <= heads.upper).all()


def test_relevance_is_learnt_too(taxonomy: Taxonomy) -> None:
    """Texts that all looked irrelevant, but are not, are let in."""
    scores, truth = draw(80, 0.0, 0)
    doubted = Scores(scores.labels, np.full(80, -0.5))
    adapted = adapt_heads(make_heads(), doubted, truth, range(80), taxonomy)
    assert adapted.probabilities(doubted, taxonomy)[1].all()
    assert adapted.relevance_changed


def test_labels_that_were_not_judged_stay_as_they_are(taxonomy: Taxonomy) -> None:
    """A table with columns for some codes says nothing of the others, nor that nothing is served."""
    heads = make_heads()
    scores, truth = draw(200, 1.2, 0)
    judged = np.zeros_like(truth)
    judged[:, :7] = True
    truth[:, 7:] = False
    truth[:100] = False
    adapted = adapt_heads(heads, scores, truth, range(200), taxonomy, judged=judged)
    assert set(adapted.changed) <= set(taxonomy.codes[:7])
    assert adapted.changed
    np.testing.assert_array_equal(adapted.change[:, 7:], [[1.0] * 42, [0.0] * 42])
    np.testing.assert_array_equal(adapted.heads.thresholds[7:], heads.thresholds[7:])
    alone = adapt_heads(heads, scores, truth, range(200), taxonomy)
    assert len(alone.changed) > 40


def test_too_few_documents(taxonomy: Taxonomy) -> None:
    with pytest.raises(CorpusError, match="got 19 documents, expected at least 20"):
        adapt_heads(make_heads(), *draw(19, 0.0, 0), range(19), taxonomy)
