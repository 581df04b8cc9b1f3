"""Compare two runs: shares of each label, and the decisions on the projects that both hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ka2nlp.overviews.figures import Figures
from ka2nlp.overviews.runs import Run
from ka2nlp.overviews.tallies import difference, indicators

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Changes", "Comparison", "compare"]


@dataclass(frozen=True, slots=True)
class Changes:
    """Decisions on the projects of both runs; all arrays of shape (n_codes,), int.

    Parameters
    ----------
    n
        Projects, found by their identifiers.
    both, gained, lost
        Tagged in both runs, in this one only, in the other only.
    """

    n: int
    both: NDArray[np.int64]
    gained: NDArray[np.int64]
    lost: NDArray[np.int64]

    @property
    def agreement(self) -> NDArray[np.float64]:
        """Share of the projects with the same decision, in [0, 1]."""
        return 1 - (self.gained + self.lost) / self.n

    @property
    def kappa(self) -> NDArray[np.float64]:
        """Agreement beyond chance (Cohen 1960), NaN where a run says the same of all projects."""
        this, other = (self.both + self.gained) / self.n, (self.both + self.lost) / self.n
        chance = this * other + (1 - this) * (1 - other)
        beyond = np.where(chance < 1, 1 - chance, np.nan)
        kappa: NDArray[np.float64] = (self.agreement - chance) / beyond
        return kappa


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run beside another.

    Parameters
    ----------
    other
        Figures of the other run.
    shift, low, high
        Of shape (n_codes,): share of projects, this less the other, and its 95% interval.
    changes
        None where the two have no project in common.
    same_projects
        Whether every project of either run is in both.
    """

    other: Figures
    shift: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    changes: Changes | None
    same_projects: bool


def compare(figures: Figures, other: Figures) -> Comparison:
    """Compare the figures of a run with those of another.

    Parameters
    ----------
    figures, other
        This run and the other.
    """
    shift, low, high = difference(figures.total, other.total)
    changes, same = _changes(figures.run, other.run)
    return Comparison(other, shift, low, high, changes, same and figures.n == other.n)


def _changes(this: Run, other: Run) -> tuple[Changes | None, bool]:
    """Find the changes, and whether every identifier of either run is in both."""
    import pyarrow.compute as pc

    (ids, tags), (other_ids, other_tags) = _decisions(this), _decisions(other)
    at = pc.index_in(ids, value_set=other_ids).fill_null(-1).to_numpy(zero_copy_only=False)
    common = at >= 0
    if not common.any():
        return None, False
    here, there = tags[common], other_tags[at[common]]
    pairs = ((here, there), (here, ~there), (~here, there))
    changes = Changes(int(common.sum()), *((one & two).sum(axis=0) for one, two in pairs))
    return changes, changes.n == len(ids) == len(other_ids)


def _decisions(run: Run) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Read identifiers and tags, (n, n_codes), of the tagged rows; an identifier's first row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ids, tags = [], []
    for batch in run.batches(["id", "problem", "tags"]):
        tagged = batch.filter(batch.column("problem").is_null())
        ids.append(tagged.column("id"))
        tags.append(indicators(tagged, "tags", run.taxonomy.codes))
    every = pa.concat_arrays(ids)
    first = np.unique(pc.index_in(every, value_set=every).to_numpy(zero_copy_only=False))
    return every.take(pa.array(first)), np.concatenate(tags)[first]
