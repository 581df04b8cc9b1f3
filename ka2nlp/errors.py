"""Everything that ka2nlp raises on bad input, as one tree.

::

    Ka2nlpError
    ├── InputError       a file, a row or a text that cannot be read
    ├── TaxonomyError    a vocabulary that is not a valid concept scheme
    ├── ModelError       a bundle that is missing, damaged or made for another taxonomy
    ├── CorpusError      annotations that break their own rules
    └── ArchiveError     an archive that cannot be written or read

Every message is one line: what was got, what was expected, what to do.
"""

from __future__ import annotations

__all__ = [
    "ArchiveError",
    "CorpusError",
    "InputError",
    "Ka2nlpError",
    "ModelError",
    "TaxonomyError",
]


class Ka2nlpError(Exception):
    """Root of all errors that a user can cause and mend."""


class InputError(Ka2nlpError):
    """A file, a row or a text that cannot be read."""


class TaxonomyError(Ka2nlpError):
    """A vocabulary that is not a valid concept scheme."""


class ModelError(Ka2nlpError):
    """A model bundle that is missing, damaged or made for another taxonomy."""


class CorpusError(Ka2nlpError):
    """Annotations that break their own rules."""


class ArchiveError(Ka2nlpError):
    """An archive that cannot be written or read."""
