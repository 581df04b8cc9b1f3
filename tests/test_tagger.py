from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from conftest import EXAMPLES, PROJECT, ToyEncoder, make_heads
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ka2nlp import Document, Report, Tagger, Taxonomy, read_documents
from ka2nlp.errors import InputError, ModelError
from ka2nlp.tagger import DOCUMENTS_PER_BATCH


def codes(report: Report) -> set[str]:
    return {tag.code for tag in report.tags}


def test_a_project_of_ours_is_understood(tagger: Tagger) -> None:
    (document,) = read_documents(EXAMPLES / "repair-cafes.txt")
    found = codes(tagger.tag(document))
    assert {"S2", "S4", "S6", "O1", "O2", "O2a", "O2c", "I5", "I12", "P1", "P3"} <= found
    assert not {"S7", "I2", "O1f", "O3c", "I7"} & found


def test_language_lessons_are_understood(tagger: Tagger) -> None:
    (document,) = read_documents(EXAMPLES / "language-trails.md")
    report = tagger.tag(document)
    assert {"I2", "I12", "O2a"} <= codes(report)
    (language,) = [tag for tag in report.tags if tag.code == "I2"]
    assert any("foreign languages with more confidence" in one.text for one in language.evidence)


def test_foreign_matter_gets_no_outcome(tagger: Tagger) -> None:
    (document,) = read_documents(EXAMPLES / "water-mains.txt")
    assert not {code for code in codes(tagger.tag(document)) if code[0] in "SOI"}


def test_evidence_points_into_the_text(tagger: Tagger) -> None:
    for path in EXAMPLES.iterdir():
        (document,) = read_documents(path)
        for tag in tagger.tag(document).tags:
            assert 1 <= len(tag.evidence) <= 3
            scores = [item.score for item in tag.evidence]
            assert scores == sorted(scores, reverse=True)
            for item in tag.evidence:
                assert document.text[item.start : item.end] == item.text


@pytest.mark.parametrize("model", ["default", "fast"])
def test_alone_or_among_five_hundred(model: str) -> None:
    """Reports are equal to the last bit, whatever the batch, its order and the threads."""
    probes = [next(read_documents(path)) for path in sorted(EXAMPLES.iterdir())]
    words = " ".join(document.text for document in probes).split()
    rng = random.Random(7)
    crowd = [
        Document(f"c{n}", "", " ".join(rng.choices(words, k=rng.randint(1, 40))))
        for n in range(500)
    ]
    crowd[100:100] = probes
    rng.shuffle(crowd)
    crowded = {one.id: one for one in Tagger.load(model, n_threads=8).tag_many(crowd)}
    tagger = Tagger.load(model, n_threads=1)
    assert [tagger.tag(probe) for probe in probes] == [crowded[probe.id] for probe in probes]


def test_text_beyond_any_window_counts(tagger: Tagger) -> None:
    filler = "The contract covers the replacement of the pipes below the road. " * 400
    buried, alone = tagger.tag_many(
        [Document("long", "", filler + PROJECT), Document("filler", "", filler)]
    )
    assert buried.scores["S6"] > alone.scores["S6"] + 0.3


def test_empty_texts_keep_their_places(toy_tagger: Tagger) -> None:
    documents = [
        Document("a", "", "One text about schools."),
        Document("b", "Only a title", ""),
        Document("c", "", " \n\t"),
        Document("d", "", "Another text about work."),
        Document("e", "", "", problems=("got a line that is not JSON",)),
    ]
    reports = list(toy_tagger.tag_many(documents))
    assert [report.id for report in reports] == list("abcde")
    for row in (1, 2, 4):
        assert reports[row].tags == ()
        assert "the text is empty: there is nothing to tag" in reports[row].warnings
    assert reports[4].warnings[0] == "got a line that is not JSON"
    assert toy_tagger.tag(documents[3]).scores == reports[3].scores


def test_nothing_in_nothing_out(toy_tagger: Tagger) -> None:
    assert list(toy_tagger.tag_many([])) == []


def test_reading_is_lazy(toy_tagger: Tagger) -> None:
    taken = []

    def endless() -> Iterator[Document]:
        while True:
            taken.append(1)
            yield Document(str(len(taken)), "", "A text about schools.")

    assert next(toy_tagger.tag_many(endless())).id == "1"
    assert len(taken) < 200


@pytest.mark.parametrize("n_read", [3, DOCUMENTS_PER_BATCH, DOCUMENTS_PER_BATCH + 3])
def test_what_was_read_before_reading_failed_is_reported(toy_tagger: Tagger, n_read: int) -> None:
    def failing() -> Iterator[Document]:
        for number in range(n_read):
            yield Document(str(number), "", "A text about schools.")
        raise InputError("got a file that is cut off")

    reports = toy_tagger.tag_many(failing())
    assert [report.id for report in islice(reports, n_read)] == list(map(str, range(n_read)))
    with pytest.raises(InputError, match="cut off"):
        next(reports)


def test_whoever_stops_early_waits_for_one_batch_at_most(toy_tagger: Tagger) -> None:
    batches = []

    class Counting:
        dimension = toy_tagger.encoder.dimension

        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            batches.append(len(texts))
            return toy_tagger.encoder.encode(texts)

    tagger = Tagger(toy_tagger.taxonomy, Counting(), toy_tagger.heads, "counting")
    reports = tagger.tag_many("A text about schools." for _ in range(10 * DOCUMENTS_PER_BATCH))
    next(reports)
    reports.close()  # type: ignore[attr-defined]
    assert len(batches) <= 2


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200), st.floats(0, 1), st.floats(0, 1))
def test_hierarchy_and_thresholds_on_any_text(
    toy_tagger: Tagger, text: str, one: float, other: float
) -> None:
    low = toy_tagger.with_threshold(min(one, other)).tag(Document("x", "", text))
    high = toy_tagger.with_threshold(max(one, other)).tag(Document("x", "", text))
    assert codes(high) <= codes(low)
    for report in (low, high):
        found = codes(report)
        for concept in toy_tagger.taxonomy.concepts:
            if concept.broader:
                assert report.scores[concept.code] <= report.scores[concept.broader]
                assert concept.code not in found or concept.broader in found


def test_thresholds_are_probabilities(toy_tagger: Tagger) -> None:
    with pytest.raises(ValueError, match=r"got the threshold 1\.5, expected a probability"):
        toy_tagger.with_threshold(1.5)
    with pytest.raises(ValueError, match=r"got the threshold '0\.7', expected a probability"):
        toy_tagger.with_threshold("0.7")  # type: ignore[arg-type]
    half: Any = np.float32(0.5)
    assert toy_tagger.with_threshold(half).heads.thresholds[0] == half


def test_one_threshold_leaves_texts_without_outcomes_to_check(toy_tagger: Tagger) -> None:
    heads = toy_tagger.heads
    irrelevant = replace(heads.second, relevance_bias=-heads.second.relevance_bias)
    for second, said in ((heads.second, "addressed"), (irrelevant, "to check")):
        tagger = Tagger(toy_tagger.taxonomy, ToyEncoder(), replace(heads, second=second), "toy 1")
        report = tagger.with_threshold(0).tag(PROJECT)
        assert set(report.answers.values()) == {said}
        assert bool(report.tags) == (said == "addressed")
    assert "serves no outcome, to check" in (Tagger.with_threshold.__doc__ or "")


@pytest.mark.parametrize("model", ["default", "fast"])
def test_threads_are_counted(model: str) -> None:
    with pytest.raises(ModelError, match="got -1 threads, expected 1 or more, or 0 for one a core"):
        Tagger.load(model, n_threads=-1)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("We train teachers.", "the text has 3 words: under 20"),
        (
            "Das Projekt bildet vierzig Lehrkräfte aus fünf Ländern in digitalen Methoden fort und entwickelt eine offene Plattform mit freien Lernmaterialien für alle Schulen Europas.",
            "seems to be in the language 'de': the model reads English",
        ),
        ("lorem ipsum " * 15, "the model reads English"),
    ],
)
def test_warnings(toy_tagger: Tagger, text: str, warning: str) -> None:
    assert any(warning in found for found in toy_tagger.tag(Document("x", "", text)).warnings)


@pytest.mark.parametrize(("vocabulary", "noun"), [(None, "outcome"), ("priorities", "label")])
def test_labels_that_are_no_outcomes_are_not_called_so(vocabulary: str | None, noun: str) -> None:
    taxonomy = Taxonomy.load(vocabulary)
    heads = make_heads(len(taxonomy))
    irrelevant = replace(heads.second, relevance_bias=-heads.second.relevance_bias)
    tagger = Tagger(taxonomy, ToyEncoder(), replace(heads, second=irrelevant), "toy 1")
    said = f"the text does not read like a project that serves any {noun}"
    assert tagger.tag(PROJECT).warnings == (said,)


def test_good_english_brings_no_warning(toy_tagger: Tagger) -> None:
    assert toy_tagger.tag(Document("x", "", PROJECT)).warnings == ()
