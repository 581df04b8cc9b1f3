"""Overviews: what the projects of a tagged archive are for, as a page and as tables.

runs → figures (tallies, breakdowns, examples) → comparison, provenance → tables, page
"""

from __future__ import annotations

from ka2nlp.overviews.overview import Overview, summarise_archive

__all__ = ["Overview", "summarise_archive"]
