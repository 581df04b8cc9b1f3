"""The desk: one proposal read, its labels decided, by forms or, with script, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Form, Response

from ka2nlp.errors import ConflictError, InvalidError
from ka2nlp.review.access import require_own
from ka2nlp.review.assignments import finish, reopen
from ka2nlp.review.consolidation import adopt_agreement
from ka2nlp.review.decisions import decide, find_decision, undo
from ka2nlp.review.queues import ORDERS
from ka2nlp.review.records import NO, UNSURE, WITHDRAWN, YES, Choice
from ka2nlp.web.pages.desks import DeskView, look, neighbours
from ka2nlp.web.pages.labels import evidence_of
from ka2nlp.web.pages.orders import Order, order_query
from ka2nlp.web.pages.spans import find_words, merge, parse_span, trim
from ka2nlp.web.pages.suggesting import prepare
from ka2nlp.web.pages.visits import AnyVisit, Visit

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ka2nlp.labelled import Span

__all__ = ["router"]

router: Final = APIRouter(include_in_schema=False)

Words = Annotated[str, Form()]
Key = Annotated[str | None, Form()]
TextId = Annotated[int, Form(alias="text")]


@router.get("/desk/{number}")
def desk(visit: AnyVisit, number: int, order: Order = ORDERS[0]) -> Response:
    """Show the text beside its labels."""
    prepare(visit, number)
    with visit.desk.store.reading() as session:
        view = _view(visit, session, number)
        near = neighbours(session, visit.desk.taxonomy, view, order)
    return visit.page("desk.html", view=view, near=near, order_query=order_query(order))


@router.post("/desk/{number}/labels/{code}")
def decide_label(
    visit: AnyVisit, number: int, code: str, verdict: Words, text_id: TextId, key: Key = None
) -> Response:
    """Keep a verdict on a label; its evidence stays unless the label is refused."""
    with visit.desk.store.transaction() as session:
        before = _view_of(visit, session, number, text_id)
        evidence, note = _kept(session, before, code, key)
        if verdict in (NO, WITHDRAWN):
            evidence = ()
        choice = Choice(code, verdict, evidence, note, text_id=text_id)
        decide(session, number, choice, taxonomy=visit.desk.taxonomy, key=key)
        after = _view(visit, session, number)
    return _answer(visit, before, after, code)


@router.post("/desk/{number}/evidence")
def mark(
    visit: AnyVisit,
    number: int,
    code: Words,
    text_id: TextId,
    add: Words = "",
    quote: Words = "",
    unmark: Words = "",
    key: Key = None,
) -> Response:
    """Mark or unmark evidence; a label that was open or refused becomes a yes by what is marked."""
    with visit.desk.store.transaction() as session:
        before = _view_of(visit, session, number, text_id)
        evidence, note = _kept(session, before, code, key)
        kept = set(evidence)
        if unmark:
            kept -= {parse_span(unmark)}
        else:
            kept.add(_marked(add, quote, before.text.text))
        stands = before.row(code).verdict
        if unmark and not stands:
            raise InvalidError(f"got evidence to remove from {code}, which is not decided")
        verdict = stands if unmark or stands == UNSURE else YES
        choice = Choice(code, verdict, merge(kept), note, text_id=text_id)
        decide(session, number, choice, taxonomy=visit.desk.taxonomy, key=key)
        after = _view(visit, session, number)
    return _answer(
        visit, before, after, code, "Evidence removed from" if unmark else "Evidence marked for"
    )


@router.post("/desk/{number}/note")
def explain(
    visit: AnyVisit, number: int, code: Words, text_id: TextId, note: Words = "", key: Key = None
) -> Response:
    """Keep a note with the decision that stands on a label."""
    with visit.desk.store.transaction() as session:
        before = _view_of(visit, session, number, text_id)
        verdict = before.row(code).verdict
        if not verdict:
            raise InvalidError(f"got a note on {code}, which is not decided; decide it first")
        evidence = () if verdict == NO else _kept(session, before, code, key)[0]
        choice = Choice(code, verdict, evidence, note.strip(), text_id=text_id)
        decide(session, number, choice, taxonomy=visit.desk.taxonomy, key=key)
        after = _view(visit, session, number)
    return _answer(visit, before, after, code, "Note kept with")


@router.post("/desk/{number}/adopt")
def adopt(visit: AnyVisit, number: int) -> Response:
    """Take over every yes on which all evaluators agree, where nothing was decided yet."""
    with visit.desk.store.transaction() as session:
        require_own(session, visit.user, number)
        made = adopt_agreement(session, number, taxonomy=visit.desk.taxonomy)
    return visit.go_to(f"/desk/{number}#level-agreed", f"Took over {len(made)} labels.")


@router.post("/desk/{number}/undo")
def take_back(visit: AnyVisit, number: int, key: Key = None) -> Response:
    """Undo the last decision."""
    with visit.desk.store.transaction() as session:
        before = _view(visit, session, number)
        event = undo(session, number, key)
        after = _view(visit, session, number)
    return _answer(visit, before, after, event.code if event else "", "Undone:")


@router.get("/desk/{number}/finish")
def ask(visit: AnyVisit, number: int, order: Order = ORDERS[0]) -> Response:
    """Ask whether to finish with labels open."""
    with visit.desk.store.reading() as session:
        view = _view(visit, session, number)
    return visit.page("finish.html", view=view, order_query=order_query(order))


@router.post("/desk/{number}/finish")
def end(visit: AnyVisit, number: int, order: Order = ORDERS[0], sure: Words = "") -> Response:
    """Finish a proposal, and go to the next; in a blind call the comparison comes first."""
    with visit.desk.store.transaction() as session:
        view = _view(visit, session, number)
        if view.unfinished_business and not sure:
            return visit.go_to(f"/desk/{number}/finish{order_query(order)}")
        after = neighbours(session, visit.desk.taxonomy, view, order).after
        finish(session, number)
    if view.blind:
        same = f"{view.url}{order_query(order)}"
        return visit.go_to(same, "Finished. The suggestions are shown now.")
    target = f"/desk/{after}{order_query(order)}" if after else f"/calls/{view.call.id}"
    return visit.go_to(target, f"Finished: {view.title}")


@router.post("/desk/{number}/reopen")
def begin_again(visit: AnyVisit, number: int, order: Order = ORDERS[0]) -> Response:
    """Open a finished proposal again."""
    with visit.desk.store.transaction() as session:
        require_own(session, visit.user, number)
        reopen(session, number)
    return visit.go_to(f"/desk/{number}{order_query(order)}", "This proposal is open again.")


def _view(visit: Visit, session: Session, number: int) -> DeskView:
    return look(session, visit.desk.taxonomy, require_own(session, visit.user, number))


def _view_of(visit: Visit, session: Session, number: int, text_id: int) -> DeskView:
    """Look at a task, unless the form shows another version of its text than the newest."""
    view = _view(visit, session, number)
    if view.text.id != text_id:
        raise ConflictError(
            "got a choice on an older version; the text has changed, load the page anew"
        )
    return view


def _kept(
    session: Session, view: DeskView, code: str, key: str | None
) -> tuple[tuple[Span, ...], str]:
    """Give evidence and note that stand beside a label; of a form sent again, those of then."""
    first = find_decision(session, view.assignment.id, key) if key else None
    if first:
        return first.evidence, first.note
    return view.own_evidence(code), view.note(code)


def _marked(add: str, quote: str, text: str) -> Span:
    return trim(parse_span(add), text) if add else find_words(quote, text)


def _answer(
    visit: Visit, before: DeskView, after: DeskView, code: str, opening: str = ""
) -> Response:
    """Show what a change did: the parts that differ, or the whole desk at the label."""
    if not visit.by_htmx:
        return visit.go_to(f"{after.url}#label-{code}" if code else after.url)
    rows = [
        row
        for row in after.rows
        if before.decisions.get(row.concept.code) != after.decisions.get(row.concept.code)
    ]
    return visit.page(
        "parts.html",
        view=after,
        rows=rows,
        said=_said(after, code, opening, [row.concept.code for row in rows]),
        new_text=evidence_of(before.groups) != evidence_of(after.groups),
    )


def _said(view: DeskView, code: str, opening: str, changed: list[str]) -> str:
    """Say what was decided, for the line that is read out."""
    if not code:
        return "Nothing is left to undo."
    row = view.row(code)
    also = [other for other in changed if other != code]
    words = f"{opening or row.said or 'Open again:'} {code} {row.concept.label}."
    return f"{words} With it: {', '.join(also)}." if also else words
