"""Databases for tests: an SQLite file, and a PostgreSQL schema of its own where a server answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

__all__ = ["KINDS", "new_database"]

KINDS = ("sqlite", "postgresql")
SERVER = "postgresql://postgres@127.0.0.1:5432/test"


@contextmanager
def new_database(kind: str, folder: Path) -> Iterator[str]:
    """Give the address of an empty database, and remove it afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'review.db'}"
        return
    try:
        connection = psycopg.connect(SERVER, connect_timeout=3, autocommit=True)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL answers at 127.0.0.1:5432 (user postgres, database test)")
    name = f"ka2nlp_{uuid4().hex}"
    with connection:
        connection.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{SERVER}?options=-csearch_path%3D{name}"
        finally:
            connection.execute(f"DROP SCHEMA {name} CASCADE")
