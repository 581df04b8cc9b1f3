"""One task of one user, to what the desk shows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ka2nlp.errors import InvalidError
from ka2nlp.records import ADDRESSED, NOT_ADDRESSED
from ka2nlp.review.assignments import assignments_of
from ka2nlp.review.calls import get_call
from ka2nlp.review.decisions import MOST_SPANS, standing
from ka2nlp.review.proposals import get_proposal, latest_text
from ka2nlp.review.queues import ORDERS, open_tasks
from ka2nlp.review.records import (
    CONSOLIDATE,
    UNSURE,
    YES,
    Assignment,
    Call,
    Decision,
    Proposal,
    Suggestion,
    Text,
)
from ka2nlp.review.suggestions import find_suggestion_of
from ka2nlp.web.pages.consolidating import lay_out_voices, readers_of
from ka2nlp.web.pages.labels import MODEL, Group, Row, evidence_of, lay_out
from ka2nlp.web.pages.passages import Passage, passages

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ka2nlp.labelled import Span
    from ka2nlp.taxonomy import Taxonomy

__all__ = ["DeskView", "Neighbours", "look", "neighbours"]

_CONTRARY: Final = {True: NOT_ADDRESSED, False: ADDRESSED}


@dataclass(frozen=True, slots=True)
class DeskView:
    """What an evaluator or a consolidator sees of one proposal.

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
    def title(self) -> str:
        """What to call it."""
        return self.text.title or self.proposal.source_id

    @property
    def consolidating(self) -> bool:
        """Whether what evaluators decided is brought together here."""
        return self.assignment.task == CONSOLIDATE

    @property
    def finished(self) -> bool:
        """Whether the user has finished it, or the call is closed."""
        return self.assignment.finished is not None or self.call.closed is not None

    @property
    def blind(self) -> bool:
        """Whether suggestions are held back."""
        return self.suggestion is None

    @property
    def warnings(self) -> Sequence[str]:
        """What the model says should be known before its suggestions are trusted."""
        return self.suggestion.report["warnings"] if self.suggestion else ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """All labels, in the order in which they are shown."""
        return tuple(row for group in self.groups for row in group.rows)

    @property
    def wanted(self) -> tuple[Row, ...]:
        """The labels that want a decision; all of them in a blind reading."""
        return self.rows if self.blind else tuple(row for row in self.rows if row.matters)

    @property
    def undecided(self) -> tuple[Row, ...]:
        """The labels that want a decision and have none."""
        return tuple(row for row in self.wanted if row.decision is None)

    @property
    def n_of_older_text(self) -> int:
        """Count the decisions that were made on an older version of the text."""
        return sum(one.text_id != self.text.id for one in self.decisions.values())

    @property
    def share_done(self) -> float:
        """Percentage of the labels that want a decision and have one."""
        wanted = len(self.wanted)
        return round(100 - 100 * len(self.undecided) / wanted, 1) if wanted else 100.0

    @property
    def unfinished_business(self) -> bool:
        """Whether to ask before it is finished: labels are open, or nothing was decided.

        In a blind reading too: what is shown then cannot be hidden again.
        """
        return not self.decisions or bool(self.undecided)

    @property
    def differing(self) -> tuple[Row, ...]:
        """The labels on which model and evaluator are sure, and not of the same.

        A label without a decision is one that the evaluator does not see addressed.
        """
        sure = (row for row in self.rows if row.verdict != UNSURE)
        return tuple(row for row in sure if row.answer == _CONTRARY[row.verdict == YES])

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The text, cut where evidence begins and ends."""
        return passages(self.text.document, evidence_of(self.groups))

    def row(self, code: str) -> Row:
        """Find the row of a label.

        Raises
        ------
        InvalidError
            When there is no such label.
        """
        for row in self.rows:
            if row.concept.code == code:
                return row
        raise InvalidError(f"got the code {code[:20]!r}, expected one of the labels of this desk")

    def note(self, code: str) -> str:
        """Give the note that stands with the decision on a label."""
        return self.decisions[code].note if code in self.decisions else ""

    def own_evidence(self, code: str) -> tuple[Span, ...]:
        """Give the spans that people marked for a label in this version of the text.

        Who consolidates takes over what evaluators marked, unless they mark something else; of very
        many spans the first, as many as one decision may have.
        """
        quotes = [quote for quote in self.row(code).quotes if quote.source != MODEL]
        return tuple((quote.start, quote.end) for quote in quotes[:MOST_SPANS])


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
    shown = find_suggestion_of(session, text.id, taxonomy) if assignment.revealed else None
    decisions = standing(session, assignment.id)
    seen = (taxonomy, text, shown.report if shown else None, decisions)
    if assignment.task == CONSOLIDATE:
        groups = lay_out_voices(*seen, readers_of(session, proposal.id))
    else:
        groups = lay_out(*seen)
    return DeskView(assignment, proposal, call, text, shown, decisions, groups)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The tasks before and after one in its queue; None where there is none."""

    before: int | None
    after: int | None
    n_left: int


def neighbours(session: Session, taxonomy: Taxonomy, view: DeskView, order: str) -> Neighbours:
    """Find the open tasks of the same kind around one, in an order of ``queues.ORDERS``."""
    task, call_id = view.assignment, view.call.id
    if order == ORDERS[0] or view.consolidating:  # needs no suggestion: what most desks show
        tasks = assignments_of(session, task.user_id, call_id, task.task, finished=False)
        ordered = [one.id for one in sorted(tasks, key=lambda one: one.proposal_id)]
    else:
        found = open_tasks(session, task.user_id, call_id, order, taxonomy=taxonomy)
        ordered = [one.id for one in found]
    at = ordered.index(task.id) if task.id in ordered else -1
    before = ordered[at - 1] if at > 0 else None
    after = ordered[at + 1] if at + 1 < len(ordered) else None
    return Neighbours(before, after, len(ordered))
