"""Gather a training corpus: labelled files, tables, and annotations joined with their texts."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ka2nlp.annotations import Joined, join_texts, read_annotations
from ka2nlp.errors import CorpusError
from ka2nlp.labelled import LabelledDocument, read_labelled
from ka2nlp.records import Document
from ka2nlp.taxonomy import Taxonomy

__all__ = ["Corpus", "load_corpus", "read_labels", "read_table"]

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


def load_corpus(sources: Sequence[Path], texts: Iterable[Document], taxonomy: Taxonomy) -> Corpus:
    """Read corpus files of any kind.

    Parameters
    ----------
    sources
        Labelled JSON Lines, ``.csv`` or ``.tsv`` tables, annotation files, or folders of these.
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


def read_labels(source: Path, taxonomy: Taxonomy) -> dict[str, frozenset[str]]:
    """Read the labels alone of a corpus of any kind: identifier to codes, parents included.

    Raises
    ------
    CorpusError
        When the source is missing or breaks its rules.
    """
    found: dict[str, frozenset[str]] = {}
    for file in _files([source]):
        if file.suffix not in _TABLES and _is_by_reference(file):
            annotations = read_annotations(file, taxonomy)
            found |= {one.id: frozenset(one.labels) for one in annotations}
        else:
            labelled = load_corpus([file], (), taxonomy).documents
            found |= {one.document.id: one.labels for one in labelled}
    return found


def _files(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
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
