"""Shards: some hundred rows in, one Parquet file out; what a worker does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from ka2nlp import __version__
from ka2nlp.archives.rows import Row
from ka2nlp.archives.schema import (
    Result,
    arrow,
    make_table,
    problem_result,
    report_result,
    result_columns,
)
from ka2nlp.archives.settings import Settings
from ka2nlp.bundles import bundle_digest, find_model
from ka2nlp.drafts import put_in_place
from ka2nlp.errors import ModelError
from ka2nlp.languages import detect_language

if TYPE_CHECKING:
    from ka2nlp.tagger import Tagger

__all__ = ["Bench", "Place", "Shard", "shard_name", "tag_rows", "write_shard"]

_ONE_AT_A_TIME: Final = Lock()
"""The tagger is not made for threads; a Dask worker may have several."""

Place = tuple[str, int]
"""A part, and a row in it, from 0."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Some rows that become one part.

    Parameters
    ----------
    name
        Of the part.
    rows
        In order.
    borrowed
        Positions of rows whose key stands in a part already, and where.
    """

    name: str
    rows: tuple[Row, ...]
    borrowed: Mapping[int, Place]


@dataclass(frozen=True, slots=True)
class Bench:
    """What a worker needs beside a shard.

    Parameters
    ----------
    folder, drafts
        Of the run, and for files that are not whole yet.
    settings
        Of the run.
    model
        Where the model is; a folder or a name.
    """

    folder: Path
    drafts: Path
    settings: Settings
    model: str | None


def shard_name(number: int, rows: Sequence[Row], settings: Settings) -> str:
    """Name the part of some rows: the name changes with anything that stands in the part."""
    places = [(row.key, row.source, row.number, row.document.id, row.kept) for row in rows]
    digest = hashlib.sha256(json.dumps([settings.keep, places]).encode()).hexdigest()
    return f"part-{number:06d}-{digest[:12]}.parquet"


def write_shard(bench: Bench, shard: Shard) -> int:
    """Tag the rows of a shard and write its part.

    Returns
    -------
    int
        How many rows were tagged: neither borrowed nor with a problem.

    Raises
    ------
    ModelError
        When this worker has another model or another version of ka2nlp.
    OSError
        When the part cannot be written.
    """
    results = dict(_borrow(bench, shard))
    for position, row in enumerate(shard.rows):
        if row.problem is not None:
            results[position] = problem_result(row.problem, bench.settings)
    missing = [position for position in range(len(shard.rows)) if position not in results]
    results.update(zip(missing, _tag(bench, [shard.rows[at] for at in missing]), strict=True))
    table = make_table(shard.rows, [results[at] for at in range(len(shard.rows))], bench.settings)
    draft = bench.drafts / f"{shard.name}.{uuid4().hex}"  # a shard may be in hand twice
    arrow().parquet.write_table(
        table, draft, row_group_size=len(shard.rows), compression="zstd", compression_level=3
    )
    put_in_place(draft, bench.folder / shard.name)
    return sum(results[position]["problem"] is None for position in missing)


def _borrow(bench: Bench, shard: Shard) -> Iterator[tuple[int, Result]]:
    """Take over results of rows with the same key."""
    columns = ["key", *result_columns(bench.settings)]
    for name in sorted({name for name, _ in shard.borrowed.values()}):
        here = {at: row for at, (part, row) in shard.borrowed.items() if part == name}
        table = arrow().parquet.read_table(bench.folder / name, columns=columns)
        results = table.take(list(here.values())).to_pylist()
        for position, result in zip(here, results, strict=True):
            if result.pop("key") == shard.rows[position].key:
                yield position, result


def _tag(bench: Bench, rows: Sequence[Row]) -> list[Result]:
    from threadpoolctl import threadpool_limits

    if not rows:
        return []
    with _ONE_AT_A_TIME, threadpool_limits(1, "blas"):  # sums must not depend on the cores
        settings = bench.settings
        tagger = _load_tagger(bench.model, settings)
        return tag_rows(tagger, rows, settings)


_SPOILED: Final = (ValueError, TypeError, LookupError, ArithmeticError)


def tag_rows(tagger: Tagger, rows: Sequence[Row], settings: Settings) -> list[Result]:
    """Tag rows together; what a text does to the tagger becomes its problem, and no other row's."""
    try:
        reports = list(tagger.tag_many(row.document for row in rows))
    except _SPOILED as error:
        if len(rows) > 1:
            return [result for row in rows for result in tag_rows(tagger, [row], settings)]
        problem = f"the text cannot be tagged: {type(error).__name__}: {error}"
        return [problem_result(problem, settings)]
    return [
        report_result(report, detect_language(row.document.text))
        for row, report in zip(rows, reports, strict=True)
    ]


@lru_cache(maxsize=1)
def _load_tagger(model: str | None, settings: Settings) -> Tagger:
    """Load the model once a process, and check that it is that of the run."""
    from ka2nlp.tagger import Tagger

    found = bundle_digest(find_model(model))
    if (found, __version__) != (settings.bundle, settings.ka2nlp):
        raise ModelError(
            f"got a worker with the model {found[:12]} and ka2nlp {__version__}, expected "
            f"{settings.bundle[:12]} and {settings.ka2nlp}; install the same on every worker"
        )
    tagger = Tagger.load(model, n_threads=1, device=settings.device)  # processes share the work
    return tagger if settings.threshold is None else tagger.with_threshold(settings.threshold)
