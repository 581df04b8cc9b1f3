"""What a classifier says of documents that it did not learn from: out of fold, label by label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing

from ka2nlp.splits import make_folds

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from sklearn.base import BaseEstimator

    from ka2nlp.estimators.targets import Samples

__all__ = ["fit_labels", "label_log_odds", "logit", "out_of_fold"]

N_FOLDS: Final = 5
"""Folds where none are asked for, as in scikit-learn."""

_CERTAIN: Final = 1e-12


def fit_labels(estimator: BaseEstimator, X: Samples, Y: NDArray[np.bool_]) -> BaseEstimator:
    """Fit a classifier to a matrix of labels; a single label is given as a vector."""
    labels = Y.astype(np.int64)
    return estimator.fit(X, labels[:, 0] if labels.shape[1] == 1 else labels)


def label_log_odds(estimator: BaseEstimator, X: Samples, n_labels: int) -> NDArray[np.float64]:
    """Ask a classifier for log odds, or for what it has in their place.

    Parameters
    ----------
    estimator
        Fitted by ``fit_labels``; what it has in their place is its ``decision_function``, where
        there is no ``predict_proba``.

    Returns
    -------
    ndarray of shape (n_samples, n_labels)
    """
    if not hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.decision_function(X), dtype=np.float64).reshape(-1, n_labels)
    found = estimator.predict_proba(X)
    if isinstance(found, list):  # forests and neighbours: one array of two columns a label
        columns = [
            of_label[:, 1] if of_label.shape[1] > 1 else np.full(len(of_label), float(classes[0]))
            for of_label, classes in zip(found, estimator.classes_, strict=True)
        ]
        found = np.column_stack(columns)
    elif n_labels == 1:
        found = found[:, [-1]] * (estimator.classes_[-1] != 0)  # one class only: 0 or 1
    return logit(found)


def logit(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn probabilities into log odds, which stay finite."""
    inside = np.clip(np.asarray(probabilities, dtype=np.float64), _CERTAIN, 1 - _CERTAIN)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def out_of_fold(
    estimator: BaseEstimator,
    X: Samples,
    Y: NDArray[np.bool_],
    cv: Any,  # noqa: ANN401  (scikit-learn has no type for it)
    groups: ArrayLike | None,
    random_state: int | None,
) -> NDArray[np.float64]:
    """Let clones of a classifier, each fitted without a fold, say what they think of it.

    Parameters
    ----------
    cv
        A number of folds, which are made alike in their labels, None being 5; or a splitter of
        scikit-learn, or pairs of rows to learn from and rows held out.
    groups
        Of each sample; a group is never divided.

    Returns
    -------
    ndarray of shape (n_samples, n_labels)
        As ``label_log_odds`` gives them.

    Raises
    ------
    ValueError
        When this is nothing of the kind, there is one sample, or a sample is in no fold.
    """
    found = np.full(Y.shape, np.nan)
    for train, held_out in _splits(X, Y, cv, groups, random_state):
        fitted = fit_labels(clone(estimator), _safe_indexing(X, train), Y[train])
        found[held_out] = label_log_odds(fitted, _safe_indexing(X, held_out), Y.shape[1])
    if np.isnan(found).any():
        raise ValueError("got folds that leave out a sample, expected each sample in one of them")
    return found


def _splits(
    X: Samples,
    Y: NDArray[np.bool_],
    cv: Any,  # noqa: ANN401
    groups: ArrayLike | None,
    random_state: int | None,
) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
    cv = N_FOLDS if cv is None else cv
    if not isinstance(cv, Integral):
        yield from check_cv(cv).split(X, Y, groups)
        return
    if len(Y) < 2 or cv < 2:
        raise ValueError(f"got n_samples = {len(Y)} and {cv} folds, expected 2 of each or more")
    of_each = np.arange(len(Y)) if groups is None else np.asarray(groups)
    folds = make_folds(Y, of_each.tolist(), int(cv), random_state or 0)
    for fold in np.unique(folds):
        yield np.flatnonzero(folds != fold).tolist(), np.flatnonzero(folds == fold).tolist()
