"""Descriptions and your own labels in, a light classifier out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from sklearn.pipeline import FeatureUnion
from sklearn.utils import Tags
from sklearn.utils.validation import validate_data

from ka2nlp.documents.given import as_document
from ka2nlp.estimators.embedder import SentenceEmbedder, holds_texts, read_texts
from ka2nlp.estimators.multilabel import MultilabelLogistic
from ka2nlp.estimators.targets import LabelClassifier
from ka2nlp.estimators.thresholds import ThresholdedMultilabel
from ka2nlp.estimators.words import word_vectorizer
from ka2nlp.heads import whole_text
from ka2nlp.records import Document
from ka2nlp.words import terms

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ka2nlp.estimators.targets import Samples

__all__ = ["OutcomeClassifier"]

_VECTORS: Final = 1.5
"""Weight of vectors beside words, whose rows have length 1."""


class OutcomeClassifier(LabelClassifier):
    """Learns labels of project descriptions from some hundreds of examples.

    A text becomes the mean vector of its sentences, beside its words and word pairs; one logistic
    regression a label gives probabilities; thresholds are tuned out of fold. It knows nothing of
    the shipped labels and finds no evidence: ``ka2nlp.Tagger`` does, and ``ka2nlp.bundle_training``
    trains one.

    Parameters
    ----------
    model
        Whose encoder reads the texts: a name ("default", "fast") or a folder.
    C
        Inverse strength of the regularisation, over 0.
    cv
        Folds on which thresholds are tuned, in any form that :class:`ThresholdedMultilabel` takes.
    strength
        Number of positives at which a label's own threshold counts one half.
    random_state
        Seed of the folds.

    Attributes
    ----------
    classes_ : ndarray
        Names of the labels: the columns of the data frame that was learnt, otherwise numbers.
    classifier_ : ThresholdedMultilabel
        From vectors to labels.
    reader_ : FeatureUnion or None
        From texts to features; None where features were given.
    thresholds_ : ndarray of shape (n_labels,), float64
        A label holds from this probability on.

    Examples
    --------
    >>> from ka2nlp.estimators import OutcomeClassifier
    >>> texts = ["We train teachers of languages.", "Pupils mend bicycles."] * 20
    >>> labels = [[1, 0], [0, 1]] * 20
    >>> model = OutcomeClassifier("fast").fit(texts, labels)
    >>> model.predict(["A course for language teachers."])
    array([[1, 0]])
    """

    def __init__(
        self,
        model: Path | str | None = None,
        *,
        C: float = 4.0,
        cv: Any = 5,  # noqa: ANN401
        strength: float = 100.0,
        random_state: int | None = 0,
    ) -> None:
        self.model = model
        self.C = C
        self.cv = cv
        self.strength = strength
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that this reads texts, and features too."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags

    def fit(self, X: Samples, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Learn labels.

        Parameters
        ----------
        X
            Descriptions: texts, or documents, whose titles count a little. Or features of shape
            (n_samples, n_features), such as vectors that a ``SentenceEmbedder`` made once for a
            search over parameters.
        y
            Of shape (n_samples, n_labels), of 0 and 1; the names of a data frame's columns are
            kept. Or of shape (n_samples,), of two classes.
        groups
            Of each sample; a group, such as a text and its translation, is never divided.

        Raises
        ------
        ValueError
            When labels or features have other shapes, or there are too few samples for folds.
        InputError
            When something among the texts is no text.
        """
        self.reader_ = None
        if holds_texts(X):
            texts = read_texts(X)
            self.reader_ = _reader(self.model, len(texts))
            features = self.reader_.fit_transform(texts)
        else:
            features = validate_data(self, X)
        self.classifier_ = ThresholdedMultilabel(
            MultilabelLogistic(self.C),
            cv=self.cv,
            strength=self.strength,
            random_state=self.random_state,
        ).fit(features, y, groups)
        self.classes_, self.binary_ = self.classifier_.classes_, self.classifier_.binary_
        self.thresholds_ = self.classifier_.thresholds_
        return self

    def _log_odds(self, X: Samples) -> NDArray[np.float64]:
        if self.reader_ is None:
            return self.classifier_._log_odds(validate_data(self, X, reset=False))
        return self.classifier_._log_odds(self.reader_.transform(X))

    def _margins(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.classifier_._margins(log_odds)


def _reader(model: Path | str | None, n_texts: int) -> FeatureUnion:
    """Set up what turns texts into features."""
    parts = [
        ("vectors", SentenceEmbedder(model, split=True)),
        ("words", word_vectorizer(n_texts, _terms)),
    ]
    return FeatureUnion(parts, transformer_weights={"vectors": _VECTORS})


def _terms(text: str | Document) -> list[str]:
    return terms(whole_text(as_document(text)))
