"""Users: their names, roles and passwords."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ka2nlp.errors import ConflictError, InvalidError
from ka2nlp.review.records import ROLES, User
from ka2nlp.review.rows import add, change, find, find_all, get, now
from ka2nlp.review.schema import logins, users

__all__ = [
    "add_user",
    "check_password",
    "count_users",
    "find_user",
    "get_user",
    "list_users",
    "refresh_password",
    "set_active",
    "set_password",
    "set_role",
]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")
_SHORTEST: Final = 12
_LONGEST: Final = 1000  # hashing takes longer the longer a password is


def add_user(
    session: Session,
    name: str,
    password: str | None,
    role: str,
    hasher: PasswordHasher | None = None,
) -> User:
    """Add a user.

    Parameters
    ----------
    session
        Of ``Store.transaction()``.
    name
        2 to 64 letters (a to z), digits and ``. _ - @ +``; capitals are made small.
    password
        12 to 1000 characters; None for a user who cannot sign in.
    role
        One of ``ROLES``.
    hasher
        Other parameters of argon2 than the library's defaults.

    Raises
    ------
    InvalidError
        When the name, the password or the role breaks these rules.
    ConflictError
        When the name is taken.
    """
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise InvalidError(
            f"got the user name {name!r}, expected 2 to 64 letters (a to z), digits and . _ - @ +, "
            "beginning with a letter or a digit"
        )
    if find_user(session, name):
        raise ConflictError(f"got the user name {name!r}, which is taken; choose another")
    hashed = None if password is None else _hash(password, hasher)
    return add(
        session,
        User,
        name=name,
        password=hashed,
        role=_checked_role(role),
        active=True,
        created=now(),
    )


def get_user(session: Session, user_id: int) -> User:
    """Get a user by number.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    return get(session, User, user_id)


def find_user(session: Session, name: str) -> User | None:
    """Find a user by name, whatever its capitals."""
    return find(session, User, users.c.name == name.strip().lower())


def list_users(session: Session) -> list[User]:
    """Give all users, in the order in which they were added."""
    return find_all(session, User)


def count_users(session: Session, *, with_password: bool = False) -> int:
    """Count all users, or those who have a password, whether active or not."""
    statement = select(func.count()).select_from(users)
    if with_password:
        statement = statement.where(users.c.password.is_not(None))
    return session.scalars(statement).one()


def set_password(
    session: Session, user_id: int, password: str, hasher: PasswordHasher | None = None
) -> None:
    """Give a user a new password, and end all their logins.

    Raises
    ------
    InvalidError
        When it is shorter than 12 or longer than 1000 characters.
    NotFoundError
        When there is no such user.
    """
    get_user(session, user_id)
    _keep_hash(session, user_id, _hash(password, hasher))
    _end_logins(session, user_id)


def set_role(session: Session, user_id: int, role: str) -> User:
    """Change what a user may do.

    Raises
    ------
    InvalidError
        When there is no such role.
    ConflictError
        When nobody would be left who can administer.
    """
    user = get_user(session, user_id)
    if _checked_role(role) != "administrator":
        _keep_an_administrator(session, user)
    return change(session, User, user_id, role=role)


def set_active(session: Session, user_id: int, active: bool) -> User:
    """Let a user sign in or not; who may not is signed out at once, their tokens too.

    Raises
    ------
    ConflictError
        When nobody would be left who can administer.
    """
    user = get_user(session, user_id)
    if not active:
        _keep_an_administrator(session, user)
        _end_logins(session, user_id)
    return change(session, User, user_id, active=active)


def check_password(
    session: Session, name: str, password: str, hasher: PasswordHasher | None = None
) -> User | None:
    """Find the active user whose name and password these are.

    It takes as long for an unknown name as for a wrong password, and writes nothing: a session of
    ``Store.reading()`` will do, so that nobody waits for the hashing.
    """
    user = find_user(session, name)
    kept = None if user is None else _kept_hash(session, user.id)
    used = hasher or _default_hasher()
    try:
        used.verify(kept or _nobodys_hash(used), _bytes(password[: _LONGEST + 1]))
    except (VerificationError, InvalidHashError):
        return None
    return user if user is not None and user.active and kept else None


def refresh_password(
    session: Session, user_id: int, password: str, hasher: PasswordHasher | None = None
) -> bool:
    """Hash a password that was just checked anew, if its hash has other parameters than today's.

    Returns
    -------
    bool
        Whether that was due.
    """
    used = hasher or _default_hasher()
    kept = _kept_hash(session, user_id)
    if kept is None or not used.check_needs_rehash(kept):
        return False
    _keep_hash(session, user_id, used.hash(_bytes(password)))
    return True


@cache
def _default_hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash(hasher: PasswordHasher) -> str:
    return hasher.hash("no user has this password")


def _hash(password: str, hasher: PasswordHasher | None) -> str:
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise InvalidError(
            f"got a password of {len(password)} characters, expected {_SHORTEST} to {_LONGEST}; "
            "some words that belong together only for you are easy to remember"
        )
    return (hasher or _default_hasher()).hash(_bytes(password))


def _bytes(password: str) -> bytes:
    """Give the same bytes for é, whether it was typed as one character or as two."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _kept_hash(session: Session, user_id: int) -> str | None:
    return session.scalars(select(users.c.password).where(users.c.id == user_id)).one_or_none()


def _keep_hash(session: Session, user_id: int, hashed: str) -> None:
    session.execute(update(users).where(users.c.id == user_id).values(password=hashed))


def _end_logins(session: Session, user_id: int) -> None:
    session.execute(logins.delete().where(logins.c.user_id == user_id))


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise InvalidError(f"got the role {role!r}, expected one of {', '.join(ROLES)}")
    return role


def _keep_an_administrator(session: Session, user: User) -> None:
    """Refuse to let the last administrator go.

    All are locked first: of two who are let go at the same moment, the second waits and sees that
    the first is gone.
    """
    conditions = [users.c.role == "administrator", users.c.active]
    if user.id not in {one.id for one in find_all(session, User, *conditions, lock=True)}:
        return
    conditions.append(users.c.id != user.id)
    if _kept_hash(session, user.id) is not None:  # who has no password cannot stand in
        conditions.append(users.c.password.is_not(None))
    if find(session, User, *conditions) is None:
        raise ConflictError(
            f"got {user.name!r}, the only active administrator; make another user one first"
        )
