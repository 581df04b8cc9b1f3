"""The review desk: calls of proposals, what models suggest of them, and what people decide.

``Store.open`` gives the database; every function takes a session of ``Store.transaction()``, or of
``Store.reading()`` where it changes nothing, and gives records that nothing can change.
"""

from __future__ import annotations

from ka2nlp.review.store import Store

__all__ = ["Store"]
