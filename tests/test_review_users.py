"""Users, passwords, logins, tokens, and the wait after wrong passwords."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from review_desk import PASSWORD, QUICK
from sqlalchemy import select, update

from ka2nlp.errors import ConflictError, InvalidError, NotFoundError
from ka2nlp.review import Store, schema
from ka2nlp.review.logins import (
    create_token,
    end_login,
    find_login,
    find_token,
    list_tokens,
    revoke_token,
    start_login,
)
from ka2nlp.review.records import User
from ka2nlp.review.throttle import clear_failures, note_failure, seconds_to_wait
from ka2nlp.review.users import (
    add_user,
    check_password,
    count_users,
    find_user,
    get_user,
    list_users,
    refresh_password,
    set_active,
    set_password,
    set_role,
)

HOUR = timedelta(hours=1)
HOME = "192.0.2.7"


@pytest.fixture
def ada(store: Store) -> User:
    with store.transaction() as session:
        add_user(session, "root", PASSWORD, "administrator", QUICK)
        return add_user(session, " Ada ", PASSWORD, "evaluator", QUICK)


def test_a_user_has_a_name_a_role_and_a_time(store: Store, ada: User) -> None:
    assert (ada.name, ada.role, ada.active) == ("ada", "evaluator", True)
    assert ada.created.tzinfo is UTC
    assert abs(datetime.now(UTC) - ada.created) < HOUR
    with store.reading() as session:
        assert get_user(session, ada.id) == find_user(session, "ADA") == ada
        assert [user.name for user in list_users(session)] == ["root", "ada"]
        with pytest.raises(NotFoundError, match="got user 99, which does not exist"):
            get_user(session, 99)


@pytest.mark.parametrize("name", ["", "a", "a" * 65, "ada lovelace", "-ada", "ädä", "a\0b", "a/b"])
def test_names_that_are_refused(store: Store, name: str) -> None:
    with (
        store.transaction() as session,
        pytest.raises(InvalidError, match=r"got the user name .*, expected 2 to 64 letters"),
    ):
        add_user(session, name, PASSWORD, "evaluator", QUICK)


def test_names_roles_and_passwords_that_are_refused(store: Store, ada: User) -> None:
    with store.transaction() as session:
        with pytest.raises(ConflictError, match=r"got the user name 'ada', which is taken"):
            add_user(session, "ADA", PASSWORD, "evaluator", QUICK)
        for password in ("elevenchars", "x" * 1001):
            with pytest.raises(InvalidError, match=r"a password of \d+ characters, expected 12"):
                add_user(session, "ben", password, "evaluator", QUICK)
            with pytest.raises(InvalidError, match=r"a password of \d+ characters, expected 12"):
                set_password(session, ada.id, password, QUICK)
        with pytest.raises(InvalidError, match="role 'boss', expected one of evaluator, lead"):
            add_user(session, "ben", PASSWORD, "boss", QUICK)
        with pytest.raises(InvalidError, match="got the role 'boss'"):
            set_role(session, ada.id, "boss")


def test_only_the_right_password_is_right(store: Store, ada: User) -> None:
    with store.reading() as session:
        assert check_password(session, "Ada", PASSWORD, QUICK) == ada
        for name, password in (
            ("ada", PASSWORD + " "),
            ("ada", ""),
            ("ada", "x" * 5000),
            ("ada", "\ud800"),
            ("nobody", PASSWORD),
            ("nobody", "no user has this password"),
            ("a\0\ud800", PASSWORD),
        ):
            assert check_password(session, name, password, QUICK) is None


def test_a_password_counts_as_the_same_however_its_accents_are_typed(store: Store) -> None:
    with store.transaction() as session:
        add_user(session, "zoe", "cafe\u0301 au lait!", "lead", QUICK)
        assert check_password(session, "zoe", "caf\u00e9 au lait!", QUICK) is not None


def test_a_new_password_replaces_the_old_one_and_ends_logins(store: Store, ada: User) -> None:
    with store.transaction() as session:
        secret = start_login(session, ada.id, HOUR).secret
        set_password(session, ada.id, "a second password", QUICK)
        assert check_password(session, "ada", PASSWORD, QUICK) is None
        assert check_password(session, "ada", "a second password", QUICK) == ada
        assert find_login(session, secret) is None


def test_passwords_are_kept_as_argon2_hashes_and_renewed_when_due(store: Store, ada: User) -> None:
    def kept() -> str:
        with store.reading() as session:
            mine = select(schema.users.c.password).where(schema.users.c.id == ada.id)
            return str(session.scalars(mine).one())

    first = kept()
    assert first.startswith("$argon2id$")
    stronger = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    with store.transaction() as session:
        assert not refresh_password(session, ada.id, PASSWORD, QUICK)
        assert refresh_password(session, ada.id, PASSWORD, stronger)
    assert kept() != first
    with store.reading() as session:
        assert check_password(session, "ada", PASSWORD, stronger) == ada


def test_the_defaults_of_argon2_are_used(store: Store) -> None:
    with store.transaction() as session:
        add_user(session, "zoe", PASSWORD, "lead")
        kept = session.scalars(select(schema.users.c.password)).one()
        assert not PasswordHasher().check_needs_rehash(kept)
        assert check_password(session, "zoe", PASSWORD) is not None
        assert check_password(session, "zoe", PASSWORD + "!") is None


def test_a_user_without_a_password_cannot_sign_in(store: Store) -> None:
    with store.transaction() as session:
        local = add_user(session, "local", None, "administrator")
        assert check_password(session, "local", "no user has this password", QUICK) is None
        assert not refresh_password(session, local.id, "", QUICK)
        assert (count_users(session), count_users(session, with_password=True)) == (1, 0)
        set_password(session, local.id, PASSWORD, QUICK)
        set_active(session, add_user(session, "ben", None, "administrator").id, True)
        assert count_users(session, with_password=True) == 1


def test_who_is_not_active_cannot_get_in(store: Store, ada: User) -> None:
    with store.transaction() as session:
        secret = start_login(session, ada.id, HOUR).secret
        token = create_token(session, ada.id, "script")
        assert set_active(session, ada.id, False).active is False
        assert check_password(session, "ada", PASSWORD, QUICK) is None
        assert find_login(session, secret) is None
        assert find_token(session, token) is None
        with pytest.raises(NotFoundError, match="got 'ada', who is not active"):
            start_login(session, ada.id, HOUR)
        with pytest.raises(NotFoundError, match="got 'ada', who is not active"):
            create_token(session, ada.id, "script")
        set_active(session, ada.id, True)
        assert find_login(session, secret) is None
        assert find_token(session, token) is not None
        assert count_users(session, with_password=True) == 2


def test_an_administrator_is_left(store: Store, ada: User) -> None:
    with store.transaction() as session:
        root = list_users(session)[0]
        with pytest.raises(ConflictError, match="'root', the only active administrator"):
            set_role(session, root.id, "lead")
        with pytest.raises(ConflictError, match="'root', the only active administrator"):
            set_active(session, root.id, False)
        set_role(session, ada.id, "administrator")
        assert set_role(session, root.id, "lead").role == "lead"
        with pytest.raises(ConflictError, match="'ada', the only active administrator"):
            set_active(session, ada.id, False)


def test_two_administrators_cannot_let_each_other_go_at_once(store: Store, ada: User) -> None:
    with store.transaction() as session:
        set_role(session, ada.id, "administrator")
        root = list_users(session)[0]

    def let_ada_go() -> None:
        with store.transaction() as session:
            set_role(session, ada.id, "lead")

    with ThreadPoolExecutor(1) as pool:
        with store.transaction() as session:
            set_role(session, root.id, "lead")
            second = pool.submit(let_ada_go)
            wait([second], timeout=1)
        with pytest.raises(ConflictError, match="'ada', the only active administrator"):
            second.result(10)
    with store.reading() as session:
        assert [user.role for user in list_users(session)] == ["lead", "administrator"]


def test_who_cannot_sign_in_does_not_stand_in_for_an_administrator(store: Store) -> None:
    with store.transaction() as session:
        local = add_user(session, "local", None, "administrator")
        root = add_user(session, "root", PASSWORD, "administrator", QUICK)
        with pytest.raises(ConflictError, match="'root', the only active administrator"):
            set_role(session, root.id, "lead")
        with pytest.raises(ConflictError, match="'root', the only active administrator"):
            set_active(session, root.id, False)
        assert set_role(session, local.id, "lead").role == "lead"


def test_a_login_is_found_by_its_secret_until_it_ends(store: Store, ada: User) -> None:
    with store.transaction() as session:
        first, second = (start_login(session, ada.id, HOUR) for _ in range(2))
    assert len({first.secret, second.secret, first.csrf, second.csrf}) == 4
    with store.transaction() as session:
        assert find_login(session, first.secret) == first
        assert first.user == ada
        for wrong in ("", first.csrf, first.secret + "x", "\0", "\ud800"):
            assert find_login(session, wrong) is None
        end_login(session, first.secret)
        end_login(session, first.secret)
        assert find_login(session, first.secret) is None
        assert find_login(session, second.secret) == second


def test_a_login_expires_and_is_removed(store: Store, ada: User) -> None:
    with store.transaction() as session:
        old = start_login(session, ada.id, timedelta(seconds=-1))
        assert find_login(session, old.secret) is None
        start_login(session, ada.id, HOUR)
        assert len(session.execute(select(schema.logins)).all()) == 1


def test_a_token_stands_for_its_user_until_it_is_revoked(store: Store, ada: User) -> None:
    with store.transaction() as session:
        secret = create_token(session, ada.id, " nightly export ")
        assert find_token(session, secret) == ada
        for wrong in ("", "ka2nlp_", secret + "x", "\ud800"):
            assert find_token(session, wrong) is None
        (token,) = list_tokens(session, ada.id)
        assert (token.label, token.revoked) == ("nightly export", None)
        with pytest.raises(NotFoundError, match="expected one of yours"):
            revoke_token(session, ada.id + 1, token.id)
        revoke_token(session, ada.id, token.id)
        assert find_token(session, secret) is None
        assert list_tokens(session, ada.id)[0].revoked is not None
        with pytest.raises(NotFoundError, match="expected one of yours"):
            revoke_token(session, ada.id, token.id)
        for label in ("", "x" * 101):
            with pytest.raises(InvalidError, match=r"a label of .* characters, expected 1 to 100"):
                create_token(session, ada.id, label)


def test_no_secret_is_kept(store: Store, ada: User) -> None:
    with store.transaction() as session:
        login = start_login(session, ada.id, HOUR)
        secrets = {PASSWORD, login.secret, login.csrf, create_token(session, ada.id, "script")}
        note_failure(session, PASSWORD, HOME)
        kept = [
            value
            for table in schema.metadata.tables.values()
            for row in session.execute(select(table))
            for value in row
        ]
    assert not [one for one in kept if isinstance(one, str) and any(s in one for s in secrets)]


def test_wrong_passwords_have_to_wait_longer_each_time(store: Store) -> None:
    waits = []
    with store.transaction() as session:
        for _ in range(16):
            waits.append(seconds_to_wait(session, "ada", HOME))
            note_failure(session, "ada", HOME)
    assert waits[:5] == [0.0] * 5
    for expected, found in zip(
        (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300), waits[5:], strict=True
    ):
        assert expected - 5 < found <= expected


def test_others_do_not_wait(store: Store) -> None:
    with store.transaction() as session:
        for _ in range(10):
            note_failure(session, "ada", HOME)
        assert seconds_to_wait(session, "ADA ", HOME) > 0
        assert seconds_to_wait(session, "ben", HOME) == 0
        assert seconds_to_wait(session, "ada", "192.0.2.8") == 0
        clear_failures(session, "Ada", HOME)
        assert seconds_to_wait(session, "ada", HOME) == 0


def test_one_address_cannot_try_many_names(store: Store) -> None:
    with store.transaction() as session:
        for number in range(21):
            note_failure(session, f"user{number}", HOME)
        assert seconds_to_wait(session, "somebody", HOME) > 0
        assert seconds_to_wait(session, "somebody", "192.0.2.8") == 0


def test_many_addresses_cannot_try_one_name(store: Store) -> None:
    with store.transaction() as session:
        for number in range(51):
            note_failure(session, "ada", f"192.0.2.{number}")
        assert seconds_to_wait(session, "ada", HOME) > 0


def test_attempts_are_forgotten_after_a_while(store: Store) -> None:
    with store.transaction() as session:
        for _ in range(10):
            note_failure(session, "ada", HOME)
        long_ago = datetime.now(UTC) - timedelta(minutes=16)
        session.execute(update(schema.failures).values(at=long_ago))
        assert seconds_to_wait(session, "ada", HOME) == 0
        note_failure(session, "ada", HOME)
        assert len(session.execute(select(schema.failures)).all()) == 1
