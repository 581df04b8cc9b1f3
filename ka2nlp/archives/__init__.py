"""Archives: any number of documents, tagged into a folder of Parquet files (``ka2nlp[archive]``).

A run can be stopped at any moment and goes on where it stopped; ``tag_archive`` tells how.
"""

from __future__ import annotations

from ka2nlp.archives.long import write_long
from ka2nlp.archives.reading import iterate_archive, read_archive
from ka2nlp.archives.runs import RunSummary, tag_archive
from ka2nlp.archives.wide import write_wide

__all__ = [
    "RunSummary",
    "iterate_archive",
    "read_archive",
    "tag_archive",
    "write_long",
    "write_wide",
]
