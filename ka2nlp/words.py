"""Word features: what the words and word pairs of a whole text say of each label.

The weights of a TF-IDF model (words and pairs of neighbours; logarithmic counts, inverse document
frequency, rows of length 1), applied without scikit-learn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.arrays import check_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["WordModel", "terms"]

_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def terms(text: str) -> list[str]:
    """List the words of a text, case folded, and every pair of neighbours."""
    words = _WORD.findall(text.lower())
    return [*words, *map(" ".join, pairwise(words))]


@dataclass(frozen=True)
class WordModel:
    """Linear weights over words and pairs.

    Parameters
    ----------
    vocabulary
        The n_terms terms, in the order of the weights.
    idf
        Of shape (n_terms,), float32: weight of a term by its rarity.
    weights
        Of shape (n_terms, n_labels), float16.
    bias
        Of shape (n_labels,), float32.

    Raises
    ------
    ModelError
        When the shapes do not belong together or a number is not finite.
    """

    vocabulary: tuple[str, ...]
    idf: NDArray[np.float32]
    weights: NDArray[np.float16]
    bias: NDArray[np.float32]
    _rows: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        n_terms, n_labels = len(self.vocabulary), len(self.bias)
        shapes = {"idf": (n_terms,), "weights": (n_terms, n_labels), "bias": (n_labels,)}
        check_arrays(self, shapes)
        object.__setattr__(self, "_rows", {term: row for row, term in enumerate(self.vocabulary)})

    def logits(self, texts: Iterable[str]) -> NDArray[np.float64]:
        """Score whole texts: log odds of shape (n_texts, n_labels), each text by itself."""
        rows = [self._text_logits(text) for text in texts]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self.bias))

    def _text_logits(self, text: str) -> NDArray[np.float64]:
        counts = Counter(map(self._rows.get, terms(text)))
        del counts[None]  # the terms without a row
        if not counts:
            return self.bias.astype(np.float64)
        rows = np.fromiter(counts.keys(), dtype=np.int64)
        values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float64))) * self.idf[rows]
        values /= np.linalg.norm(values)
        return np.asarray(values @ self.weights[rows].astype(np.float64) + self.bias)
