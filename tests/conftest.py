"""Shared pieces: the shipped tagger, a toy encoder, and no network."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from review_databases import KINDS, new_database

from ka2nlp import Tagger, Taxonomy
from ka2nlp.heads import Heads
from ka2nlp.review import Store
from ka2nlp.second_stage import N_FEATURES, N_RELEVANCE, SecondStage
from ka2nlp.words import WordModel

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "corpus" / "examples"

PROJECT = (
    "We train forty teachers in digital methods.The project develops an online platform with open "
    "educational resources for schools in five countries. Pupils improve their English and learn "
    "about other cultures. Local employers offer internships so that young people find work."
)


class ToyEncoder:
    """Counts letters: quick, deterministic, and independent of the texts beside a text."""

    dimension = 8

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = np.array(
            [[1.0, *(text.lower().count(letter) for letter in "aeioust")] for text in texts],
            dtype=np.float32,
        ).reshape(len(texts), self.dimension)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


def make_heads(n_labels: int = 48, dimension: int = 8, seed: int = 0) -> Heads:
    """Random weights of the right shapes."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> NDArray[np.float32]:
        return rng.normal(size=shape).astype(np.float32)

    return Heads(
        draw(dimension, n_labels),
        draw(n_labels),
        draw(dimension, n_labels),
        draw(n_labels),
        WordModel(
            ("schools", "work"),
            np.ones(2, np.float32),
            np.zeros((2, n_labels), np.float16),
            draw(n_labels),
        ),
        SecondStage(
            np.abs(draw(n_labels, N_FEATURES)),
            draw(n_labels),
            0.01 * draw(n_labels, n_labels),
            np.zeros(N_RELEVANCE, dtype=np.float32),
            np.full(1, 20, dtype=np.float32),
            np.arange(n_labels),
        ),
        np.full(n_labels, 0.5, dtype=np.float32),
        np.full(n_labels, 0.2, dtype=np.float32),
        np.full(n_labels, 0.8, dtype=np.float32),
    )


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return Taxonomy.load()


@pytest.fixture(scope="session")
def tagger() -> Tagger:
    return Tagger.load(n_threads=1)


@pytest.fixture(scope="session")
def toy_tagger(taxonomy: Taxonomy) -> Tagger:
    return Tagger(taxonomy, ToyEncoder(), make_heads(), "toy 1")


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, once of each kind."""
    with new_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store.open(database_url)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"a test opened a connection: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def call(capfdbinary: Any) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process: code, standard output and standard error."""
    from ka2nlp.cli.main import main

    def run(*arguments: object) -> tuple[int, str, str]:
        capfdbinary.readouterr()
        code = main([str(argument) for argument in arguments])
        output, error = capfdbinary.readouterr()
        return code, output.decode(), error.decode()

    return run
