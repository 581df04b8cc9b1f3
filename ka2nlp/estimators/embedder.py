"""Texts to vectors, as a transformer of scikit-learn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeGuard

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ka2nlp.bundles import find_model
from ka2nlp.documents.given import as_document
from ka2nlp.encoders import encoder_files, load_encoder
from ka2nlp.errors import InputError, ModelError
from ka2nlp.heads import summarise
from ka2nlp.records import Document
from ka2nlp.tagger import encode_documents

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ka2nlp.embeddings import Encoder

__all__ = ["SentenceEmbedder", "holds_texts", "read_texts"]


class SentenceEmbedder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Turns texts into vectors by the encoder of a model.

    The vector of a text does not depend on the others. A pickle holds no weights: they are loaded
    again from the model, which must be the same one.

    Parameters
    ----------
    model
        A name ("default", "fast") or a folder; the default model when left out.
    split
        Whether texts are split into sentences, whose vectors are averaged: what the tagger sees of
        a description as a whole. Otherwise each text is read in one go; right for sentences.
    n_threads
        For the encoder; 0 takes one a core.

    Attributes
    ----------
    encoder_ : Encoder
        What is behind it.
    fingerprint_ : str
        SHA-256 of the encoder's file, hexadecimal.

    Examples
    --------
    >>> from ka2nlp.estimators import SentenceEmbedder
    >>> texts = ["We train teachers.", "Pupils mend bicycles."]
    >>> SentenceEmbedder("fast").fit_transform(texts).shape
    (2, 256)
    """

    def __init__(
        self, model: Path | str | None = None, *, split: bool = False, n_threads: int = 0
    ) -> None:
        self.model = model
        self.split = split
        self.n_threads = n_threads

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that this reads texts."""
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags

    def fit(self, X: Iterable[str | Document], y: object = None) -> Self:
        """Load the encoder; nothing is learnt.

        Parameters
        ----------
        X
            Texts, or documents.
        y
            Not used.

        Raises
        ------
        InputError
            When this is not a column of texts.
        ModelError
            When the model is missing or damaged.
        """
        read_texts(X)
        folder = find_model(self.model)
        self.fingerprint_ = _fingerprint(folder)
        self.encoder_: Encoder = load_encoder(folder, n_threads=self.n_threads)
        return self

    def transform(self, X: Iterable[str | Document]) -> NDArray[np.float32]:
        """Encode texts.

        Returns
        -------
        ndarray of shape (n_texts, dimension), float32
            Rows of length 1; the mean of a text's sentences, where it is split, is shorter, and
            zero where there is none.
        """
        check_is_fitted(self)
        documents = read_texts(X)
        if not self.split:
            return self.encoder_.encode([document.text for document in documents])
        encoded = encode_documents(documents, self.encoder_)
        rows = [summarise(one.vectors, one.title) for one in encoded]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.encoder_.dimension)

    @property
    def _n_features_out(self) -> int:
        return self.encoder_.dimension

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "encoder_"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if (expected := state.get("fingerprint_")) is None:
            return
        folder = find_model(self.model)
        if (found := _fingerprint(folder)) != expected:
            raise ModelError(
                f"got {folder} with the encoder {found[:12]}, expected {expected[:12]}, which this "
                "transformer was fitted with; install that model, or fit again"
            )
        self.encoder_ = load_encoder(folder, n_threads=self.n_threads)


def holds_texts(X: object) -> TypeGuard[Iterable[str | Document]]:
    """Tell texts, documents or a table of them from a matrix of features."""
    if isinstance(X, (str, Document, Iterator)):
        return True
    given: Any = np.ravel(X[:1]) if hasattr(X, "columns") else X  # type: ignore[index]
    column = isinstance(given, (list, tuple)) or getattr(given, "ndim", None) == 1
    return column and any(isinstance(one, (str, Document)) for one in given)


def read_texts(X: Iterable[object]) -> list[Document]:
    """Take texts and documents; whatever else is refused, with its place.

    Raises
    ------
    InputError
        When this is not a column of texts.
    """
    single = isinstance(X, (str, Document, Mapping)) or getattr(X, "ndim", 1) != 1
    if single or isinstance(X, Iterator):  # which could be read once only
        raise InputError(
            f"got {type(X).__name__}, expected a column of texts; give a list, or frame['summary']"
        )
    found = []
    for place, one in enumerate(X):
        try:
            found.append(as_document(one))
        except InputError as error:
            raise InputError(f"position {place}: {error}") from error
    return found


def _fingerprint(folder: Path) -> str:
    name, _ = encoder_files(path.name for path in folder.iterdir())
    return hashlib.sha256((folder / name).read_bytes()).hexdigest()
