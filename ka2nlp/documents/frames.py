"""Read the rows of a pandas data frame as documents; a row without a text says so."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from ka2nlp.documents.extras import needs
from ka2nlp.documents.given import as_documents
from ka2nlp.errors import InputError
from ka2nlp.records import Document

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_frame"]

_SHOWN: Final = 12


def read_frame(
    frame: object, *, text: Hashable, title: Hashable | None = None
) -> Iterator[Document]:
    """Read a data frame, one document a row, in order.

    Parameters
    ----------
    frame
        A pandas data frame.
    text, title
        Names of the columns that hold the descriptions and, if wanted, the titles.

    Raises
    ------
    InputError
        When this is no pandas data frame, or has no such column.
    """
    with needs("a data frame", "pandas", "learn"):
        from pandas import DataFrame
    if not isinstance(frame, DataFrame):
        kind = f"{type(frame).__module__.split('.')[0]}.{type(frame).__name__}"
        raise InputError(
            f"got {kind.removeprefix('builtins.')}, expected a pandas.DataFrame; "
            "use tag_many() for texts"
        )
    documents = as_documents(_column(frame, text))
    if title is None:
        return documents
    titles = _column(frame, title)
    return (
        replace(document, title=name if isinstance(name, str) else "")
        for document, name in zip(documents, titles, strict=True)
    )


def _column(frame: pd.DataFrame, name: Hashable) -> list[object]:
    names = list(frame.columns)
    if names.count(name) == 1:
        return list(frame[name])
    if name in names:
        raise InputError(f"got the column {name!r} {names.count(name)} times, expected it once")
    spelt = {str(one): one for one in names}
    lower = {one.lower(): one for one in spelt}
    near = get_close_matches(str(name).lower(), lower, n=1)
    meant = f"; did you mean {lower[near[0]]!r}?" if near else ""
    shown = ", ".join(list(spelt)[:_SHOWN]) or "none"
    raise InputError(f"got no column {name!r}, expected one of: {shown}{meant}")
