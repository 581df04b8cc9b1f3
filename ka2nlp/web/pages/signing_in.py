"""The pages to sign in and out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from starlette.exceptions import HTTPException

from ka2nlp.web.desk import ThisDesk
from ka2nlp.web.pages.rendering import go_to, render
from ka2nlp.web.pages.visits import AnyVisit
from ka2nlp.web.security import end_session, start_session

__all__ = ["router"]

router: Final = APIRouter(include_in_schema=False)
_SHOWN: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS)


@router.get("/sign-in")
def form(request: Request, to: str = "/") -> Response:
    """Show the form."""
    return render(request, None, "sign_in.html", to=_own(to), name="", refusal="")


@router.post("/sign-in")
def sign_in(
    request: Request,
    desk: ThisDesk,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "/",
) -> Response:
    """Sign in, and go on to where the user wanted to go."""
    answer = go_to(_own(to))
    try:
        start_session(desk, request, answer, name, password)
    except HTTPException as error:
        if error.status_code not in _SHOWN:
            raise
        page = render(
            request,
            None,
            "sign_in.html",
            error.status_code,
            to=_own(to),
            name=name,
            refusal=error.detail,
        )
        page.headers.update(error.headers or {})
        return page
    return answer


@router.post("/sign-out")
def sign_out(visit: AnyVisit) -> Response:
    """Sign out."""
    answer = go_to("/sign-in", "You are signed out.")
    end_session(visit.desk, visit.request, answer, visit.caller)
    return answer


def _own(path: str) -> str:
    """Give a path of this desk, and the first page for an address elsewhere."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
