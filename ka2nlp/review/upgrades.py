"""Renews the tables of a database by the migrations of the package."""

from __future__ import annotations

from importlib.resources import as_file, files
from threading import Lock
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from ka2nlp.errors import StoreError
from ka2nlp.review.schema import REVISION

__all__ = ["upgrade"]

_LOCK: Final = 4_827_022_311
"""Names the lock that keeps two processes from renewing one PostgreSQL database at once."""

_ALEMBIC: Final = Lock()  # what runs now is a global variable of Alembic


def upgrade(engine: Engine, shown: str, *, migrate: bool = True) -> None:
    """Bring a database to the version of this package, in one transaction.

    Parameters
    ----------
    engine
        Of the database.
    shown
        Its address as people may see it.
    migrate
        Whether it may be changed.

    Raises
    ------
    StoreError
        When it holds other tables, was made by a newer ka2nlp, or must be changed but may not.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = _revision(connection, shown)
        if found == REVISION:
            return
        if found is not None and found > REVISION:
            raise StoreError(
                f"got the database {shown} of version {found}, expected {REVISION} or older; "
                "it was made by a newer ka2nlp: install that one"
            )
        if not migrate:
            raise StoreError(
                f"got the database {shown} of version {found or 'none'}, expected {REVISION}; "
                "open it once with permission to renew its tables"
            )
        _run(connection)


def _revision(connection: Connection, shown: str) -> str | None:
    """Read the version of a database; None where it is empty."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found is None or str(found).isdecimal():
            return found
    if tables:
        raise StoreError(
            f"got the database {shown} with the table {sorted(tables)[0]!r}, expected an empty "
            "database or one of ka2nlp; choose another database"
        )
    return None


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    with _ALEMBIC, as_file(files("ka2nlp.review") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
