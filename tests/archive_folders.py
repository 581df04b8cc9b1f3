"""Write small archives of invented rows, in the layout of ``ka2nlp archive``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ka2nlp import Taxonomy

Row = Mapping[str, Any]


def write_archive(
    folder: Path,
    rows: Sequence[Row],
    *,
    keep: Sequence[str] = (),
    model: str = "toy 1",
    bundle: str = "0" * 64,
    run: str = "run-0123456789ab",
    shard_rows: int = 4,
    threshold: float | None = None,
) -> Path:
    """Write rows as an archive of one run; gives the folder of the run.

    A row may hold ``id``, ``title``, ``source``, ``language``, ``problem``, ``warnings``,
    ``scores`` (code to probability), ``tags``, ``to_check``, ``addressed``, ``evidence`` (code to
    sentence) and the kept columns.
    """
    import pyarrow.parquet as pq

    taxonomy = Taxonomy.load()
    where = folder / run
    where.mkdir(parents=True)
    record = {
        "format": 1,
        "model": model,
        "bundle": bundle,
        "taxonomy": taxonomy.fingerprint,
        "ka2nlp": "0.1.0",
        "threshold": threshold,
        "keep": list(keep),
        "codes": list(taxonomy.codes),
        "shard_rows": shard_rows,
    }
    (where / "run.json").write_text(json.dumps(record), encoding="utf-8")
    for shard, start in enumerate(range(0, len(rows), shard_rows)):
        records = [
            _record(start + at + 1, row, taxonomy.codes, keep, model, taxonomy.fingerprint)
            for at, row in enumerate(rows[start : start + shard_rows])
        ]
        table = pq.ParquetWriter(
            where / f"part-{shard:06d}-0123456789ab.parquet", _schema(taxonomy.codes, keep)
        )
        with table:
            import pyarrow as pa

            table.write_table(pa.Table.from_pylist(records, schema=_schema(taxonomy.codes, keep)))
    (folder / "latest.json").write_text(json.dumps({"run": run}), encoding="utf-8")
    return where


def _record(
    number: int, row: Row, codes: Sequence[str], keep: Sequence[str], model: str, taxonomy: str
) -> dict[str, Any]:
    tagged = row.get("problem") is None
    scores = row.get("scores", {})
    evidence = row.get("evidence", {})
    return {
        "id": row.get("id", str(number)),
        "source": row.get("source", "invented.csv"),
        "row": number,
        "key": f"{number:032x}",
        "title": row.get("title", f"Project {number}"),
        "language": row.get("language", "en") if tagged else None,
        "n_words": 100,
        "n_sentences": 5,
        "problem": row.get("problem"),
        "warnings": list(row.get("warnings", ())),
        **{name: row.get(name) for name in keep},
        "tags": list(row.get("tags", ())),
        "to_check": list(row.get("to_check", ())),
        "addressed": list(row.get("addressed", row.get("tags", ()))),
        **{f"probability_{code}": scores.get(code, 0.0) if tagged else None for code in codes},
        "evidence": [
            {"code": code, "start": 0, "end": len(text), "score": 0.9, "text": text}
            for code, text in evidence.items()
        ],
        "model": model,
        "taxonomy": taxonomy,
    }


def _schema(codes: Sequence[str], keep: Sequence[str]) -> Any:
    import pyarrow as pa

    piece = pa.struct(
        [
            ("code", pa.string()),
            ("start", pa.int32()),
            ("end", pa.int32()),
            ("score", pa.float32()),
            ("text", pa.string()),
        ]
    )
    named = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            ("id", pa.string()),
            ("source", pa.string()),
            ("row", pa.int64()),
            ("key", pa.string()),
            ("title", pa.string()),
            ("language", pa.string()),
            ("n_words", pa.int32()),
            ("n_sentences", pa.int32()),
            ("problem", pa.string()),
            ("warnings", pa.list_(pa.string())),
            *((name, pa.string()) for name in keep),
            ("tags", pa.list_(pa.string())),
            ("to_check", pa.list_(pa.string())),
            ("addressed", pa.list_(pa.string())),
            *((f"probability_{code}", pa.float32()) for code in codes),
            ("evidence", pa.list_(piece)),
            ("model", named),
            ("taxonomy", named),
        ]
    )
