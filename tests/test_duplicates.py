from __future__ import annotations

import numpy as np
import pytest

from ka2nlp.duplicates import group_pairs, near_duplicates, shingles, similar_vectors

TEXT = "we train forty teachers from five countries in digital methods and publish a handbook"
OTHER = "the contract covers the replacement of eleven kilometres of cast iron pipe laid long ago"


def test_shingles_are_runs_of_eight_words() -> None:
    assert len(shingles(TEXT)) == len(TEXT.split()) - 7
    assert shingles("We TRAIN, forty") == frozenset()


def test_near_duplicates_share_runs() -> None:
    texts = [TEXT, OTHER, TEXT.upper() + " for all", OTHER[:40]]
    (pair,) = near_duplicates(texts, 0.5)
    assert (pair.first, pair.second) == (0, 2)
    assert pair.similarity == pytest.approx(1.0)


def test_boilerplate_does_not_count() -> None:
    assert near_duplicates([f"{TEXT} {'x' * n}" for n in range(60)], 0.5) == []


def test_similar_vectors() -> None:
    angles = np.array([0.0, 0.01, 1.5, 1.51, 3.0])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    found = similar_vectors(vectors, 0.99)
    assert {(pair.first, pair.second) for pair in found} == {(0, 1), (2, 3)}
    assert found[0].similarity >= found[1].similarity >= 0.99


def test_linked_texts_form_groups() -> None:
    texts = [TEXT, OTHER, TEXT + " again", "something else", OTHER + " ."]
    groups = group_pairs(len(texts), near_duplicates(texts, 0.5))
    assert groups[0] == groups[2] != groups[1] == groups[4]
    assert len(set(groups)) == 3
