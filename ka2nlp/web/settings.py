"""How a desk is set up: where it listens, what it keeps, and how much it takes at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import Final

__all__ = ["DEFAULT_DATABASE", "Limits", "Settings", "is_address", "is_loopback"]

DEFAULT_DATABASE: Final = "sqlite:///ka2nlp-review.db"
"""A file in the folder that the desk is started in."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused, so that no request takes the desk from the others.

    Parameters
    ----------
    body_bytes
        Of a request without files.
    documents
        In one request that tags many.
    characters
        Of one text.
    waiting
        Documents that may wait to be tagged; more get 503.
    together
        Documents tagged in one batch.
    batch_characters
        Of all texts of a batch, so that one long text does not hold up many short ones.
    upload_bytes, upload_pages, upload_rows, upload_seconds, upload_memory
        Of one file: its size, the pages of a PDF, the rows of a table, the time and the bytes of
        address space that reading it may take.
    uploads
        Files read at the same time.
    """

    body_bytes: int = 2 << 20
    documents: int = 64
    characters: int = 1_000_000
    waiting: int = 512
    together: int = 32
    batch_characters: int = 200_000
    upload_bytes: int = 20 << 20
    upload_pages: int = 500
    upload_rows: int = 5000
    upload_seconds: float = 20.0
    upload_memory: int = 2 << 30
    uploads: int = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """How one desk is set up.

    Parameters
    ----------
    host, port
        Where it listens; only this machine reaches a loopback address.
    database_url
        Where decisions are kept: ``sqlite:///FILE`` or ``postgresql://...``.
    model
        A folder, or the name of a model that ships; the default model when left out.
    names
        Names by which browsers reach it besides ``localhost`` and addresses in figures.
    trusted_proxy
        Address of a proxy before it, whose word on the client and on https is believed.
    secure
        Whether browsers always reach it by https, so that cookies and addresses say so.
    login_lifetime
        After which users log in again.
    limits
        What is refused.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str = DEFAULT_DATABASE
    model: str | None = None
    names: tuple[str, ...] = ()
    trusted_proxy: str | None = None
    secure: bool = False
    login_lifetime: timedelta = timedelta(hours=12)
    limits: Limits = field(default_factory=Limits)

    @property
    def private(self) -> bool:
        """Whether only this machine can reach it: then it may be used without users."""
        return is_loopback(self.host) and not self.names and self.trusted_proxy is None


def is_address(host: str) -> bool:
    """Tell whether a host is an address in figures rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Tell whether a host means this machine."""
    return ip_address(host).is_loopback if is_address(host) else host.lower() == "localhost"
