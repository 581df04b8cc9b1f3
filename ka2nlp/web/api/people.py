"""Users and tokens, and logging in and out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request, Response

from ka2nlp.review import logins, users
from ka2nlp.review.logins import Token
from ka2nlp.review.records import User
from ka2nlp.web.desk import ThisDesk
from ka2nlp.web.lists import Id, Page, PageAsked
from ka2nlp.web.problems import API, responses
from ka2nlp.web.review_schemas import (
    LoginIn,
    SessionOut,
    TokenIn,
    TokenOut,
    UserChangesIn,
    UserIn,
)
from ka2nlp.web.security import (
    Administrator,
    CurrentCaller,
    CurrentUser,
    Lead,
    check_first_user,
    end_session,
    start_session,
)

__all__ = ["router"]

router: Final = APIRouter()


@router.get(f"{API}/users", tags=["users"], summary="All users", responses=responses())
def list_all(desk: ThisDesk, _: Lead, asked: PageAsked) -> Page[User]:
    """List users, to share out work among them; leads only."""
    with desk.store.reading() as session:
        return asked.page(users.list_users(session))


@router.post(
    f"{API}/users",
    tags=["users"],
    summary="Add a user",
    status_code=HTTPStatus.CREATED,
    responses=responses(400, 409, 413),
)
def add(desk: ThisDesk, _: Administrator, user: UserIn) -> User:
    """Add a user who logs in with a password; administrators only.

    From the first one on, who has to be an administrator, everybody has to log in.
    """
    with desk.store.transaction() as session:
        check_first_user(session, user.role)
        return users.add_user(session, user.name, user.password.get_secret_value(), user.role)


@router.patch(
    f"{API}/users/{{user_id}}",
    tags=["users"],
    summary="Change a user",
    responses=responses(400, 404, 409, 413),
)
def change(desk: ThisDesk, _: Administrator, user_id: Id, changes: UserChangesIn) -> User:
    """Change role, password, or whether a user may log in; administrators only."""
    with desk.store.transaction() as session:
        if changes.role is not None:
            users.set_role(session, user_id, changes.role)
        if changes.active is not None:
            users.set_active(session, user_id, changes.active)
        if changes.password is not None:
            users.set_password(session, user_id, changes.password.get_secret_value())
        return users.get_user(session, user_id)


@router.post(
    f"{API}/session",
    tags=["access"],
    summary="Log in",
    status_code=HTTPStatus.CREATED,
    responses=responses(400, 413, 429),
)
def log_in(desk: ThisDesk, request: Request, response: Response, login: LoginIn) -> SessionOut:
    """Check name and password, and set the cookie."""
    secret = login.password.get_secret_value()
    caller = start_session(desk, request, response, login.name, secret)
    return SessionOut(user=caller.user, csrf=caller.csrf)


@router.get(f"{API}/session", tags=["access"], summary="Who am I?", responses=responses())
def who(caller: CurrentCaller) -> SessionOut:
    """Tell who asks."""
    return SessionOut(user=caller.user, csrf=caller.csrf)


@router.delete(
    f"{API}/session",
    tags=["access"],
    summary="Log out",
    status_code=HTTPStatus.NO_CONTENT,
    responses=responses(),
)
def log_out(desk: ThisDesk, request: Request, response: Response, caller: CurrentCaller) -> None:
    """End the login."""
    end_session(desk, request, response, caller)


@router.get(f"{API}/tokens", tags=["access"], summary="Your tokens", responses=responses())
def list_tokens(desk: ThisDesk, user: CurrentUser, asked: PageAsked) -> Page[Token]:
    """List your tokens, without their secrets."""
    with desk.store.reading() as session:
        return asked.page(logins.list_tokens(session, user.id))


@router.post(
    f"{API}/tokens",
    tags=["access"],
    summary="Make a token",
    status_code=HTTPStatus.CREATED,
    responses=responses(400, 413),
)
def create_token(desk: ThisDesk, user: CurrentUser, token: TokenIn) -> TokenOut:
    """Make a token that lets a program do what you may do."""
    with desk.store.transaction() as session:
        return TokenOut(secret=logins.create_token(session, user.id, token.label))


@router.delete(
    f"{API}/tokens/{{token_id}}",
    tags=["access"],
    summary="Revoke a token",
    status_code=HTTPStatus.NO_CONTENT,
    responses=responses(404),
)
def revoke_token(desk: ThisDesk, user: CurrentUser, token_id: Id) -> None:
    """Make one of your tokens useless."""
    with desk.store.transaction() as session:
        logins.revoke_token(session, user.id, token_id)
