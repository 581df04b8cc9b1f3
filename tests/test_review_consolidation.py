"""Consolidation: where evaluators disagree, and which labels count in the end."""

# mypy: disable-error-code=comparison-overlap
# A tuple with a frozenset is compared with one that has an equal set, for short.

from __future__ import annotations

import pytest
from review_desk import Desk, give, set_up

from ka2nlp.errors import InvalidError, NotFoundError
from ka2nlp.records import Document
from ka2nlp.review import Store
from ka2nlp.review.assignments import assignments_of, finish
from ka2nlp.review.consolidation import FinalLabels, adopt_agreement, disagreements, final
from ka2nlp.review.decisions import decide
from ka2nlp.review.proposals import add_documents, latest_text
from ka2nlp.review.records import Choice, User
from ka2nlp.taxonomy import Taxonomy


class Panel:
    """Lets people decide on the first proposal."""

    def __init__(self, desk: Desk, taxonomy: Taxonomy) -> None:
        self.desk = desk
        self.taxonomy = taxonomy
        self.proposal_id = desk.proposals[0].id

    def judge(
        self, user: User, *choices: Choice, task: str = "evaluate", finished: bool = True
    ) -> None:
        with self.desk.store.transaction() as session:
            given = give(session, self.desk, user, task)
            for choice in choices:
                decide(session, given.id, choice, taxonomy=self.taxonomy)
            if finished:
                finish(session, given.id)

    def final(self) -> FinalLabels:
        with self.desk.store.reading() as session:
            return final(session, self.proposal_id)

    def disagreements(self) -> dict[str, dict[int, str]]:
        with self.desk.store.reading() as session:
            return disagreements(session, self.proposal_id)


@pytest.fixture
def alone(store: Store, taxonomy: Taxonomy) -> Panel:
    return Panel(set_up(store, taxonomy), taxonomy)


@pytest.fixture
def pair(store: Store, taxonomy: Taxonomy) -> Panel:
    return Panel(set_up(store, taxonomy, each=2), taxonomy)


def test_nothing_is_known_before_anybody_has_finished(alone: Panel) -> None:
    nothing = FinalLabels(frozenset(), {}, None, (), frozenset(), False)
    assert alone.final() == nothing
    alone.judge(alone.desk.ada, Choice("S1", "yes"), finished=False)
    assert alone.final() == nothing
    with alone.desk.store.reading() as session, pytest.raises(NotFoundError, match="proposal 99"):
        final(session, 99)


def test_the_labels_of_the_only_evaluator(alone: Panel) -> None:
    ada = alone.desk.ada
    chosen = Choice("S1", "yes", ((5, 9), (0, 3))), Choice("S2", "no"), Choice("S3", "unsure")
    alone.judge(ada, *chosen)
    found = alone.final()
    assert (found.labels, found.evidence) == ({"S1"}, {"S1": ((0, 3), (5, 9))})
    assert (found.by, found.unsettled, found.complete) == ((ada.id,), {"S3"}, True)


def test_a_proposal_without_any_label_is_complete_too(alone: Panel) -> None:
    alone.judge(alone.desk.ada)
    assert alone.final().complete
    assert alone.final().labels == frozenset()


def test_half_a_pair_is_not_complete(pair: Panel) -> None:
    pair.judge(pair.desk.ada, Choice("S1", "yes"))
    assert (pair.final().labels, pair.final().complete) == ({"S1"}, False)
    pair.judge(pair.desk.ben, Choice("S2", "yes"), finished=False)
    assert (pair.final().labels, pair.final().complete) == ({"S1"}, False)


def test_a_pair_that_agrees_needs_no_third(pair: Panel) -> None:
    pair.judge(pair.desk.ada, Choice("S1", "yes", ((0, 3),)), Choice("S2", "no"))
    pair.judge(pair.desk.ben, Choice("S1", "yes", ((5, 9),)))
    assert pair.disagreements() == {}
    found = pair.final()
    assert (found.labels, found.complete) == ({"S1"}, True)
    assert found.evidence == {"S1": ((0, 3), (5, 9))}
    assert found.by == (pair.desk.ada.id, pair.desk.ben.id)


def test_where_a_pair_disagrees(pair: Panel) -> None:
    ada, ben = pair.desk.ada, pair.desk.ben
    pair.judge(ada, *(Choice(code, "yes") for code in ("S1", "S2", "S3")), Choice("S4", "unsure"))
    pair.judge(ben, Choice("S1", "yes"), Choice("S2", "no"), Choice("S4", "unsure"))
    assert pair.disagreements() == {
        "S2": {ada.id: "yes", ben.id: "no"},
        "S3": {ada.id: "yes", ben.id: "no"},
    }
    found = pair.final()
    assert (found.labels, found.complete) == ({"S1"}, False)
    assert found.unsettled == {"S2", "S3", "S4"}


def test_the_consolidator_has_the_last_word(pair: Panel) -> None:
    lead = pair.desk.lead
    pair.judge(pair.desk.ada, Choice("S1", "yes", ((0, 3),)), Choice("S2", "yes"))
    pair.judge(pair.desk.ben, Choice("S1", "yes"))
    chosen = Choice("S2", "yes", ((5, 9),)), Choice("S3", "unsure")
    pair.judge(lead, *chosen, task="consolidate")
    found = pair.final()
    assert (found.labels, found.evidence) == ({"S2"}, {"S2": ((5, 9),)})
    assert (found.by, found.unsettled, found.complete) == ((lead.id,), {"S3"}, True)


def test_an_unfinished_consolidation_does_not_count(pair: Panel) -> None:
    pair.judge(pair.desk.ada, Choice("S1", "yes"))
    pair.judge(pair.desk.ben, Choice("S1", "yes"))
    pair.judge(pair.desk.lead, Choice("S1", "no"), task="consolidate", finished=False)
    assert pair.final().labels == {"S1"}


def test_evidence_is_of_the_version_that_was_judged_last(alone: Panel) -> None:
    desk = alone.desk
    with desk.store.transaction() as session:
        task = give(session, desk, desk.ada)
        old = latest_text(session, alone.proposal_id)
        add_documents(session, desk.call.id, [Document("p0", "Project 0", "A new text.")])
        for choice in (
            Choice("S1", "yes", ((0, 40),), text_id=old.id),
            Choice("S2", "yes", ((0, 5),)),
        ):
            decide(session, task.id, choice, taxonomy=alone.taxonomy)
        finish(session, task.id)
        new = latest_text(session, alone.proposal_id)
    found = alone.final()
    assert (found.labels, found.text_id) == ({"S1", "S2"}, new.id)
    assert found.evidence == {"S2": ((0, 5),)}


def test_what_a_pair_agrees_on_is_taken_over(pair: Panel) -> None:
    facet = next(one for one in pair.taxonomy.concepts if one.broader)
    pair.judge(pair.desk.ada, Choice("S1", "yes", ((0, 3),)), Choice(facet.code, "yes"))
    pair.judge(pair.desk.ben, Choice("S1", "yes", ((5, 9),)), Choice(facet.code, "yes"))
    with pair.desk.store.transaction() as session:
        task = give(session, pair.desk, pair.desk.lead, "consolidate")
        made = adopt_agreement(session, task.id, taxonomy=pair.taxonomy)
        assert [one.code for one in made] == ["S1", facet.broader, facet.code]
        assert made[0].evidence == ((0, 3), (5, 9))
        assert {one.user_id for one in made} == {pair.desk.lead.id}
        assert adopt_agreement(session, task.id, taxonomy=pair.taxonomy) == []
        finish(session, task.id)
        with pytest.raises(InvalidError, match="got a task to evaluate, expected one to consol"):
            adopt_agreement(
                session, assignments_of(session, pair.desk.ada.id)[0].id, taxonomy=pair.taxonomy
            )
    assert pair.final().labels == {"S1", facet.code, facet.broader}


def test_what_the_consolidator_refused_is_not_taken_over(pair: Panel) -> None:
    facet = next(one for one in pair.taxonomy.concepts if one.broader)
    for user in (pair.desk.ada, pair.desk.ben):
        pair.judge(user, Choice("S1", "yes"), Choice("S2", "yes"), Choice(facet.code, "yes"))
    with pair.desk.store.transaction() as session:
        task = give(session, pair.desk, pair.desk.lead, "consolidate")
        for choice in (Choice("S1", "no"), Choice(str(facet.broader), "no")):
            decide(session, task.id, choice, taxonomy=pair.taxonomy)
        made = adopt_agreement(session, task.id, taxonomy=pair.taxonomy)
        assert [one.code for one in made] == ["S2"]
