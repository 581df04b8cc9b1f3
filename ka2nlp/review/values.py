"""Values that every database and every JSON reader takes, out of whatever a source holds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

__all__ = ["plain", "plain_text"]

_UNKNOWN: Final = "\ufffd"
_NEVER: Final = re.compile("[\0\ud800-\udfff]")


def plain_text(text: str) -> str:
    """Replace the NUL character and halves of surrogate pairs, one for one, by U+FFFD.

    PostgreSQL takes no NUL, and UTF-8 knows no halves; offsets stay what they were.
    """
    return _NEVER.sub(_UNKNOWN, text)


def plain(value: object) -> object:
    """Give the JSON form of a value: what JSON does not know becomes text, infinities None."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {plain_text(str(key)): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return plain_text(str(value))
