"""Exports: what is settled leaves as corpus, labelled file, table and trail, and comes back whole."""

# mypy: disable-error-code=comparison-overlap
# A tuple with a frozenset is compared with one that has an equal set, for short.

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT
from openpyxl import load_workbook
from review_work import DOCUMENTS, OTHER, TAXONOMY, Work, other_tagger
from sqlalchemy import event

from ka2nlp import Document, split_sentences
from ka2nlp.annotations import join_texts, read_annotations
from ka2nlp.corpora import read_labels
from ka2nlp.errors import InvalidError, NotFoundError
from ka2nlp.labelled import read_labelled
from ka2nlp.review import Store
from ka2nlp.review.consolidation import final, finals
from ka2nlp.review.decisions import decide
from ka2nlp.review.exports import FORMATS, Exported, export_call
from ka2nlp.review.outcomes import settled
from ka2nlp.review.proposals import add_documents, latest_text
from ka2nlp.review.readings import read_call, tags_of
from ka2nlp.review.records import CONSOLIDATE, NO, UNSURE, YES, Choice
from ka2nlp.review.suggestions import find_suggestion

FIRST, SECOND, THIRD, *_ = split_sentences(PROJECT)


def export(work: Work, format: str, target: Path) -> Exported:
    with work.store.reading() as session:
        return export_call(session, work.call, format, target, TAXONOMY)


def shown_by_model(work: Work, proposal: str) -> dict[str, Any]:
    with work.store.reading() as session:
        text = latest_text(session, work.proposals[proposal])
        suggestion = find_suggestion(session, text.id, "toy 1")
        assert suggestion is not None
        return dict(tags_of(suggestion))


@pytest.fixture
def work(store: Store) -> Work:
    """p1 agreed on, p2 disputed, p3 consolidated after a dispute."""
    found = Work(store)
    evidence = {"O2c": [(FIRST.start, FIRST.end)], "S6": [(SECOND.start + 4, SECOND.start + 20)]}
    found.judge("p1", "anna", yes=evidence)
    found.judge("p1", "ben", yes={"O2c": [(THIRD.start, THIRD.end)], "S6": []})
    found.judge("p2", "anna", yes=["S1"])
    found.judge("p2", "ben", yes=["S2"])
    found.judge("p3", "anna", yes=["I9"])
    found.judge("p3", "ben", yes=[])
    found.judge("p3", "carla", yes={"I9": [(0, 17)]}, task=CONSOLIDATE)
    return found


def test_another_vocabulary_on_the_same_desk_leaves_exports_as_they_are(
    store: Store, tmp_path: Path
) -> None:
    work = Work(store, each=1)
    work.suggest()
    code = next(iter(shown_by_model(work, "p1")))
    work.judge("p1", "anna", yes=[code], shown=True)
    formats = ("corpus", "labelled", "csv")
    target = tmp_path / "export"

    def exported() -> list[str]:
        return [(export(work, one, target), target.read_text())[1] for one in formats]

    before = exported()
    work.suggest(other_tagger())
    assert exported() == before
    task = work.give("p2", "anna")
    with store.transaction() as session:
        decide(session, task, Choice("INC", YES), taxonomy=OTHER)
    work.finish(task)
    left_out = dict(export(work, "corpus", target).left_out)
    assert left_out == {
        "p2": "labels of another vocabulary hold: INC",
        "p3": "not finished",
    }
    assert target.read_text() == before[0]


def test_a_corpus_joins_with_its_texts_again(work: Work, tmp_path: Path) -> None:
    exported = export(work, "corpus", tmp_path / "corpus.jsonl")
    assert exported == Exported(2, (("p2", "evaluators differ on S1 S2"),))
    annotations = read_annotations(tmp_path / "corpus.jsonl", TAXONOMY)
    moved = [Document(one.id, "", "  " + one.text.replace(". ", ".\n")) for one in DOCUMENTS]
    for texts in (DOCUMENTS, moved):
        joined = join_texts(annotations, texts)
        assert (joined.without_text, joined.changed, joined.n_lost) == ((), (), 0)
        first, third = joined.documents
        assert first.labels == {"O2", "O2c", "S6"}
        words = [first.document.text[slice(*span)].split() for span in first.evidence["O2c"]]
        assert words == [FIRST.text.split(), THIRD.text.split()]
        (whole,) = first.evidence["S6"]
        assert first.document.text[slice(*whole)].split() == SECOND.text.split()
        assert third.labels == {"I9"}
        assert third.evidence["I9"]


def test_a_corpus_has_no_word_and_no_name(work: Work, tmp_path: Path) -> None:
    export(work, "corpus", tmp_path / "corpus.jsonl")
    written = (tmp_path / "corpus.jsonl").read_text()
    assert not any(word in written for word in ("teachers", "Bees", "anna", "carla"))
    first, third = read_annotations(tmp_path / "corpus.jsonl", TAXONOMY)
    users = work.users
    assert first.annotator == f"u{users['anna']}+u{users['ben']}"
    assert third.annotator == f"u{users['carla']}"


def test_a_label_that_nothing_shows_keeps_its_proposal_out_of_a_corpus(
    work: Work, tmp_path: Path
) -> None:
    task = work.give("p2", "carla", CONSOLIDATE)
    work.decide(task, "P1", YES)
    work.finish(task)
    exported = export(work, "corpus", tmp_path / "corpus.jsonl")
    assert ("p2", "a label without a sentence that shows it") in exported.left_out
    assert export(work, "labelled", tmp_path / "labelled.jsonl").n_proposals == 3


def test_labelled_documents_are_read_again(work: Work, tmp_path: Path) -> None:
    exported = export(work, "labelled", tmp_path / "labelled.jsonl")
    first, third = read_labelled(tmp_path / "labelled.jsonl", TAXONOMY)
    assert exported.n_proposals == 2
    assert (first.document.id, first.document.title, first.document.text) == (
        "p1",
        "Gardens",
        PROJECT,
    )
    assert first.document.metadata == {"year": "2024"}
    assert first.labels == {"O2", "O2c", "S6"}
    both = ((FIRST.start, FIRST.end), (THIRD.start, THIRD.end))
    assert first.evidence["O2c"] == first.evidence["O2"] == both
    assert third.document.text == DOCUMENTS[2].text
    assert third.evidence == {"I9": ((0, 17),)}
    labels = read_labels(tmp_path / "labelled.jsonl", TAXONOMY)
    assert labels["p3"] == {"I9"}


def test_what_was_accepted_in_view_has_the_sentences_of_the_model(store: Store) -> None:
    work = Work(store, each=1)
    work.suggest()
    tags = shown_by_model(work, "p1")
    code = next(code for code, tag in tags.items() if tag["evidence"])
    work.judge("p1", "anna", yes=[code], shown=True)
    work.judge("p2", "anna", yes=[code], shown=False)
    with store.reading() as session:
        seen, blind = settled(session, work.call, TAXONOMY).documents
    assert seen.evidence[code] == tuple(
        (one["start"], one["end"]) for one in tags[code]["evidence"]
    )
    assert blind.evidence == {}


def test_not_sure_does_not_hold_and_is_told(store: Store) -> None:
    work = Work(store, each=1)
    task = work.give("p1", "anna")
    work.decide(task, "S1", UNSURE)
    work.decide(task, "S2", YES)
    work.finish(task)
    with store.reading() as session:
        outcomes = settled(session, work.call, TAXONOMY)
    (one,) = outcomes.settled
    assert (one.labelled.labels, one.unsure) == ({"S2"}, {"S1"})
    assert outcomes.left_out == (("p2", "not finished"), ("p3", "not finished"))


def test_a_proposal_without_any_label_is_settled_too(store: Store, tmp_path: Path) -> None:
    work = Work(store, each=1)
    work.judge("p1", "anna")
    export(work, "labelled", tmp_path / "a.jsonl")
    (one,) = read_labelled(tmp_path / "a.jsonl", TAXONOMY)
    assert (one.labels, one.document.text) == (frozenset(), PROJECT)


def test_the_text_that_was_judged_is_exported_not_a_newer_one(store: Store) -> None:
    work = Work(store, each=1)
    work.judge("p1", "anna", yes={"S1": [(0, 8)]})
    with store.transaction() as session:
        add_documents(session, work.call, [Document("p1", "Gardens", "Shorter.")])
        (one,) = settled(session, work.call, TAXONOMY).documents
    assert one.document.text == PROJECT


def test_only_what_they_judge_differently_is_said_to_differ(store: Store) -> None:
    work = Work(store)
    task = work.give("p1", "anna")
    work.decide(task, "S1", UNSURE)
    work.finish(task)
    for user, code in (("anna", "S2"), ("ben", "S3")):
        task = work.give("p2", user)
        work.decide(task, "S1", UNSURE)
        work.decide(task, code, YES)
        work.finish(task)
    with store.reading() as session:
        assert settled(session, work.call, TAXONOMY).left_out == (
            ("p1", "not finished by all its evaluators"),
            ("p2", "evaluators differ on S2 S3"),
            ("p3", "not finished"),
        )


@pytest.mark.parametrize("format", FORMATS)
def test_many_proposals_take_no_more_queries_than_few(
    work: Work, tmp_path: Path, format: str
) -> None:
    def count() -> int:
        asked: list[str] = []
        with work.store.reading() as session:
            event.listen(
                session.get_bind(), "before_cursor_execute", lambda *said: asked.append(said[2])
            )
            export_call(session, work.call, format, tmp_path / "out", TAXONOMY)
        return len(asked)

    few = count()
    with work.store.transaction() as session:
        more = [Document(f"more {number}", "", PROJECT) for number in range(9)]
        work.proposals |= {one.source_id: one.id for one in add_documents(session, work.call, more)}
    work.judge("more 1", "anna", yes=["S1"])
    work.judge("more 1", "ben", yes=["S1"])
    assert count() == few


def test_the_labels_of_a_call_are_those_of_each_of_its_proposals(work: Work) -> None:
    with work.store.transaction() as session:
        (bare,) = add_documents(session, work.call, [Document("bare", "", PROJECT)])
    with work.store.reading() as session:
        found = finals(read_call(session, work.call), 2)
        for number in (*work.proposals.values(), bare.id):
            assert found[number] == final(session, number)


def table(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return [dict(row) for row in csv.DictReader(stream)]
    names, *rows = load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [
        {
            str(name): "" if cell is None else str(cell)
            for name, cell in zip(names, row, strict=True)
        }
        for row in rows
    ]


def test_tables_quote_the_model_apart_from_people(store: Store, tmp_path: Path) -> None:
    work = Work(store, each=1)
    work.suggest()
    tags = shown_by_model(work, "p1")
    code = next(code for code, tag in tags.items() if tag["evidence"])
    work.judge("p1", "anna", yes=[code], shown=True)
    export(work, "csv", tmp_path / "table.csv")
    rows = {row["code"]: row for row in table(tmp_path / "table.csv") if row["id"] == "p1"}
    shown = [" ".join(one["text"].split()) for one in tags[code]["evidence"]]
    assert (rows[code]["evidence"], rows[code]["model_evidence"]) == ("", " | ".join(shown))
    untagged = next(code for code in TAXONOMY.codes if code not in tags)
    assert rows[untagged]["model_evidence"] == ""


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_tables_have_a_row_a_proposal_and_code(work: Work, tmp_path: Path, format: str) -> None:
    work.suggest()
    path = tmp_path / f"table.{format}"
    assert export(work, format, path).n_proposals == 3
    rows = {(row["id"], row["code"]): row for row in table(path)}
    assert len(rows) == 3 * len(TAXONOMY)
    agreed, disputed, decided = rows["p1", "S6"], rows["p2", "S1"], rows["p3", "I9"]
    assert (agreed["final"], agreed["anna"], agreed["ben"], agreed["carla"]) == (
        YES,
        YES,
        YES,
        "",
    )
    assert agreed["evidence"] == PROJECT[SECOND.start + 4 : SECOND.start + 20].strip()
    assert (agreed["label"], agreed["model"]) == (TAXONOMY["S6"].label, "toy 1")
    assert 0 <= float(str(agreed["probability"])) <= 1
    assert (disputed["final"], disputed["anna"], disputed["ben"]) == ("", YES, NO)
    assert (decided["final"], decided["ben"], decided["carla"]) == (YES, NO, YES)
    assert rows["p1", "S1"]["final"] == NO


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_tables_quote_no_evidence_of_an_older_text(
    store: Store, tmp_path: Path, format: str
) -> None:
    work = Work(store, each=1)
    task = work.give("p1", "anna")
    work.decide(task, "S1", YES, [(0, 8)])
    with store.transaction() as session:
        add_documents(session, work.call, [Document("p1", "Gardens", "Another text.")])
    work.decide(task, "S2", YES, [(0, 7)])
    work.finish(task)
    path = tmp_path / f"table.{format}"
    export(work, format, path)
    rows = {row["code"]: row for row in table(path) if row["id"] == "p1"}
    assert [rows[code]["evidence"] for code in ("S1", "S2")] == ["", "Another"]
    assert [rows[code]["anna"] for code in ("S1", "S2")] == [YES, YES]


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_no_cell_is_a_formula(store: Store, tmp_path: Path, format: str) -> None:
    work = Work(store, each=1)
    with store.transaction() as session:
        bad = Document("=1+1", "@title", "=cmd|' /C calc'!A0 is what we teach in our schools.")
        (added,) = add_documents(session, work.call, [bad])
    work.proposals["=1+1"] = added.id
    work.judge("=1+1", "anna", yes={"S1": [(0, 18)]})
    path = tmp_path / f"table.{format}"
    export(work, format, path)
    (row,) = [one for one in table(path) if one["id"] == "'=1+1" and one["code"] == "S1"]
    assert (row["title"], str(row["evidence"])[:5]) == ("'@title", "'=cmd")


def test_the_trail_holds_every_event(work: Work, tmp_path: Path) -> None:
    work.suggest()
    export(work, "jsonl", tmp_path / "trail.jsonl")
    first, second, third = map(json.loads, (tmp_path / "trail.jsonl").read_text().splitlines())
    assert [one["id"] for one in (first, second, third)] == ["p1", "p2", "p3"]
    assert first["texts"][0]["text"] == PROJECT
    assert first["suggestions"][0]["model"] == "toy 1"
    assert [(one["user"], one["code"], one["action"]) for one in first["decisions"]] == [
        ("anna", "O2c", "added"),
        ("anna", "O2", "added"),
        ("anna", "S6", "added"),
        ("ben", "O2c", "added"),
        ("ben", "O2", "added"),
        ("ben", "S6", "added"),
    ]
    assert second["final"]["complete"] is False
    assert third["final"] == {
        "complete": True,
        "labels": ["I9"],
        "evidence": {"I9": [[0, 17]]},
        "text_id": third["texts"][0]["text_id"],
        "by": ["carla"],
        "unsettled": [],
    }
    assert {one["task"] for one in third["tasks"]} == {"evaluate", "consolidate"}


@pytest.mark.parametrize("format", list(FORMATS))
def test_an_export_that_fails_leaves_nothing(work: Work, tmp_path: Path, format: str) -> None:
    target = tmp_path / "nowhere" / "file"
    with pytest.raises(InvalidError, match="which cannot be written"):
        export(work, format, target)
    assert list(tmp_path.rglob("*.part")) == []


def test_unknown_formats_and_calls_are_named(work: Work, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="got the format 'pdf', expected one of corpus, lab"):
        export(work, "pdf", tmp_path / "a")
    work.call = 99
    with pytest.raises(NotFoundError, match="got call 99"):
        export(work, "csv", tmp_path / "a")
