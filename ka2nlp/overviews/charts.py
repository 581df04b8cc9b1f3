"""Lay out charts: shares by year as lines, and tables of shares whose shading shows the pattern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ka2nlp.overviews.breakdowns import OTHER, UNSTATED, Breakdown
from ka2nlp.overviews.figures import Figures
from ka2nlp.overviews.tallies import Tally

__all__ = ["Cell", "Matrix", "Series", "heat_rows", "matrix", "series"]

WIDTH: Final = 180
HEIGHT: Final = 84
_LEFT: Final = 27.0
_RIGHT: Final = 174.0
_TOP: Final = 8.0
_BOTTOM: Final = 70.0
_STEPS: Final = (0.02, 0.06, 0.12)
_TONES: Final = 10


@dataclass(frozen=True, slots=True)
class Point:
    """A share in one year, and where it stands in the chart."""

    name: str
    share: float
    low: float
    high: float
    x: float
    y: float
    y_low: float
    y_high: float


@dataclass(frozen=True, slots=True)
class Series:
    """The share of one label over the years.

    Parameters
    ----------
    column
        Of the label.
    top
        Share at the upper end of the axis, the same for all labels.
    points
        One a year.
    """

    column: int
    top: float
    points: tuple[Point, ...]

    @property
    def line(self) -> str:
        """Points of the line, for SVG."""
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)

    @property
    def band(self) -> str:
        """Outline of the 95% intervals, for SVG."""
        lower = [f"{point.x:.1f},{point.y_low:.1f}" for point in self.points]
        upper = [f"{point.x:.1f},{point.y_high:.1f}" for point in reversed(self.points)]
        return " ".join(lower + upper)


def series(breakdown: Breakdown, figures: Figures) -> list[Series]:
    """Draw the outcomes over the years; nothing where there are fewer than two.

    Parameters
    ----------
    breakdown
        By year; what is not stated or counted together is left out.
    figures
        Tell which columns are outcomes.
    """
    years = [at for at, name in enumerate(breakdown.values) if name not in (OTHER, UNSTATED)]
    if len(years) < 2:
        return []
    tally = breakdown.tally
    bounds = [tally.per_document(bound) for bound in (tally.expected, *tally.interval)]
    columns = list(figures.taxonomy.outcomes)
    top = np.ceil(10 * bounds[2][np.ix_(years, columns)].max()) / 10 or 0.1
    across = np.linspace(_LEFT, _RIGHT, len(years))

    def draw(at: int, x: float, column: int) -> Point:
        share, low, high = (float(bound[at, column]) for bound in bounds)
        y, y_low, y_high = (_BOTTOM - (_BOTTOM - _TOP) * one / top for one in (share, low, high))
        return Point(breakdown.values[at], share, low, high, float(x), y, y_low, y_high)

    return [
        Series(
            column,
            float(top),
            tuple(draw(at, x, column) for at, x in zip(years, across, strict=True)),
        )
        for column in columns
    ]


@dataclass(frozen=True, slots=True)
class Cell:
    """A share in a table.

    Parameters
    ----------
    share, reach
        In [0, 1]: the share, and half the width of its 95% interval.
    tone
        Shading, -3 to 3: how far the share lies above or below that of all projects, by steps of
        2, 6 and 12 points; 0 where the interval holds the share of all.
    """

    share: float
    reach: float
    tone: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """Shares of every label by the values of one dimension.

    Parameters
    ----------
    breakdown
        What is shown.
    rows
        Of each value, a cell a label.
    whole
        Share of each label among all projects.
    """

    breakdown: Breakdown
    rows: tuple[tuple[Cell, ...], ...]
    whole: tuple[float, ...]


def matrix(breakdown: Breakdown, total: Tally) -> Matrix:
    """Lay out one dimension."""
    tally = breakdown.tally
    shares, low, high = (tally.per_document(bound) for bound in (tally.expected, *tally.interval))
    whole = total.per_document(total.expected)[0]
    beyond = (low > whole) | (high < whole)
    tones = np.where(beyond, np.sign(shares - whole) * np.digitize(abs(shares - whole), _STEPS), 0)
    rows = tuple(
        tuple(
            map(Cell, map(float, shares[at]), map(float, (high - low)[at] / 2), map(int, tones[at]))
        )
        for at in range(len(breakdown.values))
    )
    return Matrix(breakdown, rows, tuple(map(float, whole)))


def heat_rows(figures: Figures) -> list[tuple[int, list[tuple[int, float, int]]]]:
    """Lay out which outcomes stand together.

    Returns
    -------
    list
        Of each outcome's column, its cells: the other's column, the share of the row's projects
        that have it too (NaN where there are none), and its shading from 0 to 10.
    """
    columns = list(figures.taxonomy.outcomes)
    shares = figures.conditional
    tones = np.nan_to_num(np.rint(_TONES * shares)).astype(int)
    return [
        (row, [(column, float(shares[row, column]), int(tones[row, column])) for column in columns])
        for row in columns
    ]
