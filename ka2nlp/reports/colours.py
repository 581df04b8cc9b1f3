"""One colour a level, wherever levels are told apart by colour."""

from __future__ import annotations

from typing import Final

__all__ = ["level_colour"]

_COLOURS: Final = {
    "systemic": "#2f83cc",
    "organisational": "#12a37b",
    "individual": "#b455ae",
    "practice": "#c08414",
    "reach": "#c08414",
    "challenge": "#c08414",
}
_OTHERS: Final = ("#2f83cc", "#12a37b", "#b455ae", "#c08414", "#6d6fd0", "#c9563c")


def level_colour(level: str, position: int = 0) -> str:
    """Give the colour of a level, ``#rrggbb``: of middle lightness, for light and dark pages.

    Parameters
    ----------
    level
        Key of the level.
    position
        Its place in the taxonomy, by which levels of other taxonomies are told apart.
    """
    return _COLOURS.get(level, _OTHERS[position % len(_OTHERS)])
