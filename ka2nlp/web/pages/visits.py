"""What every page needs: the request, the desk, and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from ka2nlp.review.access import require_call, require_role
from ka2nlp.review.records import Call, User
from ka2nlp.web.desk import Desk, ThisDesk
from ka2nlp.web.pages.rendering import go_to, render
from ka2nlp.web.security import Caller, CurrentCaller

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["AdministratorsVisit", "AnyVisit", "LeadsVisit", "Visit"]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who may use the desk."""

    request: Request
    desk: Desk
    caller: Caller

    @property
    def user(self) -> User:
        """Who asks."""
        return self.caller.user

    @property
    def leads(self) -> bool:
        """Whether they lead calls."""
        return self.user.role != "evaluator"

    @property
    def by_htmx(self) -> bool:
        """Whether a part of a page is asked for, by script."""
        return self.request.headers.get("hx-request") == "true"

    def call(self, session: Session, number: int) -> Call:
        """Get a call that the user may see.

        Raises
        ------
        NotFoundError
            When there is none, or it is not for this user.
        """
        return require_call(session, self.user, number)

    def page(self, template: str, **context: Any) -> HTMLResponse:  # noqa: ANN401 - for templates
        """Answer with a page."""
        return render(self.request, self.caller, template, **context)

    def go_to(self, path: str, notice: str = "") -> RedirectResponse:
        """Answer with the way to another page, and a notice to show there."""
        secure = self.desk.settings.secure or self.request.url.scheme == "https"
        return go_to(path, notice, secure=secure)


def _visit(request: Request, desk: ThisDesk, caller: CurrentCaller) -> Visit:
    return Visit(request, desk, caller)


AnyVisit = Annotated[Visit, Depends(_visit)]
"""Of any user, as a parameter of an endpoint."""


def _leads_visit(visit: AnyVisit) -> Visit:
    require_role(visit.user, "lead", "administrator")
    return visit


def _administrators_visit(visit: AnyVisit) -> Visit:
    require_role(visit.user, "administrator")
    return visit


LeadsVisit = Annotated[Visit, Depends(_leads_visit)]
"""Of a lead or an administrator; others get 403."""

AdministratorsVisit = Annotated[Visit, Depends(_administrators_visit)]
"""Of an administrator; others get 403."""
