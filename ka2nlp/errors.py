"""Everything that ka2nlp raises on bad input, as one tree.

::

    Ka2nlpError
    ├── InputError       a file, a row or a text that cannot be read
    ├── TaxonomyError    a vocabulary that is not a valid concept scheme
    ├── ModelError       a bundle that is missing, damaged or made for another taxonomy
    ├── CorpusError      annotations that break their own rules
    ├── ArchiveError     an archive that cannot be written or read
    └── ReviewError      what the review desk cannot do
        ├── InvalidError       a value that breaks a rule
        ├── NotFoundError      a record that does not exist, or is not for this user
        ├── NotAllowedError    a user who may not do this
        ├── ConflictError      a change that does not fit what stands already
        └── StoreError         a database that cannot be opened, reached or written

Every message is one line: what was got, what was expected, what to do.
"""

from __future__ import annotations

__all__ = [
    "ArchiveError",
    "ConflictError",
    "CorpusError",
    "InputError",
    "InvalidError",
    "Ka2nlpError",
    "ModelError",
    "NotAllowedError",
    "NotFoundError",
    "ReviewError",
    "StoreError",
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


class ReviewError(Ka2nlpError):
    """What the review desk cannot do."""


class InvalidError(ReviewError):
    """A value that breaks a rule."""


class NotFoundError(ReviewError):
    """A record that does not exist, or is not for this user."""


class NotAllowedError(ReviewError):
    """A user who may not do this."""


class ConflictError(ReviewError):
    """A change that does not fit what stands already."""


class StoreError(ReviewError):
    """A database that cannot be opened, reached or written."""
