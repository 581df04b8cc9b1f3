"""What the benchmark and a peer tell each other: a folder with a task, then with its result.

The benchmark writes ``train.jsonl`` (a line a document: id, title, text, labels), ``test.jsonl``
(the same without labels), ``labels.json`` (a record a label, in the order of the columns: code,
uri, label, definition), ``vocabulary.ttl`` and ``settings.json``. The peer leaves its model in
``model/`` and writes ``scores.npy`` and ``meta.json``. Needs numpy and nothing else: every
environment imports it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Scorer = Callable[[list[str]], np.ndarray]
"""Texts to scores in [0, 1] of shape (n_texts, n_labels)."""


@dataclass(frozen=True)
class Task:
    """What a peer is to learn: texts, and the codes and matrix (n_texts, n_labels) of each."""

    folder: Path
    texts: list[str]
    codes: list[list[str]]
    truth: np.ndarray
    labels: list[dict[str, Any]]
    settings: Mapping[str, Any]

    @property
    def model(self) -> Path:
        """Folder for the model; its size is reported."""
        return self.folder / "model"

    @property
    def vocabulary(self) -> Path:
        """The labels as SKOS in Turtle."""
        return self.folder / "vocabulary.ttl"


@dataclass(frozen=True)
class Result:
    """Scores of the test documents, training time in seconds, model size in bytes, and speed.

    The speed is in documents a second, of scoring the test documents again once all is loaded.
    """

    scores: np.ndarray
    seconds: float
    n_bytes: int
    speed: float


def write_task(
    folder: Path,
    train: Iterable[Mapping[str, Any]],
    tests: Iterable[Mapping[str, Any]],
    labels: Sequence[Mapping[str, Any]],
    vocabulary: str,
    settings: Mapping[str, Any],
) -> None:
    """Write a task for a peer."""
    _write_lines(folder / "train.jsonl", train)
    _write_lines(folder / "test.jsonl", tests)
    (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    (folder / "vocabulary.ttl").write_text(vocabulary, encoding="utf-8")
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")


def read_result(folder: Path, shape: tuple[int, int]) -> Result:
    """Read what a peer wrote, and refuse scores of another shape or outside [0, 1]."""
    scores = np.load(folder / "scores.npy").astype(np.float64)
    if scores.shape != shape:
        raise ValueError(f"got scores of shape {scores.shape}, expected {shape}")
    if not (scores.min() >= -1e-6 and scores.max() <= 1 + 1e-6):  # also where one is no number
        raise ValueError(
            f"got scores from {scores.min()} to {scores.max()}, expected numbers in [0, 1]"
        )
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    found = np.clip(scores, 0, 1)
    return Result(found, float(meta["seconds"]), int(meta["bytes"]), float(meta["speed"]))


def run(fit: Callable[[Task], Scorer]) -> None:
    """Carry out the task in the folder that the command line names: fit, score, tell how long."""
    task = _read_task(Path(sys.argv[1]))
    task.model.mkdir()
    start = time.perf_counter()
    score = fit(task)
    seconds = time.perf_counter() - start
    texts = [_text(row) for row in _read_lines(task.folder / "test.jsonl")]
    np.save(task.folder / "scores.npy", np.asarray(score(texts), dtype=np.float64))
    speed = documents_a_second(lambda: score(texts), len(texts))
    meta = {"seconds": seconds, "bytes": folder_size(task.model), "speed": speed}
    (task.folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


def documents_a_second(score: Callable[[], object], n_documents: int) -> float:
    """Time one more scoring of documents."""
    start = time.perf_counter()
    score()
    return n_documents / (time.perf_counter() - start)


def folder_size(folder: Path) -> int:
    """Count the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _read_task(folder: Path) -> Task:
    rows = _read_lines(folder / "train.jsonl")
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    codes = [row["labels"] for row in rows]
    truth = np.array([[label["code"] in ticked for label in labels] for ticked in codes])
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    return Task(folder, [_text(row) for row in rows], codes, truth, labels, settings)


def _text(row: Mapping[str, str]) -> str:
    return f"{row['title']}\n{row['text']}"


def _read_lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)
