"""Find texts that say the same: shared runs of words, or nearly equal vectors."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Pair", "group_pairs", "near_duplicates", "shingles", "similar_vectors"]

SHINGLE: Final = 8
"""Words in a shingle."""

_MAX_POSTINGS: Final = 50
_BLOCK: Final = 512
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts, by position, and how much they share, in [0, 1]."""

    first: int
    second: int
    similarity: float


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Give every run of eight words, case folded."""
    words = _WORD.findall(text.lower())
    return frozenset(
        tuple(words[at : at + SHINGLE]) for at in range(max(len(words) - SHINGLE + 1, 0))
    )


def near_duplicates(texts: Sequence[str], bound: float) -> list[Pair]:
    """Find pairs that share at least a share ``bound`` of the shorter text's shingles.

    A run of words that stands in more than fifty texts is boilerplate and does not count.
    """
    sets = [shingles(text) for text in texts]
    owners: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, found in enumerate(sets):
        for shingle in found:
            owners[shingle].append(index)
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for indices in owners.values():
        if 1 < len(indices) <= _MAX_POSTINGS:
            for pair in combinations(sorted(indices), 2):
                shared[pair] += 1
    return sorted(
        (
            Pair(one, other, count / min(len(sets[one]), len(sets[other])))
            for (one, other), count in shared.items()
            if count >= bound * min(len(sets[one]), len(sets[other]))
        ),
        key=lambda pair: (-pair.similarity, pair.first, pair.second),
    )


def similar_vectors(vectors: NDArray[np.float32], bound: float) -> list[Pair]:
    """Find pairs of rows whose cosine is at least ``bound``.

    Parameters
    ----------
    vectors
        Of shape (n, dimension), rows of length 1.
    bound
        In [-1, 1].
    """
    return sorted(_similar(vectors, bound), key=lambda p: (-p.similarity, p.first, p.second))


def _similar(vectors: NDArray[np.float32], bound: float) -> Iterator[Pair]:
    for start in range(0, len(vectors), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        for row, column in np.argwhere(cosines >= bound):
            if start + row < column:
                yield Pair(int(start + row), int(column), float(cosines[row, column]))


def group_pairs(n: int, pairs: Sequence[Pair]) -> list[int]:
    """Give each of ``n`` texts the number of its group: texts linked by pairs share one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = [pair.first for pair in pairs]
    columns = [pair.second for pair in pairs]
    links = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(n, n))
    _, groups = connected_components(links, directed=False)
    return [int(group) for group in groups]
