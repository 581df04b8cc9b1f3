"""Calls, the documents in them, the versions of their texts, and what models say of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from review_desk import give, set_up, suggest

from ka2nlp import Tagger
from ka2nlp.annotations import fingerprint_text
from ka2nlp.errors import ConflictError, InvalidError, NotFoundError
from ka2nlp.records import Document, Place
from ka2nlp.review import Store
from ka2nlp.review.assignments import assign, finish
from ka2nlp.review.calls import (
    CallCounts,
    call_counts,
    close_call,
    create_call,
    get_call,
    list_calls,
    own_call,
    reopen_call,
)
from ka2nlp.review.decisions import decide, undo
from ka2nlp.review.proposals import (
    add_documents,
    get_proposal,
    get_text,
    latest_text,
    list_proposals,
    list_texts,
)
from ka2nlp.review.records import Choice
from ka2nlp.review.suggestions import (
    find_suggestion,
    find_suggestion_of,
    get_suggestion,
    keep_suggestion,
    without_suggestion,
)
from ka2nlp.taxonomy import Taxonomy

BIKES = Document("p1", "Bicycles", "We mend bicycles. Pupils learn to solder.")


def test_a_call_is_what_was_asked_for(store: Store) -> None:
    with store.transaction() as session:
        call = create_call(
            session, " Spring  2027 ", " First round ", blind=True, evaluators_each=2
        )
        assert (call.name, call.description) == ("Spring 2027", "First round")
        assert (call.blind, call.evaluators_each, call.closed) == (True, 2, None)
        assert get_call(session, call.id) == call


@pytest.mark.parametrize(
    ("name", "each", "message"),
    [
        ("  ", 1, "call's name of 0 characters, expected 1 to 200"),
        ("x" * 201, 1, "call's name of 201 characters"),
        ("Spring", 0, "got 0 evaluators a proposal, expected 1 to 20"),
        ("Spring", 21, "got 21 evaluators a proposal"),
    ],
)
def test_calls_that_are_refused(store: Store, name: str, each: int, message: str) -> None:
    with store.transaction() as session, pytest.raises(InvalidError, match=message):
        create_call(session, name, evaluators_each=each)


def test_two_calls_have_two_names(store: Store) -> None:
    with store.transaction() as session:
        create_call(session, "Spring")
        with pytest.raises(ConflictError, match="got the call 'Spring', which exists already"):
            create_call(session, "Spring ")


def test_evaluators_see_the_calls_in_which_they_have_a_task(
    store: Store, taxonomy: Taxonomy
) -> None:
    desk = set_up(store, taxonomy)
    with store.transaction() as session:
        create_call(session, "Autumn")
        give(session, desk, desk.ada)
        for user, expected in (
            (desk.administrator, ["Spring", "Autumn"]),
            (desk.lead, ["Spring", "Autumn"]),
            (desk.ada, ["Spring"]),
            (desk.ben, []),
        ):
            assert [call.name for call in list_calls(session, user)] == expected


def test_a_call_of_ones_own_is_found_without_a_task(store: Store, taxonomy: Taxonomy) -> None:
    desk = set_up(store, taxonomy)
    with store.transaction() as session:
        first = own_call(session, desk.ada, "Read alone")
        assert (first.name, first.created_by) == ("Read alone", desk.ada.id)
        assert list_calls(session, desk.ada) == []
        assert own_call(session, desk.ada, "Read alone") == first
        second = own_call(session, desk.ben, "Read alone")
        assert (second.name, second.created_by) == ("Read alone (2)", desk.ben.id)
        assert own_call(session, desk.ben, "Read alone") == second


def test_nothing_changes_in_a_closed_call(store: Store, taxonomy: Taxonomy) -> None:
    desk = set_up(store, taxonomy)
    with store.transaction() as session:
        task = give(session, desk, desk.ada)
        closed = close_call(session, desk.call.id)
        assert closed.closed is not None
        assert close_call(session, desk.call.id) == closed
        for change in (
            lambda: add_documents(session, desk.call.id, [BIKES]),
            lambda: assign(session, desk.proposals[0].id, desk.ben.id, "evaluate"),
            lambda: decide(session, task.id, Choice("S1", "yes"), taxonomy=taxonomy),
            lambda: undo(session, task.id),
            lambda: finish(session, task.id),
        ):
            with pytest.raises(ConflictError, match="got the call 'Spring', which is closed"):
                change()
        assert reopen_call(session, desk.call.id).closed is None
        finish(session, task.id)


def test_counts_of_a_call(store: Store, taxonomy: Taxonomy) -> None:
    desk = set_up(store, taxonomy)
    with store.transaction() as session:
        other = create_call(session, "Autumn")
        assert call_counts(session, other.id) == CallCounts(0, 0, 0, 0, 0)
        first, second = give(session, desk, desk.ada), give(session, desk, desk.ben)
        third = give(session, desk, desk.lead, "consolidate")
        facet = next(one for one in taxonomy.concepts if one.broader)
        decide(session, first.id, Choice(facet.code, "yes"), taxonomy=taxonomy)
        decide(session, second.id, Choice("S1", "no"), taxonomy=taxonomy)
        undo(session, second.id)
        finish(session, first.id)
        assert call_counts(session, desk.call.id) == CallCounts(3, 2, 1, 0, 2)
        finish(session, third.id)
        assert call_counts(session, desk.call.id) == CallCounts(3, 2, 1, 1, 2)
        assert call_counts(session, other.id) == CallCounts(0, 0, 0, 0, 0)


def test_a_document_comes_back_as_it_was(store: Store) -> None:
    document = replace(
        BIKES, metadata={"year": 2021}, problems=("scanned",), places=(Place(0, "page 1"),)
    )
    with store.transaction() as session:
        call = create_call(session, "Spring")
        (proposal,) = add_documents(session, call.id, [document])
    with store.reading() as session:
        assert get_proposal(session, proposal.id) == proposal
        text = latest_text(session, proposal.id)
        assert get_text(session, text.id) == text
    assert (proposal.source_id, proposal.title) == ("p1", "Bicycles")
    assert proposal.metadata == {"year": 2021}
    assert (text.number, text.fingerprint) == (1, fingerprint_text(BIKES.text))
    assert text.document == replace(document, metadata={})


def test_the_same_document_again_adds_nothing(store: Store) -> None:
    with store.transaction() as session:
        call = create_call(session, "Spring")
        first, second = add_documents(session, call.id, [BIKES, BIKES])
        (third,) = add_documents(session, call.id, [BIKES])
        assert first == second == third
        assert len(list_texts(session, first.id)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        replace(BIKES, text="We mend bicycles.  Pupils learn to solder."),
        replace(BIKES, title="Bikes"),
    ],
)
def test_a_changed_text_is_a_new_version(store: Store, changed: Document) -> None:
    with store.transaction() as session:
        call = create_call(session, "Spring")
        (proposal,) = add_documents(session, call.id, [BIKES])
        (again,) = add_documents(session, call.id, [replace(changed, metadata={"year": 2022})])
        assert (again.id, again.title) == (proposal.id, changed.title)
        assert again.metadata == {"year": 2022}
        add_documents(session, call.id, [BIKES])
        versions = list_texts(session, proposal.id)
        assert [text.number for text in versions] == [1, 2, 3]
        assert [text.text for text in versions] == [BIKES.text, changed.text, BIKES.text]
        assert latest_text(session, proposal.id) == versions[-1]


def test_one_identifier_for_two_texts_is_refused(store: Store) -> None:
    other = replace(BIKES, text="Nurses write a guide.")
    with store.transaction() as session:
        call = create_call(session, "Spring")
        with pytest.raises(InvalidError, match="got the identifier 'p1' for two different texts"):
            add_documents(session, call.id, [BIKES, other])
        with pytest.raises(InvalidError, match="got a document without an identifier"):
            add_documents(session, call.id, [replace(BIKES, id=" ")])
        with pytest.raises(NotFoundError, match="got call 99"):
            add_documents(session, 99, [BIKES])


def test_two_calls_may_hold_the_same_document(store: Store) -> None:
    with store.transaction() as session:
        one, other = (
            add_documents(session, create_call(session, name).id, [BIKES])[0].id
            for name in ("Spring", "Autumn")
        )
    assert one != other


def test_what_no_database_holds_is_replaced_one_for_one(store: Store) -> None:
    strange = Document("p\0", "T\ud800", "a\0b\udfffc", {"k\0": [float("nan"), date(2027, 1, 2)]})
    with store.transaction() as session:
        call = create_call(session, "Spring", "d\0\ud800")
        (proposal,) = add_documents(session, call.id, [strange, strange])[:1]
        (again,) = add_documents(session, call.id, [strange])
        assert again == proposal
        assert (proposal.source_id, proposal.title) == ("p\ufffd", "T\ufffd")
        assert proposal.metadata == {"k\ufffd": [None, "2027-01-02"]}
        assert latest_text(session, proposal.id).text == "a\ufffdb\ufffdc"
        assert len(list_texts(session, proposal.id)) == 1
        assert get_call(session, call.id).description == "d\ufffd\ufffd"


def test_proposals_come_a_page_at_a_time(store: Store, taxonomy: Taxonomy) -> None:
    desk = set_up(store, taxonomy)
    with store.transaction() as session:
        give(session, desk, desk.ada, at=1)
        first = list_proposals(session, desk.call.id, limit=2)
        rest = list_proposals(session, desk.call.id, after=first[-1].id, limit=2)
        assert [*first, *rest] == desk.proposals
        assert list_proposals(session, desk.call.id, after=2**70) == []
        for user, expected in ((desk.lead, 3), (desk.ada, 1), (desk.ben, 0)):
            assert len(list_proposals(session, desk.call.id, seen_by=user)) == expected


def test_a_report_comes_back_as_it_was(store: Store, toy_tagger: Tagger) -> None:
    report = toy_tagger.tag(BIKES)
    with store.transaction() as session:
        call = create_call(session, "Spring")
        (proposal,) = add_documents(session, call.id, [BIKES])
        text = latest_text(session, proposal.id)
        kept = keep_suggestion(session, text.id, report)
        assert get_suggestion(session, kept.id) == kept
    assert kept.report == report.to_dict(doubts=True)
    assert list(kept.report["scores"]) == list(report.scores)
    assert (kept.model, kept.taxonomy) == (report.model, report.taxonomy)
    assert kept.probability("S1") == pytest.approx(report.scores["S1"], abs=1e-6)
    assert kept.answer("S1") == report.answers["S1"]
    assert kept.probability("X9") is None
    assert kept.answer("X9") is None


def test_the_newest_suggestion_is_found(store: Store, taxonomy: Taxonomy) -> None:
    with store.transaction() as session:
        call = create_call(session, "Spring")
        (proposal,) = add_documents(session, call.id, [BIKES])
        text = latest_text(session, proposal.id)
        assert find_suggestion_of(session, text.id, taxonomy) is None
        first = keep_suggestion(session, text.id, suggest(taxonomy))
        second = keep_suggestion(session, text.id, suggest(taxonomy, model="toy 2"))
        assert keep_suggestion(session, text.id, suggest(taxonomy)) == first
        assert find_suggestion_of(session, text.id, taxonomy) == second
        assert find_suggestion(session, text.id, "toy 1") == first
        assert find_suggestion(session, text.id, "toy 3") is None
        with pytest.raises(NotFoundError, match="got text 99"):
            keep_suggestion(session, 99, suggest(taxonomy))


def test_texts_without_a_suggestion_are_the_newest_ones(store: Store, taxonomy: Taxonomy) -> None:
    desk = set_up(store, taxonomy)
    with store.transaction() as session:
        assert without_suggestion(session, desk.call.id, "toy 1") == []
        newest = [latest_text(session, proposal.id) for proposal in desk.proposals]
        assert without_suggestion(session, desk.call.id, "toy 2") == newest
        add_documents(session, desk.call.id, [Document("p1", "Project 1", "Another text.")])
        (text,) = without_suggestion(session, desk.call.id, "toy 1")
        assert text.text == "Another text."
