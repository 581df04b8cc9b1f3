"""An archive and its inputs in, the documents with what was said of them out.

An archive keeps no text, so that its inputs are read again; a text that is no longer the one that
was tagged, or is new, comes without a report. A row that has a problem, or is not there any more,
comes as a document without text and with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from ka2nlp.archives.reading import iterate_archive, read_settings
from ka2nlp.archives.rows import Read, make_row
from ka2nlp.archives.schema import probability_column
from ka2nlp.archives.settings import Settings
from ka2nlp.archives.store import LATEST, RUN
from ka2nlp.errors import ArchiveError
from ka2nlp.records import ADDRESSED, NOT_ADDRESSED, TO_CHECK, Document, Evidence, Report, Tag
from ka2nlp.taxonomy import Taxonomy

__all__ = ["Archived", "is_archive", "read_archived"]


@dataclass(frozen=True, slots=True)
class Archived:
    """A document of an archive's input.

    Parameters
    ----------
    document
        As it is read today; without text, and with the reason, where the archive has a problem or
        the input has become shorter.
    report
        What the archive says of it; None where its text has changed or could not be tagged.
    """

    document: Document
    report: Report | None


def is_archive(source: Path | str) -> bool:
    """Tell whether a path is an archive, or a run in one."""
    return any((Path(source) / name).is_file() for name in (LATEST, RUN))


def read_archived(folder: Path | str, read: Read, taxonomy: Taxonomy) -> Iterator[Archived]:
    """Read the documents that an archive was made of, with their reports, in its order.

    Parameters
    ----------
    folder
        The archive, or one run in it.
    read
        Gives the documents of an input, as ``ka2nlp.read_documents`` does.
    taxonomy
        The labels.

    Raises
    ------
    ArchiveError
        When it is not an archive, its run is not finished or was made with other labels, or it was
        made of documents rather than of inputs that can be read again.
    InputError
        When an input is not there any more.
    """
    settings = read_settings(folder)
    if settings.taxonomy != taxonomy.fingerprint:
        raise ArchiveError(
            f"got {folder}, tagged with the taxonomy {settings.taxonomy}, expected "
            f"{taxonomy.fingerprint}; tag again with a model for this taxonomy"
        )
    rows = (row for batch in iterate_archive(folder) for row in batch.to_pylist())
    for source, found in groupby(rows, key=lambda row: str(row["source"])):
        if not source:
            raise ArchiveError(
                f"got {folder}, which was made of documents without a source; add their files"
            )
        yield from _of_input(source, found, read, settings, taxonomy)


def _of_input(
    source: str,
    rows: Iterator[Mapping[str, Any]],
    read: Read,
    settings: Settings,
    taxonomy: Taxonomy,
) -> Iterator[Archived]:
    documents = read(source)
    n_rows = 0
    for row in rows:
        if row["row"] <= n_rows:  # the input was given twice
            break
        n_rows = row["row"]
        document = _next(documents, row)
        key = make_row(source, n_rows, document, settings).key
        if key != row["key"]:
            yield Archived(document, None)
        elif row["problem"] is not None:
            yield Archived(replace(document, text="", problems=(row["problem"],)), None)
        else:
            yield Archived(document, _report(row, document, taxonomy))
    for document in documents:
        yield Archived(document, None)


def _next(documents: Iterator[Document], row: Mapping[str, Any]) -> Document:
    """Read the document of a row, or tell by an empty one why there is none."""
    problem = row["problem"]
    try:
        found = next(documents, None)
    except Exception as error:  # what could not be read when it was tagged need not be readable now
        if problem is None:
            raise
        found, problem = None, str(error) or type(error).__name__
    if found is not None:
        return found
    missing = f"got {row['source']} without row {row['row']}, which it had when it was tagged"
    return Document(row["id"], row["title"], "", problems=(problem or missing,))


def _report(row: Mapping[str, Any], document: Document, taxonomy: Taxonomy) -> Report:
    answers = dict.fromkeys(taxonomy.codes, NOT_ADDRESSED)
    answers |= dict.fromkeys(row["to_check"], TO_CHECK)
    answers |= dict.fromkeys(row["addressed"], ADDRESSED)
    scores = {code: float(row[probability_column(code)]) for code in taxonomy.codes}
    tags = [
        Tag(
            code,
            taxonomy[code].label,
            taxonomy[code].level,
            scores[code],
            tuple(
                Evidence(
                    one["start"],
                    one["end"],
                    one["text"],
                    one["score"],
                    document.place_at(one["start"]),
                )
                for one in row["evidence"]
                if one["code"] == code
            ),
            answers[code],
        )
        for code in row["tags"]
    ]
    return Report(
        id=document.id,
        title=document.title,
        tags=tuple(tags),
        scores=scores,
        answers=answers,
        model=row["model"],
        taxonomy=row["taxonomy"],
        n_words=row["n_words"],
        n_sentences=row["n_sentences"],
        warnings=tuple(row["warnings"]),
    )
