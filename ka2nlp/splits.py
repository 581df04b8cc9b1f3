"""Split a corpus by project group: folds alike in their labels, and a temporal test part."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.errors import CorpusError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Split", "make_folds", "read_split", "split_corpus", "stratify", "write_split"]

N_FOLDS: Final = 5
"""Of the documents outside the test part."""


@dataclass(frozen=True, slots=True)
class Split:
    """Where each document belongs.

    Parameters
    ----------
    groups
        Identifier to the number of its project group; a group is never divided.
    folds
        Identifier to its fold, from 0; only of documents outside the test part.
    test
        Identifiers of the temporal test part, sorted.
    """

    groups: Mapping[str, int]
    folds: Mapping[str, int]
    test: tuple[str, ...]


def split_corpus(
    identifiers: Sequence[str],
    labels: NDArray[np.bool_],
    groups: Sequence[int],
    in_test: Sequence[bool],
) -> Split:
    """Divide documents into five folds and a test part, group by group.

    Parameters
    ----------
    identifiers
        Of the n documents.
    labels
        Of shape (n, n_labels).
    groups
        Project group of each document.
    in_test
        Whether a document belongs to the test years. A group goes to the test part only when all
        its documents do; a test document whose group reaches into other years is left out of both.
    """
    members: dict[int, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    test = [row for rows in members.values() if all(in_test[r] for r in rows) for row in rows]
    rest = [
        [row for row in rows if not in_test[row]]
        for rows in members.values()
        if not all(in_test[row] for row in rows)
    ]
    counts = np.array([labels[rows].sum(axis=0) for rows in rest], dtype=float)
    sizes = np.array([len(rows) for rows in rest], dtype=float)
    folds = stratify(np.column_stack([counts, sizes]), N_FOLDS)
    return Split(
        {identifiers[row]: group for row, group in enumerate(groups)},
        {identifiers[r]: fold for rows, fold in zip(rest, folds, strict=True) for r in rows},
        tuple(sorted(identifiers[row] for row in test)),
    )


def stratify(counts: NDArray[np.float64], n_folds: int, random_state: int = 0) -> list[int]:
    """Assign groups to folds so that every label is spread evenly.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011) on groups: the rarest label
    that still has groups to place comes first, and each of its groups goes to the fold that lacks
    most of that label, then most documents.

    Parameters
    ----------
    counts
        Of shape (n_groups, n_labels + 1): how often each label stands in each group; the last
        column is the number of its documents.
    n_folds
        Number of folds.
    random_state
        Seed that settles ties.

    Returns
    -------
    list of int
        Fold of each group, from 0.
    """
    rng = np.random.default_rng(random_state)
    wanted = np.tile(counts.sum(axis=0) / n_folds, (n_folds, 1))
    fold_of = np.full(len(counts), -1)
    while (left := np.flatnonzero(fold_of < 0)).size:
        totals = (counts[left] > 0).sum(axis=0)[:-1]
        open_labels = np.flatnonzero(totals)
        label = open_labels[totals[open_labels].argmin()] if open_labels.size else -1
        holders = left[counts[left, label] > 0]
        for group in holders[np.argsort(-counts[holders, label], kind="stable")]:
            order = np.lexsort((rng.random(n_folds), -wanted[:, -1], -wanted[:, label]))
            fold_of[group] = order[0]
            wanted[order[0]] -= counts[group]
    return [int(fold) for fold in fold_of]


def make_folds(
    labels: NDArray[np.bool_], groups: Sequence[int], n_folds: int, random_state: int = 0
) -> NDArray[np.int64]:
    """Assign documents to folds alike in their labels, a group never divided.

    Parameters
    ----------
    labels
        Of shape (n_documents, n_labels).
    groups
        Of each document; near-duplicates share one.

    Returns
    -------
    ndarray of shape (n_documents,)
        Folds from 0.
    """
    names, rows = np.unique(np.asarray(groups), return_inverse=True)
    counts = np.zeros((len(names), labels.shape[1] + 1))
    np.add.at(counts, rows, np.column_stack([labels, np.ones(len(labels))]).astype(float))
    return np.array(stratify(counts, n_folds, random_state))[rows]


def write_split(split: Split, path: Path) -> None:
    """Write a split as JSON."""
    path.write_text(json.dumps(asdict(split), indent=0, sort_keys=True) + "\n", encoding="utf-8")


def read_split(path: Path | str) -> Split:
    """Read a split.

    Raises
    ------
    CorpusError
        When the file is not a split, or divides a group between folds or fold and test part.
    """
    try:
        row = json.loads(Path(path).read_text(encoding="utf-8"))
        split = Split(row["groups"], row["folds"], tuple(row["test"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"got {path}, which is not a split ({error!r})") from error
    places: dict[int, set[int]] = {}
    for identifier, fold in [*split.folds.items(), *((one, -1) for one in split.test)]:
        places.setdefault(split.groups[identifier], set()).add(fold)
    divided = [group for group, found in places.items() if len(found) > 1]
    if divided:
        raise CorpusError(f"got {path}, which divides group {divided[0]}; build the split again")
    return split
