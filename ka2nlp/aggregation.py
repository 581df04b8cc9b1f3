"""Sentence scores to document scores, decisions and evidence; plain functions on arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "NOISY_OR",
    "N_POOLED",
    "answer",
    "decide",
    "pool",
    "raise_parents",
    "rank_evidence",
    "sigmoid",
]

N_POOLED: Final = 4
"""Numbers that ``pool`` makes of the logits of one label."""

NOISY_OR: Final = 3
"""Which of them is the log odds that any sentence shows the label."""

_TOP: Final = 3
_NO_SENTENCE: Final = -8.0
MAX_EVIDENCE: Final = 3
_EVIDENCE_SHARE: Final = 0.5


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn log odds into probabilities; same shape, float64, in (0, 1)."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(logits, dtype=np.float64))))


def pool(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Summarise what the sentences of one document say of each label.

    Parameters
    ----------
    logits
        Of shape (n_sentences, n_labels): log odds that a sentence shows a label. ``n_sentences``
        may be 0, and the order of the sentences does not matter.

    Returns
    -------
    ndarray of shape (n_labels, N_POOLED), float64
        The highest, the mean of the three highest, the mean, and the log odds that at least one
        sentence shows the label if sentences were independent (noisy or).
    """
    n_sentences, n_labels = logits.shape
    if n_sentences == 0:
        return np.full((n_labels, N_POOLED), _NO_SENTENCE)
    ordered = np.sort(np.asarray(logits, dtype=np.float64), axis=0)
    none = np.sum(np.logaddexp(0.0, ordered), axis=0)  # -log P(no sentence shows it)
    noisy_or = none + np.log(-np.expm1(-none))
    return np.stack(
        [ordered[-1], ordered[-_TOP:].mean(axis=0), ordered.mean(axis=0), noisy_or], axis=1
    )


def raise_parents(
    probabilities: NDArray[np.float64], parents: Mapping[int, int]
) -> NDArray[np.float64]:
    """Make no facet likelier than its parent, by raising the parent.

    Parameters
    ----------
    probabilities
        Of shape (..., n_labels), in [0, 1].
    parents
        Column of each facet to the column of its parent.

    Returns
    -------
    ndarray
        A copy of the same shape.
    """
    raised = probabilities.copy()
    for facet, parent in parents.items():
        raised[..., parent] = np.maximum(raised[..., parent], probabilities[..., facet])
    return raised


def decide(
    probabilities: NDArray[np.float64],
    thresholds: NDArray[np.float64] | float,
    parents: Mapping[int, int],
) -> NDArray[np.bool_]:
    """Decide which labels hold.

    Parameters
    ----------
    probabilities
        Of shape (..., n_labels), in [0, 1].
    thresholds
        One a label, of shape (n_labels,), or one for all; a label holds from its threshold on.
    parents
        Column of each facet to the column of its parent: where a facet holds, its parent does.

    Returns
    -------
    ndarray of bool
        Of the same shape. Raising a threshold never adds a label.
    """
    decided = probabilities >= thresholds
    for facet, parent in parents.items():
        decided[..., parent] |= decided[..., facet]
    return decided


def answer(
    probabilities: NDArray[np.float64],
    lower: NDArray[np.floating],
    upper: NDArray[np.floating],
    parents: Mapping[int, int],
) -> NDArray[np.int64]:
    """Give one of three answers a label.

    Parameters
    ----------
    probabilities
        Of shape (..., n_labels), in [0, 1].
    lower, upper
        Cut-offs of shape (n_labels,), in [0, 1].
    parents
        Column of each facet to the column of its parent, whose answer is never the lower one.

    Returns
    -------
    ndarray of int
        Of the same shape, positions in ``ka2nlp.records.ANSWERS``: 0 under the lower cut-off, 2
        from the upper one on, 1 between them.
    """
    answers = (probabilities >= lower).astype(np.int64) + (probabilities >= upper)
    for facet, parent in parents.items():
        answers[..., parent] = np.maximum(answers[..., parent], answers[..., facet])
    return np.asarray(answers)


def withhold(
    decided: NDArray[np.bool_], answers: NDArray[np.int64], relevant: NDArray[np.bool_] | bool
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Take back decisions, and what is said to be addressed, where a document serves no outcome.

    Parameters
    ----------
    decided, answers
        Of shape (..., n_labels).
    relevant
        Of shape (...,).
    """
    kept = np.asarray(relevant)[..., None]
    return decided & kept, np.where(kept, answers, np.minimum(answers, 1))


def rank_evidence(scores: NDArray[np.float64]) -> list[list[tuple[int, float]]]:
    """Choose the sentences that show each label.

    Parameters
    ----------
    scores
        Of shape (n_sentences, n_labels), in [0, 1].

    Returns
    -------
    list of list of (int, float)
        For each label at most three rows with their scores, best first: the best one, and others
        that score at least half as much. Ties go to the earlier sentence.
    """
    order = np.argsort(-scores, axis=0, kind="stable")[:MAX_EVIDENCE]
    top = np.take_along_axis(scores, order, axis=0)
    n_shown = (top >= _EVIDENCE_SHARE * top[:1]).sum(axis=0)
    return [
        list(zip(rows[:n], found, strict=False))
        for rows, found, n in zip(order.T.tolist(), top.T.tolist(), n_shown, strict=True)
    ]
