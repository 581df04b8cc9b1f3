"""Libraries that come with an extra of the package: what to install where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ka2nlp.errors import InputError

__all__ = ["needs"]


@contextmanager
def needs(what: str, library: str, extra: str) -> Iterator[None]:
    """Import inside this, so that a missing library is an ``InputError`` that names the extra."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise InputError(
            f"got {what} but no {library} to read it; install: pip install 'ka2nlp[{extra}]'"
        ) from error
    except ImportError as error:
        raise InputError(
            f"got {what} but a {library} that cannot be imported ({error}); install it again"
        ) from error
