"""Addresses: whether a source is one, and how to show it without its secrets."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_database", "is_url", "show_url"]

_SCHEME: Final = re.compile(r"([a-z][a-z0-9]*)(?:[+][a-z0-9_]+)?://", re.IGNORECASE)
_DATABASES: Final = frozenset({"mariadb", "mssql", "mysql", "oracle", "postgresql", "sqlite"})


def is_url(source: str) -> bool:
    """Tell whether a source is an address rather than a path."""
    return _SCHEME.match(source) is not None


def is_database(source: str) -> bool:
    """Tell whether a source is the address of a database."""
    match = _SCHEME.match(source)
    return match is not None and match[1].lower() in _DATABASES


def show_url(url: str) -> str:
    """Give an address without user, password and query, which may hold secrets; a path as it is."""
    if not is_url(url):
        return url
    scheme, _, rest = url.partition("://")
    host_and_path = re.split(r"[?#]", rest.rpartition("@")[2])[0]
    return f"{scheme}://{host_and_path}"
