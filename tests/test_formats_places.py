"""Places: evidence says where in its source it stands."""

from __future__ import annotations

import io

from conftest import PROJECT
from hypothesis import given
from hypothesis import strategies as st

from ka2nlp import Document, Tagger
from ka2nlp.records import Evidence, Place
from ka2nlp.reports import load_writer

PLACES = (Place(0, "page 1"), Place(PROJECT.index("Pupils"), "page 2"))


@given(st.lists(st.integers(1, 50), min_size=1), st.integers(0, 2000))
def test_a_place_goes_on_to_the_next(lengths: list[int], offset: int) -> None:
    starts = [sum(lengths[:number]) for number in range(len(lengths))]
    places = tuple(Place(start, f"page {number}") for number, start in enumerate(starts))
    document = Document("a", "", "x" * sum(lengths), places=places)
    before = [place.label for place in places if place.start <= offset]
    assert document.place_at(offset) == before[-1]


def test_no_place_before_the_first() -> None:
    assert Document("a", "", "Text.", places=(Place(2, "page 1"),)).place_at(1) == ""
    assert Document("a", "", "Text.").place_at(0) == ""


def test_evidence_says_its_place(toy_tagger: Tagger) -> None:
    report = toy_tagger.tag(Document("a", "", PROJECT, places=PLACES))
    evidence = [item for tag in report.tags for item in tag.evidence]
    assert evidence
    for item in evidence:
        assert item.place == ("page 2" if item.start >= PLACES[1].start else "page 1")
        assert item.to_dict()["place"] == item.place


def test_plain_text_keeps_its_contract(toy_tagger: Tagger) -> None:
    with_places = toy_tagger.tag(Document("a", "", PROJECT, places=PLACES)).to_dict()
    without = toy_tagger.tag(Document("a", "", PROJECT)).to_dict()
    assert "place" not in str(without)
    assert with_places["scores"] == without["scores"]
    assert list(Evidence(0, 1, "a", 0.5).to_dict()) == ["start", "end", "text", "score"]


def test_the_table_shows_places(toy_tagger: Tagger) -> None:
    stream = io.StringIO()
    report = toy_tagger.tag(Document("a", "", PROJECT, places=PLACES))
    load_writer("table")([report], stream, toy_tagger.taxonomy)
    words = " ".join(stream.getvalue().split())
    assert '" (page 1)' in words or '" (page 2)' in words
    assert "(above)" in words
