"""Arrays of numbers: how a model keeps and checks them, and vectors of length 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ka2nlp.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["as_float32", "check_arrays", "unit_rows"]


def as_float32(array: NDArray[np.floating]) -> NDArray[np.float32]:
    """Give an array as a model keeps it: contiguous, in 32-bit floats."""
    return np.ascontiguousarray(array, dtype=np.float32)


def check_arrays(owner: object, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Check attributes of an object.

    Parameters
    ----------
    owner
        Holds the arrays.
    shapes
        Name of each array, to the shape that is expected.

    Raises
    ------
    ModelError
        When a shape is another one or a number is not finite.
    """
    for name, expected in shapes.items():
        array = getattr(owner, name)
        if array.shape != expected or not np.isfinite(array).all():
            raise ModelError(
                f"got {name} of shape {array.shape} in {type(owner).__name__}, expected finite "
                f"numbers of shape {expected}; rebuild the model"
            )


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring rows of shape (n, dimension) to Euclidean length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny))
