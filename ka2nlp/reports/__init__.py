"""Write reports: a table for readers, JSON, JSON Lines and CSV for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Final, TextIO

from ka2nlp.drafts import drafted
from ka2nlp.errors import InputError
from ka2nlp.records import Report
from ka2nlp.taxonomy import Taxonomy

__all__ = ["WRITERS", "Writer", "load_writer", "write_reports"]

Writer = Callable[[Iterable[Report], TextIO, Taxonomy], None]

WRITERS: Final[dict[str, str]] = {
    "table": "ka2nlp.reports.table:write_table",
    "json": "ka2nlp.reports.structured:write_json",
    "jsonl": "ka2nlp.reports.structured:write_json_lines",
    "csv": "ka2nlp.reports.structured:write_csv",
}
"""Name of each format, with its writer (``module:function``); a new format is a new row."""


def load_writer(format: str) -> Writer:
    """Find the writer of a format that stands in ``WRITERS``."""
    module, function = WRITERS[format].split(":")
    writer: Writer = getattr(import_module(module), function)
    return writer


def write_reports(
    reports: Iterable[Report], target: Path | str, taxonomy: Taxonomy, *, format: str | None = None
) -> None:
    """Write reports to a file, which appears only once it is whole.

    Parameters
    ----------
    reports
        As ``Tagger.tag_many`` gives them; they are written as they come.
    target
        The file.
    taxonomy
        Of the tagger.
    format
        A name in ``WRITERS``; by default the file's ending, and ``.txt`` is a table.

    Raises
    ------
    InputError
        When the format is not known, or the file cannot be written.
    """
    target = Path(target)
    name = format or {"txt": "table"}.get(ending := target.suffix[1:].lower(), ending)
    if name not in WRITERS:
        raise InputError(f"got the format {name!r}, expected one of: {', '.join(WRITERS)}")
    with drafted(target) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        load_writer(name)(reports, stream, taxonomy)
