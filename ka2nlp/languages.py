"""Tell whether a text is English, so that the report can warn when it is not."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

__all__ = ["detect_language"]

_SAMPLE: Final = 1000
_CERTAIN: Final = 0.9


def detect_language(text: str) -> str | None:
    """Name the language of a text.

    Parameters
    ----------
    text
        Its first 1,000 characters are looked at.

    Returns
    -------
    str or None
        An ISO 639-1 code; None where the detector (py3langid, a naive Bayes classifier over byte
        n-grams; Lui and Baldwin 2012) gives no language 0.9 or more.
    """
    language, probability = _identifier().classify(text[:_SAMPLE])
    return str(language) if probability >= _CERTAIN else None


@cache
def _identifier() -> Any:  # noqa: ANN401  (py3langid has no types)
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
