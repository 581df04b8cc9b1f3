"""A report as a piece of HTML for notebooks: one report in, no script and no request out."""

from __future__ import annotations

from html import escape

from ka2nlp.records import Report
from ka2nlp.taxonomy import Taxonomy

__all__ = ["render"]


def render(report: Report, taxonomy: Taxonomy) -> str:
    """Lay out a report."""
    return f"<pre>{escape(repr(report))}</pre>"
