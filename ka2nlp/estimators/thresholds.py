"""Decision thresholds that hold on new data: one a label, shrunk to the global one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["tune_thresholds"]

_GRID: Final = np.round(np.arange(0.10, 0.901, 0.01), 2)


def tune_thresholds(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], *, strength: float = 100.0
) -> NDArray[np.float64]:
    """Choose thresholds that maximise F1 on scores the classifier did not train on.

    Tuned label by label, thresholds overfit (Lipton et al. 2014; Wellcome's grants_tagger found no
    gain on held-out grants). Each is therefore drawn to the best global one, the more the rarer the
    label is.

    Parameters
    ----------
    truth, scores
        Of shape (n_documents, n_labels); scores in [0, 1], out of fold.
    strength
        Number of positives at which a label's own threshold counts one half.

    Returns
    -------
    ndarray of shape (n_labels,)
        Thresholds in [0.1, 0.9].
    """
    common = _best_threshold(truth, scores)
    tuned = np.empty(truth.shape[1])
    for label in range(truth.shape[1]):
        n_positive = int(truth[:, label].sum())
        own = _best_threshold(truth[:, label], scores[:, label]) if n_positive else common
        share = n_positive / (n_positive + strength)
        tuned[label] = share * own + (1 - share) * common
    return tuned


def _best_threshold(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Find where F1 is highest; between equals, the middle."""
    decided = scores[..., None] >= _GRID
    right = (decided & truth[..., None]).reshape(-1, len(_GRID)).sum(axis=0)
    either = decided.reshape(-1, len(_GRID)).sum(axis=0) + truth.sum()
    f1 = 2 * right / np.maximum(either, 1)
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return float(_GRID[best[len(best) // 2]])
