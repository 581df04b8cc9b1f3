"""Streams that can be read again from their start, whatever they came from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import BinaryIO

__all__ = ["seekable"]


@contextmanager
def seekable(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Give the stream itself, or a copy in a temporary file where it cannot go back (a pipe)."""
    if stream.seekable():
        yield stream
        return
    with TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield copy
