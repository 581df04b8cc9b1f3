"""Fit word features: TF-IDF and one logistic regression a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from ka2nlp.estimators.multilabel import MultilabelLogistic
from ka2nlp.words import WordModel, terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_words"]

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
    vectorizer = TfidfVectorizer(
        analyzer=terms,
        min_df=min(MIN_DOCUMENTS, len(texts) // 10 + 1),
        max_df=0.5,
        max_features=MAX_TERMS,
        sublinear_tf=True,
    )
    model = MultilabelLogistic(c).fit(vectorizer.fit_transform(texts), labels)
    return WordModel(
        tuple(map(str, vectorizer.get_feature_names_out())),
        vectorizer.idf_.astype(np.float32),
        model.coef_.T.astype(np.float16),
        model.intercept_.astype(np.float32),
    )
