"""Make the first tables, and forbid changes of texts, suggestions and decisions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables, and forbid changes of texts, suggestions and decisions."""
    _make_users()
    _make_calls()
    _make_decisions()
    for table in ("texts", "suggestions", "decisions"):
        _forbid_changes(table)
    if op.get_bind().dialect.name == "sqlite":
        _forbid_replacing()


def _number() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _to(column: str, target: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(column, sa.Integer, sa.ForeignKey(target), nullable=nullable)


def _moment(column: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(column, sa.DateTime(timezone=True), nullable=nullable)


def _text(column: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(column, sa.String(length), nullable=nullable)


def _json(column: str) -> sa.Column[Any]:
    return sa.Column(column, sa.JSON, nullable=False)


def _truth(column: str) -> sa.Column[Any]:
    return sa.Column(column, sa.Boolean, nullable=False)


def _make_users() -> None:
    op.create_table(
        "users",
        _number(),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        _text("password", 255, nullable=True),
        _text("role", 20),
        _truth("active"),
        _moment("created"),
        sa.CheckConstraint("role IN ('evaluator', 'lead', 'administrator')", name="role"),
    )
    op.create_table(
        "logins",
        sa.Column("digest", sa.String(64), primary_key=True),
        _to("user_id", "users.id"),
        _moment("expires"),
        sa.Index(None, "user_id"),
    )
    op.create_table(
        "tokens",
        _number(),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        _to("user_id", "users.id"),
        _text("label", 100),
        _moment("created"),
        _moment("revoked", nullable=True),
        sa.Index(None, "user_id"),
    )
    op.create_table(
        "failures",
        _number(),
        _text("name", 64),
        _text("address", 64),
        _moment("at"),
        sa.Index(None, "at"),
    )


def _make_calls() -> None:
    op.create_table(
        "calls",
        _number(),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        _text("description"),
        _truth("blind"),
        sa.Column("evaluators_each", sa.Integer, nullable=False),
        _moment("created"),
        _to("created_by", "users.id", nullable=True),
        _moment("closed", nullable=True),
    )
    op.create_table(
        "proposals",
        _number(),
        _to("call_id", "calls.id"),
        _text("source_id"),
        _text("title"),
        _json("metadata"),
        _moment("created"),
        sa.UniqueConstraint("call_id", "source_id"),
    )
    op.create_table(
        "texts",
        _number(),
        _to("proposal_id", "proposals.id"),
        sa.Column("number", sa.Integer, nullable=False),
        _text("fingerprint", 16),
        _text("source_id"),
        _text("title"),
        _text("text"),
        _json("places"),
        _json("problems"),
        _moment("created"),
        sa.UniqueConstraint("proposal_id", "number"),
    )
    op.create_table(
        "suggestions",
        _number(),
        _to("text_id", "texts.id"),
        _text("model"),
        _text("taxonomy", 16),
        _json("report"),
        _moment("created"),
        sa.Index(None, "text_id"),
    )


def _make_decisions() -> None:
    op.create_table(
        "assignments",
        _number(),
        _to("proposal_id", "proposals.id"),
        _to("user_id", "users.id"),
        _text("task", 20),
        _moment("created"),
        _moment("finished", nullable=True),
        _moment("revealed", nullable=True),
        sa.UniqueConstraint("proposal_id", "user_id"),
        sa.Index(None, "user_id"),
        sa.CheckConstraint("task IN ('evaluate', 'consolidate')", name="task"),
    )
    op.create_table(
        "decisions",
        _number(),
        _to("assignment_id", "assignments.id"),
        _to("proposal_id", "proposals.id"),
        _to("text_id", "texts.id"),
        _to("user_id", "users.id"),
        _text("code", 40),
        _text("verdict", 20),
        _json("evidence"),
        _text("note"),
        _text("model", nullable=True),
        sa.Column("probability", sa.Float, nullable=True),
        _text("answer", 20, nullable=True),
        _truth("shown"),
        _to("undoes", "decisions.id", nullable=True),
        _to("follows", "decisions.id", nullable=True),
        _text("key", 160),
        _moment("decided"),
        sa.UniqueConstraint("assignment_id", "key"),
        sa.Index(None, "proposal_id"),
        sa.CheckConstraint("verdict IN ('yes', 'no', 'unsure', 'withdrawn')", name="verdict"),
        sqlite_autoincrement=True,
    )


def _forbid_changes(table: str) -> None:
    said = f"rows of {table} are never changed or removed"
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_no_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION '{said}'; END$$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_no_change()"
    )


def _forbid_replacing() -> None:
    """Keep INSERT OR REPLACE from removing rows: SQLite asks no trigger of removal there."""
    for table, same in (
        ("texts", "proposal_id = NEW.proposal_id AND number = NEW.number"),
        ("suggestions", "FALSE"),
        ("decisions", "assignment_id = NEW.assignment_id AND key = NEW.key"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id OR ({same})) "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed or removed'); END"
        )
