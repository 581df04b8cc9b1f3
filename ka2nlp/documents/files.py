"""Files and folders of this machine."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ka2nlp.documents.formats import format_of, is_known, load_reader
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["HIDDEN", "read_file", "read_folder"]

HIDDEN: Final = (".", "~$")
"""How the names of files begin that are not for readers: settings, and locks of open documents."""


def read_file(path: Path, format: str | None, options: ReadingOptions) -> Iterator[Document]:
    """Read one file.

    Raises
    ------
    InputError
        When it is not there, has an unknown ending, or cannot be read; its path is in the message.
    """
    if format is None and not path.exists():
        raise InputError(f"got {path}, which does not exist; check the path")
    known = format or format_of(path, str(path))
    try:
        yield from _read(path, path.stem, known, options)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def read_folder(folder: Path, format: str | None, options: ReadingOptions) -> Iterator[Document]:
    """Read the files in a folder and the folders below it, in the order of their relative paths.

    The name of a file is its relative path without its ending, or with it where two files differ
    in nothing else. A file or a folder below that cannot be read is a document without text and
    with its reason; files of other endings and hidden ones are left out, and links to folders are
    not followed.

    Raises
    ------
    InputError
        When the folder cannot be opened, or there is nothing in it to read.
    """
    files, closed = _walk(folder)
    paths = [path for path in files if format or is_known(path)]
    if not paths and not closed:
        raise InputError(f"got the folder {folder} without a file that can be read; check the path")
    same = Counter(path.with_suffix("") for path in paths)
    for path in sorted([*paths, *closed], key=lambda path: path.relative_to(folder).as_posix()):
        if path in closed:
            name = f"{path.relative_to(folder).as_posix()}/"
            yield Document(name, "", "", problems=(closed[path],))
            continue
        short = path.with_suffix("")
        name = (path if same[short] > 1 else short).relative_to(folder).as_posix()
        try:
            yield from _read(path, name, format or format_of(path, name), options)
        except InputError as error:
            yield Document(name, "", "", problems=(str(error),))


def _walk(folder: Path) -> tuple[list[Path], dict[Path, str]]:
    """Find the files in a folder and below; and the folders below that say why they stay closed."""
    found = []
    closed: dict[Path, str] = {}

    def refuse(error: OSError) -> None:
        reason = f"got a folder that cannot be opened: {error.strerror or error}"
        path = Path(error.filename or folder)
        if path == folder:
            raise InputError(f"{folder}: {reason}") from error
        closed[path] = reason

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(HIDDEN)]
        found += [Path(parent, name) for name in names if not name.startswith(HIDDEN)]
    return found, closed


def _read(path: Path, name: str, format: str, options: ReadingOptions) -> Iterator[Document]:
    reader = load_reader(format)
    try:
        with path.open("rb") as stream:
            yield from reader(stream, name, options)
    except OSError as error:
        raise InputError(f"got a file that cannot be opened: {error.strerror or error}") from error
