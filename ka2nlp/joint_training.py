"""Fit the first stage together with the encoder (needs ``ka2nlp[train]``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ka2nlp.encoder_training import (
    Body,
    EncoderTrainer,
    FineTuneSettings,
    TrainingText,
    Tuned,
)
from ka2nlp.estimators import fit_words
from ka2nlp.first_stage import Example, FirstStage, Fitted
from ka2nlp.heads import whole_text
from ka2nlp.labelled import LabelledDocument, label_sentences
from ka2nlp.progress import Lines, Progress, silent
from ka2nlp.sentences import split_sentences
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["JointFitter"]

_ALSO: Final = np.float32(0.7)
"""To learn of a sentence that shows a label without being among the best ones for it."""


class JointFitter:
    """Fine-tunes the encoder with its linear maps; a :class:`ka2nlp.training.StageFitter`.

    Parameters
    ----------
    corpus
        Labelled documents with a sentence each.
    taxonomy
        The labels.
    body
        What turns text into vectors.
    settings
        Of the fine-tuning.
    progress
        Told what happens.
    words_c
        Inverse regularisation of the word features.
    auxiliary
        Identifiers of the auxiliary documents.
    taught
        Further texts that the encoder and its linear maps learn from in every fit.

    Attributes
    ----------
    examples
        The documents in the same order; their vectors are placeholders until an encoder is fitted.
    """

    def __init__(
        self,
        corpus: Sequence[LabelledDocument],
        taxonomy: Taxonomy,
        body: Body,
        settings: FineTuneSettings | None = None,
        progress: Progress = silent,
        *,
        words_c: float = 4.0,
        auxiliary: frozenset[str] = frozenset(),
        taught: Sequence[TrainingText] = (),
    ) -> None:
        texts = [_training_text(one, taxonomy) for one in corpus]
        self.examples = [
            _example(one, text, one.document.id in auxiliary)
            for one, text in zip(corpus, texts, strict=True)
        ]
        self._texts = [*texts, *taught]
        self._body = body
        self._settings = settings
        self._progress = progress
        self._words_c = words_c

    @cached_property
    def _trainer(self) -> EncoderTrainer:
        return EncoderTrainer(self._texts, self._body, self._settings, self._progress)

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what another process makes anew, and what only this one can tell."""
        state = {**self.__dict__, "_progress": Lines()}
        state.pop("_trainer", None)
        return state

    def __call__(self, train: Sequence[int], held_out: Sequence[int]) -> Fitted:
        """Fine-tune on the rows ``train``, and encode those held out with the result."""
        taught = range(len(self.examples), len(self._texts))
        tuned = self._trainer.fit([*train, *taught])
        words = fit_words(
            [self.examples[row].words for row in train],
            np.array([self.examples[row].labels for row in train]),
            self._words_c,
        )
        stage = FirstStage(
            tuned.sentence_weights,
            tuned.sentence_bias,
            tuned.document_weights,
            tuned.document_bias,
            words,
        )
        vectors = self._trainer.vectors(tuned, held_out)
        seen = [
            replace(self.examples[row], title=found[0], vectors=found[1:])
            for row, found in zip(held_out, vectors, strict=True)
        ]
        return Fitted(stage, seen, tuned)

    def export(self, tuned: Tuned, folder: Path) -> Path:
        """Write an encoder that was fitted, so that it can be used without PyTorch."""
        return self._body.export(tuned.module, folder)


def _training_text(one: LabelledDocument, taxonomy: Taxonomy) -> TrainingText:
    sentences = split_sentences(one.document.text)
    shows = label_sentences(sentences, one, taxonomy)
    best = label_sentences(sentences, replace(one, also={}), taxonomy)
    return TrainingText(
        one.document.title,
        [sentence.line for sentence in sentences],
        np.where(best, np.float32(1), _ALSO * shows.astype(np.float32)),
        np.array([code in one.labels for code in taxonomy.codes], dtype=np.float32),
    )


def _example(one: LabelledDocument, text: TrainingText, auxiliary: bool) -> Example:
    vectors: NDArray[np.float32] = np.zeros((len(text.sentences), 1), dtype=np.float32)
    labels = text.labels > 0
    return Example(vectors, vectors[0], text.shows > 0, labels, whole_text(one.document), auxiliary)
