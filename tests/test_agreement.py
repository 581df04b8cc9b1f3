from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ka2nlp import Taxonomy
from ka2nlp.agreement import compare_labels, masi_distance
from ka2nlp.errors import CorpusError

sets = st.frozensets(st.integers(0, 5), max_size=4)


@given(sets, sets)
def test_masi_is_a_symmetric_distance(one: frozenset[int], other: frozenset[int]) -> None:
    assert masi_distance(one, other) == masi_distance(other, one)
    assert 0 <= masi_distance(one, other) <= 1
    assert (masi_distance(one, other) == 0) == (one == other)


def test_masi_by_hand() -> None:
    assert masi_distance(frozenset("ab"), frozenset("abc")) == pytest.approx(1 - 2 / 3 * 2 / 3)
    assert masi_distance(frozenset("ab"), frozenset("bc")) == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert masi_distance(frozenset("a"), frozenset()) == 1


def test_two_annotators(taxonomy: Taxonomy) -> None:
    pytest.importorskip("krippendorff", reason="comes with the train extra")
    first = {"a": frozenset({"S1", "O1", "O1b"}), "b": frozenset({"S1"}), "c": frozenset({"P1"})}
    second = {
        "a": frozenset({"S1", "O1"}),
        "b": frozenset({"S1"}),
        "c": frozenset(),
        "d": frozenset(),
    }
    found = compare_labels(first, second, taxonomy)
    assert found.n_documents == 3
    codes = {code.code: code for code in found.codes}
    assert (codes["S1"].f1, codes["S1"].kappa) == (1.0, 1.0)
    assert (codes["O1b"].f1, codes["O1b"].kappa) == (0.0, None)
    assert codes["S2"].f1 is None
    outcomes, facets, framing, everything = found.groups
    assert (outcomes.micro_f1, outcomes.alpha) == (1.0, 1.0)
    assert (facets.micro_f1, framing.macro_f1) == (0.0, 0.0)
    assert everything.micro_f1 == pytest.approx(2 * 3 / (5 + 3))


def test_perfect_agreement_is_one(taxonomy: Taxonomy) -> None:
    pytest.importorskip("krippendorff", reason="comes with the train extra")
    labels = {"a": frozenset({"S1"}), "b": frozenset({"S2"}), "c": frozenset({"S1", "S2"})}
    everything = compare_labels(labels, labels, taxonomy).groups[-1]
    assert (everything.micro_f1, everything.kappa, everything.alpha) == (1, 1, 1)


def test_nothing_in_common(taxonomy: Taxonomy) -> None:
    with pytest.raises(CorpusError, match="got 1 and 1 labelled documents without one in common"):
        compare_labels({"a": frozenset()}, {"b": frozenset()}, taxonomy)
