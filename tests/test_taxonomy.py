from __future__ import annotations

import pytest

from ka2nlp import Taxonomy
from ka2nlp.errors import TaxonomyError


def test_codes_are_those_of_the_guidelines(taxonomy: Taxonomy) -> None:
    assert list(taxonomy.codes) == (
        [f"S{n}" for n in range(1, 9)]
        + ["O1", *(f"O1{letter}" for letter in "abcdef")]
        + ["O2", *(f"O2{letter}" for letter in "abc")]
        + ["O3", *(f"O3{letter}" for letter in "abcd")]
        + [f"I{n}" for n in range(1, 14)]
        + [f"P{n}" for n in range(1, 4)]
        + [f"R{n}" for n in range(1, 6)]
        + [f"C{n}" for n in range(1, 4)]
    )


def test_columns_and_codes_are_one_to_one(taxonomy: Taxonomy) -> None:
    assert [taxonomy.column(code) for code in taxonomy.codes] == list(range(len(taxonomy)))


def test_every_concept_is_described_and_sourced(taxonomy: Taxonomy) -> None:
    for concept in taxonomy.concepts:
        assert 5 < len(concept.label) <= 45
        assert concept.definition.endswith(".")
        assert "Programme Guide, Key Action 2" in concept.source


def test_hierarchy_holds_both_ways(taxonomy: Taxonomy) -> None:
    for concept in taxonomy.concepts:
        assert all(taxonomy[child].broader == concept.code for child in concept.narrower)
        if concept.broader:
            assert concept.code in taxonomy[concept.broader].narrower


def test_parents_are_added_in_label_order(taxonomy: Taxonomy) -> None:
    assert taxonomy.with_parents(["P1", "O2c", "S1"]) == ["S1", "O2", "O2c", "P1"]


def test_unknown_code(taxonomy: Taxonomy) -> None:
    with pytest.raises(TaxonomyError, match=r"got the code 'S9', expected one of S1, S2"):
        taxonomy.column("S9")


def test_fingerprint_follows_the_order_not_the_words(taxonomy: Taxonomy) -> None:
    reworded = Taxonomy.parse(taxonomy.turtle.replace("Quality and access", "Access and quality"))
    reordered = Taxonomy.parse(taxonomy.turtle.replace("ka2:S1 ka2:S2", "ka2:S2 ka2:S1"))
    assert reworded.fingerprint == taxonomy.fingerprint != reordered.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ka2:scheme a", "ka2:scheme is", "not Turtle"),
        ('skos:notation "S2"', 'skos:notation "S1"', "the notation 'S1' twice"),
        ("( ka2:S1 ka2:S2", "( ka2:S2", "48 concepts of which 47"),
        ('skos:notation "S2" ;', "", "0 English values of notation"),
        ("skos:broader ka2:O1 ;", "skos:broader ka2:O1a ;", "expected a top concept"),
        ("skos:broader ka2:O1 ;", "skos:broader ka2:S1 ;", "another level"),
        ("ka2:levels a", "ka2:groups a", "ordered collections named levels"),
    ],
)
def test_invalid_vocabularies(taxonomy: Taxonomy, old: str, new: str, message: str) -> None:
    assert old in taxonomy.turtle
    with pytest.raises(TaxonomyError, match=message):
        Taxonomy.parse(taxonomy.turtle.replace(old, new))


def test_missing_vocabulary() -> None:
    with pytest.raises(TaxonomyError, match=r"nowhere\.ttl, which cannot be read"):
        Taxonomy.load("nowhere.ttl")
