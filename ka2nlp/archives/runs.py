"""Tag an archive: cut the rows into shards, do what is not done, tell what became of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from ka2nlp.archives.engines import ENGINES, default_workers, run_jobs
from ka2nlp.archives.reuse import KeyIndex
from ka2nlp.archives.rows import Read, Row, read_rows
from ka2nlp.archives.schema import arrow, arrow_schema
from ka2nlp.archives.settings import Settings, choose_settings
from ka2nlp.archives.shards import Bench, Shard, shard_name, write_shard
from ka2nlp.archives.store import (
    ERRORS,
    LATEST,
    RUN,
    Session,
    failures_told,
    open_session,
    part_names,
)
from ka2nlp.bundles import find_model
from ka2nlp.documents import read_documents
from ka2nlp.records import Document
from ka2nlp.taxonomy import CARRIED

__all__ = ["SHARD_ROWS", "Progress", "RunSummary", "tag_archive"]

SHARD_ROWS: Final = 512


class Progress(Protocol):
    """Told how far a run is, once a shard."""

    def __call__(self, n_documents: int, n_tagged: int) -> None:
        """Hear how many documents are done by now, and how many of them were tagged."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What became of a run.

    Parameters
    ----------
    folder
        Of the run.
    n_documents
        Rows, those with problems included.
    n_tagged, n_taken_over, n_problems
        How many were tagged now, had been tagged before, and could not be tagged.
    empty
        Kept columns about which no document says anything.
    """

    folder: Path
    n_documents: int
    n_tagged: int
    n_taken_over: int
    n_problems: int
    empty: tuple[str, ...]


def tag_archive(
    inputs: Path | str | Iterable[Path | str | Document],
    output: Path | str,
    *,
    keep: Sequence[str] = (),
    model: Path | str | None = None,
    threshold: float | None = None,
    device: str = "cpu",
    engine: str = "local",
    n_workers: int | None = None,
    scheduler: str | None = None,
    shard_rows: int = SHARD_ROWS,
    read: Read = read_documents,
    progress: Progress | None = None,
) -> RunSummary:
    """Tag documents of any number into a folder of Parquet files.

    What stands in the folder from an earlier run, finished or not, is not tagged again: an
    interrupted run goes on where it stopped, and ends with the same bytes. A document that changed
    is tagged again, one that is not among the inputs any more disappears.

    Parameters
    ----------
    inputs
        Paths, or documents themselves.
    output
        Folder, made where it is missing.
    keep
        Names of metadata that become columns.
    model
        A folder or a name; the default model when left out.
    threshold
        In [0, 1]; the model's own thresholds when left out.
    device
        Where a transformer is computed: "cpu" or "cuda" (needs ``ka2nlp[train]``).
    engine
        A name in ``ENGINES``.
    n_workers
        Processes, one thread each; one a physical core when left out, and one in all where they
        would share a graphics processor. One is this process.
    scheduler
        Address of a Dask scheduler; its workers must see ``output`` under the same path.
    shard_rows
        Rows of a part, 1 or more: what an interruption costs at most.
    read
        Gives the documents of a path.
    progress
        Told how far the run is.

    Raises
    ------
    InputError
        When no input gives any document.
    ModelError
        When the model is missing or damaged.
    ArchiveError
        When the folder cannot be written or another run writes to it, or workers fail.
    ValueError
        When the threshold is no number in [0, 1], or a part is to have no row.
    """
    output = Path(output).absolute()
    settings = choose_settings(model, threshold, keep, shard_rows, device)
    arrow_schema(settings)  # a name that is taken is told before anything is read
    rows = read_rows([inputs] if isinstance(inputs, (str, Path)) else inputs, read, settings)
    where = None if model is None else str(find_model(model).absolute())
    with failures_told(output), open_session(output, settings.run) as session:
        _carry_taxonomy(find_model(model), session)
        run = _Run(rows, settings, session, progress)
        n_workers = n_workers or (default_workers() if device == "cpu" else 1)
        with ENGINES[engine](n_workers, scheduler) as pool:
            bench = Bench(session.folder, session.drafts, settings, where)
            for n_rows, n_tagged in run_jobs(partial(_do, bench), run.shards(), pool):
                run.count(n_rows, n_tagged)
        return run.finish()


def _carry_taxonomy(model: Path, session: Session) -> None:
    """Copy the vocabulary of a model that has one of its own."""
    for name in CARRIED:
        if (model / name).is_file():
            with session.replacing(session.folder / name) as draft:
                shutil.copyfile(model / name, draft)


def _do(bench: Bench, shard: Shard) -> tuple[int, int]:
    """Write a shard; give how many rows it has, and how many were tagged."""
    return len(shard.rows), write_shard(bench, shard)


class _Run:
    """One run under way."""

    def __init__(
        self,
        rows: Iterator[Row],
        settings: Settings,
        session: Session,
        progress: Progress | None,
    ) -> None:
        self._rows = rows
        self._settings = settings
        self._session = session
        self._progress = progress
        self._before = part_names(session.folder)
        self._names: set[str] = set()
        self._said: set[int] = set()
        self._n_documents = 0
        self._n_tagged = 0

    def shards(self) -> Iterator[Shard]:
        """Give the shards that are not done."""
        done = set(self._before)
        index = KeyIndex(self._session.folder, self._before)
        number = 0
        while rows := tuple(islice(self._rows, self._settings.shard_rows)):
            name = shard_name(number, rows, self._settings)
            self._names.add(name)
            self._said.update(at for row in rows for at, cell in enumerate(row.kept) if cell)
            if name in done:
                self.count(len(rows), 0)
            else:
                self._session.begin_change()
                yield Shard(name, rows, index.find(rows))
            number += 1

    def count(self, n_rows: int, n_tagged: int) -> None:
        """Note that some rows are done."""
        self._n_documents += n_rows
        self._n_tagged += n_tagged
        if self._progress is not None:
            self._progress(self._n_documents, self._n_tagged)

    def finish(self) -> RunSummary:
        """Remove what is not of this run any more, list the problems, and call it finished."""
        session, settings = self._session, self._settings
        session.remove_parts(set(part_names(session.folder)) - self._names)
        with session.replacing(session.folder / ERRORS) as draft:
            n_problems = _write_problems(session.folder, draft)
        with session.replacing(session.folder / RUN) as draft:
            draft.write_text(settings.to_json(), encoding="utf-8", newline="\n")
        with session.replacing(session.output / LATEST) as draft:
            draft.write_text(json.dumps({"run": settings.run}) + "\n", encoding="utf-8")
        return RunSummary(
            session.folder,
            self._n_documents,
            self._n_tagged,
            self._n_documents - self._n_tagged - n_problems,
            n_problems,
            tuple(name for at, name in enumerate(settings.keep) if at not in self._said),
        )


def _write_problems(folder: Path, target: Path) -> int:
    """Write one line for each row that could not be tagged; give their number."""
    columns = ["source", "row", "id", "problem"]
    n_problems = 0
    with target.open("w", encoding="utf-8", newline="\n") as stream:
        for name in part_names(folder):
            table = arrow().parquet.read_table(folder / name, columns=columns)
            for row in table.filter(table["problem"].is_valid()).to_pylist():
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
                n_problems += 1
    return n_problems
