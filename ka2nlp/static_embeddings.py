"""Sentences to vectors by a table: the mean of what each token always means.

A static encoder has one vector a token and no layers (as in model2vec, Tulkens and van Dongen
2024): hundreds of times faster than a transformer, and blind to the order of the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ka2nlp.arrays import unit_rows
from ka2nlp.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

__all__ = ["StaticEncoder", "write_static_encoder"]


class StaticEncoder:
    """A table of token vectors.

    Parameters
    ----------
    folder
        Holds ``encoder.npz`` (``integers``: int8 of shape (n_tokens, dimension); ``scales``:
        float32 of shape (n_tokens,)) and ``tokenizer.json``.

    Raises
    ------
    ModelError
        When a file is missing or damaged.
    """

    def __init__(self, folder: Path | str) -> None:
        from tokenizers import Tokenizer

        path = Path(folder)
        try:
            self._tokenizer: Tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
            with np.load(path / "encoder.npz", allow_pickle=False) as arrays:
                integers, scales = arrays["integers"], arrays["scales"]
            self._table: NDArray[np.float32] = integers * scales[:, None].astype(np.float32)
        except Exception as error:  # tokenizers raises bare exceptions of its own
            raise ModelError(
                f"got the encoder folder {path}, which cannot be loaded ({error}); "
                "install ka2nlp again, or rebuild the model"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._table.shape[1])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts; see :meth:`ka2nlp.embeddings.Encoder.encode`."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        for row, encoding in enumerate(encodings):
            if ids := encoding.ids:
                vectors[row] = self._table[ids].sum(axis=0)
        vectors[~vectors.any(axis=1), 0] = 1
        return unit_rows(vectors)


def write_static_encoder(folder: Path, table: NDArray[np.float32], tokenizer: Path) -> Path:
    """Write a table, rounded to 8-bit integers a row, and its tokenizer; give the folder.

    Parameters
    ----------
    table
        Of shape (n_tokens, dimension).
    tokenizer
        A ``tokenizer.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scales = np.maximum(np.abs(table).max(axis=1), np.finfo(np.float32).tiny) / np.float32(127)
    integers = np.rint(table / scales[:, None]).astype(np.int8)
    np.savez_compressed(folder / "encoder.npz", integers=integers, scales=scales.astype(np.float32))
    (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    return folder
