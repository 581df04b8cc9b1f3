"""A desk in this process for tests: its app, its users and their clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ka2nlp import Tagger
from ka2nlp.review.logins import create_token
from ka2nlp.review.store import Store
from ka2nlp.review.users import add_user
from ka2nlp.web.app import create_app
from ka2nlp.web.desk import Model
from ka2nlp.web.settings import Settings

API = "/api/v1"
PASSWORD = "four words told nobody"  # noqa: S105
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def database_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'desk.db'}"


def add_users(url: str, users: Mapping[str, str]) -> dict[str, str]:
    """Add users by name and role, with ``PASSWORD``; give a token of each."""
    store = Store.open(url)
    with store.transaction() as session:
        tokens = {
            name: create_token(session, add_user(session, name, PASSWORD, role, CHEAP).id, "test")
            for name, role in users.items()
        }
    store.close()
    return tokens


def make_app(folder: Path, tagger: Tagger, **settings: object) -> FastAPI:
    chosen = Settings(database_url=database_url(folder), **settings)  # type: ignore[arg-type]
    return create_app(chosen, Model(tagger, "0" * 64))


@contextmanager
def open_desk(
    folder: Path, tagger: Tagger, headers: dict[str, str] | None = None, **settings: object
) -> Iterator[TestClient]:
    app = make_app(folder, tagger, **settings)
    with TestClient(app, base_url="http://localhost", headers=headers) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
