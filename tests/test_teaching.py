from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_training import WORDS, labelled

from ka2nlp import Document, Tagger, Taxonomy
from ka2nlp.encoder_training import FineTuneSettings, TrainingText
from ka2nlp.joint_training import JointFitter
from ka2nlp.progress import Progress
from ka2nlp.teaching import teach

TEXTS = [
    Document("a", "Tablets", "We train teachers. The meeting took place in March."),
    Document("b", "", ""),
    Document("c", "", "All results are open educational resources on a platform."),
]


def test_what_is_taught_is_what_the_teacher_says(fast: Tagger) -> None:
    taught = teach(fast, TEXTS)
    assert [text.title for text in taught] == ["Tablets", ""]
    assert taught[0].sentences == ["We train teachers.", "The meeting took place in March."]
    for text, document in zip(taught, (TEXTS[0], TEXTS[2]), strict=True):
        scores = fast.tag(document).scores
        assert text.labels == pytest.approx(list(scores.values()), abs=1e-4)
        assert text.shows.shape == (len(text.sentences), len(fast.taxonomy))
        assert text.shows.dtype == text.labels.dtype == np.float32
        assert ((text.shows > 0) & (text.shows < 1)).all()
    column = fast.taxonomy.column("I9")
    assert taught[0].shows[0, column] > taught[0].shows[1, column]


@pytest.fixture(scope="module")
def fast() -> Tagger:
    return Tagger.load("fast")


class WordBody:
    """A vector a word, eight numbers each; a :class:`ka2nlp.encoder_training.Body`."""

    dimension = 8
    description = "a vector a word"

    def prepare(self, lines: Sequence[str], progress: Progress) -> list[Any]:
        import torch

        words = {word: row for row, word in enumerate(sorted(set(" ".join(lines).split())), 1)}
        self._n_words = len(words)
        return [torch.tensor([0, *(words[word] for word in line.split())]) for line in lines]

    def start(self) -> Any:
        import torch

        torch.manual_seed(0)
        return torch.nn.EmbeddingBag(self._n_words + 1, self.dimension)

    def embed(self, module: Any, prepared: Sequence[Any]) -> Any:
        import torch

        starts = torch.tensor([0, *map(len, prepared)]).cumsum(0)[:-1]
        return torch.nn.functional.normalize(module(torch.cat(list(prepared)), starts), dim=1)

    def export(self, module: Any, folder: Path) -> Path:
        raise NotImplementedError


def test_a_label_that_only_the_teacher_gives_is_learnt(fast: Tagger, taxonomy: Taxonomy) -> None:
    pytest.importorskip("torch", reason="PyTorch comes with the train extra")
    column, corpus = taxonomy.column("I2"), labelled(60)
    without = [row for row, one in enumerate(corpus) if "I2" not in one.labels]
    asked = next(row for row, one in enumerate(corpus) if "I2" in one.labels)
    texts = [Document(str(k), "", WORDS["I2"].format(100 + k)) for k in range(30)]
    settings = FineTuneSettings(n_epochs=10, encoder_rate=0.05, heads_rate=0.05)

    def odds(taught: Sequence[TrainingText]) -> list[float]:
        """Log odds that each sentence of a document shows the label, which no other document has."""
        fitter = JointFitter(corpus, taxonomy, WordBody(), settings, taught=taught)
        fitted = fitter(without, [asked])
        vectors = fitted.held_out[0].vectors
        logits = vectors @ fitted.stage.sentence_weights + fitted.stage.sentence_bias
        return [float(logit) for logit in logits[:, column]]

    shown = [
        bool(row[column]) for row in JointFitter(corpus, taxonomy, WordBody()).examples[asked].shows
    ]
    taught = odds(teach(fast, texts))
    assert [value > 0 for value in taught] == shown
    assert max(odds([])) < 0
