"""Write the figures of an overview as CSV files, one a table."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ka2nlp.drafts import replacing
from ka2nlp.errors import InputError
from ka2nlp.overviews.comparison import Comparison
from ka2nlp.overviews.figures import Figures
from ka2nlp.overviews.provenance import Provenance
from ka2nlp.overviews.tallies import Tally
from ka2nlp.reports.cells import inert
from ka2nlp.taxonomy import Taxonomy

__all__ = ["make_tables", "write_tables"]

Cell = str | int | float | None
Table = tuple[Sequence[str], Iterable[Sequence[Cell]]]
_LABEL: Final = ("code", "label", "level", "part of")
_TALLY: Final = (
    *("projects", "expected", "expected low", "expected high"),
    *("share", "share low", "share high", "decided", "addressed", "to check"),
)


def write_tables(
    figures: Figures, provenance: Provenance, comparison: Comparison | None, folder: Path
) -> list[Path]:
    """Write every table of an overview: UTF-8 with a byte order mark, so that Excel knows.

    Shares are fractions in [0, 1]; low and high are bounds of 95% intervals. A text that a
    spreadsheet would run as a formula gets an apostrophe before it.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        When the folder cannot be written.
    """
    tables = make_tables(figures, provenance, comparison)
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, (columns, rows) in tables.items():
            paths.append(folder / f"{name}.csv")
            with (
                replacing(paths[-1]) as draft,
                draft.open("w", encoding="utf-8-sig", newline="") as stream,
            ):
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(columns)
                writer.writerows([_cell(cell) for cell in row] for row in rows)
    except OSError as error:
        raise InputError(f"got the folder {folder}, which cannot be written: {error}") from error
    return paths


def make_tables(
    figures: Figures, provenance: Provenance, comparison: Comparison | None
) -> dict[str, Table]:
    """Lay out every table: its name, to the names of its columns and its rows."""
    taxonomy, total = figures.taxonomy, figures.total
    compared = {} if comparison is None else {"comparison": _comparison(figures, comparison)}
    return {
        "outcomes": ((*_LABEL, *_TALLY), _by_code(("",), total, taxonomy)),
        **{
            f"by_{one.dimension.name}": (
                (one.dimension.name, *_LABEL, *_TALLY),
                _by_code(one.values, one.tally, taxonomy),
            )
            for one in figures.breakdowns
        },
        "together": (("code", *taxonomy.codes), _together(figures)),
        "examples": (
            ("code", "answer", "probability", "id", "title", "evidence"),
            [
                (one.code, one.answer, one.probability, one.id, one.title, one.evidence)
                for one in figures.examples
            ],
        ),
        "model": (
            (
                *("code", "documents measured", "threshold", "not addressed under"),
                *("addressed from", "F1", "calibration error", "missed", "right"),
            ),
            [
                (
                    *(one.code, one.n_gold, one.threshold, one.lower, one.upper),
                    *(one.f1, one.calibration_error, one.missed, one.right),
                )
                for one in provenance.codes
            ],
        ),
        "rows": (
            ("what", "kind", "rows"),
            [
                *_kinds("problem", figures.problems),
                *_kinds("warning", figures.warnings),
                *_kinds("language", figures.languages),
                *_kinds("source", figures.sources),
            ],
        ),
        **compared,
    }


def _label(code: str, taxonomy: Taxonomy) -> tuple[Cell, ...]:
    concept = taxonomy[code]
    return code, concept.label, concept.level, concept.broader or ""


def _by_code(names: Sequence[str], tally: Tally, taxonomy: Taxonomy) -> Iterator[tuple[Cell, ...]]:
    """One row a group and code; the group's name comes first unless it is empty."""
    low, high = tally.interval
    numbers = [tally.expected, low, high, *map(tally.per_document, (tally.expected, low, high))]
    answers = [tally.count(name) for name in ("decided", "addressed", "to_check")]
    for group, name in enumerate(names):
        for column, code in enumerate(taxonomy.codes):
            yield (
                *((name,) if name else ()),
                *_label(code, taxonomy),
                int(tally.n[group]),
                *(float(of[group, column]) for of in numbers),
                *(int(of[group, column]) for of in answers),
            )


def _together(figures: Figures) -> Iterator[tuple[Cell, ...]]:
    for code, counts in zip(figures.taxonomy.codes, figures.together, strict=True):
        yield code, *map(int, counts)


def _kinds(what: str, counts: Mapping[str, int]) -> Iterator[tuple[Cell, ...]]:
    for kind, n in counts.items():
        yield what, kind, n


def _comparison(figures: Figures, comparison: Comparison) -> Table:
    shares = [one.total.per_document(one.total.expected)[0] for one in (comparison.other, figures)]
    changes = comparison.changes
    columns: tuple[str, ...] = (*_LABEL, "share other", "share this", "difference", "low", "high")
    interval = [comparison.low, comparison.high]
    if comparison.same_projects:  # then it is the model that differs, and there is no interval
        interval = [np.full_like(bound, np.nan) for bound in interval]
    arrays = [*shares, comparison.shift, *interval]
    if changes is not None:
        columns = (*columns, "gained", "lost", "tagged in both", "agreement", "kappa")
        arrays += [changes.gained, changes.lost, changes.both, changes.agreement, changes.kappa]
    rows = [
        (*_label(code, figures.taxonomy), *(of[column].item() for of in arrays))
        for column, code in enumerate(figures.taxonomy.codes)
    ]
    return columns, rows


def _cell(cell: Cell) -> str:
    """Give numbers to six digits, and texts that no spreadsheet runs."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, float):
        return f"{cell:.6g}" if abs(cell) < 1 else f"{cell:.2f}"
    return inert(cell) if isinstance(cell, str) else str(cell)
