"""The columns of an archive: reports and problems to rows, rows to Arrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ka2nlp.archives.rows import Row
from ka2nlp.archives.settings import Settings
from ka2nlp.errors import ArchiveError
from ka2nlp.records import ADDRESSED, TO_CHECK, Report

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "arrow",
    "arrow_schema",
    "make_table",
    "probability_column",
    "problem_result",
    "report_result",
    "result_columns",
]

_BEFORE: Final = ("id", "source", "row", "key", "title")
_READ: Final = ("language", "n_words", "n_sentences", "problem", "warnings")
_CODES: Final = ("tags", "to_check", "addressed")

Result = dict[str, Any]
"""What tagging a text gives, by column; it depends on nothing but the key of the row."""


def arrow() -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Import pyarrow.

    Raises
    ------
    ArchiveError
        When the ``archive`` extra is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise ArchiveError(
            "got an installation without pyarrow; install it with: pip install 'ka2nlp[archive]'"
        ) from error
    return pyarrow


def probability_column(code: str) -> str:
    """Name the column of a code's probability."""
    return f"probability_{code}"


def result_columns(settings: Settings) -> list[str]:
    """Name the columns that depend on nothing but the key of a row."""
    return [*_READ, *_CODES, *map(probability_column, settings.codes), "evidence"]


def arrow_schema(settings: Settings) -> pa.Schema:
    """Give the columns with their types, in order.

    Raises
    ------
    ArchiveError
        When a kept column has the name of another.
    """
    pa = arrow()
    text, names = pa.string(), pa.dictionary(pa.int32(), pa.string())
    codes = pa.list_(text)
    evidence = pa.struct(
        [
            ("code", text),
            ("start", pa.int32()),
            ("end", pa.int32()),
            ("score", pa.float32()),
            ("text", text),
        ]
    )
    fields = [
        *(pa.field(name, pa.int64() if name == "row" else text, False) for name in _BEFORE),
        pa.field("language", text),
        pa.field("n_words", pa.int32(), False),
        pa.field("n_sentences", pa.int32(), False),
        pa.field("problem", text),
        pa.field("warnings", codes, False),
        *(pa.field(name, text) for name in settings.keep),
        *(pa.field(name, codes, False) for name in _CODES),
        *(pa.field(probability_column(code), pa.float32()) for code in settings.codes),
        pa.field("evidence", pa.list_(evidence), False),
        pa.field("model", names, False),
        pa.field("taxonomy", names, False),
    ]
    every = [field.name for field in fields]
    if taken := [name for name in settings.keep if every.count(name) > 1]:
        raise ArchiveError(
            f"got the column {taken[0]!r} to keep, which an archive has already; leave it out"
        )
    return pa.schema(fields)


def report_result(report: Report, language: str | None) -> Result:
    """Turn what the tagger says of a document into columns."""
    return {
        "language": language,
        "n_words": report.n_words,
        "n_sentences": report.n_sentences,
        "problem": None,
        "warnings": list(report.warnings),
        "tags": [tag.code for tag in report.tags],
        "to_check": report.answered(TO_CHECK),
        "addressed": report.answered(ADDRESSED),
        **{probability_column(code): score for code, score in report.scores.items()},
        "evidence": [
            {
                "code": tag.code,
                "start": item.start,
                "end": item.end,
                "score": item.score,
                "text": item.text,
            }
            for tag in report.tags
            for item in tag.evidence
        ],
    }


def problem_result(problem: str, settings: Settings) -> Result:
    """Give the columns of a document that could not be tagged."""
    return {
        **dict.fromkeys(result_columns(settings)),
        "n_words": 0,
        "n_sentences": 0,
        "problem": problem,
        **{name: [] for name in ("warnings", *_CODES, "evidence")},
    }


def make_table(rows: Sequence[Row], results: Iterable[Result], settings: Settings) -> pa.Table:
    """Bring rows and their results together, in order."""
    return arrow().Table.from_pylist(
        [
            {
                "id": row.document.id,
                "source": row.source,
                "row": row.number,
                "key": row.key,
                "title": row.document.title,
                **dict(zip(settings.keep, row.kept, strict=True)),
                **result,
                "model": settings.model,
                "taxonomy": settings.taxonomy,
            }
            for row, result in zip(rows, results, strict=True)
        ],
        schema=arrow_schema(settings),
    )
