"""``ka2nlp evaluate``: a labelled file in, figures out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

    from ka2nlp.evaluation import Evaluation

__all__ = ["command", "show"]


@click.command("evaluate")
@click.argument("gold", type=click.Path(path_type=Path))
@click.option("--model", metavar="DIR", help="A model folder, or the name of one that ships.")
@click.option("--threshold", type=click.FloatRange(0, 1), metavar="P", help="One for all labels.")
@click.option("--format", "-f", type=click.Choice(["table", "json"]), default="table")
def command(gold: Path, model: str | None, threshold: float | None, format: str) -> None:
    """Score a model on labelled descriptions.

    GOLD is JSON Lines: {"id", "title", "text", "labels": ["S1", ...], "evidence": {"S1": [[start,
    end], ...]}}. Never score on what a model was trained or tuned on.
    """
    from ka2nlp.evaluation import evaluate_reports, read_gold
    from ka2nlp.tagger import Tagger
    from ka2nlp.taxonomy import Taxonomy

    taxonomy = Taxonomy.load()
    labelled = read_gold(gold, taxonomy)
    tagger = Tagger.load(model)
    if threshold is not None:
        tagger = tagger.with_threshold(threshold)
    reports = tagger.tag_many(one.document for one in labelled)
    evaluation = evaluate_reports(labelled, reports, taxonomy)
    if format == "json":
        click.echo(json.dumps({"model": tagger.name, **evaluation.to_dict()}, indent=1))
        return
    click.echo(f"{tagger.name} on {gold}, {evaluation.n_documents} documents")
    show(evaluation)


def show(evaluation: Evaluation) -> None:
    """Print the groups, the codes and the evidence as tables."""
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False)
    console.print(_groups(evaluation))
    console.print(_codes(evaluation))
    evidence = evaluation.evidence
    if evidence is not None and evidence.n_tags:
        console.print(
            f"evidence of {evidence.n_tags} right tags: {_fraction(evidence.any_hit)} show a "
            f"sentence that annotators chose, {_fraction(evidence.first_hit)} show it first"
        )
    console.print(
        "[dim]macro averages leave out codes that neither annotators nor model ticked; calibration "
        "error: expected, ten bins of equal mass[/]"
    )


def _groups(evaluation: Evaluation) -> Table:
    table = _table("group", "codes", "gold", "micro-F1", "macro-F1", "P", "R", "mAP", "ECE")
    for group in evaluation.groups:
        table.add_row(
            group.name,
            str(group.n_codes),
            str(group.n_gold),
            _fraction(group.micro_f1),
            _fraction(group.macro_f1),
            _fraction(group.micro_precision),
            _fraction(group.micro_recall),
            _fraction(group.mean_average_precision),
            _fraction(group.calibration_error),
        )
    return table


def _codes(evaluation: Evaluation) -> Table:
    table = _table("code", "gold", "reported", "F1", "P", "R", "AP", "ECE")
    for code in evaluation.codes:
        table.add_row(
            code.code,
            str(code.n_gold),
            str(code.n_reported),
            _fraction(code.f1),
            _fraction(code.precision),
            _fraction(code.recall),
            _fraction(code.average_precision),
            _fraction(code.calibration_error),
        )
    return table


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="left" if column in {"group", "code"} else "right")
    return table


def _fraction(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
