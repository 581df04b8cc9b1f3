"""The folders of an archive: one writer at a time, and files that are whole or not there.

Every file is written under another name, flushed to the disk with its folder, and renamed. Parts
are drafted in a folder of the session, ``.drafts-…``. The next session removes it, so that what is
left over from a killed run (workers outlive their master) can put nothing in its place any more.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

from ka2nlp.drafts import flush_folder, put_in_place
from ka2nlp.errors import ArchiveError

__all__ = [
    "ERRORS",
    "LATEST",
    "RUN",
    "Session",
    "failures_told",
    "open_session",
    "part_names",
]

RUN: Final = "run.json"
LATEST: Final = "latest.json"
ERRORS: Final = "errors.jsonl"
_LOCK: Final = ".lock"
_DRAFTS: Final = ".drafts-"


class Session:
    """One run's hold on its folder.

    Parameters
    ----------
    output
        The archive.
    run
        Name of the run's folder.
    """

    def __init__(self, output: Path, run: str) -> None:
        self.output = output
        self.folder = output / run
        self.drafts = self.folder / f"{_DRAFTS}{uuid4().hex}"
        self.drafts.mkdir(parents=True)

    def begin_change(self) -> None:
        """Mark the run as unfinished: it has no ``run.json`` then."""
        (self.folder / RUN).unlink(missing_ok=True)
        flush_folder(self.folder)

    def remove_parts(self, names: set[str]) -> None:
        """Remove parts that belong to no row any more."""
        if names:
            self.begin_change()
        for name in sorted(names):
            (self.folder / name).unlink(missing_ok=True)

    @contextmanager
    def replacing(self, target: Path) -> Iterator[Path]:
        """Give the name of a draft that takes the place of a file once it is written."""
        draft = self.drafts / target.name
        yield draft
        put_in_place(draft, target)


@contextmanager
def open_session(output: Path, run: str) -> Iterator[Session]:
    """Hold an archive alone, for as long as this process lives.

    Raises
    ------
    ArchiveError
        When another process holds it.
    """
    from filelock import FileLock, Timeout

    output.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(output / _LOCK).acquire(blocking=False)
    except Timeout as error:
        raise ArchiveError(
            f"got the output {output}, to which another run writes; "
            "wait for its end, or choose another folder"
        ) from error
    with lock:
        for stale in output.glob(f"run-*/{_DRAFTS}*"):
            stale.rename(output / stale.name)  # out of reach before it is emptied
        for stale in output.glob(f"{_DRAFTS}*"):
            shutil.rmtree(stale, ignore_errors=True)
        session = Session(output, run)
        try:
            yield session
        finally:
            shutil.rmtree(session.drafts, ignore_errors=True)


@contextmanager
def failures_told(output: Path) -> Iterator[None]:
    """Turn a full disk, or one that cannot be written, into one line."""
    try:
        yield
    except OSError as error:
        raise ArchiveError(
            f"got the output {output}, which cannot be written ({error.strerror or error}); mend "
            "that and run the same command again: it goes on where it stopped"
        ) from error


def part_names(folder: Path) -> list[str]:
    """List the parts of a run, in the order of their rows."""
    return sorted(path.name for path in folder.glob("part-*.parquet"))
