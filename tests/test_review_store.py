"""The database: how it opens, what it refuses, and that writers wait for each other."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import ROOT
from review_desk import give, set_up
from sqlalchemy import Executable, Table, delete, select, text, update

from ka2nlp.errors import ConflictError, NotFoundError, ReviewError, StoreError
from ka2nlp.review import Store, records, schema
from ka2nlp.review.calls import create_call, get_call
from ka2nlp.review.decisions import decide, trail
from ka2nlp.review.records import Choice
from ka2nlp.review.rows import find_all
from ka2nlp.review.users import list_users
from ka2nlp.taxonomy import Taxonomy

NEVER = "are never changed or removed"


def names(store: Store) -> list[str]:
    with store.reading() as session:
        return [call.name for call in find_all(session, records.Call)]


def test_migrations_make_the_tables_that_are_described(store: Store) -> None:
    with store.reading() as session:
        settings = {"compare_type": True, "compare_server_default": True}
        found = MigrationContext.configure(session.connection(), opts=settings)
        assert compare_metadata(found, schema.metadata) == []


def test_records_are_the_columns() -> None:
    for kind, table in (
        (records.Call, schema.calls),
        (records.Proposal, schema.proposals),
        (records.Text, schema.texts),
        (records.Suggestion, schema.suggestions),
        (records.Assignment, schema.assignments),
        (records.Decision, schema.decisions),
    ):
        assert [field.name for field in fields(kind)] == list(table.c.keys())


def test_the_newest_migration_is_the_one_asked_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "ka2nlp" / "review" / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.REVISION]


def test_what_is_kept_is_there_when_it_is_opened_again(database_url: str) -> None:
    for _ in range(2):
        with contextlib.closing(Store.open(database_url)) as store, store.transaction() as session:
            create_call(session, f"Call {len(find_all(session, records.Call))}")
    with contextlib.closing(Store.open(database_url, migrate=False)) as store:
        assert names(store) == ["Call 0", "Call 1"]


def test_an_empty_database_has_to_be_filled_first(database_url: str) -> None:
    expected = "does not exist" if database_url.startswith("sqlite") else "of version none"
    with pytest.raises(StoreError, match=expected):
        Store.open(database_url, migrate=False)


def test_a_newer_database_is_refused(store: Store, database_url: str) -> None:
    with store.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"of version 9999, expected .* install that one"):
        Store.open(database_url)


@pytest.mark.parametrize("table", ["things", "alembic_version"])
def test_the_database_of_another_program_is_refused(
    store: Store, database_url: str, table: str
) -> None:
    with store.transaction() as session:
        if table == "things":
            session.execute(text("ALTER TABLE alembic_version RENAME TO things"))
        else:
            session.execute(text("UPDATE alembic_version SET version_num = 'ae1027a6acf'"))
    with pytest.raises(StoreError, match="expected an empty database or one of ka2nlp"):
        Store.open(database_url)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Bicycles need oil. " * 100)
    with pytest.raises(StoreError, match=r"notes\.txt, which cannot be used \(file is not a"):
        Store.open(f"sqlite:///{tmp_path}/notes.txt")


def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    with contextlib.closing(Store.open(f"sqlite:///{tmp_path}/review.db")) as store:
        with store.transaction() as session:
            create_call(session, "Spring")
        found = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert found == {"review.db": 0, "review.db-wal": 0, "review.db-shm": 0}


def test_a_file_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "review.db").symlink_to(tmp_path / "no" / "such" / "folder")
    with pytest.raises(StoreError, match=r"review\.db, which cannot be made or written \(No such"):
        Store.open(f"sqlite:///{tmp_path}/review.db")


def test_an_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 26, 0))
    with pytest.raises(StoreError, match=r"expected 3\.35 or newer; use a newer Python"):
        Store.open("sqlite:///review.db")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("review.db", "got a database address that cannot be read"),
        ("sqlite://", "in memory, which would be lost"),
        ("sqlite:///:memory:", "in memory, which would be lost"),
        ("sqlite:///no/such/folder/review.db", "in a folder that does not exist"),
        ("mysql://u:secret@host/x", "got the database mysql://host/x, expected one of SQLite"),
        ("postgresql://u:secret@127.0.0.1:port/x", "address that cannot be read"),
        ("postgresql://u:secret@127.0.0.1:1/x", "127.0.0.1:1/x, which cannot be used .*refused"),
        ("postgres://u:secret@127.0.0.1:1/x", "127.0.0.1:1/x, which cannot be used .*refused"),
    ],
)
def test_addresses_that_do_not_work_keep_the_password(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        Store.open(url)
    error: BaseException | None = caught.value
    assert "\n" not in str(error)
    while error is not None:
        assert "secret" not in str(error)
        error = error.__cause__


def test_the_address_is_shown_without_secrets(store: Store, database_url: str) -> None:
    assert store.url == database_url.split("?")[0].replace("postgres@", "")


def test_sqlite_flushes_each_commit(tmp_path: Path) -> None:
    with contextlib.closing(Store.open(f"sqlite:///{tmp_path}/review.db")) as store:
        for opened in (store.transaction, store.reading):
            with opened() as session:
                found = {
                    name: session.scalars(text(f"PRAGMA {name}")).one()
                    for name in ("journal_mode", "synchronous", "foreign_keys")
                }
            assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_transaction_is_kept_whole_or_not_at_all(store: Store) -> None:
    def fail() -> None:
        with store.transaction() as session:
            create_call(session, "Half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert names(store) == []


def test_what_the_database_refuses_is_a_conflict(store: Store) -> None:
    def twice() -> None:
        with store.transaction() as session:
            call = create_call(session, "Spring")
            row = {field.name: getattr(call, field.name) for field in fields(call)}
            session.execute(schema.calls.insert().values(**row | {"id": call.id + 1}))

    with pytest.raises(ConflictError, match=r"does not fit what stands now .*(?i:unique)"):
        twice()
    assert names(store) == []


def test_reading_cannot_write(store: Store) -> None:
    def write() -> None:
        with store.reading() as session:
            create_call(session, "Spring")

    for _ in range(2):
        with pytest.raises(StoreError, match=r"(?i)read-?only"):
            write()
    with store.transaction() as session:
        create_call(session, "Autumn")
    assert names(store) == ["Autumn"]


def test_reading_sees_one_state_and_waits_for_nobody(store: Store) -> None:
    with store.reading() as before, store.transaction() as session:
        assert list_users(before) == []
        call = create_call(session, "Spring")
        assert names(store) == []
        session.commit()
        assert names(store) == [call.name]
        assert find_all(before, records.Call) == []


def test_writers_wait_for_each_other(store: Store, database_url: str) -> None:
    holds, waits = threading.Event(), threading.Event()

    def hold() -> None:
        with store.transaction() as session:
            create_call(session, "First")
            holds.set()
            assert waits.wait(10)
            threading.Event().wait(0.3)

    other = Store.open(database_url)
    with contextlib.closing(other), ThreadPoolExecutor() as pool:
        first = pool.submit(hold)
        assert holds.wait(10)
        waits.set()
        with other.transaction() as session:
            create_call(session, "Second")
        first.result()
    assert sorted(names(store)) == ["First", "Second"]


def test_many_writers_at_once(database_url: str) -> None:
    def write(number: int) -> None:
        with contextlib.closing(Store.open(database_url)) as own:
            for turn in range(5):
                with own.transaction() as session:
                    create_call(session, f"Call {number}.{turn}")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    with contextlib.closing(Store.open(database_url)) as store:
        assert len(names(store)) == 30


def test_two_decisions_with_one_key_at_once_are_one(store: Store, taxonomy: Taxonomy) -> None:
    desk = set_up(store, taxonomy)
    with store.transaction() as session:
        task = give(session, desk, desk.ada)

    def send(_: int) -> int:
        with store.transaction() as session:
            choice = Choice("S1", "yes")
            return decide(session, task.id, choice, taxonomy=taxonomy, key="k").id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(send, range(8)))) == 1
    with store.reading() as session:
        assert len(trail(session, task.proposal_id)) == 1


@pytest.mark.parametrize("table", [schema.texts, schema.suggestions, schema.decisions], ids=str)
def test_the_trail_cannot_be_rewritten(store: Store, taxonomy: Taxonomy, table: Table) -> None:
    desk = set_up(store, taxonomy)
    with store.transaction() as session:
        task = give(session, desk, desk.ada)
        decide(session, task.id, Choice("S1", "yes"), taxonomy=taxonomy)
        before = session.execute(select(table)).all()
    statements: list[Executable] = [update(table).values(id=table.c.id), delete(table)]
    if session.get_bind().dialect.name == "postgresql":
        statements.append(text(f"TRUNCATE {table} CASCADE"))
    else:
        row = dict(before[0]._mapping)
        statements.append(table.insert().prefix_with("OR REPLACE").values(**row))
    for statement in statements:
        with pytest.raises(ReviewError, match=NEVER), store.transaction() as session:
            session.execute(statement)
    with store.reading() as session:
        assert session.execute(select(table)).all() == before


def test_another_program_cannot_replace_a_decision(tmp_path: Path, taxonomy: Taxonomy) -> None:
    path = tmp_path / "review.db"
    with contextlib.closing(Store.open(f"sqlite:///{path}")) as store:
        desk = set_up(store, taxonomy)
        with store.transaction() as session:
            task = give(session, desk, desk.ada)
            decide(session, task.id, Choice("S1", "yes"), taxonomy=taxonomy, key="k")
    columns = ", ".join(schema.decisions.c.keys())
    for number in ("id", "id + 1"):
        picked = columns.replace("id", number, 1)
        with contextlib.closing(sqlite3.connect(path)) as other:
            copy = f"INSERT OR REPLACE INTO decisions SELECT {picked} FROM decisions"  # noqa: S608
            with pytest.raises(sqlite3.IntegrityError, match=NEVER):
                other.execute(copy)


def test_numbers_beyond_what_a_database_holds(store: Store) -> None:
    for number in (-1, 0, 2**31, 2**70):
        with store.reading() as session, pytest.raises(NotFoundError, match="got call"):
            get_call(session, number)
