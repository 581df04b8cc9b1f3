"""The child process that reads one uploaded file: its bytes on standard input, JSON on the output.

It bounds itself before it looks at the file. On Linux these bounds are its address space, its
processor time, its open files, and no byte written to any file; on macOS the same but for the
address space, which that system does not bound. On Windows only the parent's bounds hold: the size
of the file and the time that reading it may take.
"""

from __future__ import annotations

import io
import json
import math
import sys
from dataclasses import asdict, dataclass
from itertools import islice
from typing import BinaryIO, Final

from ka2nlp.documents.formats import load_reader
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["Order", "main"]

_OPEN_FILES: Final = 64
_LARGEST_ANSWER: Final = 64 << 20
"""Bytes that the parent is given at most."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to read, and how much of it at most.

    Parameters
    ----------
    format
        Name of a reader.
    name
        Becomes the identifier of the document, or of rows without one.
    characters, pages, rows
        Of each text, of a PDF, and of a table.
    seconds
        Of processor time.
    memory
        Bytes of address space.
    """

    format: str
    name: str
    characters: int
    pages: int
    rows: int
    seconds: float
    memory: int


def main(source: BinaryIO, target: BinaryIO) -> None:
    """Read an order, one line of JSON, and the file that follows it; write the documents.

    What is written is ``{"documents": [{...}]}``, or ``{"refusal": "..."}`` with the reason.
    """
    order = Order(**json.loads(source.readline()))
    _confine(order)
    try:
        found = _read(order, source.read())
        answer: dict[str, object] = {"documents": [asdict(document) for document in found]}
    except InputError as error:
        answer = {"refusal": str(error)}
    except MemoryError:
        answer = {"refusal": "got a file that takes too much memory to read; save it anew as text"}
    except RecursionError:
        answer = {"refusal": "got a file whose parts are nested too deeply; save it anew as text"}
    form = json.dumps(answer, default=str).encode()
    if len(form) > _LARGEST_ANSWER:
        form = json.dumps({"refusal": "got more text than one file may hold"}).encode()
    target.write(form)


def _read(order: Order, data: bytes) -> list[Document]:
    options = ReadingOptions(most_pages=order.pages)
    rows = load_reader(order.format)(io.BytesIO(data), order.name, options)
    documents = list(islice(rows, order.rows + 1))
    if len(documents) > order.rows:
        raise InputError(
            f"got a table of more than {order.rows:,} rows, expected at most that; "
            "upload it in parts"
        )
    longest = max((len(document.text) for document in documents), default=0)
    if longest > order.characters:
        raise InputError(
            f"got a text of {longest:,} characters, expected at most "
            f"{order.characters:,}; upload the description alone"
        )
    return documents


def _confine(order: Order) -> None:
    """Bound this process, as far as its system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    seconds = math.ceil(order.seconds)
    for kind, limit in (
        (resource.RLIMIT_AS, order.memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(kind)
        allowed = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(kind, (allowed, allowed))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
