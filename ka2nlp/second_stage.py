"""The second stage: from what is known of a document to probabilities.

A document either serves some outcome of the taxonomy or it does not: foreign matter, boilerplate, a
policy essay. The probability of a label is that of the first times that of the label given the
first (a hurdle model, Cragg 1971), so that what reads like no project at all gets no label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.aggregation import N_POOLED, NOISY_OR, sigmoid
from ka2nlp.arrays import check_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["N_FEATURES", "N_RELEVANCE", "RELEVANT", "SecondStage", "relevance_features"]

N_FEATURES: Final = N_POOLED + 2
"""Numbers that a document gives for one label."""

N_RELEVANCE: Final = 11
"""Numbers that tell whether a document serves any outcome."""

RELEVANT: Final = 0.5
"""Probability of serving any outcome under which a document gets no label."""

_BEST, _DOCUMENT, _WORDS = 0, N_POOLED, N_POOLED + 1
_FEW, _SOME = 3, 8


@dataclass(frozen=True, slots=True)
class SecondStage:
    """The weights.

    Parameters
    ----------
    weights, bias
        Of shape (n_labels, N_FEATURES) and (n_labels,): what is known of a label, to its log odds
        in a document that serves an outcome.
    company
        Of shape (n_labels, n_labels): the log odds that any sentence shows a label (row), to the
        log odds of each (column); labels keep company.
    relevance_weights, relevance_bias
        Of shape (N_RELEVANCE,) and (1,): what ``relevance_features`` gives, to the log odds that
        the document serves an outcome.
    outcomes
        Of shape (n_outcomes,): the columns of the outcomes.

    Raises
    ------
    ModelError
        When the shapes do not belong together or a number is not finite.
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    company: NDArray[np.float32]
    relevance_weights: NDArray[np.float32]
    relevance_bias: NDArray[np.float32]
    outcomes: NDArray[np.int64]

    def __post_init__(self) -> None:
        n_labels = len(self.bias)
        shapes = {
            "weights": (n_labels, N_FEATURES),
            "bias": (n_labels,),
            "company": (n_labels, n_labels),
            "relevance_weights": (N_RELEVANCE,),
            "relevance_bias": (1,),
        }
        check_arrays(self, shapes)

    def logits(self, seen: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give log odds of the labels in documents that serve an outcome.

        Parameters
        ----------
        seen
            Of shape (..., n_labels, N_FEATURES).

        Returns
        -------
        ndarray of shape (..., n_labels), float64
        """
        company = seen[..., NOISY_OR] @ self.company.astype(np.float64)
        return np.asarray((seen * self.weights).sum(axis=-1) + company + self.bias)

    def relevance(
        self, seen: NDArray[np.float64], n_sentences: NDArray[np.int64] | int
    ) -> NDArray[np.float64]:
        """Give the log odds that documents serve an outcome, of shape (...,)."""
        found = relevance_features(seen, n_sentences, self.outcomes)
        return np.asarray(
            found @ self.relevance_weights.astype(np.float64) + self.relevance_bias[0]
        )

    def probabilities(
        self, seen: NDArray[np.float64], n_sentences: NDArray[np.int64] | int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give probabilities of the labels, (..., n_labels), and of serving an outcome, (...,)."""
        relevance = sigmoid(self.relevance(seen, n_sentences))
        return relevance[..., None] * sigmoid(self.logits(seen)), relevance


def relevance_features(
    seen: NDArray[np.float64], n_sentences: NDArray[np.int64] | int, outcomes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Tell how much a document speaks for outcomes at all, whichever they are.

    Parameters
    ----------
    seen
        Of shape (..., n_labels, N_FEATURES).
    n_sentences
        Of shape (...,).
    outcomes
        Columns of the outcomes.

    Returns
    -------
    ndarray of shape (..., N_RELEVANCE), float64
        Of the log odds that any sentence shows an outcome: the highest, the means of the three and
        eight highest, and of all; of the best sentences': the means of the three and eight highest;
        of the document's vector and of its words: the mean of the three highest, and of all; and
        the logarithm of the number of sentences.
    """

    def ordered(feature: int) -> NDArray[np.float64]:
        return np.sort(seen[..., outcomes, feature], axis=-1)

    anywhere, best = ordered(NOISY_OR), ordered(_BEST)
    document, words = ordered(_DOCUMENT), ordered(_WORDS)
    return np.stack(
        [
            anywhere[..., -1],
            anywhere[..., -_FEW:].mean(axis=-1),
            anywhere[..., -_SOME:].mean(axis=-1),
            anywhere.mean(axis=-1),
            best[..., -_FEW:].mean(axis=-1),
            best[..., -_SOME:].mean(axis=-1),
            document[..., -_FEW:].mean(axis=-1),
            document.mean(axis=-1),
            words[..., -_FEW:].mean(axis=-1),
            words.mean(axis=-1),
            np.log(np.maximum(n_sentences, 1)) * np.ones(seen.shape[:-2]),
        ],
        axis=-1,
    )
