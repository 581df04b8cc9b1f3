"""Connections to the database: which addresses are taken, and how each kind is set up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, event, exc, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection

from ka2nlp.documents.urls import show_url
from ka2nlp.errors import ConflictError, StoreError

__all__ = ["engine_settings", "failures_told", "make_file", "parse_address", "prepare"]

_WAIT: Final = 30
"""Seconds to wait for another writer."""

_DRIVERS: Final = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}

_OLDEST_SQLITE: Final = (3, 35)

_SQLITE: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",  # else INSERT OR REPLACE deletes without a trigger
)


def parse_address(url: str, *, must_exist: bool = False) -> URL:
    """Read the address of a database.

    Parameters
    ----------
    url
        ``sqlite:///file.db`` or ``postgresql://user:password@host/database``.
    must_exist
        Whether a file must be there already.

    Raises
    ------
    StoreError
        When it is none, of another kind, or names no file; no message shows a password.
    """
    try:
        address = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise StoreError(  # its cause would show the password
            "got a database address that cannot be read, expected sqlite:///file.db or "
            "postgresql://user:password@host/database, with %40 for an @ in the password"
        ) from None
    driver = _DRIVERS.get(address.drivername)
    if driver is None:
        raise StoreError(
            f"got the database {show_url(url)}, expected one of SQLite (sqlite:///file.db) "
            "or PostgreSQL (postgresql://user:password@host/database)"
        )
    if driver == "sqlite":
        _check_file(address.database, must_exist=must_exist)
    return address.set(drivername=driver)


def _check_file(name: str | None, *, must_exist: bool) -> None:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreError(
            f"got SQLite {sqlite3.sqlite_version}, expected 3.35 or newer; use a newer Python, "
            "or PostgreSQL"
        )
    if not name or name == ":memory:":
        raise StoreError(
            "got a database in memory, which would be lost; expected a file: sqlite:///file.db"
        )
    path = Path(name)
    if must_exist and not path.is_file():
        raise StoreError(f"got the database {path}, which does not exist; check the path")
    if not path.parent.is_dir():
        raise StoreError(
            f"got the database {path} in a folder that does not exist; make the folder first"
        )


def make_file(address: URL) -> None:
    """Make the file of an SQLite database where there is none, for nobody else to read.

    Raises
    ------
    StoreError
        When it cannot be made.
    """
    if address.drivername != "sqlite" or not address.database:
        return
    try:
        Path(address.database).touch(mode=0o600)
    except OSError as error:
        raise StoreError(
            f"got the database {address.database}, which cannot be made or written "
            f"({error.strerror}); choose another folder"
        ) from error


def engine_settings(address: URL) -> dict[str, Any]:
    """Give what ``create_engine`` needs for an address."""
    if address.drivername == "sqlite":
        return {"connect_args": {"timeout": _WAIT}}
    return {"connect_args": {"connect_timeout": 10}, "pool_pre_ping": True}


def prepare(engine: Engine) -> None:
    """Set up each connection that an engine opens, and how its transactions begin."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _set_up_postgresql)


def _set_up_sqlite(connection: DBAPIConnection, record: object) -> None:
    connection.isolation_level = None  # the driver begins no transaction; the next function does
    cursor = connection.cursor()
    for pragma in _SQLITE:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("ka2nlp_reading", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reading else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _set_up_postgresql(connection: DBAPIConnection, record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{_WAIT}s'")
    cursor.close()
    connection.commit()


@contextmanager
def failures_told(shown: str) -> Iterator[None]:
    """Turn what a database refuses into one line.

    Raises
    ------
    ConflictError
        When a change breaks a rule of the database.
    StoreError
        For everything else.
    """
    try:
        yield
    except exc.IntegrityError as error:
        raise ConflictError(
            f"got a change that does not fit what stands now ({_reason(error)}); somebody may have "
            "made it at the same moment: look again"
        ) from error
    except exc.SQLAlchemyError as error:
        raise StoreError(
            f"got the database {shown}, which cannot be used ({_reason(error)}); check that it is "
            "there, that it is a database of ka2nlp, and that this user may write to it"
        ) from error


def _reason(error: exc.SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
