"""scikit-learn estimators: those behind the heads, and the same for your own labels.

Needed for training, not for tagging (``ka2nlp[learn]``).
"""

from __future__ import annotations

try:
    import sklearn  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "got an installation without scikit-learn; install it with: pip install 'ka2nlp[learn]'",
        name="sklearn",
    ) from error

from ka2nlp.estimators.calibration import CalibratedMultilabel, fit_platt, stretch
from ka2nlp.estimators.cutoffs import tune_cutoffs
from ka2nlp.estimators.embedder import SentenceEmbedder
from ka2nlp.estimators.multilabel import MultilabelLogistic
from ka2nlp.estimators.outcomes import OutcomeClassifier
from ka2nlp.estimators.thresholds import ThresholdedMultilabel, tune_thresholds
from ka2nlp.estimators.words import fit_words

__all__ = [
    "CalibratedMultilabel",
    "MultilabelLogistic",
    "OutcomeClassifier",
    "SentenceEmbedder",
    "ThresholdedMultilabel",
    "fit_platt",
    "fit_words",
    "stretch",
    "tune_cutoffs",
    "tune_thresholds",
]
