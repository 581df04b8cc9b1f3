from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ka2nlp import Taxonomy
from ka2nlp.agreement import compare_labels, masi_alpha, masi_distance
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


def test_sets_of_any_kind_and_nothing_else(taxonomy: Taxonomy) -> None:
    pytest.importorskip("krippendorff", reason="comes with the train extra")
    assert masi_distance({"S1"}, ["S1"]) == 0  # type: ignore[arg-type]
    assert masi_alpha([[{"S1"}, {"S2"}, None], [{"S1"}, {"S2"}, {"S3"}]]) == 1
    with pytest.raises(CorpusError, match=r"got 'S1', expected a set of labels, such as \{'S1'"):
        masi_distance("S1", "S2")  # type: ignore[arg-type]
    ticked = {"a": {"S1"}, "b": {"S2"}}
    assert compare_labels(ticked, {"a": ["S1"], "b": {"S2"}}, taxonomy).groups[-1].kappa == 1  # type: ignore[dict-item]
    for other, message in [
        ({"a": "S1"}, "got 'S1', expected a set of labels"),
        ({"a": {"S1", "S99"}}, "got 'S99' for a, expected codes of the taxonomy"),
        ("labels.csv", "got 'labels.csv', expected a mapping .*read_labels reads one"),
    ]:
        with pytest.raises(CorpusError, match=message):
            compare_labels(ticked, other, taxonomy)  # type: ignore[arg-type]
