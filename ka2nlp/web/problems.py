"""Errors to answers: ``application/problem+json`` (RFC 9457) for programs, a page for people."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from ka2nlp.errors import (
    ConflictError,
    InputError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    StoreError,
)
from ka2nlp.web.inference import BusyError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

__all__ = ["API", "Problem", "add_problem_handlers", "answer", "problem_of", "responses"]

API: Final = "/api/v1"
MEDIA_TYPE: Final = "application/problem+json"

_LOG: Final = logging.getLogger(__name__)


class WrongField(BaseModel):
    """One thing that is wrong in a request."""

    where: str = Field(description="The parameter, or a JSON pointer into the body.")
    detail: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """Why a request was not answered as asked (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "detail": "got the proposal 12, which is not there or not assigned to you",
            }
        }
    )

    type: str = Field(default="about:blank", description="Always about:blank: see the status.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status code.")
    detail: str = Field(description="What was got, what was expected, what to do.")
    errors: list[WrongField] | None = Field(
        default=None, description="Each wrong field, where fields are wrong."
    )


def _json(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Give the answer to a program."""
    return Response(
        json.dumps(problem.model_dump(exclude_none=True)),  # ASCII: it may quote half a character
        problem.status,
        headers,
        MEDIA_TYPE,
    )


def responses(*statuses: int, public: bool = False) -> dict[int | str, dict[str, Any]]:
    """Describe the refusals of an operation for OpenAPI.

    Parameters
    ----------
    statuses
        What is particular to it.
    public
        Whether it needs no login and takes no parameter; all others may refuse both.
    """
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in sorted({*statuses, *(() if public else (401, 403, 422))})
    }


def add_problem_handlers(app: FastAPI) -> None:
    """Let an app answer every error with a problem, or with a page where it has pages."""
    for kind, status in _STATUSES.items():
        app.add_exception_handler(kind, _own_handler(status))
    app.add_exception_handler(StoreError, _report_store)
    app.add_exception_handler(HTTPException, _refuse_http)
    app.add_exception_handler(RequestValidationError, _refuse_fields)


_STATUSES: Final[dict[type[Exception], HTTPStatus]] = {
    InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotAllowedError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    BusyError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Errors of ours that a request can cause, and what they mean in HTTP."""


def answer(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with a page where pages are asked for, else with JSON."""
    page = getattr(request.app.state, "problem_page", None)
    wants_page = "text/html" in request.headers.get("accept", "")
    if page is not None and wants_page and not request.url.path.startswith(f"{API}/"):
        response: Response = page(request, problem)
        response.headers.update(headers or {})
        return response
    return _json(problem, headers)


def _own_handler(status: HTTPStatus) -> Any:  # noqa: ANN401 - Starlette's type is of any exception
    async def handle(request: Request, error: Exception) -> Response:
        headers = {"Retry-After": str(error.retry_after)} if isinstance(error, BusyError) else {}
        problem = Problem(title=status.phrase, status=status, detail=str(error))
        return answer(request, problem, headers)

    return handle


def problem_of(error: HTTPException) -> Problem:
    """Describe an error of HTTP; one without words of its own gets those of its status."""
    status = HTTPStatus(error.status_code)
    detail = error.detail if error.detail != status.phrase else status.description
    return Problem(title=status.phrase, status=status, detail=detail or status.phrase)


async def _refuse_http(request: Request, error: Any) -> Response:  # noqa: ANN401
    return answer(request, problem_of(error), error.headers)


async def _report_store(request: Request, error: Exception) -> Response:
    """Tell what the database said to nobody: it may quote a proposal; the log gets its kind."""
    reason = getattr(error.__cause__, "orig", None) or error.__cause__ or error
    _LOG.error("the database cannot be used: %s", type(reason).__qualname__)
    status = HTTPStatus.SERVICE_UNAVAILABLE
    problem = Problem(
        title=status.phrase,
        status=status,
        detail="the database does not answer, and nothing was kept; try again",
    )
    return answer(request, problem, {"Retry-After": "5"})


async def _refuse_fields(request: Request, error: Any) -> Response:  # noqa: ANN401
    wrong = [_wrong_field(item) for item in error.errors()]
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    first = f"{wrong[0].where}: {wrong[0].detail}" if wrong else "a field is wrong"
    problem = Problem(title=status.phrase, status=status, detail=first, errors=wrong)
    return answer(request, problem)


def _wrong_field(error: Mapping[str, Any]) -> WrongField:
    """Say what is wrong where, without what was given: that may be a whole text."""
    if error["type"] == "json_invalid":
        detail = f"got no JSON: {error['ctx']['error']} at character {error['loc'][-1]}"
        return WrongField(where="#", detail=detail)
    source, *path = error["loc"]
    where = f"#/{'/'.join(_pointer(path))}" if source == "body" else ".".join(map(str, path))
    return WrongField(where=where, detail=error["msg"])


def _pointer(path: Sequence[object]) -> list[str]:
    return [re.sub("/", "~1", re.sub("~", "~0", str(part))) for part in path]
