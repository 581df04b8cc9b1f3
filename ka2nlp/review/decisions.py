"""Decisions: a choice goes in, and events that are never rewritten come out.

A facet never stands as "yes" without its parent: a facet's "yes" brings its parent's, and a parent
that becomes anything but "yes" takes its facets along. Such consequences are events of their own
that name the decision they follow from, kept in the same transaction, and undone together with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ka2nlp.errors import ConflictError, InvalidError
from ka2nlp.review.calls import open_call_of
from ka2nlp.review.proposals import get_text, latest_text
from ka2nlp.review.records import (
    VERDICTS,
    WITHDRAWN,
    YES,
    Assignment,
    Choice,
    Decision,
    Proposal,
    Suggestion,
    Text,
)
from ka2nlp.review.rows import add, find, find_all, get, now
from ka2nlp.review.schema import decisions
from ka2nlp.review.suggestions import find_suggestion_of, get_suggestion
from ka2nlp.review.values import plain_text
from ka2nlp.taxonomy import Taxonomy

__all__ = [
    "KEY",
    "LONGEST_NOTE",
    "MOST_SPANS",
    "decide",
    "find_decision",
    "standing",
    "trail",
    "undo",
]

KEY: Final = r"[A-Za-z0-9._:-]{1,100}"
"""Pattern of a key: without the space that joins a code to it."""

LONGEST_NOTE: Final = 2000
"""Characters that a note may have."""

MOST_SPANS: Final = 50
"""Pieces of evidence that one decision may have."""


def decide(
    session: Session,
    assignment_id: int,
    choice: Choice,
    *,
    taxonomy: Taxonomy,
    key: str | None = None,
) -> Decision:
    """Keep what a user chooses for a code, with its consequences for the parent or the facets.

    Parameters
    ----------
    session
        Of ``Store.transaction()``; when that is left without an error, the decision is kept.
    assignment_id
        The task in which it is chosen.
    choice
        The code, the verdict and what goes with it.
    taxonomy
        The codes and their parents.
    key
        1 to 100 letters, digits and ``. _ : -`` that name this request within the task. Sent again,
        the request gives the first decision and keeps nothing. Made up when left out.

    Returns
    -------
    Decision
        What was chosen; its consequences stand in the trail and have it as ``follows``.

    Raises
    ------
    NotFoundError
        When there is no such task, text or suggestion.
    InvalidError
        When the code, the verdict, a span, the note or the key breaks its rule, or text or
        suggestion are another proposal's.
    ConflictError
        When the task is finished, the call is closed, or the key named another decision before.
    """
    assignment, key, first = _begin(session, assignment_id, key)
    if first is not None:
        return _same(first, first.undoes is None and _keeps(first, choice))
    _check_open(session, assignment)
    _check(choice, taxonomy)
    event = _Event(session, assignment, *_seen(session, assignment, choice, taxonomy))
    decision = event.keep(choice, key)
    for consequence in _consequences(choice, standing(session, assignment_id), taxonomy):
        event.keep(consequence, f"{key} {consequence.code}", follows=decision.id)
    return decision


def undo(session: Session, assignment_id: int, key: str | None = None) -> Decision | None:
    """Undo the last decision of a task that is not undone yet, with all its consequences.

    What stood before stands again: an event like the one before it (or "withdrawn", where there was
    none) is added, which names in ``undoes`` the decision that it undoes.

    Parameters
    ----------
    session
        Of ``Store.transaction()``.
    assignment_id
        The task.
    key
        As for ``decide``.

    Returns
    -------
    Decision or None
        The event; None where nothing is left to undo.

    Raises
    ------
    NotFoundError
        When there is no such task.
    InvalidError
        When the key breaks its rule.
    ConflictError
        When the task is finished, the call is closed, or the key named another decision before.
    """
    assignment, key, first = _begin(session, assignment_id, key)
    if first is not None:
        return _same(first, first.undoes is not None)
    _check_open(session, assignment)
    events = find_all(session, Decision, decisions.c.assignment_id == assignment_id)
    target = _last_chosen(events)
    if target is None:
        return None
    event = _restore(session, target, events, key)
    for other in events:
        if other.follows == target.id:
            _restore(session, other, events, f"{key} {other.code}", follows=event.id)
    return event


def standing(session: Session, assignment_id: int) -> dict[str, Decision]:
    """Give what stands in a task: the last decision on each code, unless it was withdrawn."""
    last = (
        select(func.max(decisions.c.id))
        .where(decisions.c.assignment_id == assignment_id)
        .group_by(decisions.c.code)
    )
    found = find_all(session, Decision, decisions.c.id.in_(last), decisions.c.verdict != WITHDRAWN)
    return {one.code: one for one in found}


def find_decision(session: Session, assignment_id: int, key: str) -> Decision | None:
    """Find what the request with this key made in a task; None where there was none."""
    same = (decisions.c.assignment_id == assignment_id, decisions.c.key == key)
    return find(session, Decision, *same)


def trail(session: Session, proposal_id: int) -> list[Decision]:
    """Give every decision on a proposal, by everybody, oldest first.

    ``access.visible_trail`` gives those that a user may see.
    """
    return find_all(session, Decision, decisions.c.proposal_id == proposal_id)


@dataclass(frozen=True, slots=True)
class _Event:
    """What the events of one request have in common."""

    session: Session
    assignment: Assignment
    text: Text
    suggestion: Suggestion | None

    def keep(self, choice: Choice, key: str, follows: int | None = None) -> Decision:
        said = self.suggestion
        return add(
            self.session,
            Decision,
            assignment_id=self.assignment.id,
            proposal_id=self.assignment.proposal_id,
            text_id=self.text.id,
            user_id=self.assignment.user_id,
            code=choice.code,
            verdict=choice.verdict,
            evidence=choice.evidence,
            note=choice.note,
            model=said and said.model,
            probability=said and said.probability(choice.code),
            answer=said and said.answer(choice.code),
            shown=said is not None and self.assignment.revealed is not None,
            follows=follows,
            key=key,
            decided=now(),
        )


def _consequences(
    choice: Choice, stands: Mapping[str, Decision], taxonomy: Taxonomy
) -> list[Choice]:
    """Tell what a choice brings with it, so that no facet is "yes" without its parent."""

    def is_yes(code: str) -> bool:
        return code in stands and stands[code].verdict == YES

    concept = taxonomy[choice.code]
    if choice.verdict == YES:
        parent = concept.broader
        if parent is None or is_yes(parent):
            return []
        return [Choice(parent, YES, choice.evidence)]  # what shows the facet shows its parent
    return [Choice(facet, choice.verdict) for facet in concept.narrower if is_yes(facet)]


def _restore(
    session: Session,
    target: Decision,
    events: list[Decision],
    key: str,
    follows: int | None = None,
) -> Decision:
    """Add the event that makes stand what stood for a code before a decision."""
    earlier = [one for one in events if one.code == target.code and one.id < target.id]
    before = earlier[-1] if earlier else None
    like = before or target
    return add(
        session,
        Decision,
        assignment_id=target.assignment_id,
        proposal_id=target.proposal_id,
        text_id=like.text_id,
        user_id=target.user_id,
        code=target.code,
        verdict=before.verdict if before else WITHDRAWN,
        evidence=before.evidence if before else (),
        note=before.note if before else "",
        model=like.model,
        probability=like.probability,
        answer=like.answer,
        shown=like.shown,
        undoes=target.id,
        follows=follows,
        key=key,
        decided=now(),
    )


def _last_chosen(events: list[Decision]) -> Decision | None:
    """Find the last decision that is not undone; each undoing undid the last one before it."""
    chosen: list[Decision] = []
    for event in events:
        if event.follows is not None:
            continue
        if event.undoes is None:
            chosen.append(event)
        else:
            chosen.pop()
    return chosen[-1] if chosen else None


def _begin(
    session: Session, assignment_id: int, key: str | None
) -> tuple[Assignment, str, Decision | None]:
    """Lock a task, and find what this request made if it was sent before."""
    assignment, key = get(session, Assignment, assignment_id, lock=True), _checked_key(key)
    return assignment, key, find_decision(session, assignment_id, key)


def _keeps(first: Decision, choice: Choice) -> bool:
    """Tell whether a decision is what a choice asks for; its note is as a database keeps it."""
    asked = (choice.code, choice.verdict, choice.evidence, plain_text(choice.note))
    made = (first.code, first.verdict, first.evidence, first.note)
    return asked == made and choice.text_id in (None, first.text_id)


def _same(first: Decision, is_same: bool) -> Decision:
    if not is_same:
        raise ConflictError(
            f"got the key {first.key!r}, which named another decision before ({first.code}: "
            f"{first.verdict}); use a new key for each decision"
        )
    return first


def _checked_key(key: str | None) -> str:
    if key is None:
        return uuid4().hex
    if not re.fullmatch(KEY, key):
        raise InvalidError(
            f"got the key {key[:120]!r}, expected 1 to 100 letters, digits and . _ : -"
        )
    return key


def _check_open(session: Session, assignment: Assignment) -> None:
    open_call_of(session, get(session, Proposal, assignment.proposal_id).call_id)
    if assignment.finished:
        raise ConflictError("got a task that is finished; reopen it first")


def _check(choice: Choice, taxonomy: Taxonomy) -> None:
    if choice.code not in taxonomy:
        raise InvalidError(
            f"got the code {choice.code!r}, expected one of {', '.join(taxonomy.codes)}"
        )
    if choice.verdict not in VERDICTS:
        raise InvalidError(
            f"got the verdict {choice.verdict!r}, expected one of {', '.join(VERDICTS)}"
        )
    if len(choice.note) > LONGEST_NOTE:
        raise InvalidError(
            f"got a note of {len(choice.note)} characters, expected at most {LONGEST_NOTE}"
        )
    if len(choice.evidence) > MOST_SPANS:
        raise InvalidError(f"got {len(choice.evidence)} spans, expected at most {MOST_SPANS}")


def _seen(
    session: Session, assignment: Assignment, choice: Choice, taxonomy: Taxonomy
) -> tuple[Text, Suggestion | None]:
    """Find the text and the suggestion that the user had before them."""
    if choice.text_id is None:
        text = latest_text(session, assignment.proposal_id)
    else:
        text = get_text(session, choice.text_id)
    if text.proposal_id != assignment.proposal_id:
        raise InvalidError(
            f"got text {text.id}, which is another proposal's; send that of this one"
        )
    for start, end in choice.evidence:
        if not 0 <= start < end <= len(text.text):
            raise InvalidError(
                f"got the span {start}:{end} in a text of {len(text.text)} characters, expected "
                "a start before an end, both within the text"
            )
    if choice.suggestion_id is None:
        return text, find_suggestion_of(session, text.id, taxonomy)
    suggestion = get_suggestion(session, choice.suggestion_id)
    if suggestion.text_id != text.id:
        raise InvalidError(
            f"got suggestion {suggestion.id}, which is of another text; send one of this text"
        )
    return text, suggestion
