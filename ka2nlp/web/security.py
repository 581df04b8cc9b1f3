"""Who asks, and what they may: logins by cookie, tokens, and the one user of a private desk."""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from ka2nlp.errors import ConflictError
from ka2nlp.review.access import require_role
from ka2nlp.review.logins import end_login, find_login, find_token, start_login
from ka2nlp.review.records import User
from ka2nlp.review.throttle import clear_failures, note_failure, seconds_to_wait
from ka2nlp.review.users import check_password, count_users, find_user, refresh_password
from ka2nlp.web.desk import Desk, ThisDesk
from ka2nlp.web.guards import UNSAFE

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from starlette.datastructures import Headers

__all__ = [
    "COOKIE",
    "CSRF_FIELD",
    "CSRF_HEADER",
    "LOCAL_USER",
    "Administrator",
    "Caller",
    "CurrentCaller",
    "CurrentUser",
    "Lead",
    "check_first_user",
    "end_session",
    "start_session",
]

COOKIE: Final = "ka2nlp_session"
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf"
LOCAL_USER: Final = "local"
"""Name of the one user of a desk that only this machine can reach, until others are added."""

_PROXIED: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    Parameters
    ----------
    user
        An active user.
    csrf
        What changes asked for by this login must carry, in the header ``X-CSRF-Token`` or in the
        form field ``csrf``; empty where none is needed.
    secret
        Of the login; empty where there is none.
    """

    user: User
    csrf: str = ""
    secret: str = ""


_bearer = HTTPBearer(auto_error=False, description="A token of `ka2nlp users token`.")
_cookie = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    description=f"The cookie of a login; changes also need its `{CSRF_HEADER}`.",
)


async def _given_csrf(request: Request) -> str:
    """Find the token that a change carries: in its header, or in a form without script."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if CSRF_HEADER in request.headers or request.method not in UNSAFE:
        return request.headers.get(CSRF_HEADER, "")
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return str((await request.form()).get(CSRF_FIELD, ""))
    return ""


def _caller(
    request: Request,
    desk: ThisDesk,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    secret: Annotated[str | None, Depends(_cookie)],
    given_csrf: Annotated[str, Depends(_given_csrf)],
) -> Caller:
    with desk.store.reading() as session:
        if token is not None:
            found = _by_token(session, token.credentials)
        else:
            found = _by_login(session, secret) if secret else None
            found = found or _local(desk, session, request.headers)
    if found is None:
        raise HTTPException(
            HTTPStatus.UNAUTHORIZED,
            "got a request without a valid login or token, expected one; log in, or send the "
            "header Authorization: Bearer TOKEN",
            _CHALLENGE,
        )
    checked = found.csrf and request.method in UNSAFE
    if checked and not hmac.compare_digest(found.csrf.encode(), given_csrf.encode()):
        raise HTTPException(
            HTTPStatus.FORBIDDEN,
            f"got a change without the login's {CSRF_HEADER}, expected it; load the page anew",
        )
    return found


CurrentCaller = Annotated[Caller, Depends(_caller)]
"""Who asks, as a parameter of an endpoint; others get 401."""


def _by_token(session: Session, secret: str) -> Caller | None:
    user = find_token(session, secret)
    return Caller(user) if user else None


def _by_login(session: Session, secret: str) -> Caller | None:
    login = find_login(session, secret)
    return Caller(login.user, login.csrf, secret) if login else None


def _local(desk: Desk, session: Session, headers: Headers) -> Caller | None:
    """Find the one user of a private desk; who comes through a proxy comes from elsewhere."""
    proxied = any(name in headers for name in _PROXIED)
    if proxied or not desk.settings.private or count_users(session, with_password=True):
        return None
    user = find_user(session, LOCAL_USER)
    return Caller(user) if user and user.active else None


def _user(caller: CurrentCaller) -> User:
    return caller.user


CurrentUser = Annotated[User, Depends(_user)]
"""The user who asks, of any role."""


def _role(*roles: str) -> Callable[[User], User]:
    def check(user: CurrentUser) -> User:
        require_role(user, *roles)
        return user

    return check


Lead = Annotated[User, Depends(_role("lead", "administrator"))]
"""The user who asks, if they lead calls; others get 403."""

Administrator = Annotated[User, Depends(_role("administrator"))]
"""The user who asks, if they look after users; others get 403."""


def check_first_user(session: Session, role: str) -> None:
    """See to it that the first user with a password can add the others.

    Raises
    ------
    ConflictError
        When this is the first, and no administrator.
    """
    if role != "administrator" and not count_users(session, with_password=True):
        raise ConflictError(
            "got a first user who is no administrator: from then on everybody has to log in, and "
            "nobody could add users; add an administrator first"
        )


def start_session(
    desk: Desk, request: Request, response: Response, name: str, password: str
) -> Caller:
    """Log a user in: check the password, and set the cookie on the response.

    Raises
    ------
    HTTPException
        401 for a wrong name or password, 429 after too many of them.
    """
    address = request.client.host if request.client else ""
    with desk.store.transaction() as session:  # counted before it is known to be wrong
        seconds = math.ceil(seconds_to_wait(session, name, address))
        if seconds <= 0:
            note_failure(session, name, address)
    if seconds > 0:
        raise HTTPException(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"got too many wrong passwords; try again in {seconds} seconds",
            {"Retry-After": str(seconds)},
        )
    with desk.store.reading() as session:  # nobody waits for the hashing
        user = check_password(session, name, password)
    if user is None:
        raise HTTPException(
            HTTPStatus.UNAUTHORIZED, "got a wrong name or password; check both", _CHALLENGE
        )
    with desk.store.transaction() as session:
        clear_failures(session, name, address)
        refresh_password(session, user.id, password)
        login = start_login(session, user.id, desk.settings.login_lifetime)
    _set_cookie(desk, request, response, login.secret)
    return Caller(user, login.csrf, login.secret)


def end_session(desk: Desk, request: Request, response: Response, caller: Caller) -> None:
    """Log a user out: forget the login, and clear the cookie."""
    if caller.secret:
        with desk.store.transaction() as session:
            end_login(session, caller.secret)
    _set_cookie(desk, request, response, "")


def _set_cookie(desk: Desk, request: Request, response: Response, secret: str) -> None:
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(desk.settings.login_lifetime.total_seconds()) if secret else 0,
        secure=desk.settings.secure or request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
