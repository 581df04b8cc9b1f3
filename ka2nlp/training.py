"""Train the classifier: annotated documents in, heads and honest figures out.

Two stages. A logistic regression a label learns from sentences which sentence shows it; two others
learn from whole documents, by vector and by words. Their log odds on documents that they did not
see (out of fold, by document) teach a last, small one how much evidence makes a label hold; its
probabilities, out of fold again, choose the thresholds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.aggregation import decide, raise_parents, sigmoid
from ka2nlp.errors import CorpusError
from ka2nlp.estimators import MultilabelLogistic, fit_words, tune_thresholds
from ka2nlp.evaluation import Evaluation, evaluate_arrays
from ka2nlp.heads import N_FEATURES, Heads, features, summarise, whole_text
from ka2nlp.labelled import LabelledDocument, label_sentences
from ka2nlp.tagger import EncodedDocument
from ka2nlp.taxonomy import Taxonomy
from ka2nlp.words import WordModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Example", "Settings", "TrainedHeads", "make_example", "train_heads"]

MIN_DOCUMENTS: Final = 20


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen about training.

    Parameters
    ----------
    sentence_c, document_c, words_c, pooled_c
        Inverse regularisation of the four regressions.
    n_folds
        Of the cross-validation inside training.
    random_state
        Seed of the folds.
    """

    sentence_c: float = 3.0
    document_c: float = 3.0
    words_c: float = 4.0
    pooled_c: float = 0.3
    n_folds: int = 5
    random_state: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """An annotated document as arrays.

    Parameters
    ----------
    vectors
        Of its sentences, (n_sentences, dimension).
    title
        (dimension,).
    shows
        (n_sentences, n_labels): which sentence shows which label.
    labels
        (n_labels,): which labels hold.
    words
        Its title and text.
    """

    vectors: NDArray[np.float32]
    title: NDArray[np.float32]
    shows: NDArray[np.bool_]
    labels: NDArray[np.bool_]
    words: str


@dataclass(frozen=True, slots=True)
class TrainedHeads:
    """The heads, and what they reach in cross-validation on the training corpus.

    Parameters
    ----------
    heads
        Fitted on all documents.
    evaluation
        Of the out-of-fold scores.
    out_of_fold
        Of shape (n_documents, n_labels), float64: scores in [0, 1] of each document that has a
        sentence, in order, by heads that did not see it.
    """

    heads: Heads
    evaluation: Evaluation
    out_of_fold: NDArray[np.float64]


def make_example(
    encoded: EncodedDocument, labelled: LabelledDocument, taxonomy: Taxonomy
) -> Example:
    """Turn a labelled document into arrays."""
    return Example(
        encoded.vectors,
        encoded.title,
        label_sentences(encoded.sentences, labelled, taxonomy),
        np.array([code in labelled.labels for code in taxonomy.codes]),
        whole_text(labelled.document),
    )


def train_heads(
    examples: Sequence[Example], taxonomy: Taxonomy, settings: Settings | None = None
) -> TrainedHeads:
    """Train on a corpus.

    Raises
    ------
    CorpusError
        When there are fewer than 20 documents with a sentence.
    """
    settings = settings or Settings()
    usable = [example for example in examples if len(example.vectors)]
    if len(usable) < MIN_DOCUMENTS:
        raise CorpusError(
            f"got {len(usable)} annotated documents with text, expected at least {MIN_DOCUMENTS}"
        )
    truth = np.array([example.labels for example in usable])
    seen = np.zeros((*truth.shape, N_FEATURES))
    for train, test in _folds(len(usable), settings):
        stages = _fit_stages([usable[row] for row in train], settings)
        for row in test:
            seen[row] = stages.features(usable[row])
    scores = np.zeros(truth.shape)
    for train, test in _folds(len(usable), settings):
        weights, bias = _fit_pooled(seen[train], truth[train], settings)
        scores[test] = sigmoid((seen[test] * weights).sum(axis=-1) + bias)
    scores = raise_parents(scores, taxonomy.parents)
    thresholds = tune_thresholds(truth, scores)
    decided = decide(scores, thresholds, taxonomy.parents)
    weights, bias = _fit_pooled(seen, truth, settings)
    stages = _fit_stages(usable, settings)
    heads = Heads(
        _float32(stages.sentence.coef_.T),
        _float32(stages.sentence.intercept_),
        _float32(stages.document.coef_.T),
        _float32(stages.document.intercept_),
        stages.words,
        _float32(weights),
        _float32(bias),
        _float32(thresholds),
    )
    return TrainedHeads(heads, evaluate_arrays(truth, scores, decided, taxonomy), scores)


@dataclass(frozen=True, slots=True)
class _Stages:
    """The regressions on sentences, on documents and on their words."""

    sentence: MultilabelLogistic
    document: MultilabelLogistic
    words: WordModel

    def features(self, example: Example) -> NDArray[np.float64]:
        """Give what the pooled regression sees of a document: (n_labels, N_FEATURES)."""
        summary = summarise(example.vectors, example.title)[None, :]
        return features(
            self.sentence.decision_function(example.vectors),
            self.document.decision_function(summary)[0],
            self.words.logits([example.words])[0],
        )


def _fit_stages(examples: Sequence[Example], settings: Settings) -> _Stages:
    sentence = MultilabelLogistic(settings.sentence_c).fit(
        np.concatenate([example.vectors for example in examples]),
        np.concatenate([example.shows for example in examples]),
    )
    labels = np.array([example.labels for example in examples])
    document = MultilabelLogistic(settings.document_c).fit(
        np.array([summarise(example.vectors, example.title) for example in examples]), labels
    )
    words = fit_words([example.words for example in examples], labels, settings.words_c)
    return _Stages(sentence, document, words)


def _fit_pooled(
    seen: NDArray[np.float64], truth: NDArray[np.bool_], settings: Settings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit one small regression a label on its own features."""
    n_labels, n_features = seen.shape[1:]
    weights, bias = np.zeros((n_labels, n_features)), np.zeros(n_labels)
    for label in range(n_labels):
        model = MultilabelLogistic(settings.pooled_c).fit(seen[:, label], truth[:, [label]])
        weights[label], bias[label] = model.coef_[0], model.intercept_[0]
    return weights, bias


def _folds(n_documents: int, settings: Settings) -> Iterator[tuple[list[int], list[int]]]:
    order = np.random.default_rng(settings.random_state).permutation(n_documents)
    for part in np.array_split(order, settings.n_folds):
        held_out = set(part.tolist())
        yield [row for row in range(n_documents) if row not in held_out], sorted(held_out)


def _float32(array: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array, dtype=np.float32)
