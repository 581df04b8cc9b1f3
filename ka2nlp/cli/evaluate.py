"""``ka2nlp evaluate``: a labelled file in, figures out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ka2nlp.cli.inputs import PROBABILITY
from ka2nlp.cli.tables import print_table

if TYPE_CHECKING:
    from ka2nlp.evaluation import Evaluation

__all__ = ["command", "show"]


@click.command("evaluate")
@click.argument("gold", type=click.Path(path_type=Path))
@click.option("--model", metavar="DIR", help="A model folder, or the name of one that ships.")
@click.option("--threshold", type=PROBABILITY, metavar="P", help="One for all labels.")
@click.option("--format", "-f", type=click.Choice(["table", "json"]), default="table")
def command(gold: Path, model: str | None, threshold: float | None, format: str) -> None:
    """Score a model on labelled descriptions.

    GOLD is JSON Lines: {"id", "title", "text", "labels": ["S1", ...], "evidence": {"S1": [[start,
    end], ...]}}; or a table (CSV, Excel, Parquet) with a text and one column a code, 1 or 0, whose
    other codes are not scored. Never score on what a model was trained or tuned on.
    """
    from ka2nlp.tagger import Tagger

    tagger = Tagger.load(model)
    if threshold is not None:
        tagger = tagger.with_threshold(threshold)
    evaluation = tagger.evaluate(gold)
    if format == "json":
        click.echo(json.dumps({"model": tagger.name, **evaluation.to_dict()}, indent=1))
        return
    click.echo(f"{tagger.name} on {gold}, {evaluation.n_documents} documents")
    n_judged = sum(code.n_judged > 0 for code in evaluation.codes)
    if n_judged < len(evaluation.codes):
        click.echo(f"{n_judged} of {len(evaluation.codes)} codes were judged; no other is scored")
    show(evaluation)


def show(evaluation: Evaluation) -> None:
    """Print the groups, the codes and the evidence as tables; what was not judged is left out."""
    groups = [group for group in evaluation.groups if group.n_codes]
    print_table(
        ("group", "codes", "gold", "micro-F1", "95%", "macro-F1", "95%", "mAP", "ECE"),
        [
            (
                group.name,
                group.n_codes,
                group.n_gold,
                group.micro_f1,
                _interval(group.micro_interval),
                group.macro_f1,
                _interval(group.macro_interval),
                group.mean_average_precision,
                group.calibration_error,
            )
            for group in groups
        ],
    )
    print_table(
        ("group", "precision", "recall", "missed", "right", "to check"),
        [
            (
                group.name,
                group.micro_precision,
                group.micro_recall,
                *((found.missed, found.right, found.to_check) if (found := group.answers) else ()),
            )
            for group in groups
        ],
    )
    print_table(
        ("code", "gold", "reported", "F1", "P", "R", "AP", "ECE", "missed", "right", "to check"),
        [
            (
                code.code,
                code.n_gold,
                code.n_reported,
                code.f1,
                code.precision,
                code.recall,
                code.average_precision,
                "not enough data" if code.calibration_error is None else code.calibration_error,
                code.missed,
                code.right,
                code.to_check,
            )
            for code in evaluation.codes
            if code.n_judged
        ],
    )
    evidence = evaluation.evidence
    if evidence is not None and evidence.any_hit is not None and evidence.first_hit is not None:
        click.echo(
            f"evidence of {evidence.n_tags} right tags: {evidence.any_hit:.3f} show a sentence "
            f"that annotators chose, {evidence.first_hit:.3f} show it first"
        )
    click.echo(
        "macro averages leave out codes that neither annotators nor model ticked;\n"
        "95%: bootstrap interval over documents; ECE: expected calibration error, ten bins of\n"
        "equal mass; missed: said not to be addressed, of what is there; right: there, of what\n"
        "is said to be addressed; to check: of all documents"
    )


def _interval(bounds: tuple[float, float] | None) -> str:
    return f"{bounds[0]:.3f}-{bounds[1]:.3f}" if bounds else "-"
