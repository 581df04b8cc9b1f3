"""Errors as pages: what happened, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ka2nlp.web.pages.rendering import go_to, render

if TYPE_CHECKING:
    from fastapi import Request
    from fastapi.responses import Response

    from ka2nlp.web.problems import Problem

__all__ = ["problem_page"]

_TITLES: Final = {
    401: "Sign in first",
    403: "This is not yours to do",
    404: "There is no such page",
    405: "There is no such page",
    409: "This does not fit what stands already",
    413: "This is too large",
    422: "Something is missing or wrong",
    503: "The desk is busy",
}
_SIGN_IN: Final = 401
_NOT_FOUND: Final = 404
_FORM: Final = re.compile(r"(/desk/\d+|/calls/\d+|/users|/account)/")
"""The addresses that forms are sent to, each under that of the page that holds it."""


def problem_page(request: Request, problem: Problem) -> Response:
    """Show a problem; who is not signed in is sent to do that first.

    A part of a page that was asked for by script gets only the words, for its line of messages.
    """
    by_htmx = request.headers.get("hx-request") == "true"
    if problem.status == _SIGN_IN and not by_htmx:
        came_to_see = request.method == "GET" and request.url.path != "/"
        return go_to(f"/sign-in?to={quote(request.url.path)}" if came_to_see else "/sign-in")
    template = "problem_part.html" if by_htmx else "problem.html"
    title = _TITLES.get(problem.status, "Something went wrong")
    form = _FORM.match(request.url.path) if problem.status != _NOT_FOUND else None
    back = form[1] if form else ""
    return render(request, None, template, problem.status, title=title, problem=problem, back=back)
