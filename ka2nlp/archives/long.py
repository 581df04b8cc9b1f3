"""The long table of an archive: one row a document and code, for analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ka2nlp.archives.reading import find_run, iterate_archive, read_settings
from ka2nlp.archives.schema import arrow, probability_column
from ka2nlp.archives.store import failures_told
from ka2nlp.archives.tables import best_sentences, ending
from ka2nlp.drafts import replacing
from ka2nlp.errors import ArchiveError
from ka2nlp.records import ADDRESSED, NOT_ADDRESSED, TO_CHECK
from ka2nlp.reports.sheets import text_cell
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LONG", "write_long"]

_DIGITS: Final = 4
_COLUMNS: Final = ("id", "problem", "tags", "to_check", "addressed", "evidence")

Value = TypeVar("Value")


def write_long(archive: Path | str, target: Path | str) -> None:
    """Write one row a document and code, in the order of the archive and of the taxonomy.

    The columns are id, code, label, level, probability, answer, tagged and best_sentence. Of a
    document that could not be tagged, the last four are empty.

    Parameters
    ----------
    archive
        As given to ``tag_archive``.
    target
        Ends in ``.parquet`` or ``.csv``; the latter is as ``write_wide`` writes it.

    Raises
    ------
    ArchiveError
        When the archive has no finished run or another taxonomy, or the table cannot be written.
    """
    target = Path(target)
    write = LONG[ending(target, LONG)]
    taxonomy = Taxonomy.carried_by(find_run(archive))
    found = read_settings(archive).taxonomy
    if found != taxonomy.fingerprint:
        raise ArchiveError(
            f"got an archive of the taxonomy {found}, expected {taxonomy.fingerprint}; "
            "run `ka2nlp archive` again"
        )
    with failures_told(target), replacing(target) as draft:
        write(draft, _batches(archive, taxonomy))


def _batches(archive: Path | str, taxonomy: Taxonomy) -> Iterator[pa.RecordBatch]:
    probabilities = [probability_column(code) for code in taxonomy.codes]
    for batch in iterate_archive(archive, [*_COLUMNS, *probabilities]):
        yield _batch(batch.to_pylist(), taxonomy)


def _batch(rows: Sequence[Mapping[str, Any]], taxonomy: Taxonomy) -> pa.RecordBatch:
    pa = arrow()
    codes = taxonomy.codes
    names = pa.dictionary(pa.int32(), pa.string())

    def each(values: Callable[[Mapping[str, Any]], Sequence[object]]) -> list[object]:
        return list(chain.from_iterable(map(values, rows)))

    def of_code(values: Sequence[str]) -> Any:  # noqa: ANN401  (an Arrow array)
        return pa.array(list(values) * len(rows), names)

    return pa.record_batch(
        {
            "id": pa.array(each(lambda row: [row["id"]] * len(codes)), pa.string()),
            "code": of_code(codes),
            "label": of_code([concept.label for concept in taxonomy.concepts]),
            "level": of_code([concept.level for concept in taxonomy.concepts]),
            "probability": pa.array(
                each(lambda row: [row[probability_column(code)] for code in codes]), pa.float32()
            ),
            "answer": pa.array(each(lambda row: _answers(row, codes)), names),
            "tagged": pa.array(each(lambda row: _tagged(row, codes)), pa.bool_()),
            "best_sentence": pa.array(each(lambda row: _sentences(row, codes)), pa.string()),
        }
    )


def _answers(row: Mapping[str, Any], codes: Sequence[str]) -> list[str | None]:
    if row["problem"] is not None:
        return [None] * len(codes)
    given = dict.fromkeys(row["to_check"], TO_CHECK) | dict.fromkeys(row["addressed"], ADDRESSED)
    return [given.get(code, NOT_ADDRESSED) for code in codes]


def _tagged(row: Mapping[str, Any], codes: Sequence[str]) -> list[bool | None]:
    if row["problem"] is not None:
        return [None] * len(codes)
    return [code in row["tags"] for code in codes]


def _sentences(row: Mapping[str, Any], codes: Sequence[str]) -> list[str | None]:
    best = best_sentences(row["evidence"])
    return [best.get(code) for code in codes]


def _write_parquet(target: Path, batches: Iterator[pa.RecordBatch]) -> None:
    first = next(batches)
    with arrow().parquet.ParquetWriter(target, first.schema, compression="zstd") as writer:
        for batch in chain([first], batches):
            writer.write_batch(batch)


def _write_csv(target: Path, batches: Iterator[pa.RecordBatch]) -> None:
    import csv

    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        for number, batch in enumerate(batches):
            if not number:
                writer.writerow(batch.schema.names)
            for row in batch.to_pylist():
                writer.writerow(map(_cell, row.values()))


def _cell(value: object) -> object:
    if isinstance(value, float):
        return round(value, _DIGITS)
    return text_cell(value) if isinstance(value, str) else value


LONG: Final[dict[str, Callable[[Path, Iterator[pa.RecordBatch]], None]]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}
"""Endings of long tables, with their writers."""
