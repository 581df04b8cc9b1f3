"""Count by what else is known of a project: year, action, country, field and topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.documents.columns import metadata_name, normalise
from ka2nlp.overviews.runs import Run
from ka2nlp.overviews.tallies import Tally

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["DIMENSIONS", "OTHER", "UNSTATED", "Breakdown", "Cube", "Plan", "plan"]

OTHER: Final = "all others"
UNSTATED: Final = "not stated"
MAX_CELLS: Final = 1500
"""Cells of the cube; with 48 codes and five measures these stay under two megabytes."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something that projects are grouped by.

    Parameters
    ----------
    name
        Of the grouping.
    columns
        Names that its column may have, as ``normalise`` gives them.
    most
        Groups that are shown by name; the rest is counted together.
    listed
        Whether a cell lists values with semicolons between them; a project then counts in each.
    ordered
        Whether the values have an order of their own; otherwise the most frequent come first.
    """

    name: str
    columns: tuple[str, ...]
    most: int
    listed: bool = False
    ordered: bool = False


DIMENSIONS: Final = (
    Dimension("year", ("year",), 15, ordered=True),
    Dimension("action", ("action",), 10),
    Dimension("country", ("country",), 20),
    Dimension("field", ("field", "fields", "sector"), 10),
    Dimension("topic", ("topics", "topic"), 25, listed=True),
)
_FILTERS: Final = ("year", "action", "country")


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Counts by the values of one dimension.

    Parameters
    ----------
    dimension
        What is grouped by.
    column
        The column that it was found in.
    values
        Names of the groups, with ``OTHER`` and ``UNSTATED`` at the end where there are such rows.
    tally
        One group a value.
    n_others
        Values that ``OTHER`` stands for.
    """

    dimension: Dimension
    column: str
    values: tuple[str, ...]
    tally: Tally
    n_others: int

    def groups(self, cell: str | None) -> list[int]:
        """Find the groups that a cell belongs to; one or more."""
        other = self.values.index(OTHER) if OTHER in self.values else -1
        named = (
            self.values.index(part) if part in self.values else other
            for part in split_cell(self.dimension, cell)
        )
        return list(dict.fromkeys(named))


def split_cell(dimension: Dimension, cell: str | None) -> list[str]:
    """Give the values of a cell, tidied; ``UNSTATED`` where it holds none."""
    parts = (cell or "").split(";") if dimension.listed else [cell or ""]
    return [value for part in parts if (value := " ".join(part.split()))] or [UNSTATED]


@dataclass(frozen=True, slots=True)
class Cube:
    """Counts by year, action and country at once, for the filters of the page.

    Parameters
    ----------
    filters
        The breakdowns that it crosses, up to three.
    values
        Of each of them; fewer than theirs where there would be too many cells.
    cells
        Position of a value in each, to the position of the group in ``tally``.
    tally
        One group a cell that occurs.
    """

    filters: tuple[Breakdown, ...]
    values: tuple[tuple[str, ...], ...]
    cells: Mapping[tuple[int, ...], int]
    tally: Tally

    def group(self, row: Sequence[str | None]) -> int:
        """Find the group of a row, given its cells in the order of the filters."""
        names = (
            split_cell(one.dimension, cell)[0] for one, cell in zip(self.filters, row, strict=True)
        )
        return self.cells[_key(names, self.values)]


@dataclass(frozen=True, slots=True)
class Plan:
    """The groupings of one run, to be filled.

    Parameters
    ----------
    breakdowns
        One a dimension that there is.
    cube
        None where there is nothing to filter by.
    """

    breakdowns: tuple[Breakdown, ...]
    cube: Cube | None

    @property
    def columns(self) -> list[str]:
        """The columns that are grouped by."""
        return [breakdown.column for breakdown in self.breakdowns]

    def add(self, batch: pa.RecordBatch, rows: NDArray[np.float64]) -> None:
        """Count a batch, and its measures of shape (rows, 5, n_codes), in every grouping."""
        cells = {name: batch.column(name).to_pylist() for name in self.columns}
        for breakdown in self.breakdowns:
            column = cells[breakdown.column]
            known = {cell: breakdown.groups(cell) for cell in dict.fromkeys(column)}
            places = [(row, group) for row, cell in enumerate(column) for group in known[cell]]
            at, groups = np.array(places, dtype=np.int64).reshape(-1, 2).T
            breakdown.tally.add(groups, rows[at])
        if self.cube is not None:
            crossed = list(zip(*(cells[one.column] for one in self.cube.filters), strict=True))
            found = {row: self.cube.group(row) for row in dict.fromkeys(crossed)}
            groups = np.array([found[row] for row in crossed], dtype=np.int64)
            self.cube.tally.add(groups, rows)


def plan(run: Run) -> Plan:
    """Choose the groups of every dimension that a run has a column for, by its tagged rows."""
    found = [
        (dimension, column)
        for dimension in DIMENSIONS
        if (column := _column(dimension, run.settings.keep))
    ]
    counters: list[Counter[str]] = [Counter() for _ in found]
    crossed: Counter[tuple[str, ...]] = Counter()
    for cells, n in _distinct(run, [column for _, column in found]):
        values = [split_cell(one, cell) for (one, _), cell in zip(found, cells, strict=True)]
        for counter, parts in zip(counters, values, strict=True):
            counter.update(dict.fromkeys(parts, n))
        pairs = zip(found, values, strict=True)
        crossed[tuple(parts[0] for (one, _), parts in pairs if one.name in _FILTERS)] += n
    breakdowns = tuple(
        _breakdown(dimension, column, counter, len(run.taxonomy))
        for (dimension, column), counter in zip(found, counters, strict=True)
    )
    filters = tuple(one for one in breakdowns if one.dimension.name in _FILTERS)
    return Plan(breakdowns, _cube(filters, crossed, len(run.taxonomy)))


def _column(dimension: Dimension, kept: Sequence[str]) -> str | None:
    names = {normalise(metadata_name(name)): name for name in reversed(kept)}
    return next((names[name] for name in dimension.columns if name in names), None)


def _distinct(run: Run, columns: Sequence[str]) -> Iterator[tuple[tuple[str | None, ...], int]]:
    """Yield the combinations of cells of each batch, with the tagged rows that have them."""
    if not columns:
        return
    for batch in run.batches([*dict.fromkeys(columns), "problem"]):
        tagged = batch.filter(batch.column("problem").is_null())
        cells = zip(*(tagged.column(name).to_pylist() for name in columns), strict=True)
        yield from Counter(cells).items()


def _breakdown(dimension: Dimension, column: str, counter: Counter[str], n_codes: int) -> Breakdown:
    stated = _ranked(counter)
    shown = stated[: dimension.most]
    if dimension.ordered:
        shown.sort()
    rest = [OTHER] if len(stated) > len(shown) else []
    unstated = [UNSTATED] if counter[UNSTATED] else []
    values = (*shown, *rest, *unstated)
    empty = Tally.empty(len(values), n_codes)
    return Breakdown(dimension, column, values, empty, len(stated) - len(shown))


def _ranked(counter: Counter[str]) -> list[str]:
    """Order the values that are stated, the most frequent first."""
    stated = [value for value in counter if value != UNSTATED]
    return sorted(stated, key=lambda value: (-counter[value], value))


def _cube(
    filters: tuple[Breakdown, ...], crossed: Mapping[tuple[str, ...], int], n_codes: int
) -> Cube | None:
    """Lay out the cells that occur; the longest list of names is cut until they are few."""
    values = [list(one.values) for one in filters]
    if not any(len(one) > 1 for one in values):
        return None
    keys = {_key(names, values) for names in crossed}
    while len(keys) > MAX_CELLS:
        names = [one for one, of in zip(values, filters, strict=True) if not of.dimension.ordered]
        _shorten(max(names, key=len))
        keys = {_key(row, values) for row in crossed}
    cells = {key: at for at, key in enumerate(sorted(keys))}
    return Cube(filters, tuple(map(tuple, values)), cells, Tally.empty(len(cells), n_codes))


def _shorten(values: list[str]) -> None:
    """Count the last value that is shown by name among the others."""
    stated = [value for value in values if value not in (OTHER, UNSTATED)]
    values.remove(stated[-1])
    if OTHER not in values:
        values.insert(len(stated) - 1, OTHER)


def _key(names: Iterable[str], values: Sequence[Sequence[str]]) -> tuple[int, ...]:
    return tuple(
        known.index(name if name in known else OTHER)
        for name, known in zip(names, values, strict=True)
    )
