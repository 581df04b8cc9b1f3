"""The records of the review desk: users, calls, proposals, texts, suggestions, tasks, decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ka2nlp.labelled import Span
from ka2nlp.records import ADDRESSED, TO_CHECK, Document, Place

__all__ = [
    "CONSOLIDATE",
    "EVALUATE",
    "NO",
    "ROLES",
    "TASKS",
    "UNSURE",
    "VERDICTS",
    "WITHDRAWN",
    "YES",
    "Assignment",
    "Call",
    "Choice",
    "Decision",
    "Proposal",
    "Suggestion",
    "Text",
    "User",
]

ROLES: Final = ("evaluator", "lead", "administrator")
"""What a user may do, from least to most."""

EVALUATE: Final = "evaluate"
CONSOLIDATE: Final = "consolidate"
TASKS: Final = (EVALUATE, CONSOLIDATE)

YES: Final = "yes"
NO: Final = "no"
UNSURE: Final = "unsure"
WITHDRAWN: Final = "withdrawn"
VERDICTS: Final = (YES, NO, UNSURE, WITHDRAWN)

_ACTIONS: Final = {
    (YES, True): "accepted",
    (YES, False): "added",
    (NO, True): "rejected",
    (NO, False): "agreed absent",
}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in.

    Parameters
    ----------
    id
        Number in the database.
    name
        What they sign in with, in lower case.
    role
        One of ``ROLES``.
    active
        False for a user who may not sign in any more.
    created
        In UTC, as all times are.
    """

    id: int
    name: str
    role: str
    active: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """A batch of proposals under review.

    Parameters
    ----------
    id, name, description
        Number, name (unique) and a few words.
    blind
        Whether evaluators see no suggestion before they have finished a proposal.
    evaluators_each
        How many evaluators a proposal should have; at least 1.
    created, created_by
        When, and the number of the user.
    closed
        When it was closed; nothing in it changes any more. None while it is open.
    """

    id: int
    name: str
    description: str
    blind: bool
    evaluators_each: int
    created: datetime
    created_by: int | None
    closed: datetime | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """One document in a call.

    Parameters
    ----------
    id, call_id
        Number of the proposal and of its call.
    source_id
        Identifier of the document in its source, unique within the call.
    title, metadata
        As the newest version of the document has them; JSON values only.
    created
        When it was first added.
    """

    id: int
    call_id: int
    source_id: str
    title: str
    metadata: Mapping[str, object]
    created: datetime


@dataclass(frozen=True, slots=True)
class Text:
    """A version of a proposal's text; it never changes.

    Parameters
    ----------
    id, proposal_id
        Number of the version in the database, and of its proposal.
    number
        1 for the first version of the proposal, and so on.
    fingerprint
        As ``ka2nlp.annotations.fingerprint_text`` gives it; blind to case, space and punctuation.
    source_id
        That of the proposal.
    title, text
        The words; all offsets are character offsets into ``text``.
    places
        Pages or paragraphs of the source.
    problems
        What went wrong while it was read.
    created
        When it was added.
    """

    id: int
    proposal_id: int
    number: int
    fingerprint: str
    source_id: str
    title: str
    text: str
    places: tuple[Place, ...]
    problems: tuple[str, ...]
    created: datetime

    @property
    def document(self) -> Document:
        """The document to tag; what else its source says of it stands in the proposal."""
        return Document(
            self.source_id, self.title, self.text, problems=self.problems, places=self.places
        )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The report of one model on one text.

    Parameters
    ----------
    id, text_id
        Number of the suggestion and of the version of the text.
    model, taxonomy
        Name of the model and fingerprint of the taxonomy behind it.
    report
        As ``Report.to_dict`` gives it.
    created
        When it was kept.
    """

    id: int
    text_id: int
    model: str
    taxonomy: str
    report: Mapping[str, Any]
    created: datetime

    def probability(self, code: str) -> float | None:
        """Give the probability in [0, 1] of a code; None where the model does not know it."""
        found: float | None = self.report["scores"].get(code)
        return found

    def answer(self, code: str) -> str | None:
        """Give the answer for a code; None where the model does not know it."""
        found: str | None = self.report["answers"].get(code)
        return found

    def knows(self, codes: Iterable[str]) -> bool:
        """Tell whether the model says something of each of these codes."""
        scores, answers = self.report["scores"], self.report["answers"]
        return all(code in scores and code in answers for code in codes)

    def evidence(self, code: str) -> tuple[Span, ...]:
        """Give the spans that the model points at: for a doubt, the one that is nearest."""
        for name, most in (("tags", None), ("doubts", 1)):
            for tag in self.report.get(name, ()):
                if tag["code"] == code:
                    return tuple((one["start"], one["end"]) for one in tag["evidence"][:most])
        return ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """A user's task on a proposal.

    Parameters
    ----------
    id, proposal_id, user_id
        Numbers. A user has at most one task on a proposal.
    task
        One of ``TASKS``.
    created
        When it was given.
    finished
        When the user finished it; None while they are at it.
    revealed
        When suggestions were first shown to this user on this proposal; None if never.
    """

    id: int
    proposal_id: int
    user_id: int
    task: str
    created: datetime
    finished: datetime | None
    revealed: datetime | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a user chooses for one code of one proposal; the input of a decision.

    Parameters
    ----------
    code
        A code of the taxonomy.
    verdict
        One of ``VERDICTS``; "withdrawn" takes back what stood.
    evidence
        Character spans (end exclusive) in the text, which show the code best.
    note
        Free words, at most 2000 characters.
    text_id
        Version of the text that the user saw, into which the spans point; the newest when left out.
    suggestion_id
        The suggestion on that text to set the choice against; the newest when left out.
    """

    code: str
    verdict: str
    evidence: tuple[Span, ...] = ()
    note: str = ""
    text_id: int | None = None
    suggestion_id: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One event of the trail, never rewritten.

    Parameters
    ----------
    id
        Number in the database; later decisions have greater ones.
    assignment_id, proposal_id, text_id, user_id
        Whose, on what, and on which version of the text.
    code, verdict, evidence, note
        What was chosen; see ``Choice``.
    model, probability, answer
        What was suggested: the model's name, its probability in [0, 1] of the code, and its answer
        ("addressed", "to check" or "not addressed"); None where there was no suggestion.
    shown
        Whether the user could see that suggestion when deciding.
    undoes
        The decision that this one undoes; None for most.
    follows
        The decision that this one is a consequence of (a facet's "yes" brings its parent's);
        None for what the user chose.
    key
        Names the request that made it; the same request sent again makes no second decision.
    decided
        When.
    """

    id: int
    assignment_id: int
    proposal_id: int
    text_id: int
    user_id: int
    code: str
    verdict: str
    evidence: tuple[Span, ...]
    note: str
    model: str | None
    probability: float | None
    answer: str | None
    shown: bool
    undoes: int | None
    follows: int | None
    key: str
    decided: datetime

    @property
    def suggested(self) -> bool:
        """Whether the model said "addressed" or "to check"."""
        return self.answer in (ADDRESSED, TO_CHECK)

    @property
    def action(self) -> str:
        """Accepted, added, rejected, agreed absent, unsure or withdrawn."""
        return _ACTIONS.get((self.verdict, self.suggested), self.verdict)
