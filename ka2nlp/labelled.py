"""Labelled documents with their text: what models learn from and are measured on.

One JSON line a document::

    {"id": ..., "title": ..., "text": ..., "labels": ["S1", ...],
     "evidence": {"S1": [[120, 233]]}, "also": {"S1": [[310, 402]]}}

``evidence`` holds the spans that show a label best, ``also`` (which may be left out) all others
that show it. ``judged`` (a list of codes) is there where not all were looked for; other keys
become the document's metadata.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ka2nlp.drafts import drafted
from ka2nlp.errors import CorpusError
from ka2nlp.records import Document, Sentence, is_missing, whole
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MISFORMED",
    "LabelledDocument",
    "Span",
    "judged_matrix",
    "label_matrix",
    "label_sentences",
    "overlaps",
    "read_labelled",
    "write_labelled",
]

Span = tuple[int, int]

MISFORMED: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a line of another form raises."""

_KNOWN: Final = frozenset({"id", "title", "text", "labels", "evidence", "also", "judged"})


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """A document and what it shows.

    Parameters
    ----------
    document
        The text.
    labels
        The codes that hold, parents of facets included.
    evidence
        Each code, to the character spans that show it best; may be empty.
    also
        Each code, to all further spans that show it.
    judged
        The codes that were looked for; None where all were.
    """

    document: Document
    labels: frozenset[str]
    evidence: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    also: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    judged: frozenset[str] | None = None


def read_labelled(path: Path | str, taxonomy: Taxonomy) -> list[LabelledDocument]:
    """Read a file of labelled documents.

    Raises
    ------
    CorpusError
        When the file cannot be read, is empty, or a line is not of the form above, names an unknown
        code or a span outside the text; it names the line.
    """
    found = []
    try:
        with Path(path).open(encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                try:
                    found.append(_parse(json.loads(line), taxonomy))
                except MISFORMED as error:
                    raise CorpusError(
                        f"{path}, line {number}: got {error!r}; expected an object with id, title, "
                        "text, labels (codes of the taxonomy) and evidence (spans in the text)"
                    ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"got {path}, which cannot be read as JSON Lines: {error}") from error
    if not found:
        raise CorpusError(f"got {path} without a line, expected labelled documents")
    return found


def _parse(row: Mapping[str, Any], taxonomy: Taxonomy) -> LabelledDocument:
    labels = _codes(row, "labels", taxonomy)
    known = {key: None if is_missing(value) else value for key, value in row.items()}
    metadata = {key: value for key, value in known.items() if key not in _KNOWN}
    if known["id"] is None:
        raise ValueError(f"id {row['id']!r}")
    if not isinstance(row["text"], str):
        raise ValueError(f"text {row['text']!r}")
    title = str(known.get("title") or "")
    document = Document(whole(str(row["id"])), whole(title), whole(row["text"]), metadata)
    return LabelledDocument(
        document,
        frozenset(taxonomy.with_parents(labels)),
        _spans(row.get("evidence") or {}, document.text, taxonomy),
        _spans(row.get("also") or {}, document.text, taxonomy),
        frozenset(_codes(row, "judged", taxonomy)) if "judged" in row else None,
    )


def _codes(row: Mapping[str, Any], key: str, taxonomy: Taxonomy) -> list[str]:
    codes = row[key]
    if not isinstance(codes, list) or (unknown := [c for c in codes if c not in taxonomy]):
        raise ValueError(f"{key} {unknown if isinstance(codes, list) else codes!r}")
    return codes


def _spans(given: Mapping[str, Any], text: str, taxonomy: Taxonomy) -> dict[str, tuple[Span, ...]]:
    if unknown := [code for code in given if code not in taxonomy]:
        raise ValueError(f"evidence of {unknown}")
    spans = {code: tuple((int(a), int(b)) for a, b in pairs) for code, pairs in given.items()}
    for code, pairs in spans.items():
        for start, end in pairs:
            if not 0 <= start < end <= len(text):
                raise ValueError(f"span {start}:{end} of {code} in {len(text)} characters")
    return spans


def write_labelled(documents: Iterable[LabelledDocument], path: Path | str) -> None:
    """Write labelled documents as JSON Lines; the file appears whole or not at all.

    Raises
    ------
    InputError
        When it cannot be written.
    """
    with drafted(Path(path)) as draft, draft.open("w", encoding="utf-8", newline="\n") as stream:
        for one in documents:
            others = {k: v for k, v in one.document.metadata.items() if k not in _KNOWN}
            row = {
                "id": one.document.id,
                "title": one.document.title,
                **others,
                "text": one.document.text,
                "labels": sorted(one.labels),
                "evidence": {code: list(map(list, spans)) for code, spans in one.evidence.items()},
                "also": {code: list(map(list, spans)) for code, spans in one.also.items()},
            }
            if one.judged is not None:
                row["judged"] = sorted(one.judged)
            stream.write(whole(json.dumps(row, ensure_ascii=False, default=str)) + "\n")


def label_matrix(documents: Sequence[LabelledDocument], taxonomy: Taxonomy) -> NDArray[np.bool_]:
    """Tell which label holds for which document: (n_documents, n_labels), bool."""
    rows = [[code in one.labels for code in taxonomy.codes] for one in documents]
    return np.array(rows, dtype=bool).reshape(len(documents), len(taxonomy))


def judged_matrix(documents: Sequence[LabelledDocument], taxonomy: Taxonomy) -> NDArray[np.bool_]:
    """Tell which label was looked for in which document: (n_documents, n_labels), bool."""
    rows = [
        [one.judged is None or code in one.judged for code in taxonomy.codes] for one in documents
    ]
    return np.array(rows, dtype=bool).reshape(len(documents), len(taxonomy))


def label_sentences(
    sentences: Sequence[Sentence], labelled: LabelledDocument, taxonomy: Taxonomy
) -> NDArray[np.bool_]:
    """Tell which sentence shows which label, by overlap with the labelled spans.

    Returns
    -------
    ndarray of shape (n_sentences, n_labels), bool
    """
    shows = np.zeros((len(sentences), len(taxonomy)), dtype=bool)
    for spans_by_code in (labelled.evidence, labelled.also):
        for code, spans in spans_by_code.items():
            for row, sentence in enumerate(sentences):
                if any(overlaps((sentence.start, sentence.end), span) for span in spans):
                    shows[row, taxonomy.column(code)] = True
    return shows


def overlaps(one: Span, other: Span) -> bool:
    """Tell whether two spans share at least half of the shorter one."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return 2 * shared >= min(one[1] - one[0], other[1] - other[0]) > 0
