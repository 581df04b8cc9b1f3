"""Read a run folder: its record, and its Parquet parts batch by batch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ka2nlp.errors import InputError
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Run", "open_run"]

FORMAT: Final = 1
_RECORD: Final = "run.json"
_LATEST: Final = "latest.json"
_ROWS: Final = 4096


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an archive: one model, its settings and its rows.

    Parameters
    ----------
    folder
        Holds ``run.json`` and the parts.
    model
        Name and version of the model.
    bundle
        SHA-256 of the manifest of its bundle, hexadecimal.
    taxonomy
        The labels; their codes are the columns.
    version
        Of the ka2nlp that wrote it.
    threshold
        One probability in [0, 1] for all codes, or None where the model's own decided.
    kept
        Names of the metadata columns.
    parts
        Parquet files, in the order of the input.
    """

    folder: Path
    model: str
    bundle: str
    taxonomy: Taxonomy
    version: str
    threshold: float | None
    kept: tuple[str, ...]
    parts: tuple[Path, ...]

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Read some columns, a few thousand rows at a time, in the order of the input.

        Raises
        ------
        InputError
            When a part is not Parquet or lacks a column.
        """
        for part in self.parts:
            yield from read_part(part, columns)


def read_part(part: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Read some columns of one part.

    Raises
    ------
    InputError
        When it is not Parquet or lacks a column.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(part) as table:
            there = set(table.schema_arrow.names)
            missing = [name for name in columns if name not in there]
            if missing:
                raise InputError(
                    f"got {part} without the column {missing[0]!r}, expected the columns of "
                    "'ka2nlp archive'; write the archive again"
                )
            for batch in table.iter_batches(batch_size=_ROWS, columns=list(columns)):
                yield batch.select(list(columns))
    except (OSError, ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"got {part}, which is not a readable Parquet file ({reason}); write the archive again"
        ) from error


def open_run(folder: Path, taxonomy: Taxonomy | None = None) -> Run:
    """Open the latest run of an archive, or a run folder itself.

    Parameters
    ----------
    folder
        As ``ka2nlp archive`` wrote it, or one of its ``run-…`` folders.
    taxonomy
        The labels that are expected; those that the run was tagged with when left out.

    Raises
    ------
    InputError
        When pyarrow is not installed, when there is no run, or when it was tagged with other
        labels.
    """
    _need_pyarrow()
    where = folder if (folder / _RECORD).is_file() else folder / _latest(folder)
    record = _read_json(where / _RECORD)
    if record.get("format") != FORMAT:
        raise InputError(
            f"got {where} in the format {record.get('format')}, expected {FORMAT}; "
            "use the version of ka2nlp that wrote it"
        )
    taxonomy = taxonomy or Taxonomy.carried_by(where)
    if tuple(record.get("codes", ())) != taxonomy.codes:
        raise InputError(
            f"got {where}, tagged with the taxonomy {record.get('taxonomy')}, expected "
            f"{taxonomy.fingerprint}; tag again with a model for this taxonomy"
        )
    parts = tuple(sorted(where.glob("part-*.parquet")))
    if not parts:
        raise InputError(f"got {where} without a part, expected part-….parquet; let archive finish")
    return Run(
        folder=where,
        model=str(record.get("model", "")),
        bundle=str(record.get("bundle", "")),
        taxonomy=taxonomy,
        version=str(record.get("ka2nlp", "")),
        threshold=record.get("threshold"),
        kept=tuple(record.get("keep", ())),
        parts=parts,
    )


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise InputError(
            "got an archive but no pyarrow to read it; install: pip install 'ka2nlp[archive]'"
        ) from error


def _latest(folder: Path) -> str:
    if not (folder / _LATEST).is_file():
        raise InputError(
            f"got {folder}, which holds neither {_LATEST} nor {_RECORD}; expected the folder that "
            "'ka2nlp archive --output' wrote"
        )
    name = str(_read_json(folder / _LATEST).get("run", ""))
    if Path(name).name != name or not (folder / name / _RECORD).is_file():
        raise InputError(
            f"got {folder / _LATEST}, which names the run {name!r} that is not there; "
            "name a run folder instead"
        )
    return name


def _read_json(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"got {path}, which cannot be read as JSON ({error})") from error
    if not isinstance(record, dict):
        raise InputError(f"got {path} with {type(record).__name__}, expected a JSON object")
    return record
