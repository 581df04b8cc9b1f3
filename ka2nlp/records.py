"""The records that travel along the pipeline: documents, sentences, tags, reports."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ADDRESSED",
    "ANSWERS",
    "NOT_ADDRESSED",
    "TO_CHECK",
    "Document",
    "Evidence",
    "Place",
    "Report",
    "Sentence",
    "Tag",
    "is_missing",
    "whole",
]

NOT_ADDRESSED: Final = "not addressed"
TO_CHECK: Final = "to check"
ADDRESSED: Final = "addressed"
ANSWERS: Final = (NOT_ADDRESSED, TO_CHECK, ADDRESSED)
"""What is said of a label, from least to most."""

_HALF: Final = re.compile("[\ud800-\udfff]")


def whole(text: str) -> str:
    """Replace halves of surrogate pairs, which no file can hold, one for one by U+FFFD."""
    return _HALF.sub("\ufffd", text)


def is_missing(value: object) -> bool:
    """Tell whether a value stands for none: None, not a number, or what pandas has for them."""
    nan = isinstance(value, float) and value != value
    return value is None or nan or type(value).__name__ in ("NAType", "NaTType")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stretch of a document's text stands in its source.

    Parameters
    ----------
    start
        Character offset at which it begins; it goes on to the next place.
    label
        What a reader looks for: "page 3", "paragraph 12".
    """

    start: int
    label: str


@dataclass(frozen=True, slots=True)
class Document:
    """One project description.

    Parameters
    ----------
    id
        Identifier, unique within its source.
    title
        Title of the project; may be empty.
    text
        The description; all offsets in ka2nlp are character offsets into it.
    metadata
        Whatever else the source says of it.
    problems
        What went wrong while it was read; each becomes a warning in the report.
    places
        Pages or paragraphs of the source, in the order of the text; none where it is plain text.
    """

    id: str
    title: str
    text: str
    metadata: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()

    def place_at(self, offset: int) -> str:
        """Name the place of a character offset; empty where none is known."""
        after = bisect_right(self.places, offset, key=lambda place: place.start)
        return self.places[after - 1].label if after else ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a document's text: ``document.text[start:end] == text``.

    Parameters
    ----------
    start, end
        Character offsets, end exclusive.
    text
        The characters between them.

    Raises
    ------
    ValueError
        When the length of ``text`` is not ``end - start``.
    """

    start: int
    end: int
    text: str

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end or len(self.text) != self.end - self.start:
            raise ValueError(
                f"got offsets {self.start}:{self.end} for a text of {len(self.text)} characters, "
                "expected as many characters as lie between the offsets"
            )

    @property
    def line(self) -> str:
        """The text on one line, as it is encoded."""
        return " ".join(self.text.split())


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that shows a tag.

    Parameters
    ----------
    start, end
        Character offsets into the document's text, end exclusive.
    text
        The sentence.
    score
        Probability in [0, 1] that this sentence, read alone, shows the tag.
    place
        Where it stands in its source ("page 3"); empty where there are no places.
    """

    start: int
    end: int
    text: str
    score: float
    place: str = ""

    def to_dict(self) -> dict[str, object]:
        """Give the JSON form; ``place`` is in it where there is one."""
        form: dict[str, object] = {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "score": round(self.score, 6),
        }
        return form | {"place": self.place} if self.place else form


@dataclass(frozen=True, slots=True)
class Tag:
    """One aim that a document addresses.

    Parameters
    ----------
    code, label, level
        Notation, preferred label and level of the concept ("S1", "Quality and access", "systemic").
    probability
        Calibrated probability in [0, 1] that a careful annotator ticks it.
    evidence
        The sentences that show it, best first; at most three.
    answer
        "addressed", or "to check" where the probability leaves room for doubt.
    """

    code: str
    label: str
    level: str
    probability: float
    evidence: tuple[Evidence, ...]
    answer: str = ADDRESSED

    @property
    def best_sentence(self) -> str:
        """The first piece of evidence on one line; empty where there is none."""
        return " ".join(self.evidence[0].text.split()) if self.evidence else ""

    def to_dict(self) -> dict[str, object]:
        """Give the JSON form, with the probability rounded to six digits."""
        return {
            "code": self.code,
            "label": self.label,
            "level": self.level,
            "probability": round(self.probability, 6),
            "answer": self.answer,
            "evidence": [item.to_dict() for item in self.evidence],
        }


class _Printer(Protocol):
    """What IPython shows texts with."""

    def text(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Report:
    """What the tagger says of one document.

    Parameters
    ----------
    id, title
        As in the document.
    tags
        The codes decided upon, in the order of the taxonomy.
    scores
        Probability in [0, 1] of every code, in the order of the taxonomy.
    answers
        "addressed", "to check" or "not addressed", of every code. A tag is never "not addressed";
        a code without a tag may be "to check".
    model, taxonomy
        Name of the model and fingerprint of the taxonomy behind it.
    n_words, n_sentences
        Size of the text that was read.
    warnings
        What a reader should know before trusting the tags.
    doubts
        The codes to check that are no tags, with the sentences that come nearest to showing them;
        only where they were asked for.
    """

    id: str
    title: str
    tags: tuple[Tag, ...]
    scores: Mapping[str, float]
    answers: Mapping[str, str]
    model: str
    taxonomy: str
    n_words: int
    n_sentences: int
    warnings: tuple[str, ...] = ()
    doubts: tuple[Tag, ...] = ()

    # How a report looks is the business of ka2nlp.reports, which stands above this module and is
    # imported when a report is shown.

    def __str__(self) -> str:
        """Give the page that ``ka2nlp tag`` prints, without colours."""
        from ka2nlp.reports.shown import report_text

        return report_text(self)

    def __repr__(self) -> str:
        found = " ".join(tag.code for tag in self.tags) or "no tags"
        return f"<Report {self.id!r}: {found}>"

    def _repr_html_(self) -> str:
        from ka2nlp.reports.shown import report_html

        return report_html(self)

    def _repr_pretty_(self, printer: _Printer, cycle: bool) -> None:
        printer.text(str(self).rstrip())

    def to_frame(self) -> pd.DataFrame:
        """Give one row a code, as :func:`ka2nlp.reports.frames.report_to_frame` makes it.

        Raises
        ------
        InputError
            When pandas is not installed.
        """
        from ka2nlp.reports.shown import report_frame

        return report_frame(self)

    def answered(self, answer: str) -> list[str]:
        """List the codes with this answer, in the order of the taxonomy."""
        return [code for code, given in self.answers.items() if given == answer]

    def to_dict(self, *, doubts: bool = False) -> dict[str, object]:
        """Give the JSON form, the contract that other programs build on.

        Parameters
        ----------
        doubts
            Whether "doubts" are in it too, in the form of "tags".

        Returns
        -------
        dict
            ``{"id", "tags": [{"code", "label", "level", "probability", "answer", "evidence":
            [{"start", "end", "text", "score"}]}], "scores", "answers", "model", "taxonomy",
            "warnings"}``; probabilities are rounded to six digits. Evidence from a source with
            pages or paragraphs has its "place" as well.
        """
        form: dict[str, object] = {
            "id": self.id,
            "tags": [tag.to_dict() for tag in self.tags],
            "scores": {code: round(score, 6) for code, score in self.scores.items()},
            "answers": dict(self.answers),
            "model": self.model,
            "taxonomy": self.taxonomy,
            "warnings": list(self.warnings),
        }
        return form | {"doubts": [tag.to_dict() for tag in self.doubts]} if doubts else form
