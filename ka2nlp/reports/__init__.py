"""Write reports: a table for readers, JSON, JSON Lines and CSV for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Final, TextIO

from ka2nlp.records import Report
from ka2nlp.taxonomy import Taxonomy

__all__ = ["WRITERS", "Writer", "load_writer"]

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
