from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from conftest import PROJECT
from desks import API, add_users, bearer, database_url, make_app, open_desk
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.python.asgi import shutdown_lifespans

from ka2nlp import Tagger
from ka2nlp.web.app import create_app
from ka2nlp.web.settings import Settings

DESCRIPTION = create_app(Settings()).openapi()
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "429"]
CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {
            "negative_data_rejection": {"expected-statuses": REFUSED},
            # a description cannot tell which codes exist, or what is in a file
            "positive_data_acceptance": {"enabled": False},
        }
    }
)
SCHEMA = schemathesis.openapi.from_dict(DESCRIPTION, config=CONFIG)


class LateApp:
    """Stands for an app that is made when the tests run: the schema has to know one before."""

    app: FastAPI

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


SCHEMA.app = LateApp()


def operations() -> list[Any]:
    found: list[Any] = list(SCHEMA.get_all_operations())
    return [one.ok() for one in found]  # an operation that is described badly has none


CASES = [
    pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
    for operation in operations()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE
    or {"parameters", "requestBody"} & DESCRIPTION["paths"][operation.path][operation.method].keys()
]


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, toy_tagger: Tagger
) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("desk")
    token = add_users(database_url(folder), {"ada": "administrator"})["ada"]
    fill(folder, toy_tagger, bearer(token))
    SCHEMA.app.app = make_app(folder, toy_tagger)
    yield bearer(token)
    shutdown_lifespans()


def fill(folder: Path, tagger: Tagger, headers: dict[str, str]) -> None:
    """Let the numbers from 1 on exist."""
    with open_desk(folder, tagger, headers=headers) as client:
        assert client.post(f"{API}/calls", json={"name": "first"}).status_code == 201
        documents = [{"id": str(number), "text": PROJECT} for number in range(3)]
        client.post(f"{API}/calls/1/proposals", json={"documents": documents})
        client.post(f"{API}/calls/1/distribution", json={"user_ids": [1], "each": 1})
        client.post(f"{API}/assignments/1/reveal")
        client.post(f"{API}/assignments/1/decisions", json={"code": "S6", "verdict": "yes"})


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_every_operation_keeps_to_its_description(
    operation: Any, mode: GenerationMode, served: dict[str, str]
) -> None:
    @settings(
        max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        case.call_and_validate(base_url="http://localhost", headers=served)

    check()
