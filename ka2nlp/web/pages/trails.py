"""The trail of a proposal: every decision that the user may see, in the order in which it fell."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response

from ka2nlp.review.access import may_see_suggestions, require_seen, visible_trail
from ka2nlp.review.calls import get_call
from ka2nlp.review.proposals import list_texts
from ka2nlp.review.users import list_users
from ka2nlp.web.pages.visits import AnyVisit

__all__ = ["router"]

router: Final = APIRouter(include_in_schema=False)


@router.get("/proposals/{number}/trail")
def trail(visit: AnyVisit, number: int) -> Response:
    """Show what was decided on a proposal, newest first."""
    with visit.desk.store.reading() as session:
        proposal = require_seen(session, visit.user, number)
        texts = list_texts(session, number)
        decisions = visible_trail(session, visit.user, number)
        told = may_see_suggestions(session, visit.user, number)
        names = {user.id: user.name for user in list_users(session)}
        call = get_call(session, proposal.call_id)
    return visit.page(
        "trail.html",
        proposal=proposal,
        call=call,
        texts={text.id: text for text in texts},
        decisions=decisions[::-1],
        told=told,
        codes={one.id: one.code for one in decisions},
        names=names,
        taxonomy=visit.desk.taxonomy,
    )
