"""scikit-learn estimators behind the heads; needed for training, not for tagging."""

from ka2nlp.estimators.cutoffs import tune_cutoffs
from ka2nlp.estimators.multilabel import MultilabelLogistic
from ka2nlp.estimators.thresholds import tune_thresholds
from ka2nlp.estimators.words import fit_words

__all__ = ["MultilabelLogistic", "fit_words", "tune_cutoffs", "tune_thresholds"]
