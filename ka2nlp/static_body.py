"""A table of token vectors as a body that learns: distilled from a transformer, then trained.

The table begins with what the transformer says of each token alone, reduced to the directions that
differ most, rare tokens weighing more (model2vec, Tulkens and van Dongen 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ka2nlp.embeddings import OnnxEncoder
from ka2nlp.errors import ModelError
from ka2nlp.progress import Progress
from ka2nlp.static_embeddings import write_static_encoder

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

__all__ = ["StaticBody"]

DIMENSION: Final = 256
_SMOOTHING: Final = 1e-4
"""A token as frequent as this weighs half as much as a rare one."""


class StaticBody:
    """A table that learns; a :class:`ka2nlp.encoder_training.Body`.

    Parameters
    ----------
    teacher
        Folder of the transformer that it is distilled from: ``encoder.onnx``, ``tokenizer.json``.

    Raises
    ------
    ModelError
        When the ``train`` extra is not installed, or the teacher is damaged.
    """

    dimension = DIMENSION
    description = (
        f"a table of token vectors of {DIMENSION} numbers, distilled from the default model's "
        "encoder (all-MiniLM-L6-v2, Apache-2.0, fine-tuned), trained further, in 8-bit integers"
    )

    def __init__(self, teacher: Path) -> None:
        try:
            from torch import nn
        except ModuleNotFoundError as error:
            raise ModelError(
                "got an installation without PyTorch; install it with: pip install 'ka2nlp[train]'"
            ) from error
        self._teacher = teacher
        self._module: nn.EmbeddingBag | None = None

    def prepare(self, lines: Sequence[str], progress: Progress) -> list[torch.Tensor]:
        """Turn lines into token numbers; distil the table, frequent tokens weighing less."""
        import torch
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._teacher / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        found = [
            encoding.ids for encoding in tokenizer.encode_batch(lines, add_special_tokens=False)
        ]
        size = tokenizer.get_vocab_size()
        counts = np.bincount(np.concatenate([*map(np.asarray, found)]).astype(int), minlength=size)
        progress(f"distilling {size} tokens")
        table = _distil(_alone(OnnxEncoder(self._teacher), size), counts)
        self._module = torch.nn.EmbeddingBag.from_pretrained(
            torch.from_numpy(table), freeze=False, mode="mean"
        )
        return [torch.tensor(ids, dtype=torch.long) for ids in found]

    def start(self) -> Any:  # noqa: ANN401
        """Give the table as it was distilled."""
        return deepcopy(self._module)

    def embed(self, module: Any, prepared: Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: ANN401
        """Average the tokens and normalise: (n_lines, dimension)."""
        import torch

        lengths = torch.tensor([0, *map(len, prepared)])
        means = module(torch.cat(list(prepared)), lengths.cumsum(0)[:-1])
        return torch.nn.functional.normalize(means, dim=1)

    def export(self, module: Any, folder: Path) -> Path:  # noqa: ANN401
        """Write the table as ``StaticEncoder`` reads it."""
        table = module.weight.detach().numpy()
        return write_static_encoder(folder, table, self._teacher / "tokenizer.json")


def _alone(encoder: OnnxEncoder, size: int) -> NDArray[np.float32]:
    """Encode every token of the vocabulary by itself."""
    first, last = encoder.tokenize([""])[0][0]
    return encoder.encode_windows([[first, token, last] for token in range(size)])


def _distil(vectors: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Reduce the tokens' vectors to their main directions, and weigh them by rarity."""
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    share = counts / counts.sum()
    weights = _SMOOTHING / (_SMOOTHING + share)
    reduced = centred @ directions[:DIMENSION].T * weights[:, None]
    return np.ascontiguousarray(reduced, dtype=np.float32)
