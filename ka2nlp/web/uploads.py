"""Uploaded files to documents: each is read by a process of its own, within bounds.

A hostile file can then harm nothing but that process, which has no secret, writes no file, and is
ended when it takes too long.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any, Final

import anyio
import anyio.to_thread

from ka2nlp.documents.formats import READERS
from ka2nlp.errors import InputError
from ka2nlp.records import Document, Place
from ka2nlp.review.values import plain_text
from ka2nlp.web.inference import BusyError
from ka2nlp.web.reading import Order
from ka2nlp.web.settings import Limits

__all__ = ["TABLES", "UPLOADED", "Uploads"]

_SINGLE: Final = ("pdf", "docx", "odt", "html", "markdown", "text")
_FORMATS: Final = {ending: name for name, (_, endings) in READERS.items() for ending in endings}
UPLOADED: Final = tuple(ending for name in _SINGLE for ending in READERS[name][1])
"""Endings of the files that hold one description each."""

TABLES: Final = tuple(ending for ending, name in _FORMATS.items() if name not in _SINGLE)
"""Endings of the files that hold one description a row."""

_WAITING: Final = 16
_LONGEST_NAME: Final = 200
_KEPT: Final = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TEMP", "TMPDIR", "USERPROFILE")
"""Of the environment, which may hold passwords, these variables reach the child."""


class Uploads:
    """Reads uploaded files, a few at a time.

    Parameters
    ----------
    limits
        Of size, pages, time and memory.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turns = anyio.CapacityLimiter(limits.uploads)
        self._n_taken_on = 0

    async def read(self, data: bytes, filename: str) -> Document:
        """Read one file that holds one description.

        Parameters
        ----------
        data
            All of its bytes.
        filename
            As the user calls it: its ending tells the format, and the rest names the document.

        Returns
        -------
        Document
            With pages or paragraphs as its places.

        Raises
        ------
        InputError
            When it is of another format, too large, damaged, or takes too long; the message says
            which, and is fit to be shown.
        BusyError
            When too many files wait already.
        """
        return (await self._read(data, filename, UPLOADED, 1))[0]

    async def read_all(self, data: bytes, filename: str) -> list[Document]:
        """Read one file that holds one description, or a table that holds one a row.

        Parameters and errors are those of ``read``.
        """
        return await self._read(data, filename, UPLOADED + TABLES, self._limits.upload_rows)

    async def _read(
        self, data: bytes, filename: str, endings: tuple[str, ...], most_rows: int
    ) -> list[Document]:
        name, kind = _known(filename, endings)
        if len(data) > self._limits.upload_bytes:
            raise InputError(
                f"{name}: got {len(data) / (1 << 20):.1f} MiB, expected at most "
                f"{self._limits.upload_bytes >> 20} MiB; leave out the pictures"
            )
        if self._n_taken_on >= self._limits.uploads + _WAITING:
            raise BusyError(
                f"got a file while {_WAITING} others wait; try again in 5 seconds", retry_after=5
            )
        order = Order(
            kind,
            name,
            self._limits.characters,
            self._limits.upload_pages,
            most_rows,
            self._limits.upload_seconds,
            self._limits.upload_memory,
        )
        self._n_taken_on += 1
        try:
            return await anyio.to_thread.run_sync(_ask_child, order, data, limiter=self._turns)
        finally:
            self._n_taken_on -= 1


def _known(filename: str, endings: tuple[str, ...]) -> tuple[str, str]:
    """Give the name of the document without folders and ending, and its format."""
    path = PurePosixPath(filename.replace("\\", "/"))
    name = "".join(filter(str.isprintable, path.stem))[:_LONGEST_NAME].strip() or "upload"
    if path.suffix.lower() not in endings:
        raise InputError(
            f"{name}: got a file with the ending {path.suffix[:20]!r}, "
            f"expected one of {' '.join(endings)}"
        )
    return name, _FORMATS[path.suffix.lower()]


def _ask_child(order: Order, data: bytes) -> list[Document]:
    paths = os.pathsep.join(path for path in sys.path if path)
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "ka2nlp.web.reading"],
            input=json.dumps(asdict(order)).encode() + b"\n" + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # may hold text of the file
            timeout=order.seconds,
            env=kept | {"PYTHONPATH": paths, "PYTHONUTF8": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            f"{order.name}: got a file that takes more than {order.seconds:.0f} seconds to read; "
            "save it anew, or paste its text"
        ) from None
    if done.returncode:
        raise InputError(
            f"{order.name}: got a file that cannot be read within bounds of memory and time; "
            "save it anew, or paste its text"
        )
    answer = json.loads(done.stdout)
    if "refusal" in answer:
        raise InputError(f"{order.name}: {answer['refusal']}")
    return [_document(form) for form in answer["documents"]]


def _document(form: Mapping[str, Any]) -> Document:
    return Document(
        form["id"],
        plain_text(form["title"]),
        plain_text(form["text"]),
        form["metadata"],
        problems=tuple(form["problems"]),
        places=tuple(Place(**place) for place in form["places"]),
    )
