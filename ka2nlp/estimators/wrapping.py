"""Classifiers that improve on another one, which they keep within."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import Tags, get_tags, indexable

from ka2nlp.estimators.folds import fit_labels, label_log_odds, out_of_fold
from ka2nlp.estimators.multilabel import MultilabelLogistic
from ka2nlp.estimators.targets import LabelClassifier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ka2nlp.estimators.targets import Samples

__all__ = ["WrappingClassifier"]


class WrappingClassifier(MetaEstimatorMixin, LabelClassifier):
    """Learns from what a classifier says of samples that it did not see; ``estimator_`` is fitted.

    Subclasses have the parameters ``estimator``, ``cv`` and ``random_state``.
    """

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that features may be whatever the inner classifier takes."""
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._inner()).input_tags
        return tags

    def _inner(self) -> BaseEstimator:
        """Give the classifier within, not fitted."""
        return MultilabelLogistic() if self.estimator is None else self.estimator

    def _fit_within(
        self, X: Samples, y: ArrayLike, groups: ArrayLike | None
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Fit the classifier within; give the labels, and its log odds out of fold."""
        Y = self._read_targets(y)
        X, Y, groups = indexable(X, Y, groups)
        inner = self._inner()
        found = out_of_fold(inner, X, Y, self.cv, groups, self.random_state)
        self.estimator_ = fit_labels(clone(inner), X, Y)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return Y, found

    def _log_odds_within(self, X: Samples) -> NDArray[np.float64]:
        n_labels = 1 if self.binary_ else len(self.classes_)
        return label_log_odds(self.estimator_, X, n_labels)
