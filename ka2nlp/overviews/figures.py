"""All figures of one run, from one pass over its rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.errors import InputError
from ka2nlp.overviews.breakdowns import Breakdown, Cube, plan
from ka2nlp.overviews.examples import Candidates, Example
from ka2nlp.overviews.runs import Run
from ka2nlp.overviews.tallies import COLUMNS, MEASURES, Tally, measure
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Figures", "Pair", "count"]

OTHER_KINDS: Final = "other kinds"
REPEATED: Final = "an earlier project has the same identifier: both are counted"
_KINDS: Final = 500
_MIN_TOGETHER: Final = 5
_STRONGEST: Final = 10
_LOWEST_LIFT: Final = 1.05
"""Under it, "1.0 times" would be printed: no more often than chance."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two labels that stand together more often than chance would have it.

    Parameters
    ----------
    first, second
        Codes.
    n
        Projects with both.
    given_first, share
        Share of the second among the projects with the first, and among all.
    """

    first: str
    second: str
    n: int
    given_first: float
    share: float

    @property
    def lift(self) -> float:
        """How many times as often as chance: observed over expected under independence."""
        return self.given_first / self.share


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run says of its projects.

    Parameters
    ----------
    run
        Where they come from.
    n_rows
        Rows read, with or without a problem.
    total
        One group: all tagged projects.
    breakdowns, cube
        By what else is known of a project.
    together
        Of shape (n_codes, n_codes), int: projects for which both codes were decided.
    n_outcomes
        Of shape (n_levels' outcomes + 1,), int: projects by their number of outcomes, facets apart.
    examples
        In the order of the taxonomy.
    problems, warnings, languages, sources
        Rows by kind of problem, kind of warning, language and source, most frequent first.
    """

    run: Run
    n_rows: int
    total: Tally
    breakdowns: tuple[Breakdown, ...]
    cube: Cube | None
    together: NDArray[np.int64]
    n_outcomes: NDArray[np.int64]
    examples: tuple[Example, ...]
    problems: Mapping[str, int]
    warnings: Mapping[str, int]
    languages: Mapping[str, int]
    sources: Mapping[str, int]

    @property
    def taxonomy(self) -> Taxonomy:
        """The labels."""
        return self.run.taxonomy

    @property
    def n(self) -> int:
        """Number of tagged projects."""
        return int(self.total.n[0])

    @property
    def conditional(self) -> NDArray[np.float64]:
        """Of shape (n_codes, n_codes): share of projects with a row's code that have a column's.

        NaN where no project has the row's code.
        """
        having = np.diag(self.together).astype(np.float64)
        having[having == 0] = np.nan
        shares: NDArray[np.float64] = self.together / having[:, None]
        return shares

    def strongest(self) -> list[Pair]:
        """Find the pairs of outcomes, facets apart, with the highest lift."""
        counts = np.diag(self.together)
        pairs = [
            Pair(
                self.taxonomy.codes[rarer],
                self.taxonomy.codes[commoner],
                int(self.together[rarer, commoner]),
                float(self.together[rarer, commoner] / counts[rarer]),
                float(counts[commoner] / self.n),
            )
            for one, other in combinations(self.taxonomy.outcomes, 2)
            if self.together[one, other] >= _MIN_TOGETHER
            for rarer, commoner in [sorted((one, other), key=lambda column: counts[column])]
        ]
        above = [pair for pair in pairs if pair.lift >= _LOWEST_LIFT]
        return sorted(above, key=lambda pair: -pair.lift)[:_STRONGEST]


def count(run: Run) -> Figures:
    """Count a run.

    Parameters
    ----------
    run
        As ``open_run`` gives it; it is read twice, a few thousand rows at a time.

    Raises
    ------
    InputError
        When a part cannot be read or no row is tagged.
    """
    groupings = plan(run)
    tallies = _Counts(run)
    columns = dict.fromkeys((*_Counts.COLUMNS, *tallies.chances, *groupings.columns))
    for batch in run.batches(list(columns)):
        tagged, rows = tallies.add(batch)
        groupings.add(tagged, rows)
    if not tallies.total.n[0]:
        raise InputError(f"got {run.folder} without a tagged row, expected at least one")
    return Figures(
        run=run,
        n_rows=tallies.n_rows,
        total=tallies.total,
        breakdowns=groupings.breakdowns,
        cube=groupings.cube,
        together=tallies.together,
        n_outcomes=tallies.n_outcomes,
        examples=tallies.candidates.examples(),
        problems=_most_common(tallies.problems),
        warnings=_most_common(tallies.all_warnings()),
        languages=_most_common(tallies.languages),
        sources=_most_common(tallies.sources),
    )


class _Counts:
    """What is counted of every batch, whatever its metadata."""

    COLUMNS: Final = ("id", "source", "title", "problem", "warnings", "language", *COLUMNS)

    def __init__(self, run: Run) -> None:
        self.codes = run.taxonomy.codes
        self.chances = [f"probability_{code}" for code in self.codes]
        self.outcomes = list(run.taxonomy.outcomes)
        self.n_rows = 0
        self.total = Tally.empty(1, len(self.codes))
        self.together = np.zeros((len(self.codes), len(self.codes)), dtype=np.int64)
        self.n_outcomes = np.zeros(len(self.outcomes) + 1, dtype=np.int64)
        self.candidates = Candidates(run)
        self.ids: list[NDArray[np.int64]] = []
        """Hashes: eight bytes an identifier."""
        self.problems: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()

    def add(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, NDArray[np.float64]]:
        """Count a batch; gives its tagged rows and their measures, (n, 5, n_codes)."""
        kept = batch.column("problem").is_null()
        tagged = batch.filter(kept)
        numbers = self.n_rows + np.flatnonzero(kept.to_numpy(zero_copy_only=False))
        self.n_rows += batch.num_rows
        self._add_kinds(batch, tagged)
        rows = measure(tagged, self.codes)
        self.total.add(np.zeros(len(rows), dtype=np.int64), rows)
        self.candidates.add(rows, numbers, tagged.column("title").to_pylist())
        decided = rows[:, MEASURES.index("decided")]
        self.together += np.rint(decided.T @ decided).astype(np.int64)
        each = decided[:, self.outcomes].sum(axis=1).astype(np.int64)
        self.n_outcomes += np.bincount(each, minlength=len(self.n_outcomes))
        return tagged, rows

    def _add_kinds(self, batch: pa.RecordBatch, tagged: pa.RecordBatch) -> None:
        problems = batch.column("problem").drop_null().to_pylist()
        _add_kinds(self.problems, map(kind, problems))
        for warnings in tagged.column("warnings").to_pylist():
            _add_kinds(self.warnings, dict.fromkeys(map(kind, warnings or ())))
        ids = tagged.column("id").to_pylist()
        self.ids.append(np.fromiter(map(hash, ids), np.int64, len(ids)))
        _add_kinds(self.languages, (code or "unknown" for code in tagged["language"].to_pylist()))
        _add_kinds(self.sources, batch.column("source").to_pylist())

    def all_warnings(self) -> Counter[str]:
        """Give the warnings, and how many rows repeat an identifier."""
        ids = np.concatenate(self.ids)
        repeated = Counter({REPEATED: len(ids) - len(np.unique(ids))})
        return self.warnings + repeated  # which drops what is not there at all


def kind(message: str) -> str:
    """Tell the kind of a message: its first number and what it quotes are left out."""
    return re.sub(r"\d+", "…", re.sub(r"'[^']*'", "'…'", message), count=1)


def _add_kinds(counter: Counter[str], names: Iterable[str]) -> None:
    """Count names; those that are new when there are hundreds already count together."""
    for name in names:
        counter[name if name in counter or len(counter) < _KINDS else OTHER_KINDS] += 1


def _most_common(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
