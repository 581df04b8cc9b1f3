"""One logistic regression a label, which rare and absent labels do not break."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Tags
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["MultilabelLogistic"]


class MultilabelLogistic(ClassifierMixin, BaseEstimator):
    """Independent L2-regularised logistic regressions (binary relevance).

    scikit-learn's ``OneVsRestClassifier`` takes no sample weights for a label matrix and keeps one
    estimator object a label; this one keeps the coefficients as one matrix.

    Parameters
    ----------
    C
        Inverse strength of the regularisation, over 0.
    max_iter
        Steps of the solver (L-BFGS) at most.

    Attributes
    ----------
    coef_ : ndarray of shape (n_labels, n_features), float64
    intercept_ : ndarray of shape (n_labels,), float64
    n_labels_ : int
    n_iter_ : int
        Most steps that a label took.
    """

    def __init__(self, C: float = 1.0, *, max_iter: int = 300) -> None:
        self.C = C
        self.max_iter = max_iter

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that labels are a matrix and that features may be sparse."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: NDArray[np.floating] | None = None
    ) -> Self:
        """Fit all labels.

        Parameters
        ----------
        X
            Of shape (n_samples, n_features), dense or sparse.
        y
            Of shape (n_samples, n_labels), of 0 and 1. A label with one class only gets its
            smoothed frequency as a constant probability.
        sample_weight
            Of shape (n_samples,); all alike when left out.

        Returns
        -------
        self
        """
        checked = validate_data(
            self, X, y, multi_output=True, accept_sparse="csr", dtype=(np.float64, np.float32)
        )
        return self._fit(checked[0], np.asarray(checked[1], dtype=bool), sample_weight)

    def _fit(
        self,
        X: NDArray[np.floating],
        Y: NDArray[np.bool_],
        sample_weight: NDArray[np.floating] | None,
    ) -> Self:
        Y = Y.reshape(X.shape[0], -1)
        self.n_labels_ = Y.shape[1]
        self.coef_ = np.zeros((self.n_labels_, X.shape[1]))
        self.intercept_ = np.zeros(self.n_labels_)
        self.n_iter_ = 1
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X)
        for label in range(self.n_labels_):
            self._fit_label(X, Y[:, label], sample_weight, label)
        return self

    def _fit_label(
        self,
        X: NDArray[np.floating],
        y: NDArray[np.bool_],
        sample_weight: NDArray[np.floating] | None,
        label: int,
    ) -> None:
        n_positive = int(y.sum())
        if n_positive in (0, len(y)):
            share = (n_positive + 0.5) / (len(y) + 1)
            self.intercept_[label] = np.log(share / (1 - share))
            return
        model = LogisticRegression(C=self.C, max_iter=self.max_iter)
        model.fit(X, y, sample_weight=sample_weight)
        self.coef_[label] = model.coef_[0]
        self.intercept_[label] = model.intercept_[0]
        self.n_iter_ = max(self.n_iter_, int(model.n_iter_[0]))

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Give log odds of shape (n_samples, n_labels)."""
        check_is_fitted(self)
        checked = validate_data(
            self, X, reset=False, accept_sparse="csr", dtype=(np.float64, np.float32)
        )
        return np.asarray(checked @ self.coef_.T + self.intercept_)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Give probabilities of shape (n_samples, n_labels)."""
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * self.decision_function(X))))

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Give labels of shape (n_samples, n_labels): 1 from a probability of one half on."""
        return (self.decision_function(X) >= 0).astype(np.int64)
