"""A small review desk: users, a call of made-up projects, and what a model says of them."""

from __future__ import annotations

from dataclasses import dataclass

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from ka2nlp.records import ADDRESSED, NOT_ADDRESSED, TO_CHECK, Document, Report
from ka2nlp.review import Store
from ka2nlp.review.assignments import assign
from ka2nlp.review.calls import create_call
from ka2nlp.review.proposals import add_documents, latest_text
from ka2nlp.review.records import EVALUATE, Assignment, Call, Proposal, User
from ka2nlp.review.suggestions import keep_suggestion
from ka2nlp.review.users import add_user
from ka2nlp.taxonomy import Taxonomy

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "green bicycle lamps"  # noqa: S105
TEXTS = (
    "We mend bicycles with pupils. The school opens its workshop to the neighbours.",
    "Nurses of three towns compare how they welcome newcomers. They write a guide.",
    "A theatre group plays in prisons. Young people learn to speak before others.",
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What stands in the database."""

    store: Store
    administrator: User
    lead: User
    ada: User
    ben: User
    call: Call
    proposals: list[Proposal]


def set_up(store: Store, taxonomy: Taxonomy, *, blind: bool = False, each: int = 1) -> Desk:
    """Fill a database: three proposals, of which a model says the same, and nobody has a task."""
    with store.transaction() as session:
        root, lea, ada, ben = (
            add_user(session, name, PASSWORD, role, QUICK)
            for name, role in (
                ("root", "administrator"),
                ("lea", "lead"),
                ("ada", "evaluator"),
                ("ben", "evaluator"),
            )
        )
        call = create_call(session, "Spring", blind=blind, evaluators_each=each)
        documents = [
            Document(f"p{number}", f"Project {number}", text, {"year": 2020 + number})
            for number, text in enumerate(TEXTS)
        ]
        proposals = add_documents(session, call.id, documents)
        for proposal in proposals:
            text = latest_text(session, proposal.id)
            keep_suggestion(session, text.id, suggest(taxonomy, text.source_id))
    return Desk(store, root, lea, ada, ben, call, proposals)


def suggest(taxonomy: Taxonomy, identifier: str = "p0", model: str = "toy 1") -> Report:
    """Say of every third code in turn: addressed, to check, not addressed."""
    said = (ADDRESSED, TO_CHECK, NOT_ADDRESSED)
    answers = {code: said[column % 3] for column, code in enumerate(taxonomy.codes)}
    scores = {code: (0.9, 0.5, 0.1)[column % 3] for column, code in enumerate(taxonomy.codes)}
    return Report(identifier, "", (), scores, answers, model, taxonomy.fingerprint, 12, 2)


def give(session: Session, desk: Desk, user: User, task: str = EVALUATE, at: int = 0) -> Assignment:
    """Give a user a task on one of the proposals."""
    return assign(session, desk.proposals[at].id, user.id, task)
