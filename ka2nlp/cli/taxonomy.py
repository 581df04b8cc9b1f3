"""``ka2nlp taxonomy``: the labels as a tree, JSON or CSV, and all about them as linked data."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import click

from ka2nlp.cli.inputs import taxonomy_option
from ka2nlp.linked_data import MAPPINGS, to_turtle
from ka2nlp.taxonomy import Concept, Taxonomy

__all__ = ["command"]


@click.command("taxonomy")
@click.option(
    "--format",
    "-f",
    type=click.Choice(["tree", "json", "csv", "turtle", "sssom"]),
    default="tree",
    show_default=True,
    help="turtle: with all labels, mappings and the schemes mapped to; sssom: the mappings alone.",
)
@click.option("--definitions", is_flag=True, help="Show what each label means (tree only).")
@click.option(
    "--language",
    metavar="TAG",
    help="Of the labels in tree, json and csv, such as fr; default: en.",
)
@taxonomy_option
def command(format: str, definitions: bool, language: str | None, taxonomy: Path | None) -> None:
    """Print or export the labels.

    There are labels in the 24 official languages of the European Union, ours and not official;
    definitions are in English.
    """
    found = Taxonomy.load(taxonomy)
    _show(found.translated(language) if language else found, format, definitions)


def _show(taxonomy: Taxonomy, format: str, definitions: bool) -> None:
    if format == "turtle":
        click.echo(to_turtle(taxonomy), nl=False)
    elif format == "sssom":
        click.echo(taxonomy.companion(MAPPINGS), nl=False)
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
    width = max(map(len, taxonomy.codes)) + 1
    for level in taxonomy.levels:
        click.secho(": ".join(filter(None, (level.label, level.definition))), bold=True)
        for code in level.codes:
            _print_concept(taxonomy[code], width, definitions)
    version = f"version {taxonomy.version}, " if taxonomy.version else ""
    click.echo(f"{len(taxonomy)} labels, {version}fingerprint {taxonomy.fingerprint}")


def _print_concept(concept: Concept, width: int, definitions: bool) -> None:
    indent = "    " if concept.broader else "  "
    click.echo(f"{indent}{concept.code:<{width}} {concept.label}")
    if definitions:
        words = " ".join(filter(None, (concept.definition, concept.note)))
        click.echo(click.wrap_text(words, 96, f"{indent}     ", f"{indent}     "))
