"""Logins and tokens: secrets that stand for a user; the database keeps only their digests."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from ka2nlp.errors import InvalidError, NotFoundError
from ka2nlp.review.records import User
from ka2nlp.review.rows import find, get, now
from ka2nlp.review.schema import logins, tokens, users

__all__ = [
    "Login",
    "Token",
    "create_token",
    "end_login",
    "find_login",
    "find_token",
    "list_tokens",
    "revoke_token",
    "start_login",
]


@dataclass(frozen=True, slots=True)
class Login:
    """A user who is signed in.

    Parameters
    ----------
    secret
        What the cookie holds.
    csrf
        What every form must send back; it follows from the secret.
    user
        Who it is.
    expires
        When it ends by itself.
    """

    secret: str
    csrf: str
    user: User
    expires: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A token for programs, without its secret.

    Parameters
    ----------
    id, user_id
        Numbers of the token and of its user.
    label
        What it is for.
    created, revoked
        When it was made, and when it was made useless (None: it is good).
    """

    id: int
    user_id: int
    label: str
    created: datetime
    revoked: datetime | None


def start_login(session: Session, user_id: int, lifetime: timedelta) -> Login:
    """Sign a user in; logins that have expired are removed.

    Raises
    ------
    NotFoundError
        When there is no such active user.
    """
    user = _active(session, user_id)
    at = now()
    session.execute(delete(logins).where(logins.c.expires <= at))
    secret = secrets.token_urlsafe(32)
    expires = at + lifetime
    row = {"digest": _digest(secret), "user_id": user_id, "expires": expires}
    session.execute(insert(logins).values(**row))
    return Login(secret, _csrf(secret), user, expires)


def find_login(session: Session, secret: str) -> Login | None:
    """Find the login that a cookie stands for; None if it ended, or the user is not active."""
    statement = select(logins.c.user_id, logins.c.expires).where(
        logins.c.digest == _digest(secret), logins.c.expires > now()
    )
    row = session.execute(statement).one_or_none()
    user = None if row is None else find(session, User, users.c.id == row.user_id, users.c.active)
    if row is None or user is None:
        return None
    return Login(secret, _csrf(secret), user, row.expires)


def end_login(session: Session, secret: str) -> None:
    """Sign out; nothing happens where there is no such login."""
    session.execute(delete(logins).where(logins.c.digest == _digest(secret)))


def create_token(session: Session, user_id: int, label: str) -> str:
    """Make a token for programs.

    Returns
    -------
    str
        The secret, which is kept nowhere: show it once.

    Raises
    ------
    InvalidError
        When the label does not have 1 to 100 characters.
    NotFoundError
        When there is no such active user.
    """
    label = label.strip()
    if not 1 <= len(label) <= 100:
        raise InvalidError(f"got a label of {len(label)} characters, expected 1 to 100")
    user = _active(session, user_id)
    secret = f"ka2nlp_{secrets.token_urlsafe(32)}"
    row = {"digest": _digest(secret), "user_id": user.id, "label": label, "created": now()}
    session.execute(insert(tokens).values(**row))
    return secret


def find_token(session: Session, secret: str) -> User | None:
    """Find the active user for whom a token stands; None where there is none."""
    statement = select(tokens.c.user_id).where(
        tokens.c.digest == _digest(secret), tokens.c.revoked.is_(None)
    )
    user_id = session.scalars(statement).one_or_none()
    return user_id and find(session, User, users.c.id == user_id, users.c.active)


def list_tokens(session: Session, user_id: int) -> list[Token]:
    """Give a user's tokens, oldest first, revoked ones included."""
    kept = (tokens.c.id, tokens.c.user_id, tokens.c.label, tokens.c.created, tokens.c.revoked)
    statement = select(*kept).where(tokens.c.user_id == user_id).order_by(tokens.c.id)
    return [Token(**row._mapping) for row in session.execute(statement)]


def revoke_token(session: Session, user_id: int, token_id: int) -> None:
    """Make a user's token useless.

    Raises
    ------
    NotFoundError
        When the user has no such token that is good.
    """
    good = (tokens.c.id == token_id, tokens.c.user_id == user_id, tokens.c.revoked.is_(None))
    statement = update(tokens).where(*good).values(revoked=now()).returning(tokens.c.id)
    if session.scalars(statement).one_or_none() is None:
        raise NotFoundError(f"got token {token_id}, expected one of yours that is not revoked yet")


def _active(session: Session, user_id: int) -> User:
    user = get(session, User, user_id)
    if not user.active:
        raise NotFoundError(f"got {user.name!r}, who is not active; activate them first")
    return user


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _csrf(secret: str) -> str:
    return _digest(f"csrf {secret}")
