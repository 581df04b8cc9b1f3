"""Label Studio: what is written there is read again, whichever way offsets are counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import PROJECT
from hypothesis import given
from hypothesis import strategies as st
from review_work import DOCUMENTS, OTHER, TAXONOMY, Work, other_tagger

from ka2nlp import Document
from ka2nlp.errors import InvalidError
from ka2nlp.labelled import Span
from ka2nlp.review import Store
from ka2nlp.review.decisions import decide
from ka2nlp.review.label_studio import Imported, from_label_studio, read_tasks, to_label_studio
from ka2nlp.review.label_studio_results import (
    labelling_configuration,
    read_results,
    write_results,
)
from ka2nlp.review.proposals import add_documents, latest_text
from ka2nlp.review.readings import Reading, read_call, tags_of
from ka2nlp.review.records import NO, UNSURE, YES, Choice
from ka2nlp.review.suggestions import find_suggestion

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


def export(work: Work) -> list[dict[str, Any]]:
    with work.store.reading() as session:
        tasks = list(to_label_studio(session, work.call, TAXONOMY))
    return json.loads(json.dumps(tasks))  # type: ignore[no-any-return]


def take(
    work: Work, tasks: list[dict[str, Any]], user: str = "ben", annotator: str | None = None
) -> Imported:
    with work.store.transaction() as session:
        return from_label_studio(
            session, work.call, work.users[user], tasks, TAXONOMY, annotator=annotator
        )


def judged(work: Work, proposal: str, user: str) -> Reading:
    with work.store.reading() as session:
        (found,) = [
            one
            for one in read_call(session, work.call)
            if one.user == user and one.assignment.proposal_id == work.proposals[proposal]
        ]
    return found


def yes(reading: Reading) -> dict[str, tuple[Span, ...]]:
    return {code: one.evidence for code, one in reading.standing.items() if one.verdict == YES}


def test_what_one_evaluator_decided_comes_back_as_anothers(store: Store) -> None:
    work = Work(store)
    start = DOCUMENTS[2].text.index("Teachers")
    work.judge("p3", "anna", yes={"I9": [(start, start + 8)], "O2c": [(0, 17)], "P1": []})
    tasks = export(work)
    assert [one["data"]["annotators"] for one in tasks] == [[], [], ["anna"]]
    imported = take(work, tasks)
    assert imported == Imported(
        1, 4, (("p1", "no finished annotation"), ("p2", "no finished annotation")), 0
    )
    anna, ben = judged(work, "p3", "anna"), judged(work, "p3", "ben")
    assert yes(ben) == yes(anna)
    assert ben.assignment.finished is not None
    assert DOCUMENTS[2].text[slice(*yes(ben)["I9"][0])] == "Teachers"


def test_evidence_in_an_older_text_is_left_out_and_its_code_kept(store: Store) -> None:
    work = Work(store)
    number = work.give("p1", "anna")
    work.decide(number, "S1", YES, [(0, 8)])
    with store.transaction() as session:
        add_documents(session, work.call, [Document("p1", "Gardens", "Another text.")])
    work.decide(number, "S2", YES, [(0, 7)])
    work.finish(number)
    (annotation,) = export(work)[0]["annotations"]
    found = read_results(annotation["result"], "Another text.", TAXONOMY)
    assert (found.codes, found.evidence) == (("S1", "S2"), {"S2": ((0, 7),)})


def test_importing_again_changes_nothing(store: Store) -> None:
    work = Work(store)
    work.judge("p1", "anna", yes=["S1"])
    tasks = export(work)[:1]
    take(work, tasks)
    before = judged(work, "p1", "ben")
    again = take(work, tasks)
    assert again.skipped == (("p1", "the user has finished it already, or consolidates it"),)
    assert judged(work, "p1", "ben") == before


def test_suggestions_are_predictions_with_model_and_score(store: Store) -> None:
    work = Work(store)
    work.suggest()
    first = export(work)[0]
    (prediction,) = first["predictions"]
    assert prediction["model_version"] == "toy 1"
    assert 0.5 <= prediction["score"] <= 1
    found = read_results(prediction["result"], PROJECT, TAXONOMY)
    with store.reading() as session:
        text = latest_text(session, work.proposals["p1"])
        suggestion = find_suggestion(session, text.id, "toy 1")
        assert suggestion is not None
        tags = tags_of(suggestion)
    assert set(found.codes) == set(tags)
    assert found.evidence == {
        code: tuple(sorted((one["start"], one["end"]) for one in tag["evidence"]))
        for code, tag in tags.items()
        if tag["evidence"]
    }


def test_another_vocabulary_on_the_same_desk_changes_no_task(store: Store) -> None:
    work = Work(store)
    work.suggest()
    before = export(work)
    work.suggest(other_tagger())
    assert export(work) == before
    take(work, [before[0] | {"annotations": [{"id": 1, "result": []}]}])
    standing = judged(work, "p1", "ben").standing.values()
    assert {(one.model, one.verdict, one.action) for one in standing} == {("toy 1", NO, "rejected")}
    number = work.give("p2", "anna")
    with store.transaction() as session:
        decide(session, number, Choice("INC", YES), taxonomy=OTHER)
    work.finish(number)
    assert export(work)[1]["annotations"][0]["result"] == []


def test_a_blind_call_gives_no_predictions(store: Store) -> None:
    work = Work(store, blind=True)
    work.suggest()
    assert [one["predictions"] for one in export(work)] == [[], [], []]


def test_what_was_suggested_and_not_ticked_is_rejected(store: Store) -> None:
    work = Work(store)
    work.suggest()
    task = export(work)[0] | {"annotations": [{"id": 1, "result": []}]}
    take(work, [task])
    standing = judged(work, "p1", "ben").standing.values()
    assert standing
    assert {(one.verdict, one.action) for one in standing} == {(NO, "rejected")}


def test_what_was_not_sure_and_is_not_ticked_is_no(store: Store) -> None:
    work = Work(store)
    work.decide(work.give("p1", "ben"), "S1", UNSURE)
    take(work, [export(work)[0] | {"annotations": [{"result": []}]}])
    assert {code: one.verdict for code, one in judged(work, "p1", "ben").standing.items()} == {
        "S1": NO
    }


def test_a_changed_mind_is_a_decision_too(store: Store) -> None:
    work = Work(store)
    number = work.give("p1", "ben")
    work.decide(number, "O2c", YES)
    take(work, [export(work)[0] | {"annotations": [{"result": []}]}])
    assert {one.code: one.verdict for one in judged(work, "p1", "ben").standing.values()} == {
        "O2": NO,
        "O2c": NO,
    }


@pytest.mark.parametrize("blind", [False, True])
def test_predictions_were_in_view_unless_the_call_is_blind(store: Store, blind: bool) -> None:
    work = Work(store, blind=blind)
    work.suggest()
    take(work, [export(work)[0] | {"annotations": [annotation("S1")]}])
    assert {one.shown for one in judged(work, "p1", "ben").standing.values()} == {not blind}


def annotation(code: str, **more: object) -> dict[str, Any]:
    return {"result": [{"type": "choices", "value": {"choices": [code]}}], **more}


def test_several_annotators_need_a_choice(store: Store) -> None:
    work = Work(store)
    task = export(work)[0]
    task["annotations"] = [
        annotation("S1", completed_by=4),
        annotation("S2", completed_by={"id": 5, "email": "eva@example.org"}),
        annotation("S3", completed_by=4, was_cancelled=True),
    ]
    with pytest.raises(InvalidError, match="got 2 annotations of p1, expected one; name the ann"):
        take(work, [task])
    assert take(work, [task], "ben", "4").n_proposals == 1
    assert take(work, [task], "carla", "eva@example.org").n_proposals == 1
    assert set(judged(work, "p1", "ben").standing) == {"S1"}
    assert set(judged(work, "p1", "carla").standing) == {"S2"}
    assert take(work, [task], "anna", "6").skipped == (("p1", "no finished annotation"),)


@pytest.mark.parametrize("change", [{"id": "p9"}, {"text": "Another text."}, {"id": None}])
def test_tasks_of_other_texts_are_left_alone(store: Store, change: dict[str, Any]) -> None:
    work = Work(store)
    task = export(work)[0] | {"annotations": [annotation("S1")]}
    task["data"] |= change
    ((_, reason),) = take(work, [task]).skipped
    assert reason == "no proposal of this call has this text"


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (annotation("Person"), "in the annotation of p1, the label 'Person', which does not begin"),
        ({"result": [{"type": "labels", "value": {"labels": ["S1"]}}]}, "p1, no 'start'; expected"),
        ({}, "p1, no 'result'; expected results"),
        ({"result": ["S1"]}, "in the annotation of p1, no "),
    ],
)
def test_a_broken_annotation_is_named_and_nothing_is_kept(
    store: Store, broken: dict[str, Any], message: str
) -> None:
    work = Work(store)
    first, second, _ = export(work)
    good, bad = second | {"annotations": [annotation("S1")]}, first | {"annotations": [broken]}
    with pytest.raises(InvalidError, match=message):
        take(work, [good, bad])
    with store.reading() as session:
        assert read_call(session, work.call) == []


@pytest.mark.parametrize(
    "text", ["{}", "[1]", '[{"id": 1, "text": "as JSON-MIN has it"}]', "[", ""]
)
def test_files_of_another_form_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(text)
    with pytest.raises(InvalidError, match=r"export\.json"):
        read_tasks(path)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([{"data": {"text": "🐝"}}]))
    assert read_tasks(path) == [{"data": {"text": "🐝"}}]
