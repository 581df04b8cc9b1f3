"""``ka2nlp tag``: documents in, reports out."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path

import click

from ka2nlp.cli.inputs import PROBABILITY, Read, device_option, reading_options
from ka2nlp.reports import WRITERS, load_writer, write_reports

__all__ = ["command"]


@click.command("tag")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--format", "-f", type=click.Choice(list(WRITERS)), default="table", show_default=True
)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write here.")
@click.option(
    "--threshold",
    type=PROBABILITY,
    metavar="P",
    help="Decide at this probability instead of the model's tuned thresholds.",
)
@click.option("--model", metavar="DIR", help="A model folder, or the name of one that ships.")
@device_option
@click.option("--language", metavar="TAG", help="Of the labels, such as fr.  [default: en]")
@reading_options
def command(
    inputs: tuple[str, ...],
    format: str,
    output: Path | None,
    threshold: float | None,
    model: str | None,
    device: str,
    language: str | None,
    read: Read,
) -> None:
    """Report which aims each description addresses, with evidence.

    INPUT is a file (text, Markdown, PDF, Word, OpenDocument, HTML, JSON Lines, CSV, Excel,
    Parquet), a folder of such files, - for standard input, or an address: s3://bucket/table.csv,
    https://..., or with --sql a database, postgresql+psycopg://user@host/database.
    """
    from ka2nlp.tagger import Tagger

    documents = chain.from_iterable(map(read, inputs))
    first = next(documents)  # an unreadable input is reported before the model is loaded
    tagger = Tagger.load(model, device=device)
    if threshold is not None:
        tagger = tagger.with_threshold(threshold)
    if language is not None:
        tagger = tagger.with_language(language)
    reports = tagger.tag_many(chain([first], documents))
    if output is not None:
        write_reports(reports, output, tagger.taxonomy, format=format)
        return
    load_writer(format)(reports, sys.stdout, tagger.taxonomy)
