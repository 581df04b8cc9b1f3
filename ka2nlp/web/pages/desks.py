"""One task of one user, to what the desk shows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ka2nlp.records import ADDRESSED, NOT_ADDRESSED, TO_CHECK
from ka2nlp.review.calls import get_call
from ka2nlp.review.decisions import standing
from ka2nlp.review.proposals import get_proposal, latest_text
from ka2nlp.review.queues import queue
from ka2nlp.review.records import YES, Assignment, Call, Decision, Proposal, Suggestion, Text
from ka2nlp.review.suggestions import find_suggestion
from ka2nlp.web.pages.labels import Group, Row, count_open, evidence_of, lay_out
from ka2nlp.web.pages.passages import Passage, passages

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ka2nlp.labelled import Span
    from ka2nlp.taxonomy import Taxonomy

__all__ = ["DeskView", "Neighbours", "look", "neighbours"]

_SURE: Final = {True: NOT_ADDRESSED, False: ADDRESSED}


@dataclass(frozen=True, slots=True)
class DeskView:
    """What an evaluator sees of one proposal.

    Parameters
    ----------
    assignment, proposal, call, text
        What is read, and by whom.
    suggestion
        What is shown of a model; None in a blind reading.
    decisions
        The decision that stands on each code.
    groups
        The labels, laid out.
    """

    assignment: Assignment
    proposal: Proposal
    call: Call
    text: Text
    suggestion: Suggestion | None
    decisions: Mapping[str, Decision]
    groups: tuple[Group, ...]

    @property
    def url(self) -> str:
        """Its address."""
        return f"/desk/{self.assignment.id}"

    @property
    def finished(self) -> bool:
        """Whether the evaluator has finished it, or the call is closed."""
        return self.assignment.finished is not None or self.call.closed is not None

    @property
    def blind(self) -> bool:
        """Whether suggestions are held back."""
        return self.suggestion is None

    @property
    def warnings(self) -> Sequence[str]:
        """What the model says should be known before its suggestions are trusted."""
        return self.suggestion.report["warnings"] if self.suggestion else ()  # type: ignore[return-value]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All labels, in the order in which they are shown."""
        return tuple(row for group in self.groups for one in group.sections for row in one.rows)

    @property
    def to_check(self) -> tuple[Row, ...]:
        """The labels to check that are not decided."""
        return tuple(row for row in self.rows if row.answer == TO_CHECK and row.decision is None)

    @property
    def n_to_check(self) -> int:
        """Count the labels to check."""
        return count_open(self.groups, TO_CHECK)[0]

    @property
    def n_decided(self) -> int:
        """Count the labels with a decision."""
        return len(self.decisions)

    @property
    def n_of_older_text(self) -> int:
        """Count the decisions that were made on an older version of the text."""
        return sum(one.text_id != self.text.id for one in self.decisions.values())

    @property
    def share_done(self) -> float:
        """Percentage of the labels to check that are decided; in a blind reading, of all labels."""
        if self.blind:
            return round(100 * self.n_decided / len(self.rows), 1)
        return round(100 - 100 * len(self.to_check) / self.n_to_check, 1) if self.n_to_check else 100.0

    @property
    def differing(self) -> tuple[Row, ...]:
        """The labels on which model and evaluator are sure, and not of the same.

        A label without a decision is one that the evaluator does not see addressed.
        """
        return tuple(row for row in self.rows if row.answer == _SURE[row.verdict == YES])

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The text, cut where evidence begins and ends."""
        return passages(self.text.document, evidence_of(self.groups))

    @property
    def unfinished_business(self) -> bool:
        """Whether to ask before it is finished: labels to check are open, or nothing was decided."""
        return bool(self.to_check) or not self.decisions

    def own_evidence(self, code: str) -> tuple[Span, ...]:
        """Give the spans that the evaluator marked for a label in this version of the text."""
        decision = self.decisions.get(code)
        return decision.evidence if decision and decision.text_id == self.text.id else ()

    def row(self, code: str) -> Row:
        """Find the row of a label."""
        return next(row for row in self.rows if row.concept.code == code)


def look(session: Session, taxonomy: Taxonomy, assignment: Assignment) -> DeskView:
    """Gather what the user of a task may see of it now.

    Parameters
    ----------
    session
        Of the store.
    taxonomy
        The labels.
    assignment
        The task.
    """
    proposal = get_proposal(session, assignment.proposal_id)
    call = get_call(session, proposal.call_id)
    text = latest_text(session, proposal.id)
    shown = find_suggestion(session, text.id) if assignment.revealed else None
    decisions = standing(session, assignment.id)
    groups = lay_out(taxonomy, text, shown.report if shown else None, decisions)
    return DeskView(assignment, proposal, call, text, shown, decisions, groups)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The tasks before and after one in its queue; None where there is none."""

    before: int | None
    after: int | None
    n_left: int


def neighbours(session: Session, view: DeskView, order: str) -> Neighbours:
    """Find the open tasks around one, in an order of ``queues.ORDERS``."""
    user_id, call_id = view.assignment.user_id, view.call.id
    open_tasks = [item.assignment_id for item in queue(session, user_id, call_id, order)]
    at = open_tasks.index(view.assignment.id) if view.assignment.id in open_tasks else -1
    before = open_tasks[at - 1] if at > 0 else None
    after = open_tasks[at + 1] if at + 1 < len(open_tasks) else None
    return Neighbours(before, after, len(open_tasks))
