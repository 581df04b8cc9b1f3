"""``ka2nlp taxonomy``: the labels as a tree, JSON, CSV or Turtle."""

from __future__ import annotations

import csv
import json
import sys

import click

from ka2nlp.taxonomy import Concept, Taxonomy

__all__ = ["command"]


@click.command("taxonomy")
@click.option(
    "--format",
    "-f",
    type=click.Choice(["tree", "json", "csv", "turtle"]),
    default="tree",
    show_default=True,
)
@click.option("--definitions", is_flag=True, help="Show what each label means (tree only).")
def command(format: str, definitions: bool) -> None:
    """Print or export the labels."""
    taxonomy = Taxonomy.load()
    if format == "turtle":
        click.echo(taxonomy.turtle, nl=False)
    elif format == "json":
        click.echo(json.dumps(taxonomy.to_rows(), ensure_ascii=False, indent=2))
    elif format == "csv":
        _write_csv(taxonomy)
    else:
        _print_tree(taxonomy, definitions)


def _write_csv(taxonomy: Taxonomy) -> None:
    rows = [row | {"narrower": " ".join(map(str, row["narrower"]))} for row in taxonomy.to_rows()]  # type: ignore[call-overload]
    writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _print_tree(taxonomy: Taxonomy, definitions: bool) -> None:
    for level in taxonomy.levels:
        click.secho(f"{level.label}: {level.definition}", bold=True)
        for code in level.codes:
            _print_concept(taxonomy[code], definitions)
    click.echo(f"{len(taxonomy)} labels, fingerprint {taxonomy.fingerprint}")


def _print_concept(concept: Concept, definitions: bool) -> None:
    indent = "    " if concept.broader else "  "
    click.echo(f"{indent}{concept.code:<4} {concept.label}")
    if definitions:
        words = " ".join(filter(None, (concept.definition, concept.note)))
        click.echo(click.wrap_text(words, 96, f"{indent}     ", f"{indent}     "))
