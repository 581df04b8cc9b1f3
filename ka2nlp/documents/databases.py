"""Databases: a query's rows, one document a row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ka2nlp.documents.columns import find_columns
from ka2nlp.documents.extras import needs
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.documents.urls import show_url
from ka2nlp.errors import InputError
from ka2nlp.records import Document

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

__all__ = ["read_query"]

_ROWS: Final = 512
_READ_ONLY: Final = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET TRANSACTION READ ONLY",
}


def read_query(url: str, sql: str, options: ReadingOptions) -> Iterator[Document]:
    """Read the rows of a query, a few hundred at a time, its columns found by name.

    The query is sent as it is, in a transaction that is rolled back, and that SQLite and PostgreSQL
    are told to allow no change in.

    Raises
    ------
    InputError
        When the database cannot be opened, the query fails, or no column holds a text. User and
        password of the address are in no message.
    """
    with needs("a database", "sqlalchemy", "sql"):
        from sqlalchemy import create_engine, exc
    shown = show_url(url)
    address = _parse(url, shown)
    with needs(f"the database {shown}", f"driver '{address.drivername}'", "sql"):
        try:
            engine = create_engine(address)
        except exc.NoSuchModuleError:
            raise InputError(
                f"got the database {shown} of an unknown kind, expected e.g. "
                "postgresql+psycopg:// or sqlite:///"
            ) from None
    try:
        with _connect(engine) as connection:
            yield from _documents(connection, sql, address.database or "query", options)
    except exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise InputError(f"{shown}: got a query that failed ({reason}); check it") from error
    except InputError as error:
        raise InputError(f"{shown}: {error}") from error
    finally:
        engine.dispose()


def _parse(url: str, shown: str) -> URL:
    from sqlalchemy import exc, make_url

    try:
        address = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise InputError(  # its cause would show the password
            "got a database address that cannot be read, expected "
            "postgresql+psycopg://user:password@host/database, with %40 for an @ in the password"
        ) from None
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        raise InputError(f"got {shown}, which does not exist; check the path")
    return address


@contextmanager
def _connect(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        try:
            if statement := _READ_ONLY.get(engine.dialect.name):
                connection.exec_driver_sql(statement)
            yield connection
        finally:
            connection.rollback()


def _documents(
    connection: Connection, sql: str, name: str, options: ReadingOptions
) -> Iterator[Document]:
    settings = {"no_parameters": True, "stream_results": True, "yield_per": _ROWS}
    with connection.exec_driver_sql(sql, execution_options=settings) as result:
        if not result.returns_rows:
            raise InputError("got a statement without rows, expected a query (SELECT)")
        columns = find_columns(list(result.keys()), options)
        for number, row in enumerate(result, start=1):
            yield columns.document(tuple(row), f"{Path(name).stem}:{number}")
