"""What the tables made of an archive share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ka2nlp.errors import ArchiveError

__all__ = ["best_sentences", "ending"]


def ending(target: Path, known: Iterable[str]) -> str:
    """Give the ending of a table's name.

    Raises
    ------
    ArchiveError
        When it is none of those that are known.
    """
    found = target.suffix.lower()
    if found not in known:
        raise ArchiveError(
            f"got the table {target} with the ending {found!r}, expected {' or '.join(known)}"
        )
    return found


def best_sentences(evidence: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Give the first sentence of each code in the column ``evidence``, on one line."""
    best: dict[str, str] = {}
    for item in evidence:
        if item["code"] not in best:
            best[item["code"]] = " ".join(item["text"].split())
    return best
