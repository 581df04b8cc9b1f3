"""Say how the tags of a run were made: the model's measured errors, where its bundle is at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ka2nlp.bundles import bundle_digest, find_model, load_bundle
from ka2nlp.errors import ModelError
from ka2nlp.overviews.runs import Run

if TYPE_CHECKING:
    from ka2nlp.bundles import Bundle

__all__ = ["CodeRates", "Provenance", "trace"]


@dataclass(frozen=True, slots=True)
class CodeRates:
    """What is known of the decisions on one code; fractions in [0, 1], None where unknown.

    Parameters
    ----------
    code
        The label.
    n_gold
        Documents with it that the rates were measured on.
    threshold, lower, upper
        Decided from the first on; "not addressed" under the second, "addressed" from the third on.
    f1, calibration_error, missed, right
        As ``ka2nlp.evaluation`` defines them.
    """

    code: str
    n_gold: int
    threshold: float
    lower: float
    upper: float
    f1: float | None
    calibration_error: float | None
    missed: float | None
    right: float | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Measured errors of the model behind a run.

    Parameters
    ----------
    missing
        Why nothing is known; empty when the bundle was found.
    measured_on
        Name of the data that the rates were measured on, and how many documents these were.
    groups
        Records of the groups of codes, as in the manifest.
    codes
        One a code, in the order of the taxonomy.
    """

    missing: str = ""
    measured_on: str = ""
    n_documents: int = 0
    groups: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    codes: Sequence[CodeRates] = field(default_factory=tuple)

    def calibration_error(self, group: str) -> float | None:
        """Give the expected calibration error of a group of codes, a fraction in [0, 1]."""
        return next((one["calibration_error"] for one in self.groups if one["name"] == group), None)


def trace(run: Run, model: Path | str | None = None) -> Provenance:
    """Find the bundle that tagged a run, and read its error rates.

    Parameters
    ----------
    run
        Names its model and the SHA-256 of the manifest.
    model
        A folder or a name; by default the run's own name for it, and none is no error.

    Raises
    ------
    ModelError
        When a model was named that is missing or damaged.
    """
    try:
        folder = find_model(model or run.settings.model.rpartition(" ")[0])
    except ModelError:
        if model is not None:
            raise
        return Provenance(missing="the model is not installed here")
    if bundle_digest(folder) != run.settings.bundle:
        return Provenance(missing=f"the model found as {folder.name} is another version of it")
    bundle = load_bundle(folder, run.taxonomy)
    for name, metrics in bundle.manifest.metrics.items():
        if isinstance(metrics, dict) and metrics.get("groups"):
            codes = _code_rates(bundle, metrics, run)
            return Provenance("", name, metrics["n_documents"], metrics["groups"], codes)
    return Provenance(missing="the model comes without measured errors")


def _code_rates(bundle: Bundle, metrics: Mapping[str, Any], run: Run) -> list[CodeRates]:
    measured = {record["code"]: record for record in metrics.get("codes", ())}
    heads = bundle.heads
    cuts = np.stack([heads.thresholds, heads.lower, heads.upper])
    if run.settings.threshold is not None:
        cuts = np.full_like(cuts, run.settings.threshold)
    return [
        CodeRates(
            code,
            record.get("n_gold", 0),
            *map(float, cuts[:, column]),
            *(record.get(name) for name in ("f1", "calibration_error", "missed", "right")),
        )
        for column, code in enumerate(run.taxonomy.codes)
        for record in [measured.get(code, {})]
    ]
