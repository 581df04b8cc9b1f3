"""What classifiers are taught, in the forms that scikit-learn knows: to a matrix and back.

A matrix of 0 and 1, or a data frame of such columns, teaches one label a column. A vector of two
classes teaches one label, and answers come in the same two classes.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted

from ka2nlp.aggregation import sigmoid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ka2nlp.records import Document

__all__ = ["LabelClassifier", "Samples"]

Samples: TypeAlias = "ArrayLike | Sequence[Document]"
"""Features or texts, or documents: which of them, each classifier says."""


class LabelClassifier(ClassifierMixin, BaseEstimator):
    """A classifier of many labels that knows log odds; the rest follows.

    Attributes
    ----------
    classes_ : ndarray
        Names of the labels: of the columns of a data frame, otherwise numbers from 0; or the
        classes of a vector.
    binary_ : bool
        Whether a vector was given.
    """

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that labels are a matrix, or one vector of two classes."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.classifier_tags.multi_class = False
        return tags

    @abstractmethod
    def _log_odds(self, X: Samples) -> NDArray[np.float64]:
        """Give log odds of shape (n_samples, n_labels)."""

    def _margins(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give what decides: a label holds from 0 on."""
        return log_odds

    def _read_targets(self, y: ArrayLike | None) -> NDArray[np.bool_]:
        """Learn the classes, and give the labels as a matrix of shape (n_samples, n_labels)."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        if isinstance(y, (list, tuple)) and any(map(_names, y)):
            raise ValueError(
                "got lists of codes, expected a matrix of 0 and 1 of shape (n_samples, n_labels); "
                "sklearn.preprocessing.MultiLabelBinarizer makes one"
            )
        names = getattr(y, "columns", None)
        labels = check_array(y, ensure_2d=False, dtype=None, input_name="y", allow_nd=True)
        self.binary_ = labels.ndim == 1
        if self.binary_:
            return self._read_vector(labels)
        if labels.ndim != 2 or not np.isin(labels, (0, 1)).all():
            raise ValueError(
                f"got labels of shape {labels.shape} that are not all 0 or 1, expected a matrix of "
                "0 and 1 of shape (n_samples, n_labels)"
            )
        self.classes_ = np.arange(labels.shape[1]) if names is None else np.asarray(names)
        return np.asarray(labels, dtype=bool)

    def _read_vector(self, labels: NDArray[Any]) -> NDArray[np.bool_]:
        labels = column_or_1d(labels)
        check_classification_targets(labels)
        self.classes_, positions = np.unique(labels, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(labels)}. For several labels, give a matrix of 0 and 1."
            )
        return np.asarray(positions[:, None] == 1)

    def decision_function(self, X: Samples) -> NDArray[np.float64]:
        """Give what decides, a label holding from 0 on.

        Returns
        -------
        ndarray of shape (n_samples, n_labels), or (n_samples,) where a vector was learnt
        """
        check_is_fitted(self)
        margins = self._margins(self._log_odds(X))
        return margins[:, 0] if self.binary_ else margins

    def predict_proba(self, X: Samples) -> NDArray[np.float64]:
        """Give probabilities in [0, 1].

        Returns
        -------
        ndarray of shape (n_samples, n_labels), or (n_samples, n_classes) where a vector was learnt
        """
        check_is_fitted(self)
        found = sigmoid(self._log_odds(X))
        if not self.binary_:
            return found
        return np.column_stack([1 - found, found])[:, -len(self.classes_) :]

    def predict(self, X: Samples) -> NDArray[Any]:
        """Decide.

        Returns
        -------
        ndarray of shape (n_samples, n_labels), int64, of 0 and 1; or of shape (n_samples,), the
        classes, where a vector was learnt
        """
        check_is_fitted(self)
        decided = (self._margins(self._log_odds(X)) >= 0).astype(np.int64)
        if not self.binary_:
            return decided
        return np.asarray(self.classes_[np.minimum(decided[:, 0], len(self.classes_) - 1)])


def _names(labels: object) -> bool:
    """Tell a list of codes from a row of a matrix."""
    several = isinstance(labels, (list, tuple, set, frozenset))
    return several and any(isinstance(one, str) for one in labels)  # type: ignore[attr-defined]
