"""Files that appear only once they are whole: written under another name, flushed, and renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ka2nlp.errors import InputError

__all__ = ["drafted", "flush_folder", "put_in_place", "replacing"]


@contextmanager
def drafted(target: Path) -> Iterator[Path]:
    """Give the name of a draft, as ``replacing`` does, for the output that a user named.

    Raises
    ------
    InputError
        When it cannot be written.
    """
    try:
        with replacing(target) as draft:
            yield draft
    except OSError as error:
        raise InputError(f"got the output {target}, which cannot be written: {error}") from error


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give the name of a draft beside a file, which takes its place once it is whole.

    Where the target is a link, it stays, and the draft replaces what it leads to. What is no file,
    such as a pipe or ``/dev/null``, is given itself and written to at once.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    if target.exists() and not (target.is_file() or target.is_dir()):
        yield target
        return
    target = Path(os.path.realpath(target))
    draft = target.with_name(f".{target.name}.part")
    try:
        yield draft
        put_in_place(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def put_in_place(draft: Path, target: Path) -> None:
    """Give a file that is written its name; after a power cut it is whole, or not there."""
    _flush(draft, os.O_RDWR)
    draft.replace(target)
    flush_folder(target.parent)


def flush_folder(folder: Path) -> None:
    """Keep the names in a folder through a power cut."""
    if os.name == "posix":  # elsewhere folders cannot be opened, and renames are journalled
        _flush(folder, os.O_RDONLY)


def _flush(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
