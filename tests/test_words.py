from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from ka2nlp.errors import ModelError
from ka2nlp.estimators import fit_words
from ka2nlp.words import WordModel, terms

TEXTS = [
    f"school number {'seven' * (n % 3)} trains {'teachers' if n % 2 else 'pupils and staff'}"
    for n in range(40)
]
LABELS = np.array([[n % 2 == 1, n % 3 == 0] for n in range(40)])


def test_terms_are_words_and_pairs() -> None:
    assert terms("The 2nd School, trains!") == [
        "the",
        "nd",
        "school",
        "trains",
        "the nd",
        "nd school",
        "school trains",
    ]
    assert terms("") == terms("a 1 2") == []


def test_scores_are_those_of_scikit_learn() -> None:
    model = fit_words(TEXTS, LABELS)
    vectorizer = TfidfVectorizer(
        analyzer=terms, sublinear_tf=True, vocabulary={t: k for k, t in enumerate(model.vocabulary)}
    )
    features = vectorizer.fit(TEXTS).transform(TEXTS)
    np.testing.assert_allclose(vectorizer.idf_, model.idf, rtol=1e-5)
    expected = features @ model.weights.astype(float) + model.bias
    np.testing.assert_allclose(model.logits(TEXTS), expected, atol=1e-5)


def test_words_are_learnt() -> None:
    model = fit_words(TEXTS, LABELS, c=100.0)
    logits = model.logits(["it trains teachers", "it trains pupils", "", "quite other things"])
    assert logits[0, 0] > 0 > logits[1, 0]
    np.testing.assert_allclose(logits[2:], np.tile(model.bias, (2, 1)))
    assert model.logits([]).shape == (0, 2)


def test_arrays_must_belong_together() -> None:
    with pytest.raises(ModelError, match=r"got idf of shape \(1,\) in WordModel"):
        WordModel(
            ("a", "b"),
            np.ones(1, np.float32),
            np.zeros((2, 3), np.float16),
            np.zeros(3, np.float32),
        )
