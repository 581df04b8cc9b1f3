"""The classifier as arrays: what training leaves behind and tagging multiplies with.

scikit-learn fits these weights (``ka2nlp.estimators``); applying them needs NumPy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.aggregation import pool
from ka2nlp.arrays import check_arrays
from ka2nlp.errors import ModelError
from ka2nlp.records import Document
from ka2nlp.second_stage import SecondStage
from ka2nlp.words import WordModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "TITLE_SHARE",
    "Heads",
    "check_threshold",
    "features",
    "summarise",
    "whole_text",
]

TITLE_SHARE: Final = 0.3
"""Weight of the title's vector beside the mean of the sentences'."""


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
    second
        What is known of a document, to probabilities.
    thresholds
        Of shape (n_labels,), in [0, 1]: a label holds from here on.
    lower, upper
        Of shape (n_labels,), in [0, 1]: a label is not addressed under the first, addressed from
        the second on, and to check between them.

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
    second: SecondStage
    thresholds: NDArray[np.float32]
    lower: NDArray[np.float32]
    upper: NDArray[np.float32]

    def __post_init__(self) -> None:
        dimension, n_labels = self.sentence_weights.shape
        shapes = {
            "sentence_weights": (dimension, n_labels),
            "sentence_bias": (n_labels,),
            "document_weights": (dimension, n_labels),
            "document_bias": (n_labels,),
            "thresholds": (n_labels,),
            "lower": (n_labels,),
            "upper": (n_labels,),
        }
        check_arrays(self, shapes)
        for part in (self.words, self.second):
            if len(part.bias) != n_labels:
                raise ModelError(
                    f"got a {type(part).__name__} of {len(part.bias)} labels, expected {n_labels}; "
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

    def document_features(
        self,
        sentences: NDArray[np.float32],
        title: NDArray[np.float32],
        words: str,
        logits: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float64]:
        """Gather what the second stage sees of one document.

        Parameters
        ----------
        sentences
            Vectors of its sentences, of shape (n_sentences, dimension).
        title
            Vector of its title, of shape (dimension,); zeros where it has none.
        words
            Its title and text, as ``whole_text`` gives them.
        logits
            What ``sentence_logits`` gives for its sentences, where that is known.

        Returns
        -------
        ndarray of shape (n_labels, N_FEATURES), float64
        """
        return features(
            self.sentence_logits(sentences) if logits is None else logits,
            summarise(sentences, title) @ self.document_weights + self.document_bias,
            self.words.logits([words])[0],
        )

    def probabilities(
        self,
        sentences: NDArray[np.float32],
        title: NDArray[np.float32],
        words: str,
        logits: NDArray[np.float32] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the probabilities of the labels, (n_labels,), and of serving an outcome, ().

        Parameters
        ----------
        sentences, title, words, logits
            As ``document_features`` takes them; one sentence or more.
        """
        seen = self.document_features(sentences, title, words, logits)
        return self.second.probabilities(seen, len(sentences))


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


def check_threshold(threshold: float) -> None:
    """Refuse what is no probability.

    Raises
    ------
    ValueError
        When it is no number in [0, 1].
    """
    if not (isinstance(threshold, Real) and 0 <= threshold <= 1):
        raise ValueError(f"got the threshold {threshold!r}, expected a probability in [0, 1]")


def whole_text(document: Document) -> str:
    """Give title and text in one string, for the word features."""
    return f"{document.title}\n{document.text}"


def summarise(sentences: NDArray[np.float32], title: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give one vector for a document: the mean of its sentences plus a share of its title."""
    if len(sentences) == 0:
        return title
    return np.asarray(sentences.mean(axis=0) + np.float32(TITLE_SHARE) * title)
