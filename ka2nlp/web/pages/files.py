"""The styles, scripts and pictures of the pages, as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.staticfiles import StaticFiles

if TYPE_CHECKING:
    from fastapi import Response

__all__ = ["StaticPages"]


class StaticPages(StaticFiles):
    """Gives the files of ``ka2nlp/web/static``; browsers ask whether theirs is still the newest."""

    def __init__(self) -> None:
        super().__init__(packages=[("ka2nlp.web", "static")])

    def file_response(self, *arguments: Any, **settings: Any) -> Response:  # noqa: ANN401 - as in Starlette
        """Give one file."""
        answer = super().file_response(*arguments, **settings)
        answer.headers["Cache-Control"] = "no-cache"
        return answer
