"""The option by which commands find the database of the review desk."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click

from ka2nlp.web.settings import DEFAULT_DATABASE

__all__ = ["database_option"]


def database_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add ``--database-url`` to a command, which gets ``store``: the database, opened."""

    def run(database_url: str, **others: Any) -> None:  # noqa: ANN401
        from ka2nlp.review import Store

        store = Store.open(database_url)
        try:
            command(store=store, **others)
        finally:
            store.close()

    option = click.option(
        "--database-url",
        metavar="URL",
        default=DEFAULT_DATABASE,
        show_default=True,
        help="Of the review desk: a file of SQLite, or postgresql://...",
    )
    wrapped: Callable[..., None] = option(update_wrapper(run, command))
    return wrapped
