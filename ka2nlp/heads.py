"""The classifier as arrays: what training leaves behind and tagging multiplies with.

scikit-learn fits these weights (``ka2nlp.estimators``); applying them needs NumPy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.aggregation import N_POOLED, pool
from ka2nlp.errors import ModelError
from ka2nlp.records import Document
from ka2nlp.words import WordModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["N_FEATURES", "Heads", "features", "summarise", "whole_text"]

N_FEATURES: Final = N_POOLED + 2
"""Numbers that a document gives for one label."""


@dataclass(frozen=True, slots=True)
class Heads:
    """Weights of the two stages.

    Parameters
    ----------
    sentence_weights, sentence_bias
        Of shape (dimension, n_labels) and (n_labels,): sentence vector to log odds.
    document_weights, document_bias
        Of shape (dimension, n_labels) and (n_labels,): mean sentence vector plus title vector, to
        log odds.
    words
        The words of the whole text, to log odds.
    pooled_weights, pooled_bias
        Of shape (n_labels, N_FEATURES) and (n_labels,): what ``features`` gives of a label, to its
        final log odds.
    thresholds
        Of shape (n_labels,), in [0, 1].

    Raises
    ------
    ModelError
        When the shapes do not belong together or a number is not finite.
    """

    sentence_weights: NDArray[np.float32]
    sentence_bias: NDArray[np.float32]
    document_weights: NDArray[np.float32]
    document_bias: NDArray[np.float32]
    words: WordModel
    pooled_weights: NDArray[np.float32]
    pooled_bias: NDArray[np.float32]
    thresholds: NDArray[np.float32]

    def __post_init__(self) -> None:
        dimension, n_labels = self.sentence_weights.shape
        expected = {
            "sentence_weights": (dimension, n_labels),
            "sentence_bias": (n_labels,),
            "document_weights": (dimension, n_labels),
            "document_bias": (n_labels,),
            "pooled_weights": (n_labels, N_FEATURES),
            "pooled_bias": (n_labels,),
            "thresholds": (n_labels,),
        }
        for name, shape in expected.items():
            array = getattr(self, name)
            if array.shape != shape or not np.isfinite(array).all():
                raise ModelError(
                    f"got {name} of shape {array.shape}, expected finite numbers of shape {shape}; "
                    "rebuild the model"
                )
        if len(self.words.bias) != n_labels:
            raise ModelError(
                f"got word weights of {len(self.words.bias)} labels, expected {n_labels}; "
                "rebuild the model"
            )

    @property
    def n_labels(self) -> int:
        """Count the labels."""
        return int(self.sentence_bias.shape[0])

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return int(self.sentence_weights.shape[0])

    def sentence_logits(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score sentences: vectors (n, dimension) to log odds (n, n_labels)."""
        return vectors @ self.sentence_weights + self.sentence_bias

    def document_logits(
        self, sentences: NDArray[np.float32], title: NDArray[np.float32], words: str
    ) -> NDArray[np.float64]:
        """Score one document.

        Parameters
        ----------
        sentences
            Vectors of its sentences, of shape (n_sentences, dimension).
        title
            Vector of its title, of shape (dimension,); zeros where it has none.
        words
            Its title and text, as ``whole_text`` gives them.

        Returns
        -------
        ndarray of shape (n_labels,), float64
            Log odds.
        """
        seen = features(
            self.sentence_logits(sentences),
            summarise(sentences, title) @ self.document_weights + self.document_bias,
            self.words.logits([words])[0],
        )
        return np.asarray((seen * self.pooled_weights).sum(axis=1) + self.pooled_bias)


def features(
    sentences: NDArray[np.floating], document: NDArray[np.floating], words: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Bring together what is known of one document.

    Parameters
    ----------
    sentences
        Of shape (n_sentences, n_labels): log odds of its sentences.
    document, words
        Of shape (n_labels,): log odds of the text as a whole, by vector and by words.

    Returns
    -------
    ndarray of shape (n_labels, N_FEATURES), float64
    """
    return np.column_stack([pool(sentences), document, words])


def whole_text(document: Document) -> str:
    """Give title and text in one string, for the word features."""
    return f"{document.title}\n{document.text}"


def summarise(sentences: NDArray[np.float32], title: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give one vector for a document: the mean of its sentences plus a share of its title."""
    if len(sentences) == 0:
        return title
    return np.asarray(sentences.mean(axis=0) + np.float32(0.3) * title)
