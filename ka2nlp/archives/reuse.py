"""Find rows that were tagged before: an index over the keys of the parts of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.archives.rows import Row
from ka2nlp.archives.schema import arrow
from ka2nlp.archives.shards import Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KeyIndex"]

_DIGITS: Final = 16
"""Of a key, that are kept in memory; whoever borrows a row compares the whole key."""


class KeyIndex:
    """Where keys stand; read from the parts when it is first asked, 16 bytes a row.

    Parameters
    ----------
    folder
        Of the run.
    names
        Of the parts.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder
        self._names = names

    def find(self, rows: Sequence[Row]) -> Mapping[int, Place]:
        """Give the positions of rows whose key begins like one in a part, and its place."""
        keys, parts, numbers = self._columns
        if not len(keys):
            return {}
        wanted = [position for position, row in enumerate(rows) if row.problem is None]
        prefixes = _prefixes([rows[position].key for position in wanted])
        at = np.minimum(np.searchsorted(keys, prefixes), len(keys) - 1)
        return {
            position: (self._names[parts[place]], int(numbers[place]))
            for position, place, prefix in zip(wanted, at, prefixes, strict=True)
            if keys[place] == prefix
        }

    @cached_property
    def _columns(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint32]]:
        """Prefixes of the keys, sorted, with the positions of their parts and rows."""
        read_table = arrow().parquet.read_table
        keys = [
            _prefixes(read_table(self._folder / name, columns=["key"])["key"].to_pylist())
            for name in self._names
        ]
        lengths = [len(part) for part in keys]
        prefixes = np.concatenate(keys) if keys else np.empty(0, np.uint64)
        numbers = [np.arange(length, dtype=np.uint32) for length in lengths]
        order = np.argsort(prefixes, kind="stable")
        parts = np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths)
        rows = np.concatenate(numbers) if numbers else np.empty(0, np.uint32)
        return prefixes[order], parts[order], rows[order]


def _prefixes(keys: Sequence[str]) -> NDArray[np.uint64]:
    return np.array([int(key[:_DIGITS], 16) for key in keys], dtype=np.uint64)
