"""Overviews: what the projects of a tagged archive are for, as a page and as tables.

runs → figures (tallies, breakdowns, examples) → comparison, provenance → tables, page
"""
