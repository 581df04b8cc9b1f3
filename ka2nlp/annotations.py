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
from typing import TYPE_CHECKING

import numpy as np

from ka2nlp.errors import CorpusError
from ka2nlp.records import Document, Sentence
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Annotation",
    "Shown",
    "fingerprint_sentence",
    "fingerprint_text",
    "label_sentences",
    "match_texts",
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


def read_annotations(path: Path | str, taxonomy: Taxonomy) -> list[Annotation]:
    """Read and check annotation files.

    Parameters
    ----------
    path
        A JSON Lines file, or a folder of them (read in the order of their names).
    taxonomy
        The codes that may stand in them.

    Raises
    ------
    CorpusError
        When nothing is there, or a line breaks the rules; it names the file, the line and the rule.
    """
    root = Path(path)
    files = sorted(root.glob("*.jsonl")) if root.is_dir() else [root]
    if not files or not all(file.is_file() for file in files):
        raise CorpusError(f"got {root}, expected an annotation file or a folder of *.jsonl files")
    found = []
    for file in files:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    found.append(_parse(json.loads(line), taxonomy))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise CorpusError(f"{file}, line {number}: {error}") from error
    return found


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


def match_texts(
    annotations: Iterable[Annotation], documents: Iterable[Document]
) -> Iterator[tuple[Document, Annotation]]:
    """Join annotations with the texts that the reader has.

    Yields
    ------
    tuple of Document and Annotation
        In the order of the documents; those without an annotation, or whose text is another than
        the one labelled, are left out.
    """
    by_id = {annotation.id: annotation for annotation in annotations}
    for document in documents:
        annotation = by_id.get(document.id)
        if annotation is not None and annotation.text == fingerprint_text(document.text):
            yield document, annotation


def label_sentences(
    sentences: Sequence[Sentence], annotation: Annotation, taxonomy: Taxonomy
) -> NDArray[np.bool_]:
    """Tell which sentence shows which label.

    A sentence is found by its fingerprint or, where the segmentation has changed since, by
    overlapping offsets (at least half of the shorter of the two).

    Returns
    -------
    ndarray of shape (n_sentences, n_labels), bool
    """
    shows = np.zeros((len(sentences), len(taxonomy)), dtype=bool)
    rows = {key: _rows_of(key, span, sentences) for key, span in annotation.sentences.items()}
    for code, shown in annotation.labels.items():
        for key in (*shown.best, *shown.also):
            shows[rows[key], taxonomy.column(code)] = True
    return shows


def _rows_of(key: str, span: tuple[int, int], sentences: Sequence[Sentence]) -> list[int]:
    same = [row for row, s in enumerate(sentences) if (s.start, s.end) == span]
    if same and fingerprint_sentence(sentences[same[0]].text) == key:
        return same
    by_words = [row for row, s in enumerate(sentences) if fingerprint_sentence(s.text) == key]
    return by_words or [row for row, s in enumerate(sentences) if overlaps((s.start, s.end), span)]


def overlaps(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Tell whether two spans share at least half of the shorter one."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return 2 * shared >= min(one[1] - one[0], other[1] - other[0]) > 0
