"""Count labels over groups of documents, with the uncertainty that probabilities give.

The number of documents that address a label is a sum of independent yes-or-no events, each with its
own probability: a Poisson-binomial variable. Its mean is the sum of the probabilities p and its
variance the sum of p(1 - p); intervals are its normal approximation (Hong 2013, Computational
Statistics and Data Analysis 59). They hold as far as the probabilities are calibrated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["COLUMNS", "MEASURES", "Tally", "indicators", "measure", "probabilities"]

MEASURES: Final = ("expected", "variance", "decided", "addressed", "to_check")
"""What is summed of every document and code: p, p(1 - p), and three answers as 0 or 1."""

COLUMNS: Final = ("tags", "addressed", "to_check")
"""The list columns that the answers come from."""

_Z: Final = 1.959964
"""97.5% quantile of the normal distribution: both tails leave 95%."""


@dataclass(slots=True)
class Tally:
    """Sums over groups of documents.

    Parameters
    ----------
    n
        Of shape (n_groups,): documents in each.
    sums
        Of shape (n_groups, 5, n_codes): the ``MEASURES``.
    """

    n: NDArray[np.int64]
    sums: NDArray[np.float64]

    @classmethod
    def empty(cls, n_groups: int, n_codes: int) -> Tally:
        """Start with nothing."""
        return cls(np.zeros(n_groups, dtype=np.int64), np.zeros((n_groups, len(MEASURES), n_codes)))

    def add(self, groups: NDArray[np.int64], rows: NDArray[np.float64]) -> None:
        """Add documents, each to a group.

        Parameters
        ----------
        groups
            Of shape (n,): positions of groups.
        rows
            Of shape (n, 5, n_codes).
        """
        if not len(groups):
            return
        order = np.argsort(groups, kind="stable")
        present, starts = np.unique(groups[order], return_index=True)
        self.n[present] += np.diff([*starts, len(groups)])
        self.sums[present] += np.add.reduceat(rows[order], starts, axis=0)

    @property
    def expected(self) -> NDArray[np.float64]:
        """Of shape (n_groups, n_codes): the expected number of documents."""
        return self.sums[:, 0]

    @property
    def deviation(self) -> NDArray[np.float64]:
        """Of shape (n_groups, n_codes): the standard deviation of that number."""
        return np.sqrt(self.sums[:, 1])

    @property
    def interval(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both of shape (n_groups, n_codes): bounds of the number at 95%, within [0, n]."""
        reach = _Z * self.deviation
        low, high = self.expected - reach, self.expected + reach
        return np.maximum(low, 0), np.minimum(high, self.n[:, None])

    def count(self, name: str) -> NDArray[np.int64]:
        """Count the documents of an answer, "decided", "addressed" or "to_check".

        Returns
        -------
        ndarray
            Of shape (n_groups, n_codes).
        """
        counted: NDArray[np.int64] = np.rint(self.sums[:, MEASURES.index(name)]).astype(np.int64)
        return counted

    def per_document(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Divide numbers, of shape (n_groups, n_codes), by the documents of each group."""
        return values / np.maximum(self.n, 1)[:, None]


def difference(one: Tally, other: Tally) -> tuple[NDArray[np.float64], ...]:
    """Subtract the shares of one whole from those of another.

    Parameters
    ----------
    one, other
        Of one group each.

    Returns
    -------
    tuple of ndarray
        Each of shape (n_codes,): ``one - other`` and the bounds of it at 95%; the two are taken to
        be independent.
    """
    shift = one.per_document(one.expected)[0] - other.per_document(other.expected)[0]
    deviations = [tally.per_document(tally.deviation)[0] for tally in (one, other)]
    reach = _Z * np.hypot(*deviations)
    return shift, shift - reach, shift + reach


def probabilities(batch: pa.RecordBatch, codes: tuple[str, ...]) -> NDArray[np.float64]:
    """Read the probabilities of a batch: of shape (rows, n_codes), NaN where not tagged."""
    columns = [batch.column(f"probability_{code}").to_numpy(zero_copy_only=False) for code in codes]
    return np.column_stack(columns).astype(np.float64)


def indicators(batch: pa.RecordBatch, name: str, codes: tuple[str, ...]) -> NDArray[np.bool_]:
    """Read a column of lists of codes: of shape (rows, n_codes)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lists = batch.column(name)
    found = pc.index_in(pc.list_flatten(lists), value_set=pa.array(codes))
    ticked = np.zeros((batch.num_rows, len(codes)), dtype=bool)
    columns = found.fill_null(-1).to_numpy(zero_copy_only=False)
    rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    known = columns >= 0
    ticked[rows[known], columns[known]] = True
    return ticked


def measure(batch: pa.RecordBatch, codes: tuple[str, ...]) -> NDArray[np.float64]:
    """Read the ``MEASURES`` of the tagged rows of a batch: of shape (rows, 5, n_codes)."""
    chances = probabilities(batch, codes)
    answers = [indicators(batch, name, codes) for name in COLUMNS]
    return np.stack([chances, chances * (1 - chances), *answers], axis=1)
