"""Which unlabelled documents to label next: their probabilities in, an order out.

Uncertain and diverse first. A document is uncertain as far as the mean entropy of its labels'
probabilities is high, and new as far as its probabilities are far from those of the documents that
are labelled or stand before it. The next one is always that with the highest product of both:
greedy k-centre (Sener and Savarese, Active Learning for Convolutional Neural Networks: A Core-Set
Approach, ICLR 2018) weighted by multi-label uncertainty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["most_useful", "uncertainty"]


def most_useful(
    probabilities: NDArray[np.float64], known: NDArray[np.float64] | None = None
) -> list[int]:
    """Order documents by how much a model would learn from their labels.

    Parameters
    ----------
    probabilities
        Of shape (n_documents, n_labels), in [0, 1]: what the model says of the documents to order.
    known
        Of shape (n_known, n_labels): what it says of those that are labelled already.

    Returns
    -------
    list of int
        Every row once, the most useful one first; between equals, the earlier row.
    """
    doubt = uncertainty(probabilities)
    if known is not None and len(known):
        novelty = _distances(probabilities, known).min(axis=1)
    else:  # the first one is chosen by its uncertainty alone
        novelty = np.ones(len(probabilities))
    order: list[int] = []
    left = np.ones(len(probabilities), dtype=bool)
    while left.any():
        row = int(np.argmax(np.where(left, doubt * novelty, -1.0)))
        order.append(row)
        left[row] = False
        distance = _distances(probabilities, probabilities[row : row + 1])[:, 0]
        novelty = np.minimum(novelty, distance) if len(order) > 1 or known is not None else distance
    return order


def _distances(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give Euclidean distances: (n_one, n_other)."""
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def uncertainty(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the mean binary entropy of each document's labels.

    Parameters
    ----------
    probabilities
        Of shape (n_documents, n_labels), in [0, 1].

    Returns
    -------
    ndarray of shape (n_documents,)
        In bits, in [0, 1].
    """
    inside = np.clip(probabilities, 1e-12, 1 - 1e-12)
    entropy = -(inside * np.log2(inside) + (1 - inside) * np.log2(1 - inside))
    return np.asarray(entropy.sum(axis=1) / max(probabilities.shape[1], 1))
