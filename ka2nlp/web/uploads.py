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

__all__ = ["UPLOADED", "Uploads"]

_FORMATS: Final = {
    ending: name
    for name in ("pdf", "docx", "odt", "html", "markdown", "text")
    for ending in READERS[name][1]
}
UPLOADED: Final = tuple(_FORMATS)
"""Endings of the files that hold one description each."""

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

    async def read(self, data: bytes, filename: str) -> Document:
        """Read one file.

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
        name, kind = _known(filename)
        if len(data) > self._limits.upload_bytes:
            raise InputError(
                f"{name}: got {len(data) / (1 << 20):.1f} MiB, expected at most "
                f"{self._limits.upload_bytes >> 20} MiB; leave out the pictures"
            )
        if self._turns.statistics().tasks_waiting >= _WAITING:
            raise BusyError(
                f"got a file while {_WAITING} others wait; try again in 5 seconds", retry_after=5
            )
        order = Order(
            kind,
            name,
            self._limits.characters,
            self._limits.upload_pages,
            self._limits.upload_seconds,
            self._limits.upload_memory,
        )
        return await anyio.to_thread.run_sync(_ask_child, order, data, limiter=self._turns)


def _known(filename: str) -> tuple[str, str]:
    """Give the name of the document without folders and ending, and its format."""
    path = PurePosixPath(filename.replace("\\", "/"))
    if path.suffix.lower() not in _FORMATS:
        raise InputError(
            f"got a file with the ending {path.suffix[:20]!r}, expected one of {' '.join(UPLOADED)}"
        )
    name = "".join(filter(str.isprintable, path.stem))[:_LONGEST_NAME].strip()
    return name or "upload", _FORMATS[path.suffix.lower()]


def _ask_child(order: Order, data: bytes) -> Document:
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
            f"{order.name}: got a file that cannot be read within bounds (its reader ended with "
            f"code {done.returncode}); save it anew, or paste its text"
        )
    answer = json.loads(done.stdout)
    if "refusal" in answer:
        raise InputError(f"{order.name}: {answer['refusal']}")
    return _document(answer["document"])


def _document(form: Mapping[str, Any]) -> Document:
    return Document(
        form["id"],
        plain_text(form["title"]),
        plain_text(form["text"]),
        problems=tuple(form["problems"]),
        places=tuple(Place(**place) for place in form["places"]),
    )
