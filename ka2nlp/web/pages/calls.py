"""The page of a call: what to read next, and for leads its proposals and what to do with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from ka2nlp.review.assignments import assignments_of, assignments_on
from ka2nlp.review.calls import call_counts
from ka2nlp.review.proposals import get_proposal, list_proposals
from ka2nlp.review.queues import ORDERS, queue
from ka2nlp.review.records import CONSOLIDATE, EVALUATE, Assignment, Proposal
from ka2nlp.review.suggestions import count_without_suggestion
from ka2nlp.review.users import list_users
from ka2nlp.web.pages.orders import Order, order_query
from ka2nlp.web.pages.visits import AnyVisit, Visit
from ka2nlp.web.uploads import TABLES, UPLOADED

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["router"]

router: Final = APIRouter(include_in_schema=False)
_A_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal, and who does what on it."""

    proposal: Proposal
    evaluating: tuple[Assignment, ...]
    consolidating: Assignment | None

    @property
    def state(self) -> str:
        """Say how far it is, in a word or two."""
        if self.consolidating:
            return "consolidated" if self.consolidating.finished else "being consolidated"
        if not self.evaluating:
            return "nobody reads it yet"
        n_finished = sum(one.finished is not None for one in self.evaluating)
        return "read" if n_finished == len(self.evaluating) else "being read"


@router.get("/calls/{number}")
def call_page(
    visit: AnyVisit,
    number: int,
    order: Order = ORDERS[0],
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Show a call: one's own queue, and all of it to leads."""
    with visit.desk.store.reading() as session:
        call = visit.call(session, number)
        own = assignments_of(session, visit.user.id, number)
        context: dict[str, Any] = {
            "call": call,
            "counts": call_counts(session, number),
            "orders": ORDERS,
            "order": order,
            "order_query": order_query(order),
            "queue": queue(
                session, visit.user.id, number, order, _A_PAGE, taxonomy=visit.desk.taxonomy
            ),
            "n_to_read": sum(one.task == EVALUATE and one.finished is None for one in own),
            "done": _named(session, own, EVALUATE, finished=True),
            "to_consolidate": _named(session, own, CONSOLIDATE, finished=False),
            "consolidated": _named(session, own, CONSOLIDATE, finished=True),
            "lead": _for_leads(visit, session, number, after) if visit.leads else None,
        }
    return visit.page("call.html", **context)


def _named(
    session: Session, tasks: list[Assignment], task: str, *, finished: bool
) -> list[tuple[Assignment, Proposal]]:
    return [
        (one, get_proposal(session, one.proposal_id))
        for one in tasks
        if one.task == task and (one.finished is not None) == finished
    ]


def _for_leads(visit: Visit, session: Session, number: int, after: int) -> dict[str, object]:
    shown = list_proposals(session, number, after, _A_PAGE + 1)
    users = list_users(session)
    return {
        "rows": [_row(session, one) for one in shown[:_A_PAGE]],
        "next": shown[_A_PAGE - 1].id if len(shown) > _A_PAGE else None,
        "users": [user for user in users if user.active],
        "names": {user.id: user.name for user in users},
        "n_untagged": count_without_suggestion(session, number, visit.desk.model.name),
        "accepted": ",".join(UPLOADED + TABLES),
        "most_mib": visit.desk.settings.limits.upload_bytes >> 20,
    }


def _row(session: Session, proposal: Proposal) -> ProposalRow:
    tasks = assignments_on(session, proposal.id)
    evaluating = tuple(one for one in tasks if one.task == EVALUATE)
    consolidating = [one for one in tasks if one.task == CONSOLIDATE]
    return ProposalRow(proposal, evaluating, consolidating[0] if consolidating else None)
