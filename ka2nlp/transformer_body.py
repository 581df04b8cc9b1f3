"""The transformer as a body that learns: all-MiniLM-L6-v2, all its layers or the upper ones.

What lies below the layers that learn stays as it is and is computed once for all epochs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from pathlib import Path
from shutil import copyfile
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

_TOKENS_PER_BATCH: Final = 1024
_DROPOUT: Final = 0.1
"""As all-MiniLM-L6-v2 was trained with, after each product that is added to the states."""

_N_DRAWN: Final = 1 << 23
"""Numbers in the masks; a batch takes at most 1,024 times 384 of them."""


class TransformerBody:
    """A transformer that learns; a :class:`ka2nlp.encoder_training.Body`.

    Parameters
    ----------
    n_frozen
        Lower layers that stay as they are, of the six; the table of words always does.
    keep
        Folder in which the encoder that is exported is kept in 32-bit floats too, as
        sentence-transformers reads it.

    Raises
    ------
    ModelError
        When the ``train`` extra is not installed.
    """

    def __init__(self, n_frozen: int = 2, *, keep: Path | None = None) -> None:
        try:
            from transformers import AutoModel
        except ModuleNotFoundError as error:
            raise ModelError(
                "got an installation without PyTorch and transformers; "
                "install them with: pip install 'ka2nlp[train]'"
            ) from error
        self._n_frozen, self._keep = n_frozen, keep
        self._encoder: Any = AutoModel.from_pretrained(pretrained_folder()).eval()
        self.description = (
            f"all-MiniLM-L6-v2 (Apache-2.0), layers {n_frozen + 1} to 6 fine-tuned; "
            "matrices in 7-bit and word table in 8-bit integers"
        )
        self.dimension = int(self._encoder.config.hidden_size)

    def prepare(self, lines: Sequence[str], progress: Progress) -> list[torch.Tensor]:
        """Run what does not learn: states of shape (n_tokens, dimension), in half precision."""
        import torch

        tokens = _tokens(lines)
        states: list[Any] = [None] * len(tokens)
        n_done = 0
        for batch in group_by_length([len(one) for one in tokens], _TOKENS_PER_BATCH):
            progress("computing what does not learn", n_done / len(tokens))
            n_done += len(batch)
            lengths = [len(tokens[index]) for index in batch]
            width = max(lengths)
            ids = torch.tensor(
                [tokens[index] + [0] * (width - len(tokens[index])) for index in batch]
            )
            with torch.no_grad():
                found = _run(
                    self._encoder.encoder.layer[: self._n_frozen],
                    self._encoder.embeddings(input_ids=ids).to(_precision()),
                    lengths,
                    None,
                )
            for row, index in enumerate(batch):
                states[index] = found[row, : lengths[row]].bfloat16().clone()
        return states

    def start(self) -> Any:  # noqa: ANN401
        """Give the layers that learn as they were pretrained."""
        self._dropout = _Dropout()
        return deepcopy(self._encoder.encoder.layer[self._n_frozen :])

    def embed(self, module: Any, prepared: Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: ANN401
        """Run the layers that learn, average the tokens and normalise: (n_lines, dimension)."""
        import torch
        from torch.nn.utils.rnn import pad_sequence

        vectors, order = [], []
        for batch in group_by_length([len(state) for state in prepared], _TOKENS_PER_BATCH):
            lengths = [len(prepared[index]) for index in batch]
            padded = pad_sequence([prepared[index] for index in batch], batch_first=True)
            drop = self._dropout if module.training else None
            found = _run(module, padded.to(_precision()), lengths, drop).float()
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
            export_encoder(folder, plain)
        # as it was pretrained: saved anew, it is half as large again and cuts texts off
        copyfile(pretrained_folder() / "tokenizer.json", folder / "tokenizer.json")
        return folder


def _tokens(lines: Sequence[str]) -> list[list[int]]:
    """Give token numbers with the special ones; what goes beyond the window is left out."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(pretrained_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(WINDOW)
    return [encoding.ids for encoding in tokenizer.encode_batch(list(lines))]


def _run(
    layers: Iterable[Any], states: torch.Tensor, lengths: Sequence[int], drop: _Dropout | None
) -> torch.Tensor:
    """Apply transformer layers to padded states, in the precision of the states."""
    hidden = None
    if min(lengths) < max(lengths):
        hidden = ((1 - _mask(lengths)) * -1e4)[:, None, None, :].to(states.dtype)
    for layer in layers:
        states = _apply(layer, states, hidden, drop or (lambda found: found))
    return states


def _apply(
    layer: Any,  # noqa: ANN401
    states: torch.Tensor,
    hidden: torch.Tensor | None,
    drop: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Apply one layer of BERT, as transformers does, but for the dropout of the attention.

    Plain products are quicker on a processor than its fused attention, above all backwards.
    """
    import torch

    attention = layer.attention.self
    n_texts, n_tokens, width = states.shape
    shape = n_texts, n_tokens, attention.num_attention_heads, -1
    query, key, value = (
        _linear(states, part).view(shape).transpose(1, 2)
        for part in (attention.query, attention.key, attention.value)
    )
    scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])
    if hidden is not None:
        scores = scores + hidden
    attended = (scores.softmax(-1) @ value).transpose(1, 2).reshape(n_texts, n_tokens, width)
    after = layer.attention.output
    states = _normalise(states + drop(_linear(attended, after.dense)), after.LayerNorm)
    grown = torch.nn.functional.gelu(_linear(states, layer.intermediate.dense))
    return _normalise(states + drop(_linear(grown, layer.output.dense)), layer.output.LayerNorm)


def _linear(states: torch.Tensor, part: Any) -> torch.Tensor:  # noqa: ANN401
    import torch

    kind = states.dtype
    return torch.nn.functional.linear(states, part.weight.to(kind), part.bias.to(kind))


def _normalise(states: torch.Tensor, part: Any) -> torch.Tensor:  # noqa: ANN401
    import torch

    kind = states.dtype
    return torch.nn.functional.layer_norm(
        states, states.shape[-1:], part.weight.to(kind), part.bias.to(kind), part.eps
    )


class _Dropout:
    """Dropout by masks that are drawn once, each time from another place on.

    PyTorch draws random numbers on one core, which would take a quarter of the training.
    """

    def __init__(self) -> None:
        import torch

        kept = torch.rand(_N_DRAWN) >= _DROPOUT
        self._masks = kept.to(_precision()) / (1 - _DROPOUT)

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        import torch

        start = int(torch.randint(_N_DRAWN - states.numel() + 1, (1,)))
        return states * self._masks[start : start + states.numel()].view(states.shape)


def _mask(lengths: Sequence[int]) -> torch.Tensor:
    import torch

    return (torch.arange(max(lengths))[None, :] < torch.tensor(lengths)[:, None]).float()


def _precision() -> torch.dtype:
    """Tell what to compute in: bfloat16 where this processor does so quickly, else float32."""
    import torch

    quick = torch.backends.cpu.get_cpu_capability() == "AVX512"
    return torch.bfloat16 if quick else torch.float32
