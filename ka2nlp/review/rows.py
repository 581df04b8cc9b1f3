"""Rows of tables as records: add, get, find, change."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, Table, insert, select, update
from sqlalchemy.orm import Session

from ka2nlp.errors import NotFoundError
from ka2nlp.review import schema
from ka2nlp.review.records import Assignment, Call, Decision, Proposal, Suggestion, Text, User

__all__ = ["add", "change", "find", "find_all", "get", "now", "select_records"]

Record = TypeVar("Record", User, Call, Proposal, Text, Suggestion, Assignment, Decision)

_TABLES: Final[dict[type, Table]] = {
    User: schema.users,
    Call: schema.calls,
    Proposal: schema.proposals,
    Text: schema.texts,
    Suggestion: schema.suggestions,
    Assignment: schema.assignments,
    Decision: schema.decisions,
}


def now() -> datetime:
    """Give the time, in UTC."""
    return datetime.now(UTC)


def select_records(kind: type[Record]) -> Select[Any]:
    """Begin a query whose rows are the fields of a kind of record."""
    return select(*_columns(kind))


def add(session: Session, kind: type[Record], **values: object) -> Record:
    """Insert a row."""
    statement = insert(_TABLES[kind]).values(**values).returning(*_columns(kind))
    return kind(**session.execute(statement).one()._mapping)


def get(session: Session, kind: type[Record], number: int, *, lock: bool = False) -> Record:
    """Get a row by its number.

    Parameters
    ----------
    session
        Of the store.
    kind
        What to get.
    number
        Its ``id``.
    lock
        Whether to keep other transactions from changing it until this one ends.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    statement = select_records(kind).where(_TABLES[kind].c.id == number)
    row = session.execute(statement.with_for_update() if lock else statement).one_or_none()
    if row is None:
        raise NotFoundError(
            f"got {kind.__name__.lower()} {number}, which does not exist; look it up again"
        )
    return kind(**row._mapping)


def find(
    session: Session, kind: type[Record], *conditions: ColumnElement[bool], newest: bool = False
) -> Record | None:
    """Get the first row that fulfils conditions, by its number; the last one if ``newest``."""
    number = _TABLES[kind].c.id
    statement = select_records(kind).where(*conditions)
    statement = statement.order_by(number.desc() if newest else number).limit(1)
    row = session.execute(statement).one_or_none()
    return None if row is None else kind(**row._mapping)


def find_all(
    session: Session,
    kind: type[Record],
    *conditions: ColumnElement[bool],
    limit: int | None = None,
    lock: bool = False,
) -> list[Record]:
    """Get the rows that fulfil conditions, in the order of their numbers.

    With ``lock``, other transactions cannot change them until this one ends.
    """
    statement = select_records(kind).where(*conditions).order_by(_TABLES[kind].c.id).limit(limit)
    found = session.execute(statement.with_for_update() if lock else statement)
    return [kind(**row._mapping) for row in found]


def change(session: Session, kind: type[Record], number: int, **values: object) -> Record:
    """Change a row that exists."""
    table = _TABLES[kind]
    statement = update(table).where(table.c.id == number).values(**values)
    return kind(**session.execute(statement.returning(*_columns(kind))).one()._mapping)


def _columns(kind: type) -> list[Any]:
    return [_TABLES[kind].c[field.name] for field in fields(kind)]
