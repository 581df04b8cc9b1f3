"""Tasks: who gets which, when suggestions are shown, and who sees whose decisions."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from review_desk import Desk, give, set_up

from ka2nlp.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from ka2nlp.records import Document
from ka2nlp.review import Store
from ka2nlp.review.access import (
    may_see,
    may_see_decisions,
    may_see_suggestions,
    require_own,
    require_role,
    require_seen,
    visible_trail,
)
from ka2nlp.review.assignments import (
    assign,
    assignments_of,
    assignments_on,
    distribute,
    finish,
    get_assignment,
    reopen,
    reveal,
    unassign,
)
from ka2nlp.review.calls import close_call, create_call, reopen_call
from ka2nlp.review.decisions import decide
from ka2nlp.review.proposals import add_documents
from ka2nlp.review.records import Choice
from ka2nlp.review.users import add_user, set_active
from ka2nlp.taxonomy import Taxonomy


@pytest.fixture
def desk(store: Store, taxonomy: Taxonomy) -> Desk:
    return set_up(store, taxonomy)


@pytest.fixture
def blind(store: Store, taxonomy: Taxonomy) -> Desk:
    return set_up(store, taxonomy, blind=True, each=2)


def test_a_task_is_given_once(desk: Desk) -> None:
    with desk.store.transaction() as session:
        task = give(session, desk, desk.ada)
        assert get_assignment(session, task.id) == task
        assert (task.finished, task.revealed) == (None, None)
        for again in ("evaluate", "consolidate"):
            with pytest.raises(ConflictError, match="'ada', who has the task to evaluate"):
                give(session, desk, desk.ada, again)
        with pytest.raises(InvalidError, match="got the task 'judge', expected one of evaluate"):
            give(session, desk, desk.ben, "judge")
        with pytest.raises(NotFoundError, match="got user 99"):
            assign(session, desk.proposals[0].id, 99, "evaluate")
        with pytest.raises(NotFoundError, match="got proposal 99"):
            assign(session, 99, desk.ada.id, "evaluate")
        set_active(session, desk.ben.id, False)
        with pytest.raises(ConflictError, match="got 'ben', who is not active"):
            give(session, desk, desk.ben)


def test_one_user_consolidates_a_proposal(desk: Desk) -> None:
    with desk.store.transaction() as session:
        give(session, desk, desk.lead, "consolidate")
        with pytest.raises(ConflictError, match="a proposal that another user consolidates"):
            give(session, desk, desk.ben, "consolidate")
        give(session, desk, desk.ben, "consolidate", at=1)


def test_tasks_are_found_by_user_call_task_and_state(desk: Desk) -> None:
    with desk.store.transaction() as session:
        tasks = [give(session, desk, desk.ada, at=at) for at in range(2)]
        third = give(session, desk, desk.ada, "consolidate", at=2)
        done = finish(session, tasks[0].id)
        other = give(session, desk, desk.ben, at=1)
        assert assignments_of(session, desk.ada.id) == [done, tasks[1], third]
        assert assignments_of(session, desk.ada.id, finished=True) == [done]
        assert assignments_of(session, desk.ada.id, finished=False) == [tasks[1], third]
        assert assignments_of(session, desk.ada.id, task="consolidate") == [third]
        assert assignments_of(session, desk.ada.id, desk.call.id + 1) == []
        assert assignments_of(session, desk.ada.id, desk.call.id, "evaluate", True) == [done]
        assert assignments_on(session, desk.proposals[1].id) == [tasks[1], other]


def test_a_task_can_be_taken_back_while_nothing_is_decided(desk: Desk, taxonomy: Taxonomy) -> None:
    with desk.store.transaction() as session:
        task = give(session, desk, desk.ada)
        unassign(session, task.id)
        with pytest.raises(NotFoundError, match=f"got assignment {task.id}"):
            unassign(session, task.id)
        task = give(session, desk, desk.ada)
        decide(session, task.id, Choice("S1", "no"), taxonomy=taxonomy)
        with pytest.raises(ConflictError, match="a task with decisions, which are never removed"):
            unassign(session, task.id)


def test_a_finished_reading_and_a_closed_call_keep_their_tasks(desk: Desk) -> None:
    with desk.store.transaction() as session:
        task, other = give(session, desk, desk.ada), give(session, desk, desk.ben)
        finish(session, task.id)
        with pytest.raises(ConflictError, match="got a task that is finished"):
            unassign(session, task.id)
        close_call(session, desk.call.id)
        with pytest.raises(ConflictError, match="closed"):
            unassign(session, other.id)
        assert [one.id for one in assignments_on(session, task.proposal_id)] == [task.id, other.id]
        reopen_call(session, desk.call.id)
        reopen(session, task.id)
        unassign(session, task.id)


def test_nobody_is_told_from_too_few(desk: Desk) -> None:
    with desk.store.transaction() as session:
        with pytest.raises(InvalidError, match=r"got no evaluator.* choose who reads"):
            distribute(session, desk.call.id, [], 1)
        with pytest.raises(InvalidError, match=r"got 3 evaluators .* out of 2 users.* fewer a"):
            distribute(session, desk.call.id, [desk.ada.id, desk.ben.id], 3)


def spread(store: Store, n_users: int, n_proposals: int, each: int) -> list[set[int]]:
    """Distribute a call of its own; give the evaluators of each proposal."""
    with store.transaction() as session:
        name = f"{n_users} {n_proposals} {each}"
        call = create_call(session, name)
        users = [
            add_user(session, f"u{name.replace(' ', '-')}-{number}", None, "evaluator").id
            for number in range(n_users)
        ]
        documents = [Document(f"d{number}", "", "Text.") for number in range(n_proposals)]
        half = n_proposals // 2
        proposals = add_documents(session, call.id, documents[:half])
        distribute(session, call.id, users, each)
        proposals += add_documents(session, call.id, documents[half:])
        distribute(session, call.id, users, each)
        assert distribute(session, call.id, users, each) == []
        return [
            {one.user_id for one in assignments_on(session, proposal.id)} for proposal in proposals
        ]


@pytest.mark.parametrize(
    ("n_users", "n_proposals", "each"),
    [(1, 4, 1), (2, 5, 1), (3, 7, 2), (4, 12, 2), (5, 11, 3), (6, 20, 2), (4, 6, 4)],
)
def test_work_is_spread_evenly(store: Store, n_users: int, n_proposals: int, each: int) -> None:
    groups = spread(store, n_users, n_proposals, each)
    assert all(len(group) == each for group in groups)
    load = Counter(one for group in groups for one in group)
    assert len(load) == n_users
    assert max(load.values()) - min(load.values()) <= 1


def test_everybody_meets_everybody(store: Store) -> None:
    met = Counter(
        frozenset(pair) for group in spread(store, 4, 12, 2) for pair in combinations(group, 2)
    )
    assert sorted(met.values()) == [2] * 6


def test_work_is_spread_around_what_is_given_already(desk: Desk) -> None:
    with desk.store.transaction() as session:
        give(session, desk, desk.ada, at=0)
        give(session, desk, desk.ben, "consolidate", at=1)
        users = [desk.ada.id, desk.ben.id, desk.ada.id]
        new = distribute(session, desk.call.id, users, 2)
        held = {(one.proposal_id - desk.proposals[0].id, one.user_id) for one in new}
        assert held == {(0, desk.ben.id), (1, desk.ada.id), (2, desk.ada.id), (2, desk.ben.id)}


def test_work_that_cannot_be_spread(desk: Desk) -> None:
    with desk.store.transaction() as session:
        with pytest.raises(InvalidError, match="got no evaluator, expected one or more"):
            distribute(session, desk.call.id, [], 1)
        for users, each in (([desk.ada.id], 0), ([desk.ada.id, desk.ada.id], 2)):
            with pytest.raises(InvalidError, match=rf"got {each} evaluators a proposal out of \d"):
                distribute(session, desk.call.id, users, each)
        set_active(session, desk.ben.id, False)
        with pytest.raises(ConflictError, match="got 'ben', who is not active"):
            distribute(session, desk.call.id, [desk.ada.id, desk.ben.id], 1)


def test_a_finished_task_takes_decisions_when_it_is_reopened(
    desk: Desk, taxonomy: Taxonomy
) -> None:
    with desk.store.transaction() as session:
        task = give(session, desk, desk.ada)
        done = finish(session, task.id)
        assert done.finished is not None
        assert done.revealed is None
        assert finish(session, task.id) == done
        with pytest.raises(ConflictError, match="got a task that is finished; reopen it first"):
            decide(session, task.id, Choice("S1", "yes"), taxonomy=taxonomy)
        assert reopen(session, task.id).finished is None
        decide(session, task.id, Choice("S1", "yes"), taxonomy=taxonomy)


def test_nobody_reopens_what_has_been_consolidated(desk: Desk) -> None:
    with desk.store.transaction() as session:
        task, last = give(session, desk, desk.ada), give(session, desk, desk.lead, "consolidate")
        finish(session, task.id)
        finish(session, last.id)
        with pytest.raises(ConflictError, match="the consolidation has to be reopened first"):
            reopen(session, task.id)
        reopen(session, last.id)
        assert reopen(session, task.id).finished is None


def test_suggestions_are_revealed_once_in_an_open_call(desk: Desk, taxonomy: Taxonomy) -> None:
    with desk.store.transaction() as session:
        task = give(session, desk, desk.ada)
        first = decide(session, task.id, Choice("S1", "yes"), taxonomy=taxonomy)
        shown = reveal(session, task.id)
        assert shown.revealed is not None
        assert reveal(session, task.id) == shown
        second = decide(session, task.id, Choice("S1", "no"), taxonomy=taxonomy)
        assert (first.shown, second.shown) == (False, True)
        assert (first.model, first.answer) == ("toy 1", "addressed")
        assert finish(session, task.id).revealed == shown.revealed


def test_a_blind_call_reveals_when_a_task_is_finished(blind: Desk, taxonomy: Taxonomy) -> None:
    with blind.store.transaction() as session:
        task, other = give(session, blind, blind.ada), give(session, blind, blind.ben)
        with pytest.raises(NotAllowedError, match="blind call; suggestions are shown once"):
            reveal(session, task.id)
        first = decide(session, task.id, Choice("S1", "yes"), taxonomy=taxonomy)
        done = finish(session, task.id)
        assert done.revealed == done.finished
        assert reopen(session, task.id).revealed == done.revealed
        second = decide(session, task.id, Choice("S1", "no"), taxonomy=taxonomy)
        assert (first.shown, second.shown) == (False, True)
        assert first.answer == second.answer == "addressed"
        assert get_assignment(session, other.id).revealed is None
        judge = give(session, blind, blind.lead, "consolidate")
        assert reveal(session, judge.id).revealed is not None


def test_who_evaluates_blindly_sees_no_suggestion(blind: Desk) -> None:
    with blind.store.transaction() as session:
        proposal_id = blind.proposals[0].id
        tasks = [give(session, blind, user) for user in (blind.ada, blind.lead)]
        give(session, blind, blind.ben, "consolidate")

        def seen() -> list[str]:
            people = (blind.administrator, blind.lead, blind.ada, blind.ben)
            return [one.name for one in people if may_see_suggestions(session, one, proposal_id)]

        assert seen() == ["root", "ben"]
        finish(session, tasks[0].id)
        assert seen() == ["root", "ada", "ben"]
        finish(session, tasks[1].id)
        assert seen() == ["root", "lea", "ada", "ben"]
        assert not may_see_suggestions(session, blind.ada, blind.proposals[1].id)


def test_who_evaluates_in_an_open_call_sees_suggestions(desk: Desk) -> None:
    with desk.store.transaction() as session:
        task = give(session, desk, desk.ada)
        assert may_see_suggestions(session, desk.ada, task.proposal_id)
        assert not may_see_suggestions(session, desk.ben, task.proposal_id)


def test_evaluators_see_what_is_assigned_to_them(desk: Desk) -> None:
    with desk.store.transaction() as session:
        task = give(session, desk, desk.ada)
        mine, other = desk.proposals[0], desk.proposals[1]
        for user in (desk.ada, desk.lead, desk.administrator):
            assert may_see(session, user, mine.id)
            assert require_seen(session, user, mine.id) == mine
        assert may_see(session, desk.lead, other.id)
        for user, proposal_id in ((desk.ben, mine.id), (desk.ada, other.id), (desk.ada, 99)):
            assert not may_see(session, user, proposal_id)
            with pytest.raises(NotFoundError, match="does not exist or is not yours"):
                require_seen(session, user, proposal_id)
        assert require_own(session, desk.ada, task.id) == task
        for user, number in ((desk.ben, task.id), (desk.lead, task.id), (desk.ada, 99)):
            with pytest.raises(NotFoundError, match="does not exist or is not yours"):
                require_own(session, user, number)


def test_roles(desk: Desk) -> None:
    require_role(desk.lead, "lead", "administrator")
    with pytest.raises(NotAllowedError, match="'ada', who is evaluator; only lead and admin"):
        require_role(desk.ada, "lead", "administrator")


def test_evaluators_never_see_each_others_decisions(desk: Desk, taxonomy: Taxonomy) -> None:
    with desk.store.transaction() as session:
        tasks = first, second = [give(session, desk, user) for user in (desk.ada, desk.ben)]
        judge = give(session, desk, desk.lead, "consolidate")
        for task in (*tasks, judge):
            decide(session, task.id, Choice("S1", "yes"), taxonomy=taxonomy)
        proposal_id = desk.proposals[0].id
        for moment in ("deciding", "finished", "consolidated"):
            for task in tasks if moment == "finished" else [judge] * (moment == "consolidated"):
                finish(session, task.id)
            for own, other, user in ((first, second, desk.ada), (second, first, desk.ben)):
                assert may_see_decisions(session, user, own)
                assert not may_see_decisions(session, user, other)
                assert not may_see_decisions(session, user, judge)
                seen = visible_trail(session, user, proposal_id)
                assert [one.user_id for one in seen] == [user.id]
            for user in (desk.lead, desk.administrator):
                assert all(may_see_decisions(session, user, task) for task in (*tasks, judge))
                assert len(visible_trail(session, user, proposal_id)) == 3


def test_a_lead_who_evaluates_sees_no_others_before_finishing(
    desk: Desk, taxonomy: Taxonomy
) -> None:
    with desk.store.transaction() as session:
        own, other = give(session, desk, desk.lead), give(session, desk, desk.ada)
        decide(session, other.id, Choice("S1", "yes"), taxonomy=taxonomy)
        assert not may_see_decisions(session, desk.lead, other)
        assert visible_trail(session, desk.lead, other.proposal_id) == []
        finish(session, own.id)
        assert may_see_decisions(session, desk.lead, other)
        assert len(visible_trail(session, desk.lead, other.proposal_id)) == 1


def test_an_evaluator_who_consolidates_sees_all(desk: Desk, taxonomy: Taxonomy) -> None:
    with desk.store.transaction() as session:
        task = give(session, desk, desk.ada)
        give(session, desk, desk.ben, "consolidate")
        decide(session, task.id, Choice("S1", "yes"), taxonomy=taxonomy)
        assert may_see_decisions(session, desk.ben, task)
        assert len(visible_trail(session, desk.ben, task.proposal_id)) == 1
