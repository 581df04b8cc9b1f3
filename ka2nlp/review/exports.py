"""Take a call out of the database: its decisions in, a file for corpora, tables or programs out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from ka2nlp.annotations import write_annotations
from ka2nlp.drafts import replacing
from ka2nlp.errors import InputError, InvalidError
from ka2nlp.labelled import write_labelled
from ka2nlp.reports.sheets import SHEETS
from ka2nlp.review.calls import get_call
from ka2nlp.review.export_rows import WIDTHS, table_columns, table_rows
from ka2nlp.review.label_studio import to_label_studio
from ka2nlp.review.outcomes import settled
from ka2nlp.review.readings import latest_texts
from ka2nlp.review.references import refer
from ka2nlp.review.trails import full_trail
from ka2nlp.taxonomy import Taxonomy

__all__ = ["FORMATS", "Exported", "export_call"]


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
        A name in ``FORMATS``. "corpus" holds what is settled (see ``ka2nlp.review.outcomes``) by
        reference, without any text, in the form of ``ka2nlp.annotations``; "labelled" the same with
        the text, as ``ka2nlp.labelled.read_labelled`` reads it; "csv" and "xlsx" one row a proposal
        and code; "jsonl" one line a proposal with everything, every decision ever made included;
        "label-studio" its tasks.
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
    get_call(session, call_id)
    if format not in FORMATS:
        raise InvalidError(f"got the format {format!r}, expected one of {', '.join(FORMATS)}")
    try:
        with replacing(target) as draft:
            return FORMATS[format](session, call_id, draft, taxonomy)
    except (OSError, InputError) as error:  # the latter of a writer with a draft of its own
        reason = error if isinstance(error, OSError) else error.__cause__ or error
        words = getattr(reason, "strerror", None) or reason
        raise InvalidError(f"got the output {target}, which cannot be written ({words})") from error


def _write_corpus(session: Session, call_id: int, target: Path, taxonomy: Taxonomy) -> Exported:
    outcomes = settled(session, call_id, taxonomy)
    annotations = {one.labelled.document.id: refer(one) for one in outcomes.settled}
    written = [one for one in annotations.values() if one is not None]
    write_annotations(written, target)
    bare = [
        (name, "a label without a sentence that shows it")
        for name, one in annotations.items()
        if one is None
    ]
    return Exported(len(written), (*outcomes.left_out, *bare))


def _write_labelled(session: Session, call_id: int, target: Path, taxonomy: Taxonomy) -> Exported:
    outcomes = settled(session, call_id, taxonomy)
    write_labelled(outcomes.documents, target)
    return Exported(len(outcomes.settled), outcomes.left_out)


def _write_trail(session: Session, call_id: int, target: Path, taxonomy: Taxonomy) -> Exported:
    n_proposals = 0
    with target.open("w", encoding="utf-8", newline="\n") as stream:
        for one in full_trail(session, call_id):
            stream.write(json.dumps(one, ensure_ascii=False) + "\n")
            n_proposals += 1
    return Exported(n_proposals)


def _write_tasks(session: Session, call_id: int, target: Path, taxonomy: Taxonomy) -> Exported:
    tasks = list(to_label_studio(session, call_id, taxonomy))
    target.write_text(json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Exported(len(tasks))


def _table_writer(ending: str) -> Callable[[Session, int, Path, Taxonomy], Exported]:
    def write(session: Session, call_id: int, target: Path, taxonomy: Taxonomy) -> Exported:
        columns = table_columns(session, call_id)
        rows = table_rows(session, call_id, taxonomy)
        SHEETS[ending](target, columns, rows, WIDTHS)
        return Exported(len(latest_texts(session, call_id)))

    return write


FORMATS: Final[dict[str, Callable[[Session, int, Path, Taxonomy], Exported]]] = {
    "corpus": _write_corpus,
    "labelled": _write_labelled,
    "csv": _table_writer(".csv"),
    "xlsx": _table_writer(".xlsx"),
    "jsonl": _write_trail,
    "label-studio": _write_tasks,
}
"""Name of each format, with its writer."""
