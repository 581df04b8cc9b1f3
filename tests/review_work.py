"""People at work on a call of three proposals: short words for what they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from conftest import PROJECT, ToyEncoder, make_heads

from ka2nlp import Document, Tagger, Taxonomy
from ka2nlp.labelled import Span
from ka2nlp.review import Store
from ka2nlp.review.assignments import assign, finish, reveal
from ka2nlp.review.calls import create_call
from ka2nlp.review.decisions import decide
from ka2nlp.review.filling import suggest
from ka2nlp.review.proposals import add_documents
from ka2nlp.review.records import EVALUATE, NO, YES, Choice
from ka2nlp.review.users import add_user

TAXONOMY = Taxonomy.load()
OTHER = Taxonomy.load("priorities")
PEOPLE = ("anna", "ben", "carla")
DOCUMENTS = (
    Document("p1", "Gardens", PROJECT, {"year": "2024", "id": "not this one"}),
    Document("p2", "Bees", "Farmers learn to keep bees. " + PROJECT),
    Document("p3", "Emoji 🐝", "🐝 Bees 🐝 are kept. Teachers learn about them, and tell pupils."),
)


def toy_tagger() -> Tagger:
    return Tagger(TAXONOMY, ToyEncoder(), make_heads(), "toy 1")


def other_tagger() -> Tagger:
    """Make a model of another vocabulary."""
    return Tagger(OTHER, ToyEncoder(), make_heads(len(OTHER)), "toy other")


class Work:
    """A call in a store, and what people do there."""

    def __init__(self, store: Store, *, blind: bool = False, each: int = 2) -> None:
        self.store = store
        with self.store.transaction() as session:
            self.users = {name: add_user(session, name, None, "evaluator").id for name in PEOPLE}
            self.call = create_call(session, "spring", blind=blind, evaluators_each=each).id
            added = add_documents(session, self.call, DOCUMENTS)
            self.proposals = {one.source_id: one.id for one in added}

    def suggest(self, tagger: Tagger | None = None) -> None:
        suggest(self.store, self.call, tagger or toy_tagger())

    def give(self, proposal: str, user: str, task: str = EVALUATE) -> int:
        with self.store.transaction() as session:
            return assign(session, self.proposals[proposal], self.users[user], task).id

    def decide(self, task: int, code: str, verdict: str, evidence: Iterable[Span] = ()) -> None:
        with self.store.transaction() as session:
            decide(session, task, Choice(code, verdict, tuple(evidence)), taxonomy=TAXONOMY)

    def reveal(self, task: int) -> None:
        with self.store.transaction() as session:
            reveal(session, task)

    def finish(self, task: int) -> None:
        with self.store.transaction() as session:
            finish(session, task)

    def judge(
        self,
        proposal: str,
        user: str,
        yes: Mapping[str, Iterable[Span]] | Iterable[str] = (),
        no: Iterable[str] = (),
        *,
        task: str = EVALUATE,
        shown: bool = False,
    ) -> int:
        """Give a user a task, decide these codes, and finish it."""
        number = self.give(proposal, user, task)
        if shown:
            self.reveal(number)
        spans = yes if isinstance(yes, Mapping) else dict.fromkeys(yes, ())
        for code, evidence in spans.items():
            self.decide(number, code, YES, evidence)
        for code in no:
            self.decide(number, code, NO)
        self.finish(number)
        return number
