"""The page of progress and agreement: evaluators with each other, and the model with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Response

from ka2nlp.review.agreement import (
    CallAgreement,
    ModelAgreement,
    Reliability,
    call_agreement,
)
from ka2nlp.review.calls import get_call
from ka2nlp.taxonomy import Concept, Taxonomy
from ka2nlp.web.pages.visits import LeadsVisit

__all__ = ["Scale", "router"]

router: Final = APIRouter(include_in_schema=False)
ALL: Final = "all codes"


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis for figures of agreement, from a little under 0 to 1, on a chart 100 units wide.

    Parameters
    ----------
    low
        What stands at its left end; lesser figures are drawn there too.
    """

    low: float = -0.2

    def at(self, value: float) -> float:
        """Give the place of a figure."""
        inside = min(max(value, self.low), 1.0)
        return round(100 * (inside - self.low) / (1 - self.low), 2)


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A label, how far evaluators agree on it, and how far the model agrees with them."""

    concept: Concept
    people: Reliability
    model: ModelAgreement | None


@router.get("/calls/{number}/agreement")
def agreement(visit: LeadsVisit, number: int) -> Response:
    """Show how far people are, and how far they and the model agree."""
    with visit.desk.store.reading() as session:
        call = get_call(session, number)
        figures = call_agreement(session, number, visit.desk.taxonomy)
    return visit.page(
        "agreement.html",
        call=call,
        figures=figures,
        overall=next((one for one in figures.groups if one.name == ALL), None),
        models=sorted({one.model for one in figures.models}),
        code_rows=_code_rows(figures, visit.desk.taxonomy),
        scale=Scale(),
    )


def _code_rows(figures: CallAgreement, taxonomy: Taxonomy) -> list[CodeRow]:
    """Give the labels that somebody said yes to, those with the least agreement first."""
    model = {one.name: one for one in figures.model_codes if one.shown is None}
    rows = [
        CodeRow(taxonomy[one.name], one, model.get(one.name)) for one in figures.codes if one.n_yes
    ]
    return sorted(rows, key=lambda row: 2.0 if row.people.alpha is None else row.people.alpha)
