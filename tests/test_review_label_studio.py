from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import PROJECT
from hypothesis import given
from hypothesis import strategies as st

from ka2nlp import Taxonomy
from ka2nlp.review.label_studio_results import (
    labelling_configuration,
    read_results,
    write_results,
)

TAXONOMY = Taxonomy.load()
ASTRAL = "🌱 Schools plant gardens 🌻 and pupils learn to cook."


def span(start: int, end: int, label: str = "I9", **more: object) -> dict[str, Any]:
    return {"type": "labels", "value": {"start": start, "end": end, "labels": [label], **more}}


def test_the_interface_offers_every_code_once_as_label_and_once_as_choice() -> None:
    view = ElementTree.fromstring(labelling_configuration(TAXONOMY))  # noqa: S314  (our own)
    labels = [one.attrib["value"].split()[0] for one in view.iter("Label")]
    choices = [one.attrib["value"].split()[0] for one in view.iter("Choice")]
    assert labels == choices == list(TAXONOMY.codes)
    assert {one.attrib["name"] for one in view.iter("Choices")} == {
        level.key for level in TAXONOMY.levels
    }
    assert all(one.attrib["toName"] == "text" for one in view.iter("Choices"))
    assert "pre-wrap" in (view.findtext("Style") or "")


def test_results_have_the_form_of_label_studio() -> None:
    results = write_results(PROJECT, ["O2c"], {"O2c": [(0, 43)]}, TAXONOMY)
    assert [(one["type"], one["from_name"], one["to_name"]) for one in results] == [
        ("choices", "organisational", "text"),
        ("labels", "evidence", "text"),
    ]
    assert results[0]["value"] == {
        "choices": [f"{code} {TAXONOMY[code].label}" for code in ("O2", "O2c")]
    }
    assert results[1]["value"] == {
        "start": 0,
        "end": 43,
        "text": PROJECT[:43],
        "labels": [f"O2c {TAXONOMY['O2c'].label}"],
    }


codes = st.sampled_from(TAXONOMY.codes)


@given(
    st.text(min_size=1, max_size=60),
    st.dictionaries(codes, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=3)),
)
def test_round_trip_of_any_text(text: str, spans: Mapping[str, list[tuple[int, int]]]) -> None:
    evidence = {
        code: tuple(sorted({pair for pair in pairs if pair[0] < pair[1] <= len(text)}))
        for code, pairs in spans.items()
    }
    found = read_results(write_results(text, spans, evidence, TAXONOMY), text, TAXONOMY)
    assert found.codes == tuple(TAXONOMY.with_parents(spans))
    assert found.evidence == {code: pairs for code, pairs in evidence.items() if pairs}
    assert found.n_lost == 0


def test_a_code_counts_whether_ticked_or_named_at_a_span() -> None:
    results = [
        {"type": "choices", "value": {"choices": ["S6 Digital and open education"]}},
        {"type": "taxonomy", "value": {"taxonomy": [["O2 Modern", "O2a Good practices"], ["P1"]]}},
        span(2, 9, "I9 Languages"),
        {"type": "textarea", "value": {"text": ["S1 is what I thought of first"]}},
    ]
    found = read_results(results, ASTRAL, TAXONOMY)
    assert found.codes == ("S6", "O2", "O2a", "I9", "P1")
    assert found.evidence == {"I9": ((2, 9),)}


def utf16(text: str, offset: int) -> int:
    return len(text[:offset].encode("utf-16-le")) // 2


@pytest.mark.parametrize("words", ["Schools", "gardens 🌻 and", "cook."])
def test_offsets_in_utf_16_are_told_by_the_words_selected(words: str) -> None:
    start = ASTRAL.index(words)
    end = start + len(words)
    old = span(utf16(ASTRAL, start), utf16(ASTRAL, end), text=words.replace(" ", "  "))
    new = span(start, end, text=words)
    assert read_results([old, new], ASTRAL, TAXONOMY).evidence == {"I9": ((start, end),)}


def test_without_words_offsets_are_code_points() -> None:
    assert read_results([span(2, 9)], ASTRAL, TAXONOMY).evidence == {"I9": ((2, 9),)}


@pytest.mark.parametrize("lost", [span(2, 9, text="gardens"), span(40, 400), span(9, 9)])
def test_a_span_that_stands_nowhere_is_counted_and_its_code_kept(lost: dict[str, Any]) -> None:
    found = read_results([lost], ASTRAL, TAXONOMY)
    assert (found.codes, found.evidence, found.n_lost) == (("I9",), {}, 1)


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(ValueError, match="label 'Person', which does not begin with a code"):
        read_results([span(0, 5, "Person")], ASTRAL, TAXONOMY)
