"""ka2nlp: reads what a funded project is for.

It reports which aims of Erasmus+ Key Action 2 a project description addresses, each with a
probability and the sentences that show it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ka2nlp.documents import read_documents
    from ka2nlp.errors import Ka2nlpError
    from ka2nlp.records import Document, Evidence, Report, Sentence, Tag
    from ka2nlp.sentences import split_sentences
    from ka2nlp.tagger import Tagger
    from ka2nlp.taxonomy import Taxonomy

__version__ = "0.1.0"

_HOMES = {
    "Document": "records",
    "Evidence": "records",
    "Ka2nlpError": "errors",
    "Report": "records",
    "Sentence": "records",
    "Tag": "records",
    "Tagger": "tagger",
    "Taxonomy": "taxonomy",
    "read_documents": "documents",
    "split_sentences": "sentences",
}

__all__ = [
    "Document",
    "Evidence",
    "Ka2nlpError",
    "Report",
    "Sentence",
    "Tag",
    "Tagger",
    "Taxonomy",
    "read_documents",
    "split_sentences",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import a public name when it is first used, so that ``import ka2nlp`` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ka2nlp' has no attribute {name!r}")
    return getattr(import_module(f"ka2nlp.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*__all__, "__version__"])
