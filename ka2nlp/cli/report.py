"""``ka2nlp report``: an archive in, a page and tables about all of its projects out."""

from __future__ import annotations

from pathlib import Path

import click

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
    from ka2nlp.overviews import summarise_archive

    overview = summarise_archive(archive, compare_with=compare, model=model)
    overview.write_html(output)
    click.echo(f"wrote {output}: {overview.n_projects:,} projects")
    if csv is not None:
        click.echo(f"wrote {len(overview.write_csv(csv))} tables to {csv}")
