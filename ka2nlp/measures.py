"""Figures of arrays of labels and probabilities: rates, ranking, calibration and intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["average_precision", "calibration_error", "interval", "mean_of_defined", "rates"]

N_BINS: Final = 10
N_RESAMPLES: Final = 1000


def rates(
    n_right: int, n_reported: int, n_gold: int
) -> tuple[float | None, float | None, float | None]:
    """Give precision, recall and F1."""
    return (
        n_right / n_reported if n_reported else None,
        n_right / n_gold if n_gold else None,
        2 * n_right / (n_reported + n_gold) if n_reported + n_gold else None,
    )


def average_precision(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Average precision of one label, equal scores taken together.

    The definition is scikit-learn's, which need not be installed to measure a model.

    Parameters
    ----------
    truth, scores
        Of shape (n_documents,); at least one document has the label.
    """
    order = np.argsort(-scores, kind="stable")
    last_of_equals = np.append(np.diff(scores[order]) != 0, True)
    hits = np.cumsum(truth[order])[last_of_equals]
    precision = hits / (np.flatnonzero(last_of_equals) + 1)
    return float(np.sum(np.diff(hits, prepend=0) * precision) / truth.sum())


def calibration_error(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Compute the expected calibration error over ten bins of equal mass.

    Parameters
    ----------
    truth, scores
        Of one shape; scores in [0, 1].

    Returns
    -------
    float
        In [0, 1]; 0 where there is nothing to measure.
    """
    order = np.argsort(scores, axis=None, kind="stable")
    hits, expected = truth.ravel()[order].astype(float), scores.ravel()[order]
    bins = np.array_split(np.arange(len(order)), N_BINS)
    gaps = [
        len(rows) * abs(hits[rows].mean() - expected[rows].mean()) for rows in bins if len(rows)
    ]
    return float(sum(gaps) / max(len(order), 1))


def interval(
    measure: Callable[[NDArray[np.int64]], float | None], n_documents: int
) -> tuple[float, float] | None:
    """Bootstrap the 95% interval of a figure.

    Parameters
    ----------
    measure
        Computes the figure on some rows, drawn with replacement; None where it is undefined.
    n_documents
        Rows to draw from.
    """
    rng = np.random.default_rng(0)
    draws = (rng.integers(0, n_documents, n_documents) for _ in range(N_RESAMPLES))
    found = [value for rows in draws if (value := measure(rows)) is not None]
    if not found:
        return None
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def mean_of_defined(values: Iterable[float | None]) -> float | None:
    """Average what is defined; None where nothing is."""
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None
