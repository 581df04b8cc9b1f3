"""Find out which encoder a folder holds, and load it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ka2nlp.embeddings import Encoder, OnnxEncoder
from ka2nlp.errors import ModelError
from ka2nlp.static_embeddings import StaticEncoder

__all__ = ["ENCODERS", "encoder_files", "load_encoder"]

_TRANSFORMER: Final = "encoder.onnx"
_TABLE: Final = "encoder.npz"
_TOKENIZER: Final = "tokenizer.json"
ENCODERS: Final = (_TRANSFORMER, _TABLE)
"""Files of which a model has one; the first is taken where there are both."""


def encoder_files(names: Iterable[str]) -> tuple[str, str]:
    """Pick the two files of an encoder among the names of files.

    Raises
    ------
    ModelError
        When there is no encoder among them.
    """
    known = frozenset(names)
    for name in ENCODERS:
        if {name, _TOKENIZER} <= known:
            return name, _TOKENIZER
    raise ModelError(
        f"got a model without an encoder, expected {_TRANSFORMER} or {_TABLE} beside "
        f"{_TOKENIZER}; install or rebuild the model"
    )


def load_encoder(
    folder: Path, *, n_threads: int = 0, device: str = "cpu", dimension: int | None = None
) -> Encoder:
    """Load the encoder of a folder.

    Parameters
    ----------
    folder
        Holds the files that ``encoder_files`` names.
    n_threads
        For a transformer; 0 takes one a core.
    device
        "cpu" or "cuda"; a table of vectors is always read by the CPU.
    dimension
        Length of the vectors that are expected; any when left out.

    Raises
    ------
    ModelError
        When a file is missing or damaged, the vectors have another length, or there are no such
        threads or no such device.
    """
    if n_threads < 0:
        raise ModelError(f"got {n_threads} threads, expected 1 or more, or 0 for one a core")
    encoder = _load(folder, n_threads, device)
    if dimension not in (None, encoder.dimension):
        raise ModelError(
            f"got an encoder in {folder} whose vectors have the length {encoder.dimension}, "
            f"expected {dimension} as its classifier; rebuild the model"
        )
    return encoder


def _load(folder: Path, n_threads: int, device: str) -> Encoder:
    if encoder_files(path.name for path in folder.glob("*"))[0] == _TABLE:
        return StaticEncoder(folder)
    return OnnxEncoder(folder, n_threads=n_threads, device=device)
