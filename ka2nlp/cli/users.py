"""``ka2nlp users``: who may use a review desk, with which role, password and tokens."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ka2nlp.cli.databases import database_option
from ka2nlp.cli.tables import print_table
from ka2nlp.errors import NotFoundError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ka2nlp.review.records import User
    from ka2nlp.review.store import Store

__all__ = ["command"]

_ROLES = click.Choice(["evaluator", "lead", "administrator"])

_password = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, one line."
)


@click.group("users")
def command() -> None:
    """Add and change the users of a review desk."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=_ROLES, default="evaluator", show_default=True)
@_password
@database_option
def add(name: str, role: str, password_stdin: bool, store: Store) -> None:
    """Add a user, who logs in with a password."""
    from ka2nlp.review.users import add_user

    secret = _ask_password(password_stdin)
    with store.transaction() as session:
        user = add_user(session, name, secret, role)
    click.echo(f"added {user.name}, {user.role}")


@command.command("list")
@database_option
def list_all(store: Store) -> None:
    """List the users."""
    from ka2nlp.review.users import list_users

    with store.reading() as session:
        users = list_users(session)
    print_table(
        ("name", "role", "active", "since"),
        [
            (user.name, user.role, "yes" if user.active else "no", f"{user.created:%Y-%m-%d}")
            for user in users
        ],
    )


@command.command("password")
@click.argument("name")
@_password
@database_option
def password(name: str, password_stdin: bool, store: Store) -> None:
    """Give a user a new password, and end their logins."""
    from ka2nlp.review.users import set_password

    secret = _ask_password(password_stdin)
    with store.transaction() as session:
        set_password(session, _user(session, name).id, secret)
    click.echo(f"changed the password of {name}")


@command.command("role")
@click.argument("name")
@click.argument("role", type=_ROLES)
@database_option
def role(name: str, role: str, store: Store) -> None:
    """Change what a user may do."""
    from ka2nlp.review.users import set_role

    with store.transaction() as session:
        set_role(session, _user(session, name).id, role)
    click.echo(f"{name} is {role}")


@command.command("deactivate")
@click.argument("name")
@database_option
def deactivate(name: str, store: Store) -> None:
    """Let a user in no more; what they decided stays."""
    from ka2nlp.review.users import set_active

    with store.transaction() as session:
        set_active(session, _user(session, name).id, False)
    click.echo(f"{name} may not log in any more")


@command.command("token")
@click.argument("name")
@click.option("--label", default="command line", show_default=True, help="What it is for.")
@database_option
def token(name: str, label: str, store: Store) -> None:
    """Make a token for programs, and print it; it is shown this once."""
    from ka2nlp.review.logins import create_token

    with store.transaction() as session:
        secret = create_token(session, _user(session, name).id, label)
    click.echo(secret)


def _user(session: Session, name: str) -> User:
    from ka2nlp.review.users import find_user

    user = find_user(session, name)
    if user is None:
        raise NotFoundError(f"got the user {name!r}, who is not there; see: ka2nlp users list")
    return user


def _ask_password(from_standard_input: bool) -> str:
    if from_standard_input:
        return sys.stdin.readline().rstrip("\r\n")
    given: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return given
