from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ka2nlp.errors import CorpusError
from ka2nlp.splits import read_split, split_corpus, stratify, write_split


@given(st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=1, max_size=60))
def test_groups_are_never_divided(rows: list[tuple[int, bool]]) -> None:
    groups, in_test = zip(*rows, strict=True)
    labels = np.random.default_rng(0).random((len(rows), 4)) < 0.4
    names = [f"d{row}" for row in range(len(rows))]
    split = split_corpus(names, labels, groups, in_test)
    places: dict[int, set[object]] = {}
    for name, fold in [*split.folds.items(), *((name, "test") for name in split.test)]:
        places.setdefault(split.groups[name], set()).add(fold)
    assert all(len(found) == 1 for found in places.values())
    assert not set(split.test) & split.folds.keys()
    assert all(in_test[names.index(name)] for name in split.test)
    assert not any(in_test[names.index(name)] for name in split.folds)


def test_rare_labels_are_spread() -> None:
    rng = np.random.default_rng(0)
    labels = rng.random((500, 10)) < np.linspace(0.03, 0.8, 10)
    folds = np.array(stratify(np.column_stack([labels, np.ones(500)]).astype(float), 5))
    for column in range(10):
        counts = np.bincount(folds[labels[:, column]], minlength=5)
        assert counts.max() - counts.min() <= 2 + 0.2 * labels[:, column].sum() / 5
    assert np.ptp(np.bincount(folds)) <= 25


def test_round_trip_and_damage(tmp_path: Path) -> None:
    names = [f"d{row}" for row in range(20)]
    labels = np.random.default_rng(0).random((20, 3)) < 0.5
    split = split_corpus(
        names, labels, [row // 2 for row in range(20)], [row > 15 for row in range(20)]
    )
    write_split(split, tmp_path / "split.json")
    assert read_split(tmp_path / "split.json") == split
    split.folds["d0"] = 4 if split.folds["d0"] != 4 else 3  # type: ignore[index]
    write_split(split, tmp_path / "split.json")
    with pytest.raises(CorpusError, match="divides group 0"):
        read_split(tmp_path / "split.json")
    with pytest.raises(CorpusError, match="is not a split"):
        read_split(tmp_path / "nowhere.json")
