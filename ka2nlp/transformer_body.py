"""The transformer as a body that learns: all-MiniLM-L6-v2, its upper layers free.

The lower layers stay as they are, so their output is computed once for all epochs and folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ka2nlp.embeddings import WINDOW, group_by_length, pretrained_folder
from ka2nlp.encoder_export import export_encoder
from ka2nlp.errors import ModelError
from ka2nlp.progress import Progress

if TYPE_CHECKING:
    import torch

__all__ = ["TransformerBody"]

_TOKENS_PER_BATCH: Final = 4096


class TransformerBody:
    """A transformer whose lower layers are frozen; a :class:`ka2nlp.encoder_training.Body`.

    Parameters
    ----------
    n_frozen
        Lower layers that stay as they are, of the six.
    keep
        Folder in which the encoder that is exported is kept in 32-bit floats too, as
        sentence-transformers reads it.

    Raises
    ------
    ModelError
        When the ``train`` extra is not installed.
    """

    def __init__(self, n_frozen: int = 4, *, keep: Path | None = None) -> None:
        try:
            from transformers import AutoModel
        except ImportError as error:
            raise ModelError(
                "got an installation without PyTorch and transformers; "
                "install them with: pip install 'ka2nlp[train]'"
            ) from error
        self._n_frozen, self._keep = n_frozen, keep
        self._encoder: Any = AutoModel.from_pretrained(
            pretrained_folder(), attn_implementation="sdpa"
        ).eval()
        self.description = (
            f"all-MiniLM-L6-v2 (Apache-2.0), all layers but the lower {n_frozen} fine-tuned; "
            "matrices and word table in 8-bit integers"
        )
        self.dimension = int(self._encoder.config.hidden_size)

    def prepare(self, lines: Sequence[str], progress: Progress) -> list[torch.Tensor]:
        """Run the frozen layers: states of shape (n_tokens, dimension), in half precision."""
        import torch

        tokens = _tokens(lines)
        states: list[Any] = [None] * len(tokens)
        n_done = 0
        for batch in group_by_length([len(one) for one in tokens], _TOKENS_PER_BATCH):
            progress("computing the frozen layers", n_done / len(tokens))
            n_done += len(batch)
            lengths = [len(tokens[index]) for index in batch]
            width = max(lengths)
            ids = torch.tensor(
                [tokens[index] + [0] * (width - len(tokens[index])) for index in batch]
            )
            with torch.no_grad(), _half():
                found = _run(
                    self._encoder.encoder.layer[: self._n_frozen],
                    self._encoder.embeddings(input_ids=ids),
                    lengths,
                )
            for row, index in enumerate(batch):
                states[index] = found[row, : lengths[row]].bfloat16().clone()
        return states

    def start(self) -> Any:  # noqa: ANN401
        """Give the upper layers as they were pretrained."""
        return deepcopy(self._encoder.encoder.layer[self._n_frozen :])

    def embed(self, module: Any, prepared: Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: ANN401
        """Run the upper layers, average the tokens and normalise: (n_lines, dimension)."""
        import torch
        from torch.nn.utils.rnn import pad_sequence

        vectors, order = [], []
        for batch in group_by_length([len(state) for state in prepared], _TOKENS_PER_BATCH):
            lengths = [len(prepared[index]) for index in batch]
            padded = pad_sequence([prepared[index] for index in batch], batch_first=True)
            if not _is_half_quick():
                padded = padded.float()
            with _half():
                found = _run(module, padded, lengths).float()
            mask = _mask(lengths)[..., None]
            mean = (found * mask).sum(1) / mask.sum(1)
            vectors.append(torch.nn.functional.normalize(mean, dim=1))
            order += batch
        return torch.cat(vectors)[torch.as_tensor(np.argsort(order))]

    def export(self, module: Any, folder: Path) -> Path:  # noqa: ANN401
        """Write the whole encoder as ``OnnxEncoder`` reads it."""
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(pretrained_folder()), device="cpu")
        upper = model[0].auto_model.encoder.layer[self._n_frozen :]
        for layer, trained in zip(upper, module, strict=True):
            layer.load_state_dict(trained.state_dict())
        with TemporaryDirectory() as scratch:
            plain = self._keep or Path(scratch)
            model.save(str(plain))
            return export_encoder(folder, plain)


def _tokens(lines: Sequence[str]) -> list[list[int]]:
    """Give token numbers with the special ones; what goes beyond the window is left out."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(pretrained_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(WINDOW)
    return [encoding.ids for encoding in tokenizer.encode_batch(list(lines))]


def _run(layers: Any, states: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:  # noqa: ANN401
    """Apply transformer layers to padded states."""
    hidden = ((1 - _mask(lengths)) * -1e4)[:, None, None, :]
    for layer in layers:
        output = layer(states, hidden.to(states.dtype))
        states = output[0] if isinstance(output, tuple) else output
    return states


def _mask(lengths: Sequence[int]) -> torch.Tensor:
    import torch

    return (torch.arange(max(lengths))[None, :] < torch.tensor(lengths)[:, None]).float()


def _is_half_quick() -> bool:
    """Tell whether this processor computes in bfloat16 quickly."""
    import torch

    return bool(torch.backends.cpu.get_cpu_capability() == "AVX512")


def _half() -> Any:  # noqa: ANN401
    """Compute in bfloat16 where that is quick, else in float32."""
    import torch

    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=_is_half_quick())
