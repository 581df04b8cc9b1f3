"""Gather a training corpus: labelled files, tables, and annotations joined with their texts."""

from __future__ import annotations

import csv
import json
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ka2nlp.annotations import Joined, join_texts, read_annotations
from ka2nlp.documents.frames import read_frame
from ka2nlp.errors import CorpusError
from ka2nlp.labelled import LabelledDocument, read_labelled
from ka2nlp.records import Document
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Corpus", "label_frame", "load_corpus", "read_labels", "read_table"]

_TRUE: Final = frozenset({"1", "1.0", "true", "yes", "x"})
_FALSE: Final = frozenset({"", "0", "0.0", "false", "no"})
_TABLES: Final = frozenset({".csv", ".tsv"})
_TEXT_COLUMNS: Final = ("text", "summary")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled documents, and what annotations by reference did not find.

    Parameters
    ----------
    documents
        Everything that can be used.
    joined
        How the annotations met their texts; None where all files held their texts.
    """

    documents: tuple[LabelledDocument, ...]
    joined: Joined | None = None


def load_corpus(
    sources: Path | str | Sequence[Path | str], texts: Iterable[Document], taxonomy: Taxonomy
) -> Corpus:
    """Read corpus files of any kind.

    Parameters
    ----------
    sources
        One or several: labelled JSON Lines, ``.csv`` or ``.tsv`` tables, annotation files, or
        folders of these.
    texts
        The texts of documents that are annotated by reference; read only where there are any.
    taxonomy
        The labels.

    Raises
    ------
    CorpusError
        When a source is missing or breaks its rules.
    """
    documents: list[LabelledDocument] = []
    by_reference: list[Path] = []
    for file in _files(sources):
        if file.suffix in _TABLES:
            documents += read_table(file, taxonomy)
        elif _is_by_reference(file):
            by_reference.append(file)
        else:
            documents += read_labelled(file, taxonomy)
    if not by_reference:
        return Corpus(tuple(documents))
    annotations = [one for file in by_reference for one in read_annotations(file, taxonomy)]
    joined = join_texts(annotations, texts)
    return Corpus((*documents, *joined.documents), joined)


def read_labels(source: Path | str, taxonomy: Taxonomy) -> dict[str, frozenset[str]]:
    """Read the labels alone of a corpus of any kind: identifier to codes, parents included.

    Raises
    ------
    CorpusError
        When the source is missing or breaks its rules.
    """
    found: dict[str, frozenset[str]] = {}
    for file in _files(source):
        if file.suffix not in _TABLES and _is_by_reference(file):
            annotations = read_annotations(file, taxonomy)
            found |= {one.id: frozenset(one.labels) for one in annotations}
        else:
            labelled = load_corpus([file], (), taxonomy).documents
            found |= {one.document.id: one.labels for one in labelled}
    return found


def _files(sources: Path | str | Sequence[Path | str]) -> Iterator[Path]:
    for source in map(Path, [sources] if isinstance(sources, (Path, str)) else sources):
        files = sorted(source.glob("*.jsonl")) if source.is_dir() else [source]
        if not files or not files[0].is_file():
            raise CorpusError(f"got {source}, expected a corpus file or a folder of *.jsonl files")
        yield from files


def _is_by_reference(file: Path) -> bool:
    """Tell annotations (sentences by fingerprint) from documents that hold their text."""
    try:
        with file.open(encoding="utf-8") as stream:
            first = json.loads(stream.readline() or "{}")
    except (OSError, ValueError) as error:
        raise CorpusError(f"got {file}, which cannot be read as JSON Lines: {error}") from error
    return isinstance(first, dict) and "sentences" in first


def read_table(path: Path, taxonomy: Taxonomy) -> list[LabelledDocument]:
    """Read a table: ``text`` (or ``summary``), one column a code, and ``id`` and ``title`` if any.

    A cell of a code holds 1, true, yes or x where the label holds, and 0, false, no or nothing
    where it does not.

    Raises
    ------
    CorpusError
        When a column is missing or a cell holds something else; it names the row.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t" if path.suffix == ".tsv" else ",")
        columns = reader.fieldnames or []
        text = next((name for name in _TEXT_COLUMNS if name in columns), None)
        codes = [name for name in columns if name in taxonomy]
        if text is None or not codes:
            raise CorpusError(
                f"got the columns {', '.join(columns)} in {path}, expected text (or summary) and "
                "a column for each code"
            )
        return [
            _row(row, number, text, codes, taxonomy) for number, row in enumerate(reader, start=2)
        ]


def label_frame(
    frame: pd.DataFrame,
    taxonomy: Taxonomy,
    *,
    text: Hashable = "summary",
    title: Hashable | None = None,
) -> list[LabelledDocument]:
    """Take labelled documents from a pandas data frame with a column of 0 and 1 a code.

    Parameters
    ----------
    frame
        One row a document; its index identifies them.
    taxonomy
        The labels.
    text, title
        Names of the columns that hold the descriptions and, if there are any, the titles.

    Raises
    ------
    InputError
        When a column is missing.
    CorpusError
        When no column is a code, or one holds something else than 0 and 1.
    """
    codes = [code for code in taxonomy.codes if code in frame.columns]
    if not codes:
        raise CorpusError("got a data frame without a code, expected a column of 0 and 1 a code")
    if odd := [code for code in codes if not frame[code].isin((0, 1)).all()]:
        raise CorpusError(f"got values other than 0 and 1 in the column {odd[0]}")
    ticks = frame[codes].to_numpy(dtype=bool)
    documents = read_frame(frame, text=text, title=title)
    return [
        LabelledDocument(
            replace(document, id=str(name)),
            frozenset(
                taxonomy.with_parents(code for code, on in zip(codes, row, strict=True) if on)
            ),
        )
        for document, name, row in zip(documents, frame.index, ticks, strict=True)
    ]


def _row(
    row: dict[str, str], number: int, text: str, codes: list[str], taxonomy: Taxonomy
) -> LabelledDocument:
    ticked = []
    for code in codes:
        cell = (row[code] or "").strip().lower()
        if cell not in _TRUE | _FALSE:
            raise CorpusError(f"row {number}: got {row[code]!r} for {code}, expected 1 or 0")
        if cell in _TRUE:
            ticked.append(code)
    document = Document(row.get("id") or f"row {number}", row.get("title") or "", row[text] or "")
    return LabelledDocument(document, frozenset(taxonomy.with_parents(ticked)))
