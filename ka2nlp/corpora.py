"""Gather a training corpus: labelled files, tables, and annotations joined with their texts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ka2nlp.annotations import Joined, join_texts, read_annotations
from ka2nlp.documents.files import HIDDEN, read_file
from ka2nlp.documents.formats import format_of, is_known
from ka2nlp.documents.frames import read_frame
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.errors import CorpusError
from ka2nlp.labelled import LabelledDocument, read_labelled
from ka2nlp.records import Document
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Corpus",
    "check_identifiers",
    "label_frame",
    "load_corpus",
    "mistyped_codes",
    "read_gold",
    "read_labels",
    "read_table",
]

_TRUE: Final = frozenset({"1", "1.0", "true", "yes", "y", "x"})
_FALSE: Final = frozenset({"", "0", "0.0", "false", "no", "n"})
_TABLES: Final = frozenset({"csv", "excel", "parquet"})


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
        One or several: labelled JSON Lines, tables (CSV, Excel, Parquet), annotation files, or
        folders of these.
    texts
        The texts of documents that are annotated by reference; read only where there are any.
    taxonomy
        The labels.

    Raises
    ------
    CorpusError
        When a source is missing or breaks its rules.
    InputError
        When a table cannot be read.
    """
    documents: list[LabelledDocument] = []
    by_reference: list[Path] = []
    for file in _files(sources):
        if _is_table(file):
            documents += read_table(file, taxonomy)
        elif _is_by_reference(file):
            by_reference.append(file)
        else:
            documents += read_labelled(file, taxonomy)
    if not by_reference:
        return Corpus(tuple(documents))
    joined = join_texts(read_annotations(by_reference, taxonomy), texts)
    return Corpus((*documents, *joined.documents), joined)


def read_gold(
    source: Path | str | Sequence[Path | str], taxonomy: Taxonomy
) -> tuple[LabelledDocument, ...]:
    """Read corpus files that hold their texts, to measure a model on; see ``load_corpus``.

    Raises
    ------
    CorpusError
        When a source is missing or breaks its rules, or holds annotations without their texts.
    InputError
        When a table cannot be read.
    """
    corpus = load_corpus(source, (), taxonomy)
    if corpus.joined is not None:
        raise CorpusError(
            f"got {source} with annotations by reference, expected documents that hold their "
            "texts; `ka2nlp corpus build` joins them"
        )
    return corpus.documents


def read_labels(
    source: Path | str | Sequence[Path | str], taxonomy: Taxonomy
) -> dict[str, frozenset[str]]:
    """Read the labels alone of a corpus of any kind: identifier to codes, parents included.

    Raises
    ------
    CorpusError
        When the source is missing, breaks its rules, or holds a document twice.
    InputError
        When a table cannot be read.
    """
    found: dict[str, frozenset[str]] = {}
    files: dict[str, Path] = {}
    for file in _files(source):
        for identifier, codes in _labels(file, taxonomy):
            if identifier in files:
                raise CorpusError(
                    f"got the labels of {identifier} in {files[identifier]} and again in {file}, "
                    "expected each document once"
                )
            found[identifier], files[identifier] = codes, file
    return found


def _labels(file: Path, taxonomy: Taxonomy) -> Iterator[tuple[str, frozenset[str]]]:
    if not _is_table(file) and _is_by_reference(file):
        for annotation in read_annotations(file, taxonomy):
            yield annotation.id, frozenset(annotation.labels)
    else:
        for labelled in load_corpus([file], (), taxonomy).documents:
            yield labelled.document.id, labelled.labels


def check_identifiers(corpus: Iterable[LabelledDocument]) -> None:
    """Refuse a corpus in which an identifier stands twice.

    Raises
    ------
    CorpusError
        When one does.
    """
    counts = Counter(one.document.id for one in corpus)
    twice = [identifier for identifier, count in counts.items() if count > 1]
    if twice:
        raise CorpusError(
            f"got {len(twice)} identifiers twice, {twice[0]} among them; "
            "expected each document once"
        )


def mistyped_codes(corpus: Iterable[LabelledDocument], taxonomy: Taxonomy) -> dict[str, str]:
    """Find columns, now metadata, that are named almost as a code: ``S 6``; with the codes."""
    codes = {_letters(code): code for code in taxonomy.codes}
    headers = dict.fromkeys(header for one in corpus for header in one.document.metadata)
    return {header: codes[_letters(header)] for header in headers if _letters(header) in codes}


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _files(sources: Path | str | Sequence[Path | str]) -> Iterator[Path]:
    for source in map(Path, [sources] if isinstance(sources, (Path, str)) else sources):
        files = sorted(filter(_is_corpus, source.iterdir())) if source.is_dir() else [source]
        if not files or not files[0].is_file():
            raise CorpusError(
                f"got {source}, which cannot be read; "
                "expected a corpus file or a folder of *.jsonl files and tables"
            )
        yield from files


def _is_corpus(path: Path) -> bool:
    return not path.name.startswith(HIDDEN) and (path.suffix == ".jsonl" or _is_table(path))


def _is_table(path: Path) -> bool:
    return is_known(path) and format_of(path, str(path)) in _TABLES


def _is_by_reference(file: Path) -> bool:
    """Tell annotations (sentences by fingerprint) from documents that hold their text."""
    try:
        with file.open(encoding="utf-8-sig") as stream:
            first = json.loads(next((line for line in stream if line.strip()), "{}"))
    except (OSError, ValueError, RecursionError) as error:
        raise CorpusError(f"got {file}, which cannot be read as JSON Lines: {error}") from error
    return isinstance(first, dict) and "sentences" in first


def read_table(path: Path, taxonomy: Taxonomy) -> list[LabelledDocument]:
    """Read a table: a text, one column a code, and an identifier and a title if there are any.

    It is read as tables to be tagged are, CSV, Excel or Parquet, with headers matched loosely. A
    cell of a code holds 1, true, yes, y or x where the label holds, and 0, false, no, n or nothing
    where it does not. A code without a column was not judged.

    Raises
    ------
    CorpusError
        When no column is a code, or a row cannot be read; it names the row.
    InputError
        When the table cannot be read or has no text.
    """
    rows = list(read_file(path, None, ReadingOptions(keep_empty=True)))
    headers = {header for row in rows for header in row.metadata}
    codes = {code.lower(): code for code in taxonomy.codes}
    columns = {header: codes[header.lower()] for header in headers if header.lower() in codes}
    if not columns:
        shown = ", ".join(sorted(headers)) or "no other"
        raise CorpusError(
            f"got {shown} beside the text in {path}, expected a column of 1 and 0 for each code"
        )
    return [_row(path, row, columns, taxonomy) for row in rows]


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
            judged=frozenset(codes),
        )
        for document, name, row in zip(documents, frame.index, ticks, strict=True)
    ]


def _row(
    path: Path, row: Document, columns: Mapping[str, str], taxonomy: Taxonomy
) -> LabelledDocument:
    if row.problems:
        raise CorpusError(f"{path}, {row.id}: {row.problems[0]}")
    ticked = []
    for header, code in columns.items():
        cell = str(row.metadata.get(header, "")).strip().lower()
        if cell not in _TRUE | _FALSE:
            raise CorpusError(f"{path}, {row.id}: got {cell!r} for {code}, expected 1 or 0")
        if cell in _TRUE:
            ticked.append(code)
    others = {
        name: cell for name, cell in row.metadata.items() if name not in columns and cell != ""
    }
    return LabelledDocument(
        replace(row, metadata=others),
        frozenset(taxonomy.with_parents(ticked)),
        judged=frozenset(columns.values()),
    )
