"""How far a run over many documents is: a bar in a terminal, JSON lines, or nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

import click

from ka2nlp.documents.formats import has_rows

if TYPE_CHECKING:
    from ka2nlp.archives.rows import Read
    from ka2nlp.archives.runs import Progress

__all__ = ["WAYS", "show_progress"]


def show_progress(
    way: str, inputs: Sequence[str], read: Read, format: str | None
) -> AbstractContextManager[Progress | None]:
    """Show progress in one of the ``WAYS``; the inputs are counted meanwhile, to tell its end.

    Parameters
    ----------
    way
        One of the ``WAYS``.
    inputs
        The files to count.
    read
        Gives the documents of an input.
    format
        The format that ``read`` takes them for; by the endings of the files when None.
    """
    show = WAYS[way]
    if way == "auto" and not sys.stderr.isatty():
        show = None
    return nullcontext() if show is None else show(_Count(inputs, read, format))


class _Count:
    """Counts the documents of files in a thread of its own; unknown for other kinds of input.

    It reads only files that have rows: PDFium must not be used by two threads at once.
    """

    def __init__(self, inputs: Sequence[str], read: Read, format: str | None) -> None:
        self.total: int | None = None
        self._inputs = inputs
        self._read = read
        self._format = format
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> _Count:
        if all(Path(source).is_file() for source in self._inputs):
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        total = 0
        for source in self._inputs:
            if not has_rows(Path(source), self._format):
                total += 1
                continue
            try:
                for _ in self._read(source):
                    total += 1
                    if self._stopped.is_set():
                        return
            except Exception:  # the run meets it too, and tells
                total += 1
        self.total = total


class _Meter:
    """Turns counts into figures."""

    def __init__(self, count: _Count) -> None:
        self._count = count
        self._start = monotonic()

    def read(self, n_documents: int, n_tagged: int) -> dict[str, float | None]:
        now = monotonic()
        speed = n_tagged / max(now - self._start, 1e-9)
        total = self._count.total
        left = max(total - n_documents, 0) / speed if total is not None and speed else None
        return {
            "documents": n_documents,
            "tagged": n_tagged,
            "total": total,
            "seconds": round(now - self._start, 3),
            "tagged_per_second": round(speed, 3),
            "seconds_left": None if left is None else round(left, 3),
        }


@contextmanager
def _show_bar(count: _Count) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("documents{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with count, Bar(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        meter = _Meter(count)
        task = bar.add_task("", total=None, rate="", left="")

        def hear(n_documents: int, n_tagged: int) -> None:
            found = meter.read(n_documents, n_tagged)
            left = found["seconds_left"]
            bar.update(
                task,
                total=found["total"],
                completed=n_documents,
                rate=f", {found['tagged_per_second']:.1f} tagged a second",
                left="" if left is None else f"{_clock(left)} left",
            )

        yield hear


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


@contextmanager
def _show_json(count: _Count) -> Iterator[Progress]:
    with count:
        meter = _Meter(count)

        def hear(n_documents: int, n_tagged: int) -> None:
            click.echo(json.dumps(meter.read(n_documents, n_tagged)), err=True)

        yield hear


WAYS: Final[dict[str, Callable[[_Count], AbstractContextManager[Progress]] | None]] = {
    "auto": _show_bar,
    "json": _show_json,
    "none": None,
}
"""Name of each way, with what shows it; ``auto`` shows nothing where there is no terminal."""
