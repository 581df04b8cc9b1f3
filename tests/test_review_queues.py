"""Queues: three orders of an evaluator's open proposals, and which labels would teach most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from conftest import ToyEncoder, make_heads
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from review_work import TAXONOMY, Work, other_tagger

from ka2nlp import Tagger, Taxonomy
from ka2nlp.errors import InvalidError, NotFoundError
from ka2nlp.records import TO_CHECK, Document
from ka2nlp.review import Store
from ka2nlp.review.proposals import add_documents, latest_text
from ka2nlp.review.queues import ORDERS, QueueItem, queue
from ka2nlp.review.records import YES
from ka2nlp.review.suggestions import find_suggestion
from ka2nlp.selection import Described, _likeness, most_useful, uncertainty, word_vectors


def listed(work: Work, user: str = "anna", order: str = ORDERS[0]) -> list[QueueItem]:
    with work.store.reading() as session:
        return queue(session, work.users[user], work.call, order)


def names(work: Work, order: str, user: str = "anna") -> list[str]:
    return [item.source_id for item in listed(work, user, order)]


@pytest.fixture
def work(store: Store) -> Work:
    """Anna has three proposals to evaluate, given last to first, and suggestions for all."""
    found = Work(store)
    for proposal in ("p3", "p2", "p1"):
        found.give(proposal, "anna")
    found.suggest()
    return found


def test_in_turn_is_the_order_in_which_proposals_came(work: Work) -> None:
    assert names(work, "in turn") == ["p1", "p2", "p3"]
    assert listed(work, "ben") == []


def test_finished_ones_leave_the_queue_and_decisions_are_counted(work: Work) -> None:
    first = listed(work)[0]
    work.decide(first.assignment_id, "O2c", YES)  # brings O2
    assert listed(work)[0].n_decided == 2
    work.finish(first.assignment_id)
    assert names(work, "in turn") == ["p2", "p3"]


def test_most_codes_to_check_come_first(work: Work) -> None:
    found = listed(work, order="to check first")
    counts = [item.n_to_check for item in found]
    assert None not in counts
    assert counts == sorted(counts, key=lambda count: -(count or 0))
    with work.store.reading() as session:
        for item in found:
            text = latest_text(session, item.proposal_id)
            suggestion = find_suggestion(session, text.id, "toy 1")
            assert suggestion is not None
            answers = list(suggestion.report["answers"].values())
            assert item.n_to_check == answers.count(TO_CHECK)


def test_codes_of_the_desk_alone_are_counted(work: Work) -> None:
    fewer = Taxonomy(TAXONOMY.concepts[:9], TAXONOMY.levels, "")
    with work.store.reading() as session:
        for item in queue(session, work.users["anna"], work.call, taxonomy=fewer):
            text = latest_text(session, item.proposal_id)
            suggestion = find_suggestion(session, text.id, "toy 1")
            assert suggestion is not None
            answers = [suggestion.report["answers"][code] for code in fewer.codes]
            assert item.n_to_check == answers.count(TO_CHECK)


def test_what_is_like_a_finished_proposal_comes_last(work: Work) -> None:
    with work.store.transaction() as session:
        twin = Document("p4", "Gardens", latest_text(session, work.proposals["p1"]).text)
        (added,) = add_documents(session, work.call, [twin])
    work.proposals["p4"] = added.id
    work.give("p4", "anna")
    work.suggest()
    work.judge("p1", "ben")
    assert names(work, "most useful next")[-2:] in (["p1", "p4"], ["p4", "p1"])


def test_without_a_suggestion_last(store: Store) -> None:
    work = Work(store)
    for proposal in ("p1", "p2", "p3"):
        work.give(proposal, "anna")
    for order in ORDERS:
        assert names(work, order) == ["p1", "p2", "p3"]
    assert {item.n_to_check for item in listed(work)} == {None}
    work.suggest()
    with store.transaction() as session:
        add_documents(session, work.call, [Document("p1", "Gardens", "Another text, untagged.")])
    for order in ORDERS[1:]:
        assert names(work, order)[-1] == "p1"


def test_a_blind_call_tells_no_counts(store: Store) -> None:
    work = Work(store, blind=True)
    work.give("p1", "anna")
    work.suggest()
    assert [item.n_to_check for item in listed(work)] == [None]


def test_an_order_is_worked_out_once(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    ranked: list[int] = []

    def note(documents: Described, known: Described) -> list[int]:
        ranked.append(len(documents.probabilities))
        return most_useful(documents, known)

    monkeypatch.setattr("ka2nlp.review.queues.most_useful", note)
    before = names(work, "most useful next")
    assert names(work, "most useful next") == before
    assert ranked == [3]
    work.judge("p1", "ben")
    names(work, "most useful next")
    work.finish(listed(work)[0].assignment_id)
    assert len(names(work, "most useful next")) == 2
    assert ranked == [3, 3, 2]


def test_a_suggestion_that_is_new_changes_the_order(work: Work) -> None:
    before = [item.n_to_check for item in listed(work, order="to check first")]
    work.suggest(Tagger(TAXONOMY, ToyEncoder(), make_heads(seed=5), "toy 2"))
    found = listed(work, order="to check first")
    counts = [item.n_to_check or 0 for item in found]
    assert counts != before
    assert counts == sorted(counts, reverse=True)


def test_another_vocabulary_on_the_same_desk_changes_no_order(work: Work) -> None:
    before = {order: listed(work, order=order) for order in ORDERS}
    work.suggest(other_tagger())
    with work.store.reading() as session:
        for order in ORDERS:
            found = queue(session, work.users["anna"], work.call, order, taxonomy=TAXONOMY)
            assert found == before[order]


def test_a_list_holds_the_first_of_an_order(work: Work) -> None:
    with work.store.reading() as session:
        for order in ORDERS:
            whole = queue(session, work.users["anna"], work.call, order)
            assert queue(session, work.users["anna"], work.call, order, 2) == whole[:2]


def test_unknown_orders_and_calls_are_named(work: Work) -> None:
    with pytest.raises(InvalidError, match="got the order 'best', expected one of in turn"):
        listed(work, order="best")
    work.call = 99
    with pytest.raises(NotFoundError, match="got call 99"):
        listed(work)


tables = arrays(
    np.float64,
    st.tuples(st.integers(0, 12), st.just(4)),
    elements=st.floats(0, 1),
)


def described(rows: Sequence[Sequence[float]] | NDArray[np.float64], *texts: str) -> Described:
    return Described(np.asarray(rows, dtype=float), word_vectors(texts or ["one text"] * len(rows)))


@given(tables, tables, st.integers(0, 15))
def test_every_document_stands_in_the_order_once(
    probabilities: NDArray[np.float64], known: NDArray[np.float64], n_first: int
) -> None:
    documents, labelled = described(probabilities), described(known)
    order = most_useful(documents, labelled, n_first=n_first)
    assert sorted(order) == list(range(len(probabilities)))
    assert order == most_useful(documents, labelled, n_first=n_first)


@given(tables, tables, st.integers(0, 15))
def test_each_one_is_that_which_adds_most(
    probabilities: NDArray[np.float64], known: NDArray[np.float64], n_first: int
) -> None:
    documents, labelled = described(probabilities), described(known)
    doubt, alike = uncertainty(probabilities), _likeness(documents, labelled)
    covered = alike[:, len(doubt) :].max(axis=1, initial=0.0)
    left = list(range(len(doubt)))
    for row in most_useful(documents, labelled, n_first=n_first)[:n_first]:
        gains = {
            one: doubt[one] * (np.maximum(alike[one, : len(doubt)] - covered, 0) @ doubt)
            for one in left
        }
        assert gains[row] >= max(gains.values()) - 1e-12
        covered = np.maximum(covered, alike[row, : len(doubt)])
        left.remove(row)


def test_uncertainty_is_highest_at_one_half() -> None:
    found = uncertainty(np.array([[0.5, 0.5], [0.0, 1.0], [0.5, 1.0]]))
    np.testing.assert_allclose(found, [1, 0, 0.5], atol=1e-9)


def test_the_more_uncertain_of_two_that_are_alike_comes_first() -> None:
    assert most_useful(described([[0.3, 0.6], [0.4, 0.55], [0.9, 0.02]]))[0] == 1


def test_a_twin_of_the_first_waits_for_one_that_says_something_else() -> None:
    rows = [[0.6, 0.3], [0.6, 0.31], [0.3, 0.6], [0.31, 0.6]]
    first, second, *_ = most_useful(described(rows))
    assert {first, second} in ({0, 2}, {0, 3}, {1, 2}, {1, 3})
    assert most_useful(described(rows), described([[0.6, 0.3]]))[0] in (2, 3)


def test_words_tell_texts_apart_where_probabilities_do_not() -> None:
    texts = ["Bees in school gardens", "Bees in gardens", "Robots for nurses", "Nurses and robots"]
    order = most_useful(described([[0.5, 0.4]] * 4, *texts))
    assert {order[0] // 2, order[1] // 2} == {0, 1}


def test_beyond_the_first_uncertainty_alone_decides() -> None:
    rows = [[0.1, 0.9], [0.5, 0.5], [0.2, 0.8], [0.4, 0.6]]
    assert most_useful(described(rows), n_first=0) == [1, 3, 2, 0]


def test_texts_without_a_telling_word_have_no_direction() -> None:
    vectors = word_vectors(["the same", "the same", ""])
    assert vectors.shape[0] == 3
    assert np.isfinite(vectors.toarray()).all()
    assert vectors[2].nnz == 0
