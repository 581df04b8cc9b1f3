"""Fit a trained model to another kind of text with few labelled documents.

Each label's log odds are stretched and shifted, ``(1 + a) z + b``, as far as the documents ask for
it: Platt's calibration (1999) with a Gaussian prior on ``a`` and ``b`` that keeps the model as it
is where there is little to learn from. Thresholds move likewise; the cut-offs, which are
probabilities, stay. Log odds that ten-fold cross-validation does not find better are not changed,
and nothing is of labels that were not judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.aggregation import raise_parents, sigmoid
from ka2nlp.arrays import as_float32
from ka2nlp.errors import CorpusError
from ka2nlp.estimators import fit_platt, stretch, tune_thresholds
from ka2nlp.heads import Heads
from ka2nlp.second_stage import RELEVANT, SecondStage
from ka2nlp.splits import make_folds
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Adapted", "Scores", "adapt_heads"]

MIN_DOCUMENTS: Final = 20
_N_FOLDS: Final = 10
_SPREADS: Final = np.array([0.3, 1.0])
"""Standard deviations of the priors on ``a`` and ``b``."""

_STRENGTH: Final = 100.0
"""Number of positives at which a label's new threshold counts one half."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What a classifier says of documents, in log odds.

    Parameters
    ----------
    labels
        Of shape (n_documents, n_labels): of the labels, given that the document serves an outcome.
    relevance
        Of shape (n_documents,): of serving an outcome.
    """

    labels: NDArray[np.float64]
    relevance: NDArray[np.float64]

    @property
    def columns(self) -> NDArray[np.float64]:
        """The labels, and relevance as the last column."""
        return np.column_stack([self.labels, self.relevance])

    def take(self, rows: NDArray[np.int64]) -> Scores:
        """Give some of the documents."""
        return Scores(self.labels[rows], self.relevance[rows])


@dataclass(frozen=True, slots=True)
class Adapted:
    """An adapted classifier.

    Parameters
    ----------
    heads
        The classifier; log odds are the very same where nothing better was found.
    changed
        Codes whose log odds were changed.
    change
        Of shape (2, n_labels + 1): by what log odds are stretched, and then shifted; 1 and 0 where
        not. The last column is relevance's.
    moved
        Codes whose thresholds were moved.
    """

    heads: Heads
    changed: tuple[str, ...]
    change: NDArray[np.float64]
    moved: tuple[str, ...] = ()

    @property
    def relevance_changed(self) -> bool:
        """Whether the log odds of serving an outcome were changed."""
        return bool((self.change[:, -1] != (1, 0)).any())

    def probabilities(
        self, scores: Scores, taxonomy: Taxonomy
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Give the probabilities of documents, and whether each serves an outcome."""
        return _probabilities(self.change[0] * scores.columns + self.change[1], taxonomy)


def adapt_heads(
    heads: Heads,
    scores: Scores,
    truth: NDArray[np.bool_],
    groups: Sequence[int],
    taxonomy: Taxonomy,
    *,
    judged: NDArray[np.bool_] | None = None,
) -> Adapted:
    """Adapt a classifier to labelled documents that it was not trained on.

    Parameters
    ----------
    heads
        The classifier.
    scores
        What it says of the documents.
    truth
        Of shape (n_documents, n_labels): their labels.
    groups
        Of each document; near-duplicates share one.
    taxonomy
        The labels.
    judged
        Of the shape of ``truth``: which labels were looked for; all when left out.

    Raises
    ------
    CorpusError
        When there are fewer than 20 documents.
    """
    if len(truth) < MIN_DOCUMENTS:
        raise CorpusError(f"got {len(truth)} documents, expected at least {MIN_DOCUMENTS}")
    relevant = np.asarray(truth[:, heads.second.outcomes].any(axis=1))
    logits, expected = scores.columns, np.column_stack([truth, relevant])
    judged = np.ones_like(truth) if judged is None else judged
    # a label's log odds hold for documents that serve an outcome (where not all were looked for,
    # one may be served unseen), relevance's for all
    complete = judged[:, heads.second.outcomes].all(axis=1)
    served = relevant | ~complete
    counted = np.column_stack([judged & served[:, None], complete]).astype(float)
    folds = make_folds(truth, groups, min(_N_FOLDS, len(set(groups))))
    held_out = logits.copy()
    for fold in np.unique(folds):
        rest = folds != fold
        change = fit_platt(logits[rest], expected[rest], _SPREADS, counted[rest])
        held_out[~rest] = stretch(logits[~rest], change)
    loss = (counted * (_losses(held_out, expected) - _losses(logits, expected))).sum(axis=0)
    better = loss < 0
    change = np.where(better, fit_platt(logits, expected, _SPREADS, counted), 0.0)
    probabilities, _ = _probabilities(np.where(better, held_out, logits), taxonomy)
    thresholds = _thresholds(heads, truth, probabilities, judged)
    return Adapted(
        replace(heads, second=_stretch(heads.second, change), thresholds=thresholds),
        _chosen(taxonomy, better[:-1]),
        np.stack([1 + change[0], change[1]]),
        _chosen(taxonomy, thresholds != heads.thresholds),
    )


def _chosen(taxonomy: Taxonomy, columns: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(taxonomy.codes[column] for column in np.flatnonzero(columns))


def _stretch(second: SecondStage, change: NDArray[np.float64]) -> SecondStage:
    slope, shift = 1 + change[0], change[1]
    return replace(
        second,
        weights=as_float32(second.weights * slope[:-1, None]),
        bias=as_float32(second.bias * slope[:-1] + shift[:-1]),
        company=as_float32(second.company * slope[:-1]),
        relevance_weights=as_float32(second.relevance_weights * slope[-1]),
        relevance_bias=as_float32(second.relevance_bias * slope[-1] + shift[-1]),
    )


def _probabilities(
    logits: NDArray[np.float64], taxonomy: Taxonomy
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    relevance = sigmoid(logits[:, -1])
    scores = raise_parents(relevance[:, None] * sigmoid(logits[:, :-1]), taxonomy.parents)
    return scores, relevance >= RELEVANT


def _thresholds(
    heads: Heads,
    truth: NDArray[np.bool_],
    scores: NDArray[np.float64],
    judged: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Move thresholds of labels judged throughout towards the best here, less for rare ones."""
    known = np.flatnonzero(judged.all(axis=0))
    positives = truth[:, known].sum(axis=0)
    share = positives / (positives + _STRENGTH)
    tuned = tune_thresholds(truth[:, known], scores[:, known])
    moved = heads.thresholds.astype(float)
    moved[known] = share * tuned + (1 - share) * moved[known]
    return as_float32(np.clip(moved, heads.lower, heads.upper))


def _losses(logits: NDArray[np.float64], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Cross-entropy of every decision, in nats."""
    return np.asarray(np.logaddexp(0.0, np.where(truth, -logits, logits)))
