"""One colour a level, wherever levels are told apart by colour."""

from __future__ import annotations

from functools import cache
from itertools import cycle
from typing import Final

from ka2nlp.taxonomy import Taxonomy

__all__ = ["level_colour", "level_colours"]

_OUTCOMES: Final = ("#2f83cc", "#12a37b", "#b455ae", "#6d6fd0", "#c9563c")
_FRAMING: Final = "#c08414"


def level_colours(taxonomy: Taxonomy) -> dict[str, str]:
    """Give each level its colour, ``#rrggbb``: of middle lightness, for light and dark pages.

    Returns
    -------
    dict
        Key of a level, to its colour. Levels of outcomes have one each, in turn; those that frame
        the outcomes share one.
    """
    turns = cycle(_OUTCOMES)
    return {level.key: _FRAMING if level.framing else next(turns) for level in taxonomy.levels}


def level_colour(level: str) -> str:
    """Give the colour of a level of the taxonomy that ships, by its key."""
    return _shipped()[level]


@cache
def _shipped() -> dict[str, str]:
    return level_colours(Taxonomy.load())
