"""The OpenAPI description: what FastAPI cannot know by itself is added here."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from ka2nlp.web.problems import Problem

__all__ = ["describe", "name_operation"]

_DESCRIPTION: Final = """\
Tags project descriptions with the aims of Erasmus+ Key Action 2, and keeps what evaluators decide.

Send a token (`ka2nlp users token NAME`) as `Authorization: Bearer TOKEN`. A desk that only its own
machine can reach needs none until it has users with passwords. Lists come in pages: follow `next`.
Every error is a problem as RFC 9457 describes it; beside those listed, any operation may answer 421
(the host is not one of the desk's), 500, or 503 (the database does not answer; nothing was kept).
"""

_TAGS: Final = {
    "tagging": "Descriptions in, reports out; nothing is kept.",
    "taxonomy": "The labels.",
    "calls": "Batches of proposals under review.",
    "proposals": "The documents of a call: texts, suggestions, trail.",
    "assignments": "Who evaluates or consolidates what.",
    "decisions": "What was chosen; nothing is ever rewritten.",
    "exports": "Calls as files, and how far people and model agree.",
    "users": "Who may do what.",
    "access": "Logins and tokens.",
    "service": "Health and figures.",
}


def name_operation(route: APIRoute) -> str:
    """Name an operation for programs that are made from the description: ``calls_list_all``."""
    return "_".join([*map(str, route.tags[:1]), route.name])


def describe(app: FastAPI) -> None:
    """Let an app describe itself in full."""

    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    app.openapi = description  # type: ignore[method-assign]


def _description(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        summary="The review desk of ka2nlp",
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
    )
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    return schema
