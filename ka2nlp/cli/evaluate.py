"""``ka2nlp evaluate``: a labelled file in, figures out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ka2nlp.cli.tables import print_table

if TYPE_CHECKING:
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
    from ka2nlp.evaluation import evaluate_reports
    from ka2nlp.labelled import read_labelled
    from ka2nlp.tagger import Tagger
    from ka2nlp.taxonomy import Taxonomy

    taxonomy = Taxonomy.load()
    labelled = read_labelled(gold, taxonomy)
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
    print_table(
        ("group", "codes", "gold", "micro-F1", "macro-F1", "P", "R", "mAP", "ECE"),
        [
            (
                group.name,
                group.n_codes,
                group.n_gold,
                group.micro_f1,
                group.macro_f1,
                group.micro_precision,
                group.micro_recall,
                group.mean_average_precision,
                group.calibration_error,
            )
            for group in evaluation.groups
        ],
    )
    print_table(
        ("code", "gold", "reported", "F1", "P", "R", "AP", "ECE"),
        [
            (
                code.code,
                code.n_gold,
                code.n_reported,
                code.f1,
                code.precision,
                code.recall,
                code.average_precision,
                code.calibration_error,
            )
            for code in evaluation.codes
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
        "ECE: expected calibration error, ten bins of equal mass"
    )
