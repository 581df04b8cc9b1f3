"""Which unlabelled documents to label next: what a model says of them in, an order out.

Uncertain and diverse first. The documents chosen are to stand for all that the model is unsure of:
greedily, the next one is that which adds most to the sum over documents of (uncertainty times
likeness to the likest document chosen or labelled), times its own uncertainty. This is facility
location weighted by uncertainty, after Wei, Iyer and Bilmes (Submodularity in Data Subset Selection
and Active Learning, ICML 2015), where uncertainty is the mean entropy of a document's labels, and
two documents are alike as far as the model and their words say so. ``scripts/active_learning``
measures what it saves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Described", "most_useful", "uncertainty", "word_vectors"]

_N_HASHES: Final = 2**16
_CERTAIN: Final = 0.01
"""Probabilities beyond this and its complement are alike."""


@dataclass(frozen=True, slots=True)
class Described:
    """Documents as a model and their words describe them.

    Parameters
    ----------
    probabilities
        Of shape (n_documents, n_labels), in [0, 1].
    words
        Of shape (n_documents, n_hashes), sparse: rows of ``word_vectors``, all of one call to it.
    """

    probabilities: NDArray[np.float64]
    words: Any

    def take(self, rows: slice | Sequence[int] | NDArray[np.int64]) -> Described:
        """Give some of the documents."""
        return Described(self.probabilities[rows], self.words[rows])


def word_vectors(texts: Sequence[str]) -> Any:  # noqa: ANN401  (SciPy has no types)
    """Turn texts into TF-IDF vectors of their words; needs ``ka2nlp[learn]``.

    Returns
    -------
    scipy.sparse matrix of shape (n_texts, n_hashes), float64
        Rows of length 1, or 0 where a text has no word that another lacks.
    """
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.preprocessing import normalize

    vectorizer = HashingVectorizer(
        n_features=_N_HASHES,
        token_pattern=r"[^\W\d_]{2,}",  # noqa: S106  (of words)
        norm=None,
        alternate_sign=False,
    )
    counts = vectorizer.transform(texts or [""])  # scikit-learn takes no empty list
    n_texts_with = np.bincount(counts.indices, minlength=_N_HASHES)
    rarity = np.log(max(len(texts), 1) / np.maximum(n_texts_with, 1))
    counts.data = (1 + np.log(counts.data)) * rarity[counts.indices]
    return normalize(counts)[: len(texts)]


def most_useful(
    documents: Described, known: Described | None = None, *, n_first: int = 100
) -> list[int]:
    """Order documents by how much a model would learn from their labels.

    Parameters
    ----------
    documents
        Those to order.
    known
        Those that are labelled already.
    n_first
        How many of the first are chosen with regard to each other; the rest comes by uncertainty
        alone, for a model that has learnt from the first will say something else of it.

    Returns
    -------
    list of int
        Every row once, the most useful one first; between equals, the earlier row.
    """
    doubt = uncertainty(documents.probabilities)
    n_documents = len(doubt)
    alike = _likeness(documents, known)
    covered = alike[:, n_documents:].max(axis=1, initial=0.0)
    alike = alike[:, :n_documents]

    def gain(row: int) -> float:
        return float(doubt[row] * (np.maximum(alike[row] - covered, 0.0) @ doubt))

    # A gain only falls as more is covered, so that an old one bounds the new one from above: only
    # what stands first is computed again (Minoux's accelerated greedy algorithm, 1978).
    bounds = [(-gain(row), row) for row in range(n_documents)]
    heapify(bounds)
    order: list[int] = []
    while bounds and len(order) < n_first:
        row = bounds[0][1]
        newest = (-gain(row), row)
        heapreplace(bounds, newest)
        if bounds[0] == newest:
            heappop(bounds)
            order.append(row)
            covered = np.maximum(covered, alike[row])
    rest = np.array(sorted(row for _, row in bounds), dtype=np.int64)
    return [*order, *rest[np.argsort(-doubt[rest], kind="stable")].tolist()]


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


def _likeness(documents: Described, known: Described | None) -> NDArray[np.float64]:
    """Give how alike the documents are to each other and to those known, in [0, 1].

    The mean of two cosines, none under 0: of log odds around their mean, and of words.

    Returns
    -------
    ndarray of shape (n_documents, n_documents + n_known)
    """
    parts = [documents] if known is None else [documents, known]
    inside = np.clip(np.concatenate([part.probabilities for part in parts]), _CERTAIN, 1 - _CERTAIN)
    odds = np.log(inside / (1 - inside))
    odds -= odds.mean(axis=0, keepdims=True) if len(odds) else 0.0
    odds /= np.maximum(np.linalg.norm(odds, axis=1, keepdims=True), 1e-9)
    said = odds[: len(documents.probabilities)] @ odds.T
    words = np.hstack([(documents.words @ part.words.T).toarray() for part in parts])
    return np.asarray((np.maximum(said, 0.0) + words) / 2)
