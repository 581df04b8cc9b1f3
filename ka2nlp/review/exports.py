"""Take a call out of the database: its decisions in, a file for corpora, spreadsheets or programs out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["FORMATS", "Exported", "export_call"]

FORMATS: Final[dict[str, str]] = {
    "corpus": ".jsonl",
    "labelled": ".jsonl",
    "csv": ".csv",
    "xlsx": ".xlsx",
    "jsonl": ".jsonl",
    "label-studio": ".json",
}
"""Name of each format, with the ending of its files."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds.

    Parameters
    ----------
    n_proposals
        Proposals written.
    left_out
        Source identifiers of those that the format cannot hold yet, each with the reason.
    """

    n_proposals: int
    left_out: tuple[tuple[str, str], ...] = ()


def export_call(
    session: Session, call_id: int, format: str, target: Path, taxonomy: Taxonomy
) -> Exported:
    """Write a call to a file, which appears only once it is whole.

    Parameters
    ----------
    session
        Of the store.
    call_id
        The call.
    format
        A name in ``FORMATS``. "corpus" holds final labels by reference, without any text, in the
        form of ``ka2nlp.annotations``; "labelled" the same with the text, as ``read_labelled``
        reads it; "csv" and "xlsx" one row a proposal and code; "jsonl" one line a proposal with
        everything, the trail of decisions included; "label-studio" its tasks.
    target
        The file.
    taxonomy
        The labels.

    Raises
    ------
    NotFoundError
        When there is no such call.
    InvalidError
        When there is no such format, or the file cannot be written.
    """
    raise NotImplementedError
