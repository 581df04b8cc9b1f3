"""The tables of the review desk; ``migrations`` makes them, column by column the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

from ka2nlp.records import Place
from ka2nlp.review.records import ROLES, TASKS, VERDICTS
from ka2nlp.review.values import plain, plain_text

__all__ = [
    "LARGEST",
    "REVISION",
    "Characters",
    "Items",
    "Moment",
    "Number",
    "Places",
    "Values",
    "assignments",
    "calls",
    "decisions",
    "failures",
    "logins",
    "metadata",
    "proposals",
    "suggestions",
    "texts",
    "tokens",
    "users",
]

REVISION: Final = "0001"
"""The migration that this version of ka2nlp works with."""

LARGEST: Final = 2**31 - 1
"""The greatest number of a row that every database holds."""

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A time in UTC that knows that it is; SQLite has none with a time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn into UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give a time zone to what comes without."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Number(TypeDecorator[int]):
    """The number of a row; one beyond what a database can hold is the nearest that it can."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Bring into range."""
        return None if value is None else min(max(value, 0), LARGEST)


class Characters(TypeDecorator[str]):
    """Text without the few characters that a database cannot hold."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace those characters."""
        return None if value is None else plain_text(value)


class Values(TypeDecorator[Any]):
    """A JSON value."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> object:
        """Turn into what JSON knows."""
        return plain(value)


class Items(TypeDecorator[tuple[Any, ...]]):
    """A tuple of JSON values; an array within is a tuple as well (spans)."""

    impl = Values
    cache_ok = True

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> tuple[Any, ...]:
        """Turn lists into tuples."""
        return tuple(tuple(one) if isinstance(one, list) else one for one in value or ())


class Places(TypeDecorator[tuple[Place, ...]]):
    """Places of a document's text."""

    impl = Values
    cache_ok = True

    def process_bind_param(self, value: Iterable[Place] | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """Turn places into objects."""
        return [asdict(place) for place in value or ()]

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> tuple[Place, ...]:
        """Turn objects into places."""
        return tuple(Place(**one) for one in value or ())


def _one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _to(column: str, target: str, *, nullable: bool = False) -> Column[Any]:
    return Column(column, Number, ForeignKey(f"{target}.id"), nullable=nullable)


def _number() -> Column[Any]:
    return Column("id", Number, primary_key=True)


def _moment(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Moment, nullable=nullable)


users: Final = Table(
    "users",
    metadata,
    _number(),
    Column("name", Characters(64), nullable=False, unique=True),
    Column("password", Characters(255), nullable=True),
    Column("role", Characters(20), nullable=False),
    Column("active", Boolean, nullable=False),
    _moment("created"),
    _one_of("role", ROLES),
)

logins: Final = Table(
    "logins",
    metadata,
    Column("digest", Characters(64), primary_key=True),
    _to("user_id", "users"),
    _moment("expires"),
    Index(None, "user_id"),
)

tokens: Final = Table(
    "tokens",
    metadata,
    _number(),
    Column("digest", Characters(64), nullable=False, unique=True),
    _to("user_id", "users"),
    Column("label", Characters(100), nullable=False),
    _moment("created"),
    _moment("revoked", nullable=True),
    Index(None, "user_id"),
)

failures: Final = Table(
    "failures",
    metadata,
    _number(),
    Column("name", Characters(64), nullable=False),
    Column("address", Characters(64), nullable=False),
    _moment("at"),
    Index(None, "at"),
)

calls: Final = Table(
    "calls",
    metadata,
    _number(),
    Column("name", Characters(200), nullable=False, unique=True),
    Column("description", Characters, nullable=False),
    Column("blind", Boolean, nullable=False),
    Column("evaluators_each", Integer, nullable=False),
    _moment("created"),
    _to("created_by", "users", nullable=True),
    _moment("closed", nullable=True),
)

proposals: Final = Table(
    "proposals",
    metadata,
    _number(),
    _to("call_id", "calls"),
    Column("source_id", Characters, nullable=False),
    Column("title", Characters, nullable=False),
    Column("metadata", Values, nullable=False),
    _moment("created"),
    UniqueConstraint("call_id", "source_id"),
)

texts: Final = Table(
    "texts",
    metadata,
    _number(),
    _to("proposal_id", "proposals"),
    Column("number", Integer, nullable=False),
    Column("fingerprint", Characters(16), nullable=False),
    Column("source_id", Characters, nullable=False),
    Column("title", Characters, nullable=False),
    Column("text", Characters, nullable=False),
    Column("places", Places, nullable=False),
    Column("problems", Items, nullable=False),
    _moment("created"),
    UniqueConstraint("proposal_id", "number"),
)

suggestions: Final = Table(
    "suggestions",
    metadata,
    _number(),
    _to("text_id", "texts"),
    Column("model", Characters, nullable=False),
    Column("taxonomy", Characters(16), nullable=False),
    Column("report", Values, nullable=False),
    _moment("created"),
    Index(None, "text_id"),
)

assignments: Final = Table(
    "assignments",
    metadata,
    _number(),
    _to("proposal_id", "proposals"),
    _to("user_id", "users"),
    Column("task", Characters(20), nullable=False),
    _moment("created"),
    _moment("finished", nullable=True),
    _moment("revealed", nullable=True),
    UniqueConstraint("proposal_id", "user_id"),
    Index(None, "user_id"),
    _one_of("task", TASKS),
)

decisions: Final = Table(
    "decisions",
    metadata,
    _number(),
    _to("assignment_id", "assignments"),
    _to("proposal_id", "proposals"),
    _to("text_id", "texts"),
    _to("user_id", "users"),
    Column("code", Characters(40), nullable=False),
    Column("verdict", Characters(20), nullable=False),
    Column("evidence", Items, nullable=False),
    Column("note", Characters, nullable=False),
    Column("model", Characters, nullable=True),
    Column("probability", Float, nullable=True),
    Column("answer", Characters(20), nullable=True),
    Column("shown", Boolean, nullable=False),
    _to("undoes", "decisions", nullable=True),
    _to("follows", "decisions", nullable=True),
    Column("key", Characters(160), nullable=False),
    _moment("decided"),
    UniqueConstraint("assignment_id", "key"),
    Index(None, "proposal_id"),
    _one_of("verdict", VERDICTS),
    sqlite_autoincrement=True,
)
