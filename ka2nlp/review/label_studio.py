"""Exchange a call with Label Studio: its tasks out, its annotations in as decisions of a user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["Imported", "from_label_studio", "labelling_configuration", "to_label_studio"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Parameters
    ----------
    n_proposals, n_decisions
        Proposals that are now finished, and decisions recorded on them.
    skipped
        Identifiers of the tasks that were left alone, each with the reason.
    n_lost
        Spans whose place in the text could not be told.
    """

    n_proposals: int
    n_decisions: int
    skipped: tuple[tuple[str, str], ...]
    n_lost: int


def labelling_configuration(taxonomy: Taxonomy) -> str:
    """Write the labelling interface of a Label Studio project for these tasks, as XML."""
    raise NotImplementedError


def to_label_studio(
    session: Session, call_id: int, taxonomy: Taxonomy
) -> Iterator[dict[str, object]]:
    """Give the proposals of a call as tasks of Label Studio."""
    raise NotImplementedError


def from_label_studio(
    session: Session,
    call_id: int,
    user_id: int,
    tasks: Iterable[Mapping[str, object]],
    taxonomy: Taxonomy,
) -> Imported:
    """Take annotations of Label Studio as the decisions of a user."""
    raise NotImplementedError
