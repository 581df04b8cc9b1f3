"""Long lists in pages: what a request asks for, and what it gets with the way to the next."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Final, Generic, Protocol, TypeVar

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, Field

from ka2nlp.review.schema import LARGEST

__all__ = ["Id", "Listed", "Page", "PageAsked"]

_MOST: Final = 200


class Numbered(Protocol):
    """Something with a number in the database."""

    @property
    def id(self) -> int:
        """Its number; later ones have greater numbers."""


Listed = TypeVar("Listed")
_Numbered = TypeVar("_Numbered", bound=Numbered)

Id = Annotated[int, Path(ge=1, le=LARGEST, examples=[1])]
"""A number in an address."""


class Page(BaseModel, Generic[Listed]):
    """A part of a list."""

    items: list[Listed]
    next: str | None = Field(
        description="Address of the next part; null where this is the last.",
        examples=["/api/v1/calls?after=50&limit=50"],
    )


class _Asked:
    """Which part of a list a request asks for.

    Parameters
    ----------
    request
        Its address leads to the next part.
    after
        Number of the last item of the part before.
    limit
        Items at most.
    """

    def __init__(
        self,
        request: Request,
        after: Annotated[
            int, Query(ge=0, le=LARGEST, description="Number of the last item before.")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=_MOST, description="Items at most.")] = 50,
    ) -> None:
        self.after = after
        self.limit = limit
        self._url = request.url

    def page(self, items: Iterable[_Numbered]) -> Page[_Numbered]:
        """Take this part out of items that are in the order of their numbers."""
        found = list(islice((one for one in items if one.id > self.after), self.limit + 1))
        part = found[: self.limit]
        if len(found) == len(part):
            return Page(items=part, next=None)
        further = self._url.include_query_params(after=part[-1].id, limit=self.limit)
        return Page(items=part, next=f"{further.path}?{further.query}")


PageAsked = Annotated[_Asked, Depends(_Asked)]
"""The part of a list that is asked for, as a parameter of an endpoint."""
