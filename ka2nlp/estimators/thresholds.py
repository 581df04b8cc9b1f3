"""Decision thresholds that hold on new data: one a label, shrunk to the global one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from sklearn.base import BaseEstimator

from ka2nlp.aggregation import sigmoid
from ka2nlp.estimators.folds import logit
from ka2nlp.estimators.wrapping import WrappingClassifier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ka2nlp.estimators.targets import Samples

__all__ = ["ThresholdedMultilabel", "tune_thresholds"]

_GRID: Final = np.round(np.arange(0.10, 0.901, 0.01), 2)


class ThresholdedMultilabel(WrappingClassifier):
    """A classifier that decides at a threshold a label, tuned for F1 out of fold.

    The thresholds are tuned on what clones of the classifier say of samples that they did not see,
    and the rarer a label is, the nearer is its threshold to the one that is best for all.

    Parameters
    ----------
    estimator
        Classifies a matrix of labels and has ``predict_proba``; a :class:`MultilabelLogistic` when
        left out. One without probabilities goes into a :class:`CalibratedMultilabel` first.
    cv
        A number of folds, made alike in their labels, None being 5; or a splitter of scikit-learn,
        or pairs of rows to learn from and rows held out.
    strength
        Number of positives at which a label's own threshold counts one half.
    random_state
        Seed of the folds.

    Attributes
    ----------
    estimator_ : estimator
        Fitted on all samples.
    classes_ : ndarray
        Names of the labels.
    thresholds_ : ndarray of shape (n_labels,), float64
        A label holds from this probability on.
    """

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        *,
        cv: Any = 5,  # noqa: ANN401
        strength: float = 100.0,
        random_state: int | None = 0,
    ) -> None:
        self.estimator = estimator
        self.cv = cv
        self.strength = strength
        self.random_state = random_state

    def fit(self, X: Samples, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit the classifier, and tune its thresholds.

        Parameters
        ----------
        X
            Whatever the classifier takes.
        y
            Of shape (n_samples, n_labels), of 0 and 1.
        groups
            Of each sample; a group, such as a text and its translation, is never divided.

        Raises
        ------
        ValueError
            When the classifier has no probabilities, or there are too few samples for folds.
        """
        if not hasattr(self._inner(), "predict_proba"):
            raise ValueError(
                f"got {type(self._inner()).__name__}, expected a classifier with predict_proba; "
                "put it into a CalibratedMultilabel"
            )
        Y, found = self._fit_within(X, y, groups)
        self.thresholds_ = tune_thresholds(Y, sigmoid(found), strength=self.strength)
        return self

    def _log_odds(self, X: Samples) -> NDArray[np.float64]:
        return self._log_odds_within(X)

    def _margins(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        return log_odds - logit(self.thresholds_)


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
