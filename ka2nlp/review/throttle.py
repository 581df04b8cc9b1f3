"""How long somebody who gave wrong passwords has to wait; names are kept as digests.

Names are digests because people type passwords into the wrong field. Count an attempt before
looking at its password, so that many at once cannot slip through; clear the count if it was right.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from ka2nlp.review.rows import now
from ka2nlp.review.schema import failures

__all__ = ["clear_failures", "note_failure", "seconds_to_wait"]

_WINDOW: Final = timedelta(minutes=15)
_LONGEST: Final = 300.0
_FREE_FOR_BOTH: Final = 5
_FREE_FOR_ADDRESS: Final = 20
_FREE_FOR_NAME: Final = 50  # from anywhere: guessing by many machines, or locking somebody out


def note_failure(session: Session, name: str, address: str) -> None:
    """Count one attempt for a user name from an address; attempts long past are forgotten."""
    at = now()
    session.execute(delete(failures).where(failures.c.at <= at - _WINDOW))
    row = {"name": _digest(name), "address": address[:64], "at": at}
    session.execute(insert(failures).values(**row))


def seconds_to_wait(session: Session, name: str, address: str) -> float:
    """Tell how long to refuse attempts for a user name from an address.

    Returns
    -------
    float
        Seconds in [0, 300]: nothing for the first 5 of the last 15 minutes from that address for
        that name (20 for any name, 50 from any address), then twice as long after each.
    """
    same_name = failures.c.name == _digest(name)
    same_address = failures.c.address == address[:64]
    return max(
        _wait(session, _FREE_FOR_BOTH, same_name, same_address),
        _wait(session, _FREE_FOR_ADDRESS, same_address),
        _wait(session, _FREE_FOR_NAME, same_name),
    )


def clear_failures(session: Session, name: str, address: str) -> None:
    """Forget the attempts for a user name from an address: the password was right."""
    session.execute(
        delete(failures).where(failures.c.name == _digest(name), failures.c.address == address[:64])
    )


def _wait(session: Session, n_free: int, *conditions: ColumnElement[bool]) -> float:
    recent = failures.c.at > now() - _WINDOW
    statement = select(func.count(), func.max(failures.c.at)).where(recent, *conditions)
    n_failed, last = session.execute(statement).one()
    if n_failed < n_free:
        return 0.0
    due: float = min(2.0 ** min(n_failed - n_free, 20), _LONGEST)
    passed: timedelta = now() - last
    return max(0.0, due - passed.total_seconds())


def _digest(name: str) -> str:
    return hashlib.sha256(name.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()
