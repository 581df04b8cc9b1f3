"""Annotations by reference: what was labelled where, without the text.

One JSON line a document::

    {"id": "2014-1-XX01-KA200-000000", "text": "f3a1…", "annotator": "a01", "date": "2026-11-23",
     "sentences": {"9c41…": [120, 233]}, "labels": {"S1": {"best": ["9c41…"], "also": []}}}

``text`` is the fingerprint of the whole text and the keys of ``sentences`` those of its sentences,
with their offsets. ``best`` holds the one to three sentences that show a label best, ``also`` every
other sentence that shows it: a sentence in neither does not show the label.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ka2nlp.errors import CorpusError
from ka2nlp.labelled import MISFORMED, LabelledDocument, Span
from ka2nlp.records import Document
from ka2nlp.sentences import split_sentences
from ka2nlp.taxonomy import Taxonomy

__all__ = [
    "Annotation",
    "Joined",
    "Shown",
    "fingerprint_sentence",
    "fingerprint_text",
    "join_texts",
    "read_annotations",
    "write_annotations",
]

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Shown:
    """Fingerprints of the sentences that show one label: the best ones, and all others."""

    best: tuple[str, ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotator's labels of one document.

    Parameters
    ----------
    id
        Identifier of the document.
    text
        Fingerprint of its text.
    annotator, date
        Who labelled it and when (ISO 8601).
    sentences
        Fingerprint of each sentence named, to its character offsets.
    labels
        Each ticked code, to the sentences that show it.
    """

    id: str
    text: str
    annotator: str
    date: str
    sentences: Mapping[str, tuple[int, int]]
    labels: Mapping[str, Shown]


def fingerprint_text(text: str) -> str:
    """Give sixteen hexadecimal digits of a text's words, blind to case, space and punctuation."""
    return _digest(text, 8)


def fingerprint_sentence(text: str) -> str:
    """Give twelve hexadecimal digits of a sentence's words, as ``fingerprint_text`` does."""
    return _digest(text, 6)


def _digest(text: str, size: int) -> str:
    words = " ".join(_WORD.findall(text.lower()))
    return hashlib.blake2b(words.encode(), digest_size=size).hexdigest()


def read_annotations(path: Path | str | Sequence[Path], taxonomy: Taxonomy) -> list[Annotation]:
    """Read and check annotation files.

    Parameters
    ----------
    path
        A JSON Lines file, several, or a folder of them (read in the order of their names).
    taxonomy
        The codes that may stand in them.

    Raises
    ------
    CorpusError
        When nothing is there, a document is annotated twice, or a line breaks the rules; it names
        the file, the line and the rule.
    """
    found: list[Annotation] = []
    places: dict[str, str] = {}
    for file in _files(path):
        try:
            for number, annotation in _read_file(file, taxonomy):
                place = f"{file}, line {number}"
                known = places.setdefault(annotation.id, place)
                if known is not place:
                    raise CorpusError(
                        f"{place}: got a second annotation of {annotation.id}, which {known} has; "
                        "expected each document once"
                    )
                found.append(annotation)
        except (OSError, UnicodeDecodeError) as error:
            raise CorpusError(f"got {file}, which cannot be read as JSON Lines: {error}") from error
    return found


def _files(path: Path | str | Sequence[Path]) -> Sequence[Path]:
    if not isinstance(path, (Path, str)):
        return path
    root = Path(path)
    files = sorted(root.glob("*.jsonl")) if root.is_dir() else [root]
    if not files or not all(file.is_file() for file in files):
        raise CorpusError(f"got {root}, expected an annotation file or a folder of *.jsonl files")
    return files


def _read_file(file: Path, taxonomy: Taxonomy) -> Iterator[tuple[int, Annotation]]:
    with file.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                annotation = _parse(json.loads(line), taxonomy)
            except MISFORMED as error:
                raise CorpusError(f"{file}, line {number}: {error}") from error
            yield number, annotation


def _parse(row: Mapping[str, object], taxonomy: Taxonomy) -> Annotation:
    sentences = {key: (int(a), int(b)) for key, (a, b) in row["sentences"].items()}  # type: ignore[attr-defined]
    labels = {
        code: Shown(tuple(shown["best"]), tuple(shown["also"]))
        for code, shown in row["labels"].items()  # type: ignore[attr-defined]
    }
    for code, shown in labels.items():
        if code not in taxonomy:
            raise ValueError(f"got the code {code!r}, which the taxonomy does not have")
        parent = taxonomy[code].broader
        if parent is not None and parent not in labels:
            raise ValueError(f"got {code} without its parent {parent}")
        if not 1 <= len(shown.best) <= 3:
            raise ValueError(f"got {len(shown.best)} best sentences for {code}, expected 1 to 3")
        if unknown := {*shown.best, *shown.also} - sentences.keys():
            raise ValueError(f"got the sentence {min(unknown)} for {code} without its offsets")
        if set(shown.best) & set(shown.also):
            raise ValueError(f"got a sentence of {code} in both best and also")
    return Annotation(
        str(row["id"]), str(row["text"]), str(row["annotator"]), str(row["date"]), sentences, labels
    )


def write_annotations(annotations: Iterable[Annotation], path: Path) -> None:
    """Write annotations as JSON Lines, in the order of their identifiers."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for one in sorted(annotations, key=lambda annotation: annotation.id):
            labels = {
                code: {"best": list(shown.best), "also": list(shown.also)}
                for code, shown in one.labels.items()
            }
            row = {
                "id": one.id,
                "text": one.text,
                "annotator": one.annotator,
                "date": one.date,
                "sentences": {key: list(span) for key, span in one.sentences.items()},
                "labels": labels,
            }
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


@dataclass(frozen=True, slots=True)
class Joined:
    """Annotations brought together with their texts.

    Parameters
    ----------
    documents
        In the order of their identifiers.
    without_text
        Identifiers of the annotations whose text was not among those given.
    changed
        Identifiers of those whose text has other words than the one that was labelled.
    n_sentences, n_lost
        Sentences that the annotations name, and how many of them were not found again.
    """

    documents: tuple[LabelledDocument, ...]
    without_text: tuple[str, ...]
    changed: tuple[str, ...]
    n_sentences: int
    n_lost: int


def join_texts(annotations: Iterable[Annotation], documents: Iterable[Document]) -> Joined:
    """Join annotations with the texts that the reader has.

    A text that differs in space, case or punctuation only is the one that was labelled. A sentence
    is found by its offsets or, where those point at other words, by its fingerprint among the
    sentences of today's segmentation.

    Parameters
    ----------
    annotations
        At most one for each document.
    documents
        In any order; those without annotation are ignored.

    Raises
    ------
    CorpusError
        When a document is annotated twice.
    """
    wanted: dict[str, Annotation] = {}
    for one in annotations:
        if wanted.setdefault(one.id, one) is not one:
            raise CorpusError(f"got two annotations of {one.id}, expected each document once")
    joined: dict[str, LabelledDocument] = {}
    changed: set[str] = set()
    n_sentences = n_lost = 0
    for document in documents:
        annotation = wanted.get(document.id)
        if annotation is None or document.id in joined:
            continue
        if annotation.text != fingerprint_text(document.text):
            changed.add(document.id)
            continue
        spans = _find_sentences(annotation, document.text)
        joined[document.id] = _attach(annotation, document, spans)
        n_sentences += len(annotation.sentences)
        n_lost += len(annotation.sentences) - len(spans)
    changed -= joined.keys()
    missing = tuple(sorted(wanted.keys() - joined.keys() - changed))
    ordered = tuple(joined[key] for key in sorted(joined))
    return Joined(ordered, missing, tuple(sorted(changed)), n_sentences, n_lost)


def _find_sentences(annotation: Annotation, text: str) -> dict[str, Span]:
    """Find where each named sentence stands in this copy of the text."""
    moved = {
        key
        for key, (start, end) in annotation.sentences.items()
        if fingerprint_sentence(text[start:end]) != key
    }
    spans = {key: span for key, span in annotation.sentences.items() if key not in moved}
    if moved:
        today = {fingerprint_sentence(one.text): one for one in split_sentences(text)}
        spans |= {key: (today[key].start, today[key].end) for key in moved & today.keys()}
    return spans


def _attach(
    annotation: Annotation, document: Document, spans: Mapping[str, Span]
) -> LabelledDocument:
    def found(keys: Iterable[str]) -> tuple[Span, ...]:
        return tuple(spans[key] for key in keys if key in spans)

    return LabelledDocument(
        document,
        frozenset(annotation.labels),
        {code: found(shown.best) for code, shown in annotation.labels.items()},
        {code: found(shown.also) for code, shown in annotation.labels.items() if shown.also},
    )
