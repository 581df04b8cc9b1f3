"""Users for administrators, and one's own account: password and tokens."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

from ka2nlp.errors import InvalidError, NotAllowedError
from ka2nlp.review.logins import create_token, list_tokens, revoke_token
from ka2nlp.review.records import ROLES
from ka2nlp.review.users import (
    add_user,
    check_password,
    list_users,
    set_active,
    set_password,
    set_role,
)
from ka2nlp.web.pages.visits import AdministratorsVisit, AnyVisit, Visit
from ka2nlp.web.security import check_first_user

__all__ = ["router"]

router: Final = APIRouter(include_in_schema=False)
Words = Annotated[str, Form()]


@router.get("/users")
def users(visit: AdministratorsVisit) -> Response:
    """Show all users."""
    with visit.desk.store.reading() as session:
        found = list_users(session)
    return visit.page("users.html", users=found, roles=ROLES)


@router.post("/users")
def add(visit: AdministratorsVisit, name: Words, password: Words, role: Words) -> Response:
    """Add a user."""
    with visit.desk.store.transaction() as session:
        check_first_user(session, role)
        user = add_user(session, name, password, role)
    return visit.go_to("/users", f"Added {user.name}. Give them their password by a safe way.")


@router.post("/users/{number}")
def change(
    visit: AdministratorsVisit, number: int, role: Words = "", active: Words = ""
) -> Response:
    """Change what a user may do, or whether they may sign in."""
    with visit.desk.store.transaction() as session:
        if role:
            user = set_role(session, number, role)
            said = f"{user.name} is now {role}."
        else:
            user = set_active(session, number, active == "yes")
            said = f"{user.name} may {'sign in.' if user.active else 'not sign in any more.'}"
    return visit.go_to("/users", said)


@router.get("/account")
def account(visit: AnyVisit) -> Response:
    """Show one's own password form and tokens."""
    return _account(visit)


@router.post("/account/password")
def renew(visit: AnyVisit, old: Words, new: Words) -> Response:
    """Choose a new password; all logins end."""
    _require_login(visit)
    with visit.desk.store.reading() as session:
        known = check_password(session, visit.user.name, old)
    if known is None:
        raise InvalidError(
            "got a wrong password, expected the one that you have now; go back and type it again"
        )
    with visit.desk.store.transaction() as session:
        set_password(session, visit.user.id, new)
    return visit.go_to("/sign-in", "Your password is changed. Sign in with the new one.")


@router.post("/account/tokens")
def make_token(visit: AnyVisit, label: Words) -> Response:
    """Make a token and show it, this once."""
    with visit.desk.store.transaction() as session:
        secret = create_token(session, visit.user.id, label)
    return _account(visit, secret)


@router.post("/account/tokens/{number}/revoke")
def revoke(visit: AnyVisit, number: int) -> Response:
    """Make a token useless."""
    with visit.desk.store.transaction() as session:
        revoke_token(session, visit.user.id, number)
    return visit.go_to("/account", "The token is revoked.")


def _account(visit: Visit, secret: str = "") -> Response:
    with visit.desk.store.reading() as session:
        tokens = list_tokens(session, visit.user.id)
    return visit.page("account.html", tokens=tokens, secret=secret)


def _require_login(visit: Visit) -> None:
    if not visit.caller.secret:
        raise NotAllowedError(
            f"got {visit.user.name!r}, who has no login; on a desk that only this machine can "
            "reach there is none until users are added"
        )
