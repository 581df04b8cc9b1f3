"""Fit word features: TF-IDF and one logistic regression a label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from ka2nlp.estimators.multilabel import MultilabelLogistic
from ka2nlp.words import WordModel, terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_words", "word_vectorizer"]

MIN_DOCUMENTS: Final = 4
"""A term counts when it stands in as many documents: names and typing errors do not."""

MAX_TERMS: Final = 20_000


def fit_words(texts: Sequence[str], labels: NDArray[np.bool_], c: float = 4.0) -> WordModel:
    """Learn which words and pairs speak for which label.

    Parameters
    ----------
    texts
        Titles and descriptions.
    labels
        Of shape (n_texts, n_labels).
    c
        Inverse strength of the regularisation, over 0.
    """
    vectorizer = word_vectorizer(len(texts))
    model = MultilabelLogistic(c).fit(vectorizer.fit_transform(texts), labels)
    return WordModel(
        tuple(map(str, vectorizer.get_feature_names_out())),
        vectorizer.idf_.astype(np.float32),
        model.coef_.T.astype(np.float16),
        model.intercept_.astype(np.float32),
    )


def word_vectorizer(
    n_texts: int, analyzer: Callable[[Any], Sequence[str]] = terms
) -> TfidfVectorizer:
    """Set up what counts words and pairs.

    Parameters
    ----------
    n_texts
        How many it will learn from.
    analyzer
        Gives the terms of a text.
    """
    return TfidfVectorizer(
        analyzer=analyzer,
        min_df=min(MIN_DOCUMENTS, n_texts // 10 + 1),
        max_df=0.5,
        max_features=MAX_TERMS,
        sublinear_tf=True,
    )
