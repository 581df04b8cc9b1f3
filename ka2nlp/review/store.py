"""The database of the review desk: an address goes in, transactions come out.

SQLite writes ahead, flushes each commit to the disk, and takes its write lock when a transaction
begins: two writers wait for each other and neither fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from ka2nlp.documents.urls import show_url
from ka2nlp.review.connections import (
    engine_settings,
    failures_told,
    make_file,
    parse_address,
    prepare,
)
from ka2nlp.review.memory import Memory
from ka2nlp.review.upgrades import upgrade

__all__ = ["Store"]

_READING: Final[dict[str, dict[str, Any]]] = {
    "sqlite": {"ka2nlp_reading": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


class Store:
    """A database that is open.

    Parameters
    ----------
    engine
        Of SQLAlchemy; ``Store.open`` makes it.
    url
        The address as people may see it: without user, password and options.
    """

    def __init__(self, engine: Engine, url: str) -> None:
        self.url = url
        self._engine = engine
        self._memory = Memory()
        self._reading = engine.execution_options(**_READING[engine.dialect.name])

    @classmethod
    def open(cls, url: str, *, migrate: bool = True) -> Self:
        """Open a database, making or renewing its tables.

        Parameters
        ----------
        url
            ``sqlite:///file.db`` (made where it does not exist) or
            ``postgresql://user:password@host/database``.
        migrate
            Whether to make and renew tables; without, the database must be of this version.

        Raises
        ------
        StoreError
            When the address cannot be read, nothing answers there, the file is no database of the
            review desk, or it was made by a newer ka2nlp.
        """
        shown = show_url(url)
        address = parse_address(url, must_exist=not migrate)
        make_file(address)
        engine = create_engine(address, **engine_settings(address))
        prepare(engine)
        try:
            with failures_told(shown):
                upgrade(engine, shown, migrate=migrate)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, shown)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session that may write: all of it is kept when this is left, or nothing at all.

        What has been kept when this is left survives the death of the process at any moment.

        Raises
        ------
        StoreError
            When the database does not answer, or stays locked by another writer.
        ConflictError
            When another transaction has just made what this one would make.
        """
        with (
            failures_told(self.url),
            Session(self._engine, info=self._memory.info) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one state of the database, waits for no writer and cannot write.

        Raises
        ------
        StoreError
            When the database does not answer, or something is written.
        """
        with (
            failures_told(self.url),
            Session(self._reading, info=self._memory.info) as session,
        ):
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
