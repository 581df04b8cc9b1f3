"""Decisions: what is kept of a choice, what follows from it, and how it is undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from review_desk import TEXTS, Desk, give, set_up, suggest

from ka2nlp.errors import ConflictError, InvalidError, NotFoundError
from ka2nlp.records import Document
from ka2nlp.review import Store
from ka2nlp.review.assignments import assign, finish
from ka2nlp.review.decisions import decide, standing, trail, undo
from ka2nlp.review.proposals import add_documents, latest_text
from ka2nlp.review.records import VERDICTS, Choice, Decision
from ka2nlp.review.suggestions import find_suggestion, keep_suggestion
from ka2nlp.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
PARENT = next(concept for concept in TAXONOMY.concepts if len(concept.narrower) > 1)
FACET, SIBLING = PARENT.narrower[:2]
NUMBERS = count()


@pytest.fixture
def desk(store: Store, taxonomy: Taxonomy) -> Desk:
    return set_up(store, taxonomy)


@pytest.fixture
def task(desk: Desk) -> int:
    with desk.store.transaction() as session:
        return give(session, desk, desk.ada).id


def verdicts(found: dict[str, Decision]) -> dict[str, str]:
    return {code: one.verdict for code, one in found.items()}


def test_a_decision_says_who_when_what_and_on_what(
    desk: Desk, task: int, taxonomy: Taxonomy
) -> None:
    choice = Choice("S1", "yes", ((0, 28), (29, 40)), "the workshop")
    with desk.store.transaction() as session:
        made = decide(session, task, choice, taxonomy=taxonomy, key="click-1")
        text = latest_text(session, desk.proposals[0].id)
    with desk.store.reading() as session:
        assert trail(session, desk.proposals[0].id) == [made]
        assert standing(session, task) == {"S1": made}
    assert (made.assignment_id, made.proposal_id, made.text_id) == (task, text.proposal_id, text.id)
    assert (made.user_id, made.code, made.verdict) == (desk.ada.id, "S1", "yes")
    assert (made.evidence, made.note, made.key) == (choice.evidence, "the workshop", "click-1")
    assert (made.model, made.probability, made.answer) == ("toy 1", 0.9, "addressed")
    assert (made.undoes, made.follows) == (None, None)
    assert made.decided.tzinfo is UTC
    assert abs(datetime.now(UTC) - made.decided) < timedelta(minutes=5)


def test_actions_follow_from_verdict_and_answer(desk: Desk, task: int, taxonomy: Taxonomy) -> None:
    with desk.store.transaction() as session:
        made = decide(session, task, Choice("S1", "yes"), taxonomy=taxonomy)
    table = {
        "addressed": ("accepted", "rejected", "unsure", "withdrawn"),
        "to check": ("accepted", "rejected", "unsure", "withdrawn"),
        "not addressed": ("added", "agreed absent", "unsure", "withdrawn"),
        None: ("added", "agreed absent", "unsure", "withdrawn"),
    }
    for answer, actions in table.items():
        found = tuple(replace(made, answer=answer, verdict=one).action for one in VERDICTS)
        assert found == actions


def test_the_last_decision_on_a_code_stands(desk: Desk, task: int, taxonomy: Taxonomy) -> None:
    with desk.store.transaction() as session:
        for verdict in VERDICTS:
            made = decide(session, task, Choice("S1", verdict), taxonomy=taxonomy)
            expected = {} if verdict == "withdrawn" else {"S1": made}
            assert standing(session, task) == expected
        assert [one.verdict for one in trail(session, made.proposal_id)] == list(VERDICTS)


def test_each_has_their_own_decisions(desk: Desk, task: int, taxonomy: Taxonomy) -> None:
    with desk.store.transaction() as session:
        other = give(session, desk, desk.ben)
        mine = decide(session, task, Choice("S1", "yes"), taxonomy=taxonomy, key="k")
        theirs = decide(session, other.id, Choice("S1", "no"), taxonomy=taxonomy, key="k")
        assert standing(session, task) == {"S1": mine}
        assert standing(session, other.id) == {"S1": theirs}
        undo(session, other.id)
        assert standing(session, task) == {"S1": mine}
        assert standing(session, other.id) == {}


@pytest.mark.parametrize("stands", [None, "no", "unsure", "yes"])
def test_a_facet_brings_its_parent(
    desk: Desk, task: int, taxonomy: Taxonomy, stands: str | None
) -> None:
    with desk.store.transaction() as session:
        if stands:
            decide(session, task, Choice(PARENT.code, stands), taxonomy=taxonomy)
        choice = Choice(FACET, "yes", ((0, 10),), "see there")
        made = decide(session, task, choice, taxonomy=taxonomy, key="k")
        found = standing(session, task)
    assert verdicts(found) == {FACET: "yes", PARENT.code: "yes"}
    if stands != "yes":
        parent = found[PARENT.code]
        assert (parent.follows, parent.evidence, parent.note) == (made.id, ((0, 10),), "")
        assert parent.answer == suggest(taxonomy).answers[PARENT.code]
        assert parent.decided >= made.decided
    else:
        assert found[PARENT.code].follows is None


@pytest.mark.parametrize("verdict", ["no", "unsure", "withdrawn"])
def test_a_parent_takes_its_facets_along(
    desk: Desk, task: int, taxonomy: Taxonomy, verdict: str
) -> None:
    with desk.store.transaction() as session:
        decide(session, task, Choice(FACET, "yes"), taxonomy=taxonomy)
        decide(session, task, Choice(SIBLING, "no"), taxonomy=taxonomy)
        made = decide(session, task, Choice(PARENT.code, verdict), taxonomy=taxonomy)
        found = standing(session, task)
        expected = {PARENT.code: verdict, FACET: verdict, SIBLING: "no"}
        assert verdicts(found) == {c: v for c, v in expected.items() if v != "withdrawn"}
        assert [one.code for one in trail(session, made.proposal_id) if one.follows == made.id] == [
            FACET
        ]


def test_a_facet_that_is_no_leaves_its_parent(desk: Desk, task: int, taxonomy: Taxonomy) -> None:
    with desk.store.transaction() as session:
        decide(session, task, Choice(FACET, "yes"), taxonomy=taxonomy)
        decide(session, task, Choice(FACET, "no"), taxonomy=taxonomy)
        assert verdicts(standing(session, task)) == {FACET: "no", PARENT.code: "yes"}


def test_the_same_request_again_is_the_first_decision(
    desk: Desk, task: int, taxonomy: Taxonomy
) -> None:
    def ask(code: str, verdict: str) -> Decision:
        with desk.store.transaction() as session:
            return decide(session, task, Choice(code, verdict), taxonomy=taxonomy, key="k")

    made = ask(FACET, "yes")
    assert ask(FACET, "yes") == made
    with desk.store.transaction() as session:
        assert len(trail(session, made.proposal_id)) == 2
        finish(session, task)
    assert ask(FACET, "yes") == made
    for code, verdict in ((FACET, "no"), (SIBLING, "yes")):
        with pytest.raises(ConflictError, match="got the key 'k', which named another decision"):
            ask(code, verdict)
    taken = pytest.raises(ConflictError, match="got the key 'k', which named another decision")
    with desk.store.transaction() as session, taken:
        undo(session, task, "k")


def test_a_key_names_the_evidence_the_note_and_the_text_too(
    desk: Desk, task: int, taxonomy: Taxonomy
) -> None:
    def ask(choice: Choice) -> Decision:
        with desk.store.transaction() as session:
            return decide(session, task, choice, taxonomy=taxonomy, key="k")

    choice = Choice("S1", "yes", ((0, 5), (9, 12)), "a\0b")
    made = ask(choice)
    with desk.store.transaction() as session:
        add_documents(session, desk.call.id, [Document("p0", "Project 0", TEXTS[1])])
        new = latest_text(session, desk.proposals[0].id)
    assert ask(choice) == ask(replace(choice, text_id=made.text_id)) == made
    for other in (
        replace(choice, evidence=((0, 5),)),
        replace(choice, evidence=()),
        replace(choice, note="another"),
        replace(choice, text_id=new.id),
    ):
        with pytest.raises(ConflictError, match="got the key 'k', which named another decision"):
            ask(other)
    with desk.store.reading() as session:
        assert trail(session, made.proposal_id) == [made]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Choice("X9", "yes"), "got the code 'X9', expected one of S1, "),
        (Choice("S1", "maybe"), "got the verdict 'maybe', expected one of yes, no, unsure, with"),
        (Choice("S1", "yes", ((5, 5),)), "got the span 5:5 in a text of 78 characters"),
        (Choice("S1", "yes", ((0, 5), (70, 79))), "got the span 70:79 in a text of 78"),
        (Choice("S1", "yes", ((-3, 5),)), "got the span -3:5"),
        (Choice("S1", "yes", ((0, 2**70),)), "got the span 0:1180"),
        (Choice("S1", "yes", ((0, 1),) * 51), "got 51 spans, expected at most 50"),
        (Choice("S1", "yes", note="x" * 2001), "got a note of 2001 characters, expected at most"),
    ],
)
def test_choices_that_are_refused(
    desk: Desk, task: int, taxonomy: Taxonomy, choice: Choice, message: str
) -> None:
    assert len(TEXTS[0]) == 78
    with desk.store.transaction() as session:
        with pytest.raises(InvalidError, match=message):
            decide(session, task, choice, taxonomy=taxonomy)
        assert trail(session, desk.proposals[0].id) == []


@pytest.mark.parametrize("key", ["", "a b", "x" * 101, "k\0", "é", "k\n"])
def test_keys_that_are_refused(desk: Desk, task: int, taxonomy: Taxonomy, key: str) -> None:
    with desk.store.transaction() as session:
        with pytest.raises(InvalidError, match=r"got the key .* expected 1 to 100 letters"):
            decide(session, task, Choice("S1", "yes"), taxonomy=taxonomy, key=key)
        with pytest.raises(InvalidError, match=r"got the key .* expected 1 to 100 letters"):
            undo(session, task, key)


def test_a_decision_names_the_version_that_was_seen(
    desk: Desk, task: int, taxonomy: Taxonomy
) -> None:
    with desk.store.transaction() as session:
        old = latest_text(session, desk.proposals[0].id)
        add_documents(session, desk.call.id, [Document("p0", "Project 0", "Short.")])
        new = latest_text(session, desk.proposals[0].id)
        first = decide(
            session, task, Choice("S1", "yes", ((0, 40),), text_id=old.id), taxonomy=taxonomy
        )
        second = decide(session, task, Choice("S2", "yes", ((0, 6),)), taxonomy=taxonomy)
        assert (first.text_id, second.text_id) == (old.id, new.id)
        assert (first.answer, second.answer) == ("addressed", None)
        with pytest.raises(InvalidError, match="got the span 0:40 in a text of 6 characters"):
            decide(session, task, Choice("S1", "yes", ((0, 40),)), taxonomy=taxonomy)
        other = latest_text(session, desk.proposals[1].id)
        with pytest.raises(InvalidError, match=f"got text {other.id}, which is another proposal's"):
            decide(session, task, Choice("S1", "yes", text_id=other.id), taxonomy=taxonomy)
        with pytest.raises(NotFoundError, match="got text 99"):
            decide(session, task, Choice("S1", "yes", text_id=99), taxonomy=taxonomy)


def test_a_decision_names_the_suggestion_that_was_seen(
    desk: Desk, task: int, taxonomy: Taxonomy
) -> None:
    with desk.store.transaction() as session:
        text = latest_text(session, desk.proposals[0].id)
        first = find_suggestion(session, text.id, "toy 1")
        assert first is not None
        keep_suggestion(session, text.id, suggest(taxonomy, model="toy 2"))
        seen = decide(session, task, Choice("S1", "no", suggestion_id=first.id), taxonomy=taxonomy)
        newest = decide(session, task, Choice("S1", "no"), taxonomy=taxonomy)
        assert (seen.model, newest.model) == ("toy 1", "toy 2")
        foreign = latest_text(session, desk.proposals[1].id)
        other = find_suggestion(session, foreign.id, "toy 1")
        assert other is not None
        with pytest.raises(InvalidError, match=f"got suggestion {other.id}, which is of another"):
            decide(session, task, Choice("S1", "no", suggestion_id=other.id), taxonomy=taxonomy)


def test_undoing_restores_what_stood_before(desk: Desk, task: int, taxonomy: Taxonomy) -> None:
    with desk.store.transaction() as session:
        first = decide(session, task, Choice("S1", "yes", ((0, 9),), "a"), taxonomy=taxonomy)
        second = decide(session, task, Choice("S1", "no"), taxonomy=taxonomy)
        undone = undo(session, task, "back-1")
        assert undone is not None
        assert undo(session, task, "back-1") == undone
        assert (undone.undoes, undone.verdict) == (second.id, "yes")
        same = ("evidence", "note", "text_id", "model", "probability", "answer", "shown", "user_id")
        assert all(getattr(undone, name) == getattr(first, name) for name in same)
        again = undo(session, task)
        assert again is not None
        assert (again.undoes, again.verdict, again.evidence, again.note) == (
            first.id,
            "withdrawn",
            (),
            "",
        )
        assert undo(session, task) is None
        assert standing(session, task) == {}
        assert len(trail(session, first.proposal_id)) == 4
        with pytest.raises(ConflictError, match="got the key 'back-1', which named another"):
            decide(session, task, Choice("S1", "yes"), taxonomy=taxonomy, key="back-1")
        finish(session, task)
        with pytest.raises(ConflictError, match="got a task that is finished"):
            undo(session, task)


def test_consequences_are_undone_with_their_decision(
    desk: Desk, task: int, taxonomy: Taxonomy
) -> None:
    with desk.store.transaction() as session:
        decide(session, task, Choice(PARENT.code, "no", note="before"), taxonomy=taxonomy)
        decide(session, task, Choice(FACET, "yes"), taxonomy=taxonomy)
        undone = undo(session, task, "k")
        assert undone is not None
        assert undone.code == FACET
        found = standing(session, task)
        assert verdicts(found) == {PARENT.code: "no"}
        assert found[PARENT.code].note == "before"
        assert found[PARENT.code].follows == undone.id


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.one_of(
            st.none(),
            st.tuples(
                st.sampled_from([PARENT.code, *PARENT.narrower[:2], "S1"]),
                st.sampled_from(VERDICTS),
            ),
        ),
        max_size=12,
    )
)
def test_any_sequence_can_be_undone_to_its_beginning(
    desk: Desk, steps: list[tuple[str, str] | None]
) -> None:
    """Beside a simple model: a pile of states, of which undoing takes the uppermost."""
    pile: list[dict[str, str]] = [{}]
    with desk.store.transaction() as session:
        document = Document(f"new {next(NUMBERS)}", "", "Text.")
        (proposal,) = add_documents(session, desk.call.id, [document])
        task = assign(session, proposal.id, desk.ada.id, "evaluate")
        before: list[Decision] = []
        for step in [*steps, *[None] * len(steps)]:
            if step is None:
                assert (undo(session, task.id) is None) == (len(pile) == 1)
                pile = pile[:-1] or pile
            else:
                decide(session, task.id, Choice(*step), taxonomy=TAXONOMY)
                pile.append(after(pile[-1], *step))
            found = verdicts(standing(session, task.id))
            assert found == pile[-1]
            assert found.get(PARENT.code) == "yes" or not {
                code for code in PARENT.narrower if found.get(code) == "yes"
            }
            events = trail(session, proposal.id)
            assert events[: len(before)] == before
            before = events
        assert standing(session, task.id) == {}


def after(state: dict[str, str], code: str, verdict: str) -> dict[str, str]:
    changed = {code: verdict}
    if code in PARENT.narrower and verdict == "yes":
        changed[PARENT.code] = "yes"
    if code == PARENT.code and verdict != "yes":
        changed |= {facet: verdict for facet in PARENT.narrower if state.get(facet) == "yes"}
    return {c: v for c, v in (state | changed).items() if v != "withdrawn"}
