"""What the API takes and gives for the review: calls, tasks, decisions, users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr

from ka2nlp.review.consolidation import FinalLabels
from ka2nlp.review.decisions import KEY, LONGEST_NOTE, MOST_SPANS
from ka2nlp.review.records import Choice, Decision, User
from ka2nlp.review.schema import LARGEST
from ka2nlp.web.schemas import Strict, Words

__all__ = [
    "AssignmentIn",
    "CallIn",
    "ChoiceIn",
    "DecisionOut",
    "DistributionIn",
    "KeyIn",
    "LabelsOut",
    "LoginIn",
    "SessionOut",
    "SuggestedOut",
    "TokenIn",
    "TokenOut",
    "UserChangesIn",
    "UserIn",
]

_Number = Annotated[int, Field(ge=1, le=LARGEST)]
_Offset = Annotated[int, Field(ge=0, le=LARGEST)]
SpanOut = Annotated[list[int], Field(min_length=2, max_length=2, examples=[[141, 202]])]
"""Character offsets, the end exclusive."""

_Key = Annotated[str, Field(pattern=f"^{KEY}$")]
_Role = Literal["evaluator", "lead", "administrator"]


class CallIn(Strict):
    """A call to begin."""

    name: Words = Field(min_length=1, max_length=200, examples=["KA220 2027, round 1"])
    description: Words = Field(default="", max_length=2000)
    blind: bool = Field(default=False, description="Evaluators decide before they see suggestions.")
    evaluators_each: int = Field(default=1, ge=1, le=20, description="Evaluators a proposal.")


class DistributionIn(Strict):
    """Who shares the proposals of a call."""

    user_ids: list[_Number] = Field(min_length=1, max_length=200)
    each: int = Field(ge=1, le=20, description="Evaluators a proposal.")


class SuggestedOut(BaseModel):
    """How far the model is with a call."""

    tagged: int = Field(description="Texts tagged now.")
    waiting: int = Field(description="Texts that still have no suggestion: ask again.")


class AssignmentIn(Strict):
    """A task to give."""

    proposal_id: _Number
    user_id: _Number
    task: Literal["evaluate", "consolidate"]


class KeyIn(Strict):
    """A name for the request, so that sending it twice does nothing twice."""

    key: _Key | None = Field(default=None, examples=["c4f1-17"])


class ChoiceIn(KeyIn):
    """What is chosen for one code."""

    code: str = Field(max_length=20, examples=["S6"])
    verdict: Literal["yes", "no", "unsure", "withdrawn"]
    evidence: list[tuple[_Offset, _Offset]] = Field(
        default_factory=list,
        max_length=MOST_SPANS,
        description="Spans of characters that show it best, ends exclusive.",
        examples=[[[141, 202]]],
    )
    note: Words = Field(default="", max_length=LONGEST_NOTE)
    text_id: _Number | None = Field(default=None, description="The text that was read.")
    suggestion_id: _Number | None = Field(default=None, description="The suggestion seen.")

    def choice(self) -> Choice:
        """Give the choice for the store."""
        return Choice(
            self.code,
            self.verdict,
            tuple(self.evidence),
            self.note,
            self.text_id,
            self.suggestion_id,
        )


class DecisionOut(BaseModel):
    """One event of the trail."""

    id: int
    assignment_id: int
    proposal_id: int
    text_id: int
    user_id: int
    code: str
    verdict: str
    action: str = Field(
        description="accepted, added, rejected, agreed absent, unsure or withdrawn; the verdict "
        "while suggestions are held back."
    )
    evidence: list[SpanOut]
    note: str
    model: str | None = Field(description="Whose suggestion stood beside it.")
    probability: float | None
    answer: str | None
    shown: bool = Field(description="Whether the user could see the suggestion.")
    undoes: int | None = Field(description="The decision that this one undoes.")
    follows: int | None = Field(description="The decision that this is a consequence of.")
    key: str
    decided: datetime

    @classmethod
    def of(cls, decision: Decision, *, told: bool) -> DecisionOut:
        """Describe a decision; what was suggested only to whom it may be told."""
        if told:
            return cls(**asdict(decision), action=decision.action)
        held_back = {"model": None, "probability": None, "answer": None}
        return cls(**asdict(decision) | held_back, action=decision.verdict)


class LabelsOut(BaseModel):
    """The labels of a proposal, as far as they are known."""

    labels: list[str] = Field(description="The codes that hold, parents of facets included.")
    evidence: dict[str, list[SpanOut]] = Field(description="What was marked for them.")
    text_id: int | None = Field(description="The text that was judged last.")
    by: list[int] = Field(description="Numbers of the users whose decisions these are.")
    unsettled: list[str] = Field(description="Codes that users disagree on or are unsure of.")
    complete: bool = Field(description="Whether they can be used as they are.")

    @classmethod
    def of(cls, found: FinalLabels, codes: Sequence[str]) -> LabelsOut:
        """Describe labels, in the order of some codes."""
        return cls(
            labels=[code for code in codes if code in found.labels],
            evidence={code: list(map(list, spans)) for code, spans in found.evidence.items()},
            text_id=found.text_id,
            by=list(found.by),
            unsettled=[code for code in codes if code in found.unsettled],
            complete=found.complete,
        )


class LoginIn(Strict):
    """A name and a password."""

    name: Words = Field(max_length=200)
    password: SecretStr = Field(max_length=1000)


class SessionOut(BaseModel):
    """Who is logged in."""

    user: User
    csrf: str = Field(
        description="Send it as X-CSRF-Token with changes made by the cookie; empty for tokens."
    )


class UserIn(Strict):
    """A user to add."""

    name: Words = Field(max_length=200, examples=["maria.k"])
    password: SecretStr = Field(min_length=12, max_length=1000)
    role: _Role = "evaluator"


class UserChangesIn(Strict):
    """What to change; what is left out stays."""

    role: _Role | None = None
    active: bool | None = None
    password: SecretStr | None = Field(default=None, min_length=12, max_length=1000)


class TokenIn(Strict):
    """A token to make."""

    label: Words = Field(min_length=1, max_length=100, examples=["nightly export"])


class TokenOut(BaseModel):
    """A new token."""

    secret: str = Field(description="Shown this once; send it as Authorization: Bearer SECRET.")
