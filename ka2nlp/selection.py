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
    return np.asarray(entropy.mean(axis=1))
