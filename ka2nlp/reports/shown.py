"""A report by itself, as notebooks show it: finds the labels that it speaks of, and lays it out."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ka2nlp.records import Report
from ka2nlp.reports.frames import report_to_frame
from ka2nlp.reports.notebook import render
from ka2nlp.reports.table import write_table
from ka2nlp.taxonomy import Concept, Level, Taxonomy

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["report_frame", "report_html", "report_text", "taxonomy_of"]


def report_text(report: Report) -> str:
    """Give the page that ``ka2nlp tag`` prints, without colours."""
    stream = io.StringIO()
    write_table([report], stream, taxonomy_of(report))
    return stream.getvalue()


def report_html(report: Report) -> str:
    """Give a piece of HTML; see ``ka2nlp.reports.notebook``."""
    return render(report, taxonomy_of(report))


def report_frame(report: Report) -> pd.DataFrame:
    """Give one row a code; see ``ka2nlp.reports.frames``."""
    return report_to_frame(report, taxonomy_of(report))


def taxonomy_of(report: Report) -> Taxonomy:
    """Find the taxonomy of a report, in the language of its tags.

    Where this process does not know it, one is made of what the report itself says of its labels.
    """
    known = Taxonomy.known(report.taxonomy)
    if known is None:
        return _own_words(report)
    for language in sorted(known.languages, key=lambda language: language != "en"):
        if all(known.label(tag.code, language) == tag.label for tag in report.tags):
            return known if language == "en" else known.translated(language)
    return known


def _own_words(report: Report) -> Taxonomy:
    tags = {tag.code: tag for tag in report.tags}
    level_of = {code: tags[code].level if code in tags else "" for code in report.scores}
    levels = tuple(
        Level(key, "", key, "", tuple(code for code in level_of if level_of[code] == key))
        for key in dict.fromkeys(level_of.values())
    )
    concepts = tuple(
        Concept(
            code=code,
            uri="",
            label=tags[code].label if code in tags else code,
            definition="",
            note="",
            level=level,
            broader=None,
            narrower=(),
            source="",
        )
        for code, level in level_of.items()
    )
    return Taxonomy(concepts, levels, "")
