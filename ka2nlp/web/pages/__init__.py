"""The pages for people."""

from __future__ import annotations

from fastapi import FastAPI

__all__ = ["add_pages"]


def add_pages(app: FastAPI) -> None:
    """Add the pages to an app.

    Includes their routers, mounts ``/static``, and sets ``app.state.problem_page``: a function of
    the request and the ``Problem`` that gives the page for an error (401: the way to the login).
    """
