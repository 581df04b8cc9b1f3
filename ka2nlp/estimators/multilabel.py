"""One logistic regression a label, which rare and absent labels do not break."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Tags
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, validate_data

from ka2nlp.estimators.targets import LabelClassifier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ka2nlp.estimators.targets import Samples

__all__ = ["MultilabelLogistic"]


class MultilabelLogistic(LabelClassifier):
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
    classes_ : ndarray
        Names of the labels: of the columns of a data frame, otherwise numbers from 0; or the
        classes of a vector.
    coef_ : ndarray of shape (n_labels, n_features), float64
    intercept_ : ndarray of shape (n_labels,), float64
    n_iter_ : int
        Most steps that a label took.

    Examples
    --------
    >>> from ka2nlp.estimators import MultilabelLogistic
    >>> X, Y = [[0.0], [1.0], [2.0], [3.0]], [[0, 1], [0, 1], [1, 1], [1, 0]]
    >>> MultilabelLogistic(C=100).fit(X, Y).predict([[0.5], [3.5]])
    array([[0, 1],
           [1, 0]])
    """

    def __init__(self, C: float = 1.0, *, max_iter: int = 300) -> None:
        self.C = C
        self.max_iter = max_iter

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that features may be sparse."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit all labels.

        Parameters
        ----------
        X
            Of shape (n_samples, n_features), dense or sparse.
        y
            Of shape (n_samples, n_labels), of 0 and 1; or of shape (n_samples,), of two classes. A
            label with one class only gets its smoothed frequency as a constant probability.
        sample_weight
            Of shape (n_samples,); all alike when left out.

        Returns
        -------
        self
        """
        dtypes = (np.float64, np.float32)
        checked = validate_data(self, X, accept_sparse="csr", dtype=dtypes)
        Y = self._read_targets(y)
        check_consistent_length(checked, Y)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, checked)
        self.coef_ = np.zeros((Y.shape[1], checked.shape[1]))
        self.intercept_ = np.zeros(Y.shape[1])
        self.n_iter_ = 1
        for label in range(Y.shape[1]):
            self._fit_label(checked, Y[:, label], weight, label)
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

    def _log_odds(self, X: Samples) -> NDArray[np.float64]:
        dtypes = (np.float64, np.float32)
        checked = validate_data(self, X, reset=False, accept_sparse="csr", dtype=dtypes)
        return np.asarray(checked @ self.coef_.T + self.intercept_)
