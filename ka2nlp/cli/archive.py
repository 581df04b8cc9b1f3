"""``ka2nlp archive``: any number of documents in, a folder of Parquet files out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ka2nlp.cli.inputs import PROBABILITY, Read, device_option, reading_options
from ka2nlp.cli.progress import WAYS, show_progress

if TYPE_CHECKING:
    from ka2nlp.archives import RunSummary

__all__ = ["command"]


@click.command("archive")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the archive; the same again to go on.",
)
@click.option(
    "--keep", default="", metavar="COLUMNS", help="Metadata to keep: year,country,grant_eur"
)
@click.option("--model", metavar="DIR", help="A model folder, or the name of one that ships.")
@click.option(
    "--threshold",
    type=PROBABILITY,
    metavar="P",
    help="Decide at this probability instead of the model's tuned thresholds.",
)
@device_option
@click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="Processes of this machine, or Dask workers.",
)
@click.option("--workers", type=click.IntRange(1), help="Default: one a physical core.")
@click.option(
    "--scheduler", metavar="ADDRESS", help="Of a Dask cluster, tcp://...; default: start one here."
)
@click.option(
    "--progress",
    type=click.Choice(list(WAYS)),
    default="auto",
    show_default=True,
    help="On standard error; auto is a bar in a terminal and nothing elsewhere.",
)
@click.option(
    "--wide",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also one row a document: .csv or .xlsx.",
)
@click.option(
    "--long",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also one row a document and code: .csv or .parquet.",
)
@click.option(
    "--shard-rows",
    type=click.IntRange(1),
    default=512,
    show_default=True,
    help="Rows of a file: what an interruption costs at most, for each worker.",
)
@reading_options
def command(
    inputs: tuple[str, ...],
    output: Path,
    keep: str,
    model: str | None,
    threshold: float | None,
    device: str,
    engine: str,
    workers: int | None,
    scheduler: str | None,
    progress: str,
    wide: Path | None,
    long: Path | None,
    shard_rows: int,
    read: Read,
) -> None:
    """Tag any number of documents into a folder of Parquet files.

    The folder then holds the documents of these inputs, in order. A run can be stopped at any
    moment: the same command goes on where it stopped. Documents that were tagged before with the
    same model are not tagged again, wherever they stand now.
    """
    from ka2nlp.archives import tag_archive, write_long, write_wide
    from ka2nlp.archives.long import LONG
    from ka2nlp.archives.tables import ending
    from ka2nlp.reports.sheets import SHEETS

    if scheduler is not None and (engine != "dask" or workers is not None):
        raise click.UsageError("--scheduler goes with --engine dask, and without --workers.")
    for target, known in ((wide, SHEETS), (long, LONG)):
        if target is not None:
            ending(target, known)
    input_format = click.get_current_context().params["input_format"]
    with show_progress(progress, inputs, read, input_format) as hear:
        summary = tag_archive(
            inputs,
            output,
            keep=[name for name in map(str.strip, keep.split(",")) if name],
            model=model,
            threshold=threshold,
            device=device,
            engine=engine,
            n_workers=workers,
            scheduler=scheduler,
            shard_rows=shard_rows,
            read=read,
            progress=hear,
        )
    _report(summary)
    for target, write in ((wide, write_wide), (long, write_long)):
        if target is not None:
            write(summary.folder, target)
            click.echo(f"wrote {target}")


def _report(summary: RunSummary) -> None:
    for name in summary.empty:
        click.echo(f"ka2nlp: no document says anything of {name!r}; check --keep", err=True)
    listed = f", listed in {summary.folder / 'errors.jsonl'}" if summary.n_problems else ""
    click.echo(
        f"wrote {summary.folder}: {summary.n_documents:,} documents, {summary.n_tagged:,} tagged, "
        f"{summary.n_taken_over:,} taken over, {summary.n_problems:,} with problems{listed}"
    )
