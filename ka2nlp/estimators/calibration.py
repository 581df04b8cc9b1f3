"""Make probabilities of what a classifier says, label by label, out of fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.isotonic import IsotonicRegression

from ka2nlp.aggregation import sigmoid
from ka2nlp.estimators.folds import logit
from ka2nlp.estimators.wrapping import WrappingClassifier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ka2nlp.estimators.targets import Samples

__all__ = ["CalibratedMultilabel", "fit_platt", "stretch"]

_N_STEPS: Final = 25
_N_HALVES: Final = 12
_CURVED: Final = 50
"""Samples with a label, and without it, under which a free curve would follow chance."""


class CalibratedMultilabel(WrappingClassifier):
    """A classifier whose probabilities come true as often as they say.

    scikit-learn's ``CalibratedClassifierCV`` takes no matrix of labels, and needs samples of both
    classes in every fold. Here each label is calibrated on what clones of the classifier say of
    samples that they did not see; priors keep rare labels near what the classifier says.

    Parameters
    ----------
    estimator
        Classifies a matrix of labels, by log odds, probabilities or margins; a
        :class:`MultilabelLogistic` when left out.
    method
        "sigmoid" stretches and shifts log odds (Platt 1999); "isotonic" fits any rising curve to
        labels that at least 50 samples have and 50 lack, and is "sigmoid" for the others.
    cv
        A number of folds, made alike in their labels, None being 5; or a splitter of scikit-learn,
        or pairs of rows to learn from and rows held out.
    slope_spread, shift_spread
        Standard deviations of the priors on stretch (about 1) and shift (about 0).
    random_state
        Seed of the folds.

    Attributes
    ----------
    estimator_ : estimator
        Fitted on all samples.
    classes_ : ndarray
        Names of the labels.
    change_ : ndarray of shape (2, n_labels), float64
        By what log odds are stretched, and then shifted.
    curves_ : dict
        Number of a label, to its fitted ``IsotonicRegression``.
    """

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        *,
        method: str = "sigmoid",
        cv: Any = 5,  # noqa: ANN401
        slope_spread: float = 1.0,
        shift_spread: float = 3.0,
        random_state: int | None = 0,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.cv = cv
        self.slope_spread = slope_spread
        self.shift_spread = shift_spread
        self.random_state = random_state

    def fit(self, X: Samples, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit the classifier, and calibrate it.

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
            When the method is not known, or there are too few samples for folds.
        """
        if self.method not in ("sigmoid", "isotonic"):
            raise ValueError(f"got the method {self.method!r}, expected 'sigmoid' or 'isotonic'")
        Y, found = self._fit_within(X, y, groups)
        spreads = np.array([self.slope_spread, self.shift_spread])
        self.change_ = np.array([[1.0], [0.0]]) + fit_platt(found, Y, spreads)
        self.curves_ = {}
        if self.method == "isotonic":
            n_positive = Y.sum(axis=0)
            rich = np.minimum(n_positive, len(Y) - n_positive) >= _CURVED
            for label in np.flatnonzero(rich):
                bounds = 0.5 / len(Y), 1 - 0.5 / len(Y)
                curve = IsotonicRegression(y_min=bounds[0], y_max=bounds[1], out_of_bounds="clip")
                self.curves_[int(label)] = curve.fit(found[:, label], Y[:, label])
        return self

    def _log_odds(self, X: Samples) -> NDArray[np.float64]:
        found = self._log_odds_within(X)
        changed = self.change_[0] * found + self.change_[1]
        for label, curve in self.curves_.items():
            changed[:, label] = logit(curve.predict(found[:, label]))
        return np.asarray(changed)


def fit_platt(
    log_odds: NDArray[np.float64],
    truth: NDArray[np.bool_],
    spreads: NDArray[np.float64],
    counted: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Find the most probable ``a`` and ``b`` of ``(1 + a) z + b`` for every label.

    Parameters
    ----------
    log_odds, truth
        Of shape (n_samples, n_labels): what a classifier said, and what holds.
    spreads
        Of shape (2,): standard deviations of the Gaussian priors on ``a`` and ``b``, about 0.
    counted
        Weights of shape (n_samples, n_labels); 1 when left out.

    Returns
    -------
    ndarray of shape (2, n_labels), float64
    """
    weights = np.ones_like(log_odds) if counted is None else counted
    inputs = np.stack([log_odds, np.ones_like(log_odds)])  # (2, n_samples, n_labels)
    prior = np.diag(1 / spreads**2)
    change = np.zeros((2, log_odds.shape[1]))

    def loss(change: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = stretch(log_odds, change)
        errors = np.logaddexp(0.0, np.where(truth, -moved, moved))
        return np.asarray((weights * errors).sum(axis=0) + (prior @ change**2).sum(axis=0) / 2)

    for _ in range(_N_STEPS):  # Newton's method
        expected = sigmoid(stretch(log_odds, change))
        slope = np.einsum("knl,nl->lk", inputs, weights * (expected - truth)) + change.T @ prior
        weight = weights * expected * (1 - expected)
        curvature = np.einsum("jnl,nl,knl->ljk", inputs, weight, inputs) + prior
        step = np.linalg.solve(curvature, slope[..., None])[..., 0].T
        before = loss(change)
        for _ in range(_N_HALVES):  # a step that leads upward is halved
            worse = loss(change - step) > before
            if not worse.any():
                break
            step = np.where(worse, step / 2, step)
        change = change - step
    return change


def stretch(log_odds: NDArray[np.float64], change: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give ``(1 + a) z + b``, with ``a`` and ``b`` as ``fit_platt`` finds them."""
    return np.asarray((1 + change[0]) * log_odds + change[1])
