"""Describe a trained model: its card in Markdown, and its reliability as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ka2nlp.bundles import Manifest
from ka2nlp.evaluation import Evaluation, group_columns
from ka2nlp.taxonomy import Taxonomy
from ka2nlp.training import TrainedHeads

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["code_table", "group_table", "write_card"]

RELIABILITY: Final = "reliability.png"
_NOT_ENOUGH: Final = "not enough data"
_ANSWER_COLUMNS: Final = ("missed", "right", "to check")
_BINS: Final = 10


def write_card(
    manifest: Manifest,
    trained: TrainedHeads,
    taxonomy: Taxonomy,
    encoder: str,
    labelled_by: str = "",
) -> tuple[str, dict[str, bytes]]:
    """Describe a model.

    Parameters
    ----------
    manifest, trained, taxonomy
        The model, its figures and its labels.
    encoder
        What turns its sentences into vectors, in a few words.
    labelled_by
        Who labelled the corpus, and how, in a few words.

    Returns
    -------
    tuple of str and dict
        The card, Markdown; and its pictures by file name, PNG (none without ``ka2nlp[learn]``).
    """
    pictures = _pictures(trained, taxonomy)
    data, evaluation = manifest.training_data, trained.evaluate()
    labels = f"\nLabels: by {labelled_by}.\n" if labelled_by else ""
    taught = ""
    if n_taught := data["n_taught"]:
        taught = f"""
Beside the labelled documents it learnt from {n_taught} without labels, by what another model says
of them. Where that one has learnt from the corpus, the figures below are somewhat too good.
"""
    shown = f"\n![Share of documents with a code, by its probability]({RELIABILITY})\n"
    card = f"""# {manifest.name} {manifest.version}

Tags descriptions of projects, in English, with {len(taxonomy)} codes of the taxonomy
{manifest.taxonomy} ({taxonomy.title or "without a title"}). It supports readers; it does not decide
on grants.

Trained {manifest.created} on {data["n_documents"]} documents ({data["n_sentences"]} sentences;
corpus {data["fingerprint"]}) by

    {manifest.command}
{labels}
Encoder: {encoder}.
{taught}
## Cross-validation on the training corpus

{_measured(trained, data)} in {len(np.unique(trained.folds))} folds, near-duplicates
together. Classifier, thresholds and cut-offs were fitted without the documents that they are
measured on; 95% intervals by bootstrap over documents.

{group_table(evaluation)}
{_auxiliary(trained, data)}
## Three answers

Two cut-offs a code are chosen so that *not addressed* misses at most 5% of what is there, and
*addressed* is right at least 90% of the time. Reached on documents that had no part in the choice:
*missed*, the share of what is there that is said not to be addressed; *right*, the share of what is
said to be addressed that is; *to check*, the share of all documents in between. Codes with fewer
than 60 documents share their cut-offs.

## By code

Calibration error of codes with fewer than 30 documents: {_NOT_ENOUGH}.

{code_table(evaluation, trained)}
{shown if pictures else ""}"""
    return card, pictures


def _measured(trained: TrainedHeads, data: Mapping[str, Any]) -> str:
    """Say how many documents the figures are of."""
    found, given = (~trained.auxiliary).sum(), data["n_documents"] - data["n_auxiliary"]
    if found == given:
        return f"{found} documents"
    return f"{found} of {given} documents (every encoder has learnt from the others)"


def _auxiliary(trained: TrainedHeads, data: Mapping[str, Any]) -> str:
    """Describe what was said of the auxiliary documents, where there are any."""
    rows = trained.auxiliary
    if not rows.any():
        return ""
    outcomes = list(trained.taxonomy.outcomes)
    none = rows & ~trained.truth[:, outcomes].any(axis=1)
    silent = (~trained.decided[none][:, outcomes].any(axis=1)).sum()
    found = trained.evaluate(rows).groups[0]
    return f"""
{data["n_auxiliary"]} auxiliary documents, of other kinds, helped to learn and had no part in
thresholds, cut-offs and the figures above. On {rows.sum()} of them that were held out: outcomes
micro-F1 {_fraction(found.micro_f1)}, macro-F1 {_fraction(found.macro_f1)}; of {none.sum()}
to which no outcome applies, {silent} got none.
"""


def group_table(evaluation: Evaluation) -> str:
    """Give the figures of the groups of codes as a Markdown table."""
    lines = _head(
        "group", "codes", "micro-F1", "macro-F1", "mAP", "calibration error", *_ANSWER_COLUMNS
    )
    for group in evaluation.groups:
        answers = group.answers
        cells = [
            group.name,
            str(group.n_codes),
            _with_interval(group.micro_f1, group.micro_interval),
            _with_interval(group.macro_f1, group.macro_interval),
            _fraction(group.mean_average_precision),
            _fraction(group.calibration_error),
            *map(_percent, (answers.missed, answers.right, answers.to_check) if answers else ()),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def code_table(evaluation: Evaluation, trained: TrainedHeads) -> str:
    """Give the figures of the codes, with their thresholds and cut-offs, as a Markdown table."""
    lines = _head(
        *("code", "documents", "F1", "AP", "calibration error", "threshold", "cut-offs"),
        *_ANSWER_COLUMNS,
    )
    heads = trained.heads
    for column, code in enumerate(evaluation.codes):
        lower, upper = heads.lower[column], heads.upper[column]
        error = code.calibration_error
        cells = [
            code.code,
            str(code.n_gold),
            _fraction(code.f1),
            _fraction(code.average_precision),
            _NOT_ENOUGH if error is None else _fraction(error),
            f"{heads.thresholds[column]:.2f}",
            f"{lower:.2f} to {upper:.2f}" if upper < 1 else f"{lower:.2f}, never sure",
            *map(_percent, (code.missed, code.right, code.to_check)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _head(*columns: str) -> list[str]:
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]


def _with_interval(value: float | None, bounds: tuple[float, float] | None) -> str:
    return _fraction(value) + (f" ({bounds[0]:.3f} to {bounds[1]:.3f})" if bounds else "")


def _fraction(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _pictures(trained: TrainedHeads, taxonomy: Taxonomy) -> dict[str, bytes]:
    try:
        from matplotlib.figure import Figure  # pyplot would meddle with the plots of a notebook
    except ImportError:
        return {}
    groups, rows = group_columns(taxonomy), ~trained.auxiliary
    figure = Figure(figsize=(10, 3.9), layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, len(groups), sharey=True))
    for axis, (name, columns) in zip(axes, groups.items(), strict=True):
        _draw_reliability(
            axis, trained.truth[rows][:, columns], trained.out_of_fold[rows][:, columns]
        )
        axis.set_title(name, fontsize=11)
    axes[0].set_ylabel("share of documents with the code")
    figure.supxlabel("probability out of fold (ten bins of equal mass)", fontsize=10)
    stream = BytesIO()
    figure.savefig(stream, dpi=130, format="png", metadata={"Software": None})
    return {RELIABILITY: stream.getvalue()}


def _draw_reliability(axis: Any, truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> None:  # noqa: ANN401
    order = np.argsort(scores, axis=None, kind="stable")
    bins = np.array_split(order, _BINS)
    expected = [scores.ravel()[rows].mean() for rows in bins]
    observed = np.array([truth.ravel()[rows].mean() for rows in bins])
    spread = 1.96 * np.sqrt(observed * (1 - observed) / [len(rows) for rows in bins])
    axis.plot([0, 1], [0, 1], color="#9aa5ad", linewidth=1, linestyle="--")
    axis.errorbar(
        expected, observed, yerr=spread, color="#1f5f8b", marker="o", markersize=4, capsize=2
    )
    axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axis.spines[["top", "right"]].set_visible(False)
