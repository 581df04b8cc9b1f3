"""Tell whether a text is English, so that the report can warn when it is not."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

__all__ = ["detect_language", "doubt_english"]

_SAMPLE: Final = 1000
_CERTAIN: Final = 0.9
_WORD: Final = re.compile(r"[^\W\d_]+")
_OF_ENGLISH: Final = frozenset(
    "an and are as be by for from has have in is it of on our that the their this to was we which "
    "will with".split()
)
_PLAINLY: Final = 0.25
"""Share of such words from which a text is English without asking the detector."""

_ENOUGH: Final = 20


def detect_language(text: str) -> str | None:
    """Name the language of a text.

    Parameters
    ----------
    text
        Its first 1,000 characters are looked at.

    Returns
    -------
    str or None
        An ISO 639-1 code. Where a quarter of 20 or more words are of the kind that English is held
        together by, it is English; else the detector tells (py3langid, a naive Bayes classifier
        over byte n-grams; Lui and Baldwin 2012): None where it gives no language 0.9 or more.
    """
    sample = text[:_SAMPLE]
    words = _WORD.findall(sample.lower())
    if len(words) >= _ENOUGH and sum(map(_OF_ENGLISH.__contains__, words)) >= _PLAINLY * len(words):
        return "en"
    language, probability = _identifier().classify(sample)
    return str(language) if probability >= _CERTAIN else None


def doubt_english(text: str) -> str | None:
    """Say in words that a text seems not to be English; None where it is, or too short to tell."""
    language = detect_language(text)
    if language is None:
        return "is not clearly English" if len(text.split()) >= _ENOUGH else None
    return None if language == "en" else f"seems to be in the language '{language}'"


@cache
def _identifier() -> Any:  # noqa: ANN401  (py3langid has no types)
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
