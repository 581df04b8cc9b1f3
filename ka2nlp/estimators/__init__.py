"""scikit-learn estimators behind the heads; needed for training, not for tagging."""

from ka2nlp.estimators.multilabel import MultilabelLogistic
from ka2nlp.estimators.thresholds import tune_thresholds

__all__ = ["MultilabelLogistic", "tune_thresholds"]
