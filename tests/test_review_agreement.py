"""Agreement in a call: what counts as what, against figures worked out by hand."""

from __future__ import annotations

import json

import pytest
from review_work import OTHER, TAXONOMY, Work, other_tagger

from ka2nlp.errors import NotFoundError
from ka2nlp.records import Document
from ka2nlp.review import Store
from ka2nlp.review.agreement import call_agreement
from ka2nlp.review.agreement_figures import CallAgreement, ModelAgreement
from ka2nlp.review.decisions import decide
from ka2nlp.review.proposals import add_documents, latest_text
from ka2nlp.review.readings import tags_of
from ka2nlp.review.records import CONSOLIDATE, NO, UNSURE, YES, Choice
from ka2nlp.review.suggestions import find_suggestion

N = len(TAXONOMY)


def measure(work: Work) -> CallAgreement:
    with work.store.reading() as session:
        return call_agreement(session, work.call, TAXONOMY)


def tagged(work: Work, proposal: str) -> set[str]:
    with work.store.reading() as session:
        text = latest_text(session, work.proposals[proposal])
        suggestion = find_suggestion(session, text.id, "toy 1")
        assert suggestion is not None
        return set(tags_of(suggestion))


def test_an_undecided_code_of_a_finished_evaluator_is_no(store: Store) -> None:
    work = Work(store)
    work.judge("p1", "anna", yes=["S1", "S2"], no=["S3"])
    work.judge("p1", "ben", yes=["S1"])
    (pair,) = measure(work).pairs
    assert (pair.first, pair.second, pair.n_proposals) == ("anna", "ben", 1)
    assert (pair.n_pairs, pair.n_unsure) == (N, 0)
    assert pair.agreed == pytest.approx((N - 1) / N)
    assert pair.f1 == pytest.approx(2 / 3)
    expected = (2 * 1 + (N - 2) * (N - 1)) / N**2  # chance agreement: 2 of N and 1 of N yes
    assert pair.kappa == pytest.approx(((N - 1) / N - expected) / (1 - expected))


def test_not_sure_is_left_out_and_counted(store: Store) -> None:
    work = Work(store)
    task = work.give("p1", "anna")
    work.decide(task, "S1", YES)
    work.decide(task, "S2", UNSURE)
    work.finish(task)
    work.judge("p1", "ben", yes=["S1", "S2"])
    found = measure(work)
    (pair,) = found.pairs
    assert (pair.n_pairs, pair.n_unsure, pair.agreed, pair.f1) == (N - 1, 1, 1.0, 1.0)
    assert found.n_unsure == 1
    assert {one.name: one.n_pairs for one in found.codes}["S2"] == 0
    assert [one.alpha for one in found.groups if one.name == "all codes"] == [1.0]


def test_only_finished_evaluators_count_and_no_consolidator(store: Store) -> None:
    work = Work(store)
    work.judge("p1", "anna", yes=["S1"])
    open_task = work.give("p1", "ben")
    work.decide(open_task, "S1", NO)
    work.judge("p1", "carla", yes=["S4"], task=CONSOLIDATE)
    found = measure(work)
    assert found.pairs == ()
    assert found.groups[-1].n_proposals == 0
    assert found.groups[-1].alpha is None
    assert (found.n_proposals, found.n_finished) == (3, 0)
    assert [(p.name, p.n_assigned, p.n_begun, p.n_finished) for p in found.progress] == [
        ("anna", 1, 1, 1),
        ("ben", 1, 1, 0),
    ]
    assert [(p.n_yes, p.n_no) for p in found.progress] == [(1, 0), (0, 1)]


def test_alpha_takes_all_evaluators_with_answers_missing(store: Store) -> None:
    krippendorff = pytest.importorskip("krippendorff", reason="comes with the learn extra")
    work = Work(store)
    work.judge("p1", "anna", yes=["S1", "P1"])
    work.judge("p1", "ben", yes=["S1"])
    work.judge("p1", "carla", yes=["S1", "P1"])
    work.judge("p2", "anna", yes=["S2"])
    work.judge("p2", "carla", yes=["S2", "S1"])
    work.judge("p3", "ben", yes=["S8"])  # read by one alone: nothing to compare
    found = measure(work)
    missing = float("nan")
    said = {"anna": ["S1", "P1"], "ben": ["S1"], "carla": ["S1", "P1"]}
    second = {"anna": ["S2"], "carla": ["S2", "S1"]}
    table = [
        [float(code in said[name]) for code in TAXONOMY.codes]
        + [float(code in second[name]) if name in second else missing for code in TAXONOMY.codes]
        for name in said
    ]
    expected = krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")
    everything = found.groups[-1]
    assert (everything.name, everything.n_proposals) == ("all codes", 2)
    assert everything.n_pairs == 2 * N
    assert everything.alpha == pytest.approx(expected)
    assert everything.masi is not None
    assert 0 < everything.masi < 1
    by_code = {one.name: one for one in found.codes}
    assert (by_code["S8"].n_yes, by_code["S8"].alpha) == (0, None)
    assert (by_code["P1"].n_yes, by_code["P1"].n_answers) == (2, 5)


def of(found: tuple[ModelAgreement, ...], evaluator: str, shown: bool | None) -> ModelAgreement:
    (one,) = [row for row in found if (row.evaluator, row.shown) == (evaluator, shown)]
    return one


def test_the_model_is_measured_against_each_evaluator(store: Store) -> None:
    work = Work(store)
    work.suggest()
    tags = tagged(work, "p1")
    missed = next(code for code in TAXONOMY.codes if code not in tags and code[0] in "SPI")
    work.judge("p1", "anna", yes=sorted(tags), shown=True)
    task = work.give("p1", "ben")
    work.decide(task, missed, YES)
    work.finish(task)
    found = measure(work)
    anna, ben = of(found.models, "anna", None), of(found.models, "ben", None)
    assert (anna.model, anna.name, anna.n_pairs, anna.n_model) == (
        "toy 1",
        "all codes",
        N,
        len(tags),
    )
    assert (anna.precision, anna.recall, anna.f1, anna.kappa) == (1, 1, 1, 1)
    assert (ben.n_evaluator, ben.n_both, ben.precision, ben.recall) == (1, 0, 0, 0)
    everybody = of(found.models, "", None)
    assert (everybody.n_pairs, everybody.n_both) == (2 * N, len(tags))
    assert of(found.models, "anna", True).n_pairs == of(found.models, "ben", False).n_pairs == N
    assert {one.evaluator for one in found.models if one.shown is False} == {"", "ben"}
    assert {one.name for one in found.model_codes if one.shown is None} == set(TAXONOMY.codes)


def test_what_was_decided_blind_stays_blind_when_suggestions_come(store: Store) -> None:
    work = Work(store)
    work.suggest()
    task = work.give("p1", "anna")
    work.decide(task, "S1", YES)
    work.reveal(task)
    work.decide(task, "S2", YES)
    work.finish(task)
    found = measure(work)
    assert of(found.models, "anna", False).n_pairs == 1
    assert of(found.models, "anna", True).n_pairs == N - 1  # undecided ones were seen as well


def test_in_a_blind_call_everything_is_blind(store: Store) -> None:
    work = Work(store, blind=True)
    work.suggest()
    work.judge("p1", "anna", yes=["S1"])
    assert {one.shown for one in measure(work).models} == {None, False}


def test_evaluators_of_different_texts_are_not_compared(store: Store) -> None:
    work = Work(store)
    work.judge("p1", "anna", yes=["S1"])
    with store.transaction() as session:
        add_documents(session, work.call, [Document("p1", "Gardens", "A new text, much shorter.")])
    work.judge("p1", "ben", yes=["S1"])
    found = measure(work)
    assert found.pairs == ()
    assert found.groups[-1].n_proposals == 0


def test_another_vocabulary_on_the_same_desk_changes_no_figure(store: Store) -> None:
    work = Work(store)
    work.suggest()
    work.judge("p1", "anna", yes=["S1"])
    work.judge("p1", "ben", yes=["S1", "S2"])
    before = measure(work)
    work.suggest(other_tagger())
    assert measure(work) == before
    task = work.give("p1", "carla")
    with store.transaction() as session:
        decide(session, task, Choice("INC", YES), taxonomy=OTHER)
    work.finish(task)
    found = measure(work)
    assert {one.model for one in found.models} == {"toy 1"}
    assert of(found.models, "carla", None).n_evaluator == 0


def test_an_empty_call_has_figures_too(store: Store) -> None:
    found = measure(Work(store))
    assert (found.progress, found.pairs, found.models) == ((), (), ())
    assert json.loads(json.dumps(found.to_dict()))["n_proposals"] == 3
    with store.reading() as session, pytest.raises(NotFoundError, match="got call 99"):
        call_agreement(session, 99, TAXONOMY)
