"""The first stage of training: sentences, whole documents and their words to log odds.

Linear maps, fitted on vectors that stay as they are (here) or learnt together with the encoder
(``ka2nlp.joint_training``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ka2nlp.arrays import as_float32
from ka2nlp.estimators import MultilabelLogistic, fit_words
from ka2nlp.heads import features, summarise, whole_text
from ka2nlp.labelled import LabelledDocument, label_sentences
from ka2nlp.tagger import EncodedDocument
from ka2nlp.taxonomy import Taxonomy
from ka2nlp.words import WordModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Example", "FirstStage", "Fitted", "FrozenFitter", "StageFitter", "make_example"]


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
    auxiliary
        Whether it is of another kind than the texts to be tagged: it helps to learn, but has no
        part in thresholds, cut-offs and figures.
    """

    vectors: NDArray[np.float32]
    title: NDArray[np.float32]
    shows: NDArray[np.bool_]
    labels: NDArray[np.bool_]
    words: str
    auxiliary: bool = False


@dataclass(frozen=True, slots=True)
class FirstStage:
    """The linear maps from sentences, documents and words to log odds.

    Parameters
    ----------
    sentence_weights, sentence_bias
        Of shape (dimension, n_labels) and (n_labels,).
    document_weights, document_bias
        Likewise, for what ``summarise`` gives.
    words
        For the words of the whole text.
    """

    sentence_weights: NDArray[np.float32]
    sentence_bias: NDArray[np.float32]
    document_weights: NDArray[np.float32]
    document_bias: NDArray[np.float32]
    words: WordModel

    def features(self, example: Example) -> NDArray[np.float64]:
        """Give what the second stage sees of a document: (n_labels, N_FEATURES)."""
        summary = summarise(example.vectors, example.title)
        return features(
            example.vectors @ self.sentence_weights + self.sentence_bias,
            summary @ self.document_weights + self.document_bias,
            self.words.logits([example.words])[0],
        )


@dataclass(frozen=True, slots=True)
class Fitted:
    """A first stage that was fitted.

    Parameters
    ----------
    stage
        The linear maps.
    held_out
        Documents that were held out, as the stage sees them.
    encoder
        What learnt to encode with it, for its fitter; None where vectors stay as they are.
    """

    stage: FirstStage
    held_out: Sequence[Example]
    encoder: Any = None


class StageFitter(Protocol):
    """Fits the first stage on some documents of a corpus; can be sent to another process."""

    def __call__(self, train: Sequence[int], held_out: Sequence[int]) -> Fitted:
        """Fit on the rows ``train``, and show those held out to the result."""


@dataclass(frozen=True, slots=True)
class FrozenFitter:
    """Fits logistic regressions on vectors that stay as they are; a :class:`StageFitter`.

    Parameters
    ----------
    examples
        Of the corpus.
    sentence_c, document_c, words_c
        Inverse regularisation of the three regressions.
    """

    examples: Sequence[Example]
    sentence_c: float = 3.0
    document_c: float = 3.0
    words_c: float = 4.0

    def __call__(self, train: Sequence[int], held_out: Sequence[int]) -> Fitted:
        """Fit on the rows ``train``; see :class:`StageFitter`."""
        examples = [self.examples[row] for row in train]
        labels = np.array([example.labels for example in examples])
        sentence = MultilabelLogistic(self.sentence_c).fit(
            np.concatenate([example.vectors for example in examples]),
            np.concatenate([example.shows for example in examples]),
        )
        document = MultilabelLogistic(self.document_c).fit(
            np.array([summarise(example.vectors, example.title) for example in examples]), labels
        )
        stage = FirstStage(
            as_float32(sentence.coef_.T),
            as_float32(sentence.intercept_),
            as_float32(document.coef_.T),
            as_float32(document.intercept_),
            fit_words([example.words for example in examples], labels, self.words_c),
        )
        return Fitted(stage, [self.examples[row] for row in held_out])


def make_example(
    encoded: EncodedDocument,
    labelled: LabelledDocument,
    taxonomy: Taxonomy,
    *,
    auxiliary: bool = False,
) -> Example:
    """Turn a labelled document into arrays."""
    return Example(
        encoded.vectors,
        encoded.title,
        label_sentences(encoded.sentences, labelled, taxonomy),
        np.array([code in labelled.labels for code in taxonomy.codes]),
        whole_text(labelled.document),
        auxiliary,
    )
