"""Addresses: whether a source is one, and how to show it without its secrets."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_database", "is_url", "show_url"]

_SCHEME: Final = re.compile(r"([a-z][a-z0-9]*)(?:[+][a-z0-9_]+)?://", re.IGNORECASE)
_DATABASES: Final = frozenset({"mariadb", "mssql", "mysql", "oracle", "postgresql", "sqlite"})
_AUTHORITY: Final = re.compile(
    r"(?:[^/?#]*@)?(?P<host>\[[^]/?#@]*\]|[^/?#@:]*)(?::[0-9]*)?(?=[/?#]|$)"
)
"""User and password, which may be left out, host and port of an address of a file."""


def is_url(source: str) -> bool:
    """Tell whether a source is an address rather than a path."""
    return _SCHEME.match(source) is not None


def is_database(source: str) -> bool:
    """Tell whether a source is the address of a database."""
    match = _SCHEME.match(source)
    return match is not None and match[1].lower() in _DATABASES


def show_url(url: str) -> str:
    """Give an address without user, password and query, which may hold secrets; a path as it is.

    An ``@`` after the host belongs to the path or the query. In the address of a database, and in
    one whose host cannot be told, all before the last ``@`` may be a password.
    """
    if not is_url(url):
        return url
    scheme, _, rest = url.partition("://")
    match = None if is_database(url) else _AUTHORITY.match(rest)
    without_user = rest[match.start("host") :] if match else rest.rpartition("@")[2]
    host_and_path = re.split(r"[?#]", without_user)[0]
    return f"{scheme}://{host_and_path}"
