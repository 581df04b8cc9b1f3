"""The pages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ka2nlp.web.pages.rendering import STATIC, load_templates

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["add_pages"]


def add_pages(app: FastAPI) -> None:
    """Add the pages to an app.

    Includes their routers, mounts ``/static``, and sets ``app.state.problem_page``: a function of
    the request and the ``Problem`` that gives the page for an error (401: the way to the login).
    """
    from ka2nlp.web.pages import (
        agreeing,
        calls,
        deciding,
        home,
        leading,
        people,
        signing_in,
        trails,
    )
    from ka2nlp.web.pages.errors import problem_page
    from ka2nlp.web.pages.files import StaticPages

    load_templates()
    for subject in (home, signing_in, calls, leading, deciding, agreeing, trails, people):
        app.include_router(subject.router)
    app.mount(STATIC, StaticPages(), name="static")
    app.state.problem_page = problem_page
