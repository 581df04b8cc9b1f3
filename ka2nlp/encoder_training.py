"""Fine-tune an encoder on documents with labels or their probabilities (needs ``ka2nlp[train]``).

Sentences and documents are learnt together. A sentence's vector gives, through one linear map, the
log odds that it shows each label; a document's log odds are an attention-weighted sum of those of
its sentences (multiple-instance learning, Ilse, Tomczak and Welling 2018) plus a linear map of its
mean vector. What turns text into vectors is a *body*, see ``ka2nlp.transformer_body``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from ka2nlp.heads import TITLE_SHARE
from ka2nlp.progress import Progress, silent

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

__all__ = ["Body", "EncoderTrainer", "FineTuneSettings", "TrainingText", "Tuned"]

_SCALE: Final = 8.0
"""Unit vectors are stretched for the linear maps, so that both learn at a like pace."""

_SHOWN: Final = 0.5
"""Probability from which on a sentence counts as one that shows a label."""


@dataclass(frozen=True, slots=True)
class FineTuneSettings:
    """What can be chosen about fine-tuning.

    Parameters
    ----------
    n_epochs
        Passes over the documents.
    documents_per_step
        Documents behind one step of the optimiser.
    encoder_rate, heads_rate
        Highest learning rates (AdamW; a short warm-up, then linear decay).
    sentence_weight
        Weight of the sentences' loss beside the documents'.
    dropout
        Of the vectors, before the linear maps.
    random_state
        Seed of the order, the initial weights and the dropout.
    """

    n_epochs: int = 4
    documents_per_step: int = 8
    encoder_rate: float = 1.2e-4
    heads_rate: float = 2e-3
    sentence_weight: float = 2.0
    dropout: float = 0.2
    random_state: int = 0


@dataclass(frozen=True, slots=True)
class TrainingText:
    """One document, as the encoder learns from it.

    Parameters
    ----------
    title
        May be empty.
    sentences
        On one line each.
    shows
        Of shape (n_sentences, n_labels), in [0, 1]: the probability to learn that a sentence shows
        a label.
    labels
        Of shape (n_labels,), in [0, 1]: the same for the document.
    """

    title: str
    sentences: Sequence[str]
    shows: NDArray[np.float32]
    labels: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a body learnt, with the linear maps that learnt beside it.

    Parameters
    ----------
    module
        A ``torch.nn.Module`` of the body's.
    sentence_weights, sentence_bias
        Of shape (dimension, n_labels) and (n_labels,): vector of a sentence to log odds.
    document_weights, document_bias
        Likewise: what ``ka2nlp.heads.summarise`` gives to log odds.
    """

    module: Any
    sentence_weights: NDArray[np.float32]
    sentence_bias: NDArray[np.float32]
    document_weights: NDArray[np.float32]
    document_bias: NDArray[np.float32]


class Body(Protocol):
    """Turns lines of text into vectors by a module that can learn."""

    dimension: int
    description: str
    """For the model card."""

    def prepare(self, lines: Sequence[str], progress: Progress) -> Sequence[torch.Tensor]:
        """Turn lines into what the module reads; done once for all epochs and folds."""

    def start(self) -> Any:  # noqa: ANN401
        """Give a new module (``torch.nn.Module``), the same one every time."""

    def embed(self, module: Any, prepared: Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: ANN401
        """Give unit vectors of shape (n_lines, dimension), each line by itself."""

    def export(self, module: Any, folder: Path) -> Path:  # noqa: ANN401
        """Write an encoder that needs no PyTorch; give its folder."""


class EncoderTrainer:
    """Fine-tunes one body on any part of a corpus.

    Parameters
    ----------
    texts
        The corpus.
    body
        What is fine-tuned.
    settings
        Of the training.
    progress
        Told what happens.
    """

    def __init__(
        self,
        texts: Sequence[TrainingText],
        body: Body,
        settings: FineTuneSettings | None = None,
        progress: Progress = silent,
    ) -> None:
        self.settings = settings or FineTuneSettings()
        self._texts = texts
        self._progress = progress
        self._body = body
        lines = [line for text in texts for line in (text.title, *text.sentences)]
        prepared = iter(body.prepare(lines, progress))
        self._prepared = [
            [next(prepared) for _ in range(1 + len(text.sentences))] for text in texts
        ]

    def fit(self, rows: Sequence[int]) -> Tuned:
        """Fine-tune on the documents of some rows, from the same starting point every time.

        Parameters
        ----------
        rows
            Of the corpus; documents without a sentence are passed over.
        """
        import torch

        settings = self.settings
        usable = [row for row in rows if self._texts[row].sentences]
        torch.manual_seed(settings.random_state)
        order = np.random.default_rng(settings.random_state)
        module = self._body.start().train()
        heads = _Heads(self._body.dimension, self._texts[usable[0]].labels.size, settings.dropout)
        heads.start_at(_frequencies([self._texts[row] for row in usable]))
        n_steps = settings.n_epochs * math.ceil(len(usable) / settings.documents_per_step)
        optimizer, schedule = _optimizer(module, heads, n_steps, settings)
        parameters = [*module.parameters(), *heads.module.parameters()]
        for epoch in range(settings.n_epochs):
            shuffled = order.permutation(len(usable))
            losses = []
            message = f"fine-tuning on {len(usable)} documents, epoch {epoch + 1}"
            for at in range(0, len(usable), settings.documents_per_step):
                self._progress(message, at / len(usable))
                batch = [usable[k] for k in shuffled[at : at + settings.documents_per_step]]
                loss = self._loss(module, heads, batch)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(parameters, 5.0)
                optimizer.step()
                schedule.step()
                losses.append(float(loss.detach()))
            self._progress(f"{message}: mean loss {np.mean(losses):.2f}")
        return heads.export(module.eval())

    def vectors(self, tuned: Tuned, rows: Sequence[int]) -> list[NDArray[np.float32]]:
        """Encode documents with a fine-tuned encoder.

        Returns
        -------
        list of ndarray of shape (1 + n_sentences, dimension), float32
            The title's vector (zeros where there is none), then those of the sentences.
        """
        import torch

        found = []
        for row in rows:
            with torch.no_grad():
                vectors = self._body.embed(tuned.module, self._prepared[row]).numpy()
            if not self._texts[row].title.strip():
                vectors[0] = 0
            found.append(vectors.astype(np.float32))
        return found

    def _loss(self, module: Any, heads: _Heads, rows: Sequence[int]) -> torch.Tensor:  # noqa: ANN401
        """Sum the losses of the sentences and of the documents of one batch."""
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

        vectors = self._body.embed(module, [line for row in rows for line in self._prepared[row]])
        texts = [self._texts[row] for row in rows]
        parts = torch.split(vectors, [1 + len(text.sentences) for text in texts])
        pairs = [
            heads.logits(part, bool(text.title.strip()))
            for part, text in zip(parts, texts, strict=True)
        ]
        shows = np.concatenate([text.shows for text in texts])
        labels = np.stack([text.labels for text in texts])
        sentence_loss = cross_entropy(
            torch.cat([sentences for sentences, _ in pairs]),
            torch.from_numpy(shows),
            reduction="none",
        )
        document_loss = cross_entropy(
            torch.stack([document for _, document in pairs]),
            torch.from_numpy(labels),
            reduction="none",
        )
        weight = self.settings.sentence_weight
        return document_loss.sum(1).mean() + weight * sentence_loss.sum(1).mean()


class _Heads:
    """The linear maps from vectors to log odds, with attention over the sentences of a document."""

    def __init__(self, dimension: int, n_labels: int, dropout: float) -> None:
        import torch
        from torch import nn

        self.module = nn.ModuleDict(
            {
                "dropout": nn.Dropout(dropout),
                "sentence": nn.Linear(dimension, n_labels),
                "document": nn.Linear(dimension, n_labels),
                "pooling": nn.ParameterDict(
                    {
                        "attention": nn.Parameter(torch.ones(n_labels)),
                        "weight": nn.Parameter(torch.full((n_labels,), 0.7)),
                    }
                ),
            }
        )
        nn.init.normal_(self.module["sentence"].weight, std=0.02)
        nn.init.normal_(self.module["document"].weight, std=0.02)

    def start_at(self, frequencies: NDArray[np.float64]) -> None:
        """Begin with the log odds of how often a sentence shows each label."""
        import torch

        odds = torch.tensor(np.log(frequencies / (1 - frequencies)), dtype=torch.float32)
        self.module["sentence"].bias.data.copy_(odds)

    def logits(self, vectors: torch.Tensor, has_title: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Score one document: log odds of its sentences and of the whole."""
        stretched = self.module["dropout"](vectors * _SCALE)
        sentences = self.module["sentence"](stretched[1:])
        summary = stretched[1:].mean(0) + (TITLE_SHARE * stretched[0] if has_title else 0.0)
        pooling = self.module["pooling"]
        attention = (sentences * pooling["attention"]).softmax(0)
        pooled = (attention * sentences).sum(0) * pooling["weight"]
        return sentences, pooled + self.module["document"](summary)

    def export(self, module: Any) -> Tuned:  # noqa: ANN401
        """Give the maps as arrays that apply to unit vectors."""

        def arrays(name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            linear = self.module[name]
            weights = linear.weight.detach().numpy().T * np.float32(_SCALE)
            return np.ascontiguousarray(weights), linear.bias.detach().numpy().copy()

        return Tuned(module, *arrays("sentence"), *arrays("document"))


def _frequencies(texts: Sequence[TrainingText]) -> NDArray[np.float64]:
    shows = np.concatenate([text.shows >= _SHOWN for text in texts])
    return np.asarray(np.clip(shows.mean(axis=0), 1e-3, 1 - 1e-3))


def _optimizer(
    module: Any,  # noqa: ANN401
    heads: _Heads,
    n_steps: int,
    settings: FineTuneSettings,
) -> tuple[Any, Any]:
    import torch

    optimizer = torch.optim.AdamW(
        [
            {"params": module.parameters(), "lr": settings.encoder_rate},
            {"params": heads.module.parameters(), "lr": settings.heads_rate},
        ],
        weight_decay=0.01,
    )
    warm = max(1, n_steps // 16)

    def rate(step: int) -> float:
        return min((step + 1) / warm, max(0.02, 1 - step / n_steps))

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
