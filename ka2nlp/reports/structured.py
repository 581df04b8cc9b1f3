"""Reports as JSON, JSON Lines and CSV; every writer streams."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from typing import TextIO

from ka2nlp.records import TO_CHECK, Report
from ka2nlp.reports.cells import inert
from ka2nlp.taxonomy import Taxonomy

__all__ = ["write_csv", "write_json", "write_json_lines"]


def write_json_lines(reports: Iterable[Report], stream: TextIO, taxonomy: Taxonomy) -> None:
    """Write one JSON object a line, one line a document."""
    for report in reports:
        stream.write(json.dumps(report.to_dict(), ensure_ascii=False) + "\n")


def write_json(reports: Iterable[Report], stream: TextIO, taxonomy: Taxonomy) -> None:
    """Write one JSON array of all documents."""
    stream.write("[")
    for number, report in enumerate(reports):
        stream.write(",\n" if number else "\n")
        stream.write(json.dumps(report.to_dict(), ensure_ascii=False, indent=1))
    stream.write("\n]\n")


def write_csv(reports: Iterable[Report], stream: TextIO, taxonomy: Taxonomy) -> None:
    """Write one row a document: identifier, codes, those to check, all probabilities, and more.

    A cell that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ["id", "tags", "to check", *taxonomy.codes, "evidence", "warnings", "model", "taxonomy"]
    )
    for report in reports:
        evidence = [f"{tag.code}: {tag.best_sentence}" for tag in report.tags]
        writer.writerow(
            [
                inert(report.id),
                " ".join(tag.code for tag in report.tags),
                " ".join(report.answered(TO_CHECK)),
                *(f"{report.scores[code]:.4f}" for code in taxonomy.codes),
                inert(" | ".join(evidence)),
                inert(" | ".join(report.warnings)),
                report.model,
                report.taxonomy,
            ]
        )
