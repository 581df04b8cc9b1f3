"""An archive in, an overview of what all of its projects are for out: page, tables and frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ka2nlp.drafts import drafted
from ka2nlp.overviews.comparison import Comparison, compare
from ka2nlp.overviews.figures import Figures, count
from ka2nlp.overviews.page import render
from ka2nlp.overviews.provenance import Provenance, trace
from ka2nlp.overviews.runs import open_run
from ka2nlp.overviews.tables import make_tables, write_tables
from ka2nlp.reports.frames import import_pandas

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Overview", "summarise_archive"]


@dataclass(frozen=True, slots=True)
class Overview:
    """What the projects of an archive are for.

    Parameters
    ----------
    figures
        What was counted.
    provenance
        What is known of the model's errors.
    comparison
        With another run, where one was given.
    """

    figures: Figures
    provenance: Provenance
    comparison: Comparison | None = None

    @property
    def n_projects(self) -> int:
        """Count the projects."""
        return int(self.figures.n)

    def __repr__(self) -> str:
        return f"<Overview of {self.n_projects:,} projects>"

    def to_html(self) -> str:
        """Give the page, which needs no network and no other file."""
        return render(self.figures, self.provenance, self.comparison)

    def write_html(self, target: Path | str) -> None:
        """Write the page.

        Raises
        ------
        InputError
            When it cannot be written.
        """
        page = self.to_html()
        with drafted(Path(target)) as draft:
            draft.write_text(page, encoding="utf-8", newline="\n")

    def write_csv(self, folder: Path | str) -> list[Path]:
        """Write the tables, one file each, and give their paths; see ``write_tables``."""
        return write_tables(self.figures, self.provenance, self.comparison, Path(folder))

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """Give the tables by the names of their files: "outcomes", "by_year", "together" ...

        Raises
        ------
        InputError
            When pandas is not installed.
        """
        frame = import_pandas().DataFrame
        tables = make_tables(self.figures, self.provenance, self.comparison)
        return {
            name: frame(list(rows), columns=columns) for name, (columns, rows) in tables.items()
        }


def summarise_archive(
    archive: Path | str,
    *,
    compare_with: Path | str | None = None,
    model: Path | str | None = None,
) -> Overview:
    """Count what the projects of an archive are for; what ``ka2nlp report`` does.

    Parameters
    ----------
    archive, compare_with
        Folders as ``tag_archive`` writes them, or one of their run folders.
    model
        Where the error rates are read; by default the model that the run names.

    Raises
    ------
    InputError
        When there is no finished run, or it was tagged with other labels.
    ModelError
        When a model was named that is missing or damaged.
    """
    run = open_run(Path(archive))
    other = open_run(Path(compare_with), run.taxonomy) if compare_with is not None else None
    provenance = trace(run, model)
    figures = count(run)
    return Overview(figures, provenance, compare(figures, count(other)) if other else None)
