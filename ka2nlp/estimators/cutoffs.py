"""Cut-offs for three answers: addressed, to check, not addressed; one pair a label.

*Not addressed* misses a bounded share of what is there (conformal risk control: Angelopoulos,
Bates, Fisch, Lei and Schuster 2024); *addressed* is wrong in a bounded share of cases (conformal
selection: Jin and Candès 2023). Rare labels are calibrated together (Ding, Angelopoulos,
Bates, Jordan and Tibshirani 2023).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["tune_cutoffs"]

NEVER: Final = 1.0
"""An upper cut-off that no probability reaches."""


def tune_cutoffs(
    truth: NDArray[np.bool_],
    scores: NDArray[np.float64],
    *,
    max_missed: float = 0.05,
    max_wrong: float = 0.10,
    min_positives: int = 60,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Choose cut-offs on scores that the classifier did not train on.

    Parameters
    ----------
    truth, scores
        Of shape (n_documents, n_labels); scores in [0, 1), out of fold.
    max_missed
        Expected share of a label's documents that may score under its lower cut-off.
    max_wrong
        Expected share of the documents from its upper cut-off on that may lack the label.
    min_positives
        Labels with fewer documents share one pair of cut-offs.

    Returns
    -------
    tuple of ndarray of shape (n_labels,)
        Lower and upper cut-offs in [0, 1]. The upper is never under the lower; where no score is
        right often enough it is 1, which no probability reaches.
    """
    lower, upper = np.zeros(truth.shape[1]), np.full(truth.shape[1], NEVER)
    for columns in _clusters(truth.sum(axis=0), min_positives):
        hits, values = truth[:, columns].ravel(), scores[:, columns].ravel()
        lower[columns] = _lower(values[hits], max_missed)
        upper[columns] = _upper(hits, values, max_wrong)
    return lower, np.maximum(lower, upper)


def _clusters(n_positives: NDArray[np.int64], min_positives: int) -> Iterator[list[int]]:
    frequent = np.flatnonzero(n_positives >= min_positives)
    yield from ([int(column)] for column in frequent)
    rare = np.flatnonzero(n_positives < min_positives)
    if len(rare):
        yield [int(column) for column in rare]


def _lower(positives: NDArray[np.float64], max_missed: float) -> float:
    """Find the highest score under which, with one more miss, few enough positives lie."""
    allowed = int(np.floor(max_missed * (len(positives) + 1) + 1e-9)) - 1
    if allowed < 0:
        return 0.0
    return float(np.sort(positives)[allowed])


def _upper(hits: NDArray[np.bool_], scores: NDArray[np.float64], max_wrong: float) -> float:
    """Find the lowest score from which on, with one more error, few enough are wrong."""
    order = np.argsort(-scores, kind="stable")
    n_wrong = np.cumsum(~hits[order])
    n_above = np.arange(1, len(order) + 1)
    last_of_ties = np.append(np.diff(scores[order]) < 0, True)
    fine = last_of_ties & ((n_wrong + 1) <= max_wrong * n_above)
    return float(scores[order][np.flatnonzero(fine)[-1]]) if fine.any() else NEVER
