"""Put the figures of an overview on one HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from typing import Any, Final

import numpy as np

from ka2nlp.overviews.breakdowns import Cube
from ka2nlp.overviews.charts import Series, heat_rows, matrix, series
from ka2nlp.overviews.comparison import Comparison
from ka2nlp.overviews.examples import Example
from ka2nlp.overviews.figures import Figures
from ka2nlp.overviews.provenance import Provenance
from ka2nlp.overviews.tallies import Tally
from ka2nlp.records import ADDRESSED
from ka2nlp.taxonomy import Taxonomy
from ka2nlp.templates import environment

__all__ = ["render"]

MOST_KINDS: Final = 12
_QUOTE: Final = 420
_TITLE: Final = 160


def render(figures: Figures, provenance: Provenance, comparison: Comparison | None = None) -> str:
    """Write the page.

    Parameters
    ----------
    figures
        Of the run.
    provenance
        Of its model.
    comparison
        With an older run, where there is one.

    Returns
    -------
    str
        HTML; the same for the same figures. All that comes from the rows is escaped, and the page
        forbids every connection and every script but its own.
    """
    templates = environment("ka2nlp.overviews")
    templates.filters.update(
        count=count,
        decimal=decimal,
        percent=percent,
        points=points,
        quote=partial(shorten, length=_QUOTE),
        title=partial(shorten, length=_TITLE),
    )
    templates.globals.update(kinds=_kinds, others=_others, rest=_rest)
    script = _resource("page.js")
    calibration = provenance.calibration_error("outcomes")
    return templates.get_template("page.html").render(
        figures=figures,
        taxonomy=figures.taxonomy,
        noun=figures.taxonomy.noun,
        provenance=provenance,
        levels=_levels(figures),
        outcomes=list(figures.taxonomy.outcomes),
        years=_years(figures),
        matrices=[matrix(one, figures.total) for one in figures.breakdowns],
        heat=heat_rows(figures),
        pairs=figures.strongest(),
        examples=_examples(figures.examples),
        mean_outcomes=np.average(np.arange(len(figures.n_outcomes)), weights=figures.n_outcomes),
        calibration=calibration,
        calibration_rules=calibration is not None and _rules(calibration, figures),
        comparison=comparison,
        changed=_changed(figures, comparison) if comparison else [],
        cube=_cube(figures.cube) if figures.cube else None,
        style=_resource("page.css"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def count(number: float) -> str:
    """Write a number of projects: ``12,345``; under ten with one digit, ``3.4``."""
    if float(number).is_integer() or abs(number) >= 9.95:
        return f"{number:,.0f}"
    return f"{number:.1f}"


def percent(share: float | None) -> str:
    """Write a share: ``41.2%``; a dash where there is none."""
    return "–" if share is None or np.isnan(share) else f"{share:.1%}"


def points(shift: float) -> str:
    """Write a difference of shares in percentage points, with its sign: ``+1.2``."""
    return f"{100 * shift:+z.1f}".replace("-", "−")


def decimal(number: float) -> str:
    """Write a number with two digits: ``0.84``; a dash where it is undefined."""
    return "–" if np.isnan(number) else f"{number:z.2f}".replace("-", "−")


def shorten(text: str, length: int) -> str:
    """Cut a text after a word."""
    if len(text) <= length:
        return text
    return text[:length].rsplit(" ", 1)[0] + " …"


def _resource(name: str) -> str:
    return (files("ka2nlp.overviews") / "templates" / name).read_text(encoding="utf-8")


def _levels(figures: Figures) -> list[dict[str, Any]]:
    return [
        {
            "level": level,
            "framing": level.framing,
            "rows": [_row(figures.total, figures.taxonomy.column(code)) for code in level.codes],
        }
        for level in figures.taxonomy.levels
    ]


def _rules(calibration: float, figures: Figures) -> bool:
    """Tell whether the error of calibration is more than most outcomes' intervals reach."""
    low, high = (bound[0, list(figures.taxonomy.outcomes)] for bound in figures.total.interval)
    return bool(calibration * figures.n > np.median(high - low) / 2)


def _row(total: Tally, column: int) -> dict[str, Any]:
    n = total.n[0]
    low, high = (bound[0, column] for bound in total.interval)
    return {
        "column": column,
        "expected": total.expected[0, column],
        "low": low,
        "high": high,
        "share": total.expected[0, column] / n,
        "share_low": low / n,
        "share_high": high / n,
        "decided": total.count("decided")[0, column],
        "addressed": total.count("addressed")[0, column] / n,
        "to_check": total.count("to_check")[0, column] / n,
    }


def _years(figures: Figures) -> list[Series]:
    return next(
        (series(one, figures) for one in figures.breakdowns if one.dimension.name == "year"), []
    )


def _others(outcomes: list[int], taxonomy: Taxonomy) -> list[int]:
    """Give the columns of facets and framing aims."""
    return [column for column in range(len(taxonomy)) if column not in outcomes]


def _rest(taxonomy: Taxonomy) -> str:
    """Say what these are: "Facets and framing aims", or the one of the two that there is."""
    kinds = {
        "facets": taxonomy.parents,
        "framing aims": [level for level in taxonomy.levels if level.framing],
    }
    return " and ".join(name for name, found in kinds.items() if found).capitalize()


def _examples(examples: tuple[Example, ...]) -> Mapping[str, Mapping[str, list[Example]]]:
    by_code: dict[str, dict[str, list[Example]]] = {}
    for one in examples:
        kinds = by_code.setdefault(one.code, {"typical": [], "to check": []})
        kinds["typical" if one.answer == ADDRESSED else "to check"].append(one)
    return by_code


def _kinds(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Give the most frequent kinds, and the others together."""
    shown = list(counts.items())[:MOST_KINDS]
    rest = sum(list(counts.values())[MOST_KINDS:])
    return [*shown, ("all others", rest)] if rest else shown


def _changed(figures: Figures, comparison: Comparison) -> list[dict[str, Any]]:
    other, this = (
        one.total.per_document(one.total.expected)[0] for one in (comparison.other, figures)
    )
    changes = comparison.changes
    rows = []
    for column, code in enumerate(figures.taxonomy.codes):
        row: dict[str, Any] = {"code": code, "other": other[column], "this": this[column]}
        row |= {name: getattr(comparison, name)[column] for name in ("shift", "low", "high")}
        if changes is not None:
            names = ("gained", "lost", "agreement", "kappa")
            row |= {name: getattr(changes, name)[column] for name in names}
        rows.append(row)
    return rows


def _cube(cube: Cube) -> dict[str, Any]:
    """Give the cells as plain numbers: places, projects, and what ``page.js`` sums a code."""
    rounding: tuple[Callable[[float], float], ...] = (
        *(partial(round, ndigits=3), partial(round, ndigits=3)),
        *(int, int, int),
    )
    return {
        "names": [one.dimension.name for one in cube.filters],
        "cells": [
            [
                list(key),
                int(cube.tally.n[at]),
                *(
                    [as_written(float(value)) for value in measure]
                    for as_written, measure in zip(rounding, cube.tally.sums[at], strict=True)
                ),
            ]
            for key, at in cube.cells.items()
        ],
    }
