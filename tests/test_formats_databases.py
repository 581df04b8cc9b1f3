"""Queries: rows as documents, streamed, read-only, and passwords kept to oneself."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import psycopg
import pytest

from ka2nlp.documents import read_documents
from ka2nlp.errors import InputError

Call = Callable[..., tuple[int, str, str]]

SERVER = "postgres@127.0.0.1:5432/test"
SCHEMA = "ka2nlp_formats"
ROWS = [("p1", "Mending", "We mend 100% of it: all.", 2019), ("p2", None, None, 2020)]
COLUMNS = '"Project Identifier", "Project Title", "Project Summary", "Call year"'


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    path = tmp_path / "projects.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE projects ({COLUMNS})")
        connection.executemany("INSERT INTO projects VALUES (?, ?, ?, ?)", ROWS)
        connection.commit()
    return f"sqlite:///{path}"


@pytest.fixture
def postgres() -> Iterator[str]:
    try:
        connection = psycopg.connect(f"postgresql://{SERVER}", connect_timeout=3, autocommit=True)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL answers at 127.0.0.1:5432 (user postgres, database test)")
    kinds = COLUMNS.replace(",", " text,") + " integer"
    with connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
        connection.execute(f"CREATE TABLE {SCHEMA}.projects ({kinds})")
        for row in ROWS:
            connection.execute(f"INSERT INTO {SCHEMA}.projects VALUES (%s, %s, %s, %s)", row)  # noqa: S608
        try:
            yield f"postgresql+psycopg://{SERVER}"
        finally:
            connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def test_rows_of_sqlite(sqlite: str) -> None:
    first, second = read_documents(sqlite, sql="SELECT * FROM projects")
    assert (first.id, first.title, first.text) == ROWS[0][:3]
    assert first.metadata == {"year": 2019}
    assert (second.id, second.title, second.text) == ("p2", "", "")


def test_rows_of_postgresql(postgres: str) -> None:
    query = (
        f"SELECT *, 'a'::text AS note FROM {SCHEMA}.projects "  # noqa: S608
        'WHERE "Project Summary" LIKE \'%100\\%%\' OR "Call year" > 2019 ORDER BY 1'
    )
    first, second = read_documents(postgres, sql=query)
    assert (first.id, first.title, first.text) == ROWS[0][:3]
    assert first.metadata == {"year": 2019, "note": "a"}
    assert second.id == "p2"


def test_postgresql_is_streamed(postgres: str) -> None:
    """The server would need minutes for all rows; the first ones come at once."""
    query = (
        "SELECT n AS id, 'We mend.' || pg_sleep(0.001) AS text FROM generate_series(1, 9999999) n"
    )
    found = list(islice(read_documents(postgres, sql=query), 3))
    assert [one.id for one in found] == ["1", "2", "3"]


@pytest.mark.parametrize("statement", ["DELETE FROM {} RETURNING *", "DROP TABLE {}"])
def test_nothing_can_be_changed(
    statement: str, sqlite: str, request: pytest.FixtureRequest
) -> None:
    databases = {sqlite: "projects"}
    with contextlib.suppress(pytest.skip.Exception):
        databases[request.getfixturevalue("postgres")] = f"{SCHEMA}.projects"
    for url, table in databases.items():
        with pytest.raises(InputError, match="got a query that failed"):
            list(read_documents(url, sql=statement.format(table)))
        assert len(list(read_documents(url, sql=f"SELECT * FROM {table}"))) == 2  # noqa: S608


def test_a_writing_function_of_postgresql_fails(postgres: str) -> None:
    change = f"DELETE FROM {SCHEMA}.projects; SELECT ''a''::text"  # noqa: S608
    with psycopg.connect(f"postgresql://{SERVER}", autocommit=True) as connection:
        connection.execute(
            f"CREATE FUNCTION {SCHEMA}.wipe() RETURNS text LANGUAGE sql AS '{change}'"
        )
    with pytest.raises(InputError, match="read-only transaction"):
        list(read_documents(postgres, sql=f"SELECT {SCHEMA}.wipe() AS text"))


def test_columns_by_name(sqlite: str) -> None:
    query = 'SELECT "Project Title" AS t, "Call year" AS y FROM projects'
    first, second = read_documents(sqlite, sql=query, text_column="t", id_column="y")
    assert (first.id, first.text, second.id) == ("2019", "Mending", "2020")
    with pytest.raises(InputError, match="expected one named text"):
        list(read_documents(sqlite, sql=query))


def test_columns_of_one_name_keep_their_places(sqlite: str) -> None:
    query = "SELECT 'a' AS id, 1 AS note, 2 AS note, 'We mend.' AS text, 'DE' AS country"
    (document,) = read_documents(sqlite, sql=query)
    assert (document.id, document.text) == ("a", "We mend.")
    assert document.metadata == {"note": 2, "country": "DE"}


def test_texts_of_a_database_that_are_bytes(sqlite: str) -> None:
    query = "SELECT CAST('Mending' AS BLOB) AS title, CAST('café' AS BLOB) AS text"
    first, second = read_documents(sqlite, sql=f"{query} UNION ALL SELECT 'B', x'ff00'")
    assert (first.title, first.text, first.problems) == ("Mending", "café", ())
    assert (second.title, second.text) == ("B", "")
    assert second.problems == ("got a text of type bytes, expected a string",)


@pytest.mark.parametrize(
    ("url", "sql", "message"),
    [
        ("sqlite:///nowhere.db", "SELECT 1", "got sqlite:///nowhere.db, which does not exist"),
        ("sqlite://", "SELECT 1", "which does not exist"),
        ("sqlite:///a.db", None, "without a query, expected a query"),
        ("a.csv", "SELECT 1", "got a.csv with a query"),
        ("mysql+nothing://u:secret@host/x", "SELECT 1", "of an unknown kind"),
        ("mssql+pymssql://u:secret@host/x", "SELECT 1", "no driver 'mssql.pymssql'"),
        ("postgresql+psycopg://u:secret/word@host:port/x", "SELECT 1", "cannot be read, expected"),
        ("postgresql+psycopg://u:secret@127.0.0.1:1/x", "SELECT 1", "connection failed"),
    ],
)
def test_bad_calls_keep_the_password(url: str, sql: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        list(read_documents(url, sql=sql))
    error: BaseException | None = caught.value
    assert "\n" not in str(error)
    while error is not None:
        assert "secret" not in str(error)
        error = error.__cause__


def test_queries_that_fail(sqlite: str) -> None:
    for sql, message in (
        ("SELECT * FROM absent", "got a query that failed (no such table: absent)"),
        ("SELECT * FROM projects WHERE 0", "got a table without a row"),
        ("PRAGMA user_version = 1", "got a query that failed"),
        ("SELECT 1 AS text; SELECT 2", "got a query that failed"),
    ):
        with pytest.raises(InputError) as caught:
            list(read_documents(sqlite, sql=sql))
        assert message in str(caught.value), sql


def test_a_query_on_the_command_line(call: Call, sqlite: str) -> None:
    code, output, _ = call("tag", sqlite, "--sql", "SELECT * FROM projects", "-f", "jsonl")
    assert code == 0
    assert [json.loads(line)["id"] for line in output.splitlines()] == ["p1", "p2"]
