"""``ka2nlp report``: an archive in, a page and tables about all of its projects out."""

from __future__ import annotations

from pathlib import Path

import click

from ka2nlp.errors import InputError

__all__ = ["command"]

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("report")
@click.argument("archive", type=_FOLDER, metavar="DIR")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="Write the page here.",
)
@click.option("--csv", type=_FOLDER, metavar="FOLDER", help="Also write the figures as CSV.")
@click.option("--compare", type=_FOLDER, metavar="DIR2", help="Compare with this run or archive.")
@click.option("--model", metavar="DIR", help="Where the error rates are read. Default: by name.")
def command(
    archive: Path, output: Path, csv: Path | None, compare: Path | None, model: str | None
) -> None:
    """Report what the projects of an archive are for, as one HTML page.

    DIR is the folder that ka2nlp archive wrote, or one of its run folders. The page needs no
    network and can be sent by mail.
    """
    from ka2nlp.overviews.comparison import compare as compare_figures
    from ka2nlp.overviews.figures import count
    from ka2nlp.overviews.page import render
    from ka2nlp.overviews.provenance import trace
    from ka2nlp.overviews.runs import open_run
    from ka2nlp.overviews.tables import write_tables

    run = open_run(archive)
    other = open_run(compare, run.taxonomy) if compare else None
    provenance = trace(run, model)
    figures = count(run)
    comparison = compare_figures(figures, count(other)) if other else None
    _write(output, render(figures, provenance, comparison))
    click.echo(f"wrote {output}: {figures.n:,} projects")
    if csv is not None:
        paths = write_tables(figures, provenance, comparison, csv)
        click.echo(f"wrote {len(paths)} tables to {csv}")


def _write(output: Path, page: str) -> None:
    """Write a file that appears only once it is whole."""
    draft = output.with_name(f".{output.name}.part")
    try:
        draft.write_text(page, encoding="utf-8", newline="\n")
        draft.replace(output)
    except OSError as error:
        raise InputError(f"got the output {output}, which cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
