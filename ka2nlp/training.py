"""Train the classifier: annotated documents in, heads and honest figures out.

Two stages. The first scores sentences, the document as a whole and its words: linear maps, fitted
on vectors that stay as they are or learnt together with the encoder. What they say of documents
that they did not see (out of fold, near-duplicates kept together) teaches the second, a small
logistic regression a label, how much evidence makes a label hold; its probabilities, out of fold
again, choose the thresholds and the cut-offs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from ka2nlp.aggregation import NOISY_OR, answer, decide, raise_parents, withhold
from ka2nlp.arrays import as_float32
from ka2nlp.errors import CorpusError
from ka2nlp.estimators import MultilabelLogistic, tune_cutoffs, tune_thresholds
from ka2nlp.evaluation import Evaluation, evaluate_arrays
from ka2nlp.first_stage import Example, FirstStage, Fitted, FrozenFitter, StageFitter
from ka2nlp.heads import Heads
from ka2nlp.progress import Progress, silent
from ka2nlp.second_stage import (
    N_FEATURES,
    N_RELEVANCE,
    RELEVANT,
    SecondStage,
    relevance_features,
)
from ka2nlp.splits import make_folds
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Settings",
    "TrainedHeads",
    "are_measured",
    "collect_features",
    "fit_second_stage",
    "frozen_fitter",
    "train_heads",
]

_Job: TypeAlias = tuple[list[int], list[int]]
"""The rows to fit a first stage on, and those held out."""

MIN_DOCUMENTS: Final = 20
FEWEST_FOLDS: Final = 3
MIN_IRRELEVANT: Final = 20
"""Documents that serve no outcome under which all are taken to serve one."""

ALWAYS_RELEVANT: Final = 20.0
"""The log odds that stand for it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen about training.

    Parameters
    ----------
    sentence_c, document_c, words_c, pooled_c
        Inverse regularisation of the four regressions.
    company_share
        Spread of what other labels say, beside 1 for a label's own features: how freely the
        regression may use it.
    auxiliary_weight
        Of an auxiliary document in the last of them, beside 1 for the others.
    n_folds
        Of the cross-validation inside training.
    n_jobs
        First stages fitted side by side, each in a process of its own; what is fitted is the same.
    random_state
        Seed of the folds.
    """

    sentence_c: float = 3.0
    document_c: float = 3.0
    words_c: float = 4.0
    pooled_c: float = 0.3
    company_share: float = 0.15
    auxiliary_weight: float = 0.5
    n_folds: int = 5
    n_jobs: int = 1
    random_state: int = 0


@dataclass(frozen=True, slots=True)
class TrainedHeads:
    """The heads, and what they reach in cross-validation on the training corpus.

    Parameters
    ----------
    heads
        Fitted on all documents.
    taxonomy
        The labels.
    out_of_fold
        Of shape (n_documents, n_labels), float64: scores in [0, 1] by heads that did not see the
        document.
    truth, decided, answers
        Of the same shape: the labels, and what thresholds and cut-offs say in whose choice the
        document had no part.
    folds, auxiliary
        Of shape (n_documents,).
    encoder
        What learnt to encode with the heads, for its fitter; None where vectors stay as they are.
    """

    heads: Heads
    taxonomy: Taxonomy
    out_of_fold: NDArray[np.float64]
    truth: NDArray[np.bool_]
    decided: NDArray[np.bool_]
    answers: NDArray[np.int64]
    folds: NDArray[np.int64]
    auxiliary: NDArray[np.bool_]
    encoder: Any = None

    def evaluate(self, rows: NDArray[np.bool_] | None = None) -> Evaluation:
        """Measure what was said of some documents out of fold; all but the auxiliary by default.

        Parameters
        ----------
        rows
            Of shape (n_documents,).
        """
        chosen = ~self.auxiliary if rows is None else rows
        return evaluate_arrays(
            self.truth[chosen],
            self.out_of_fold[chosen],
            self.decided[chosen],
            self.taxonomy,
            self.answers[chosen],
        )


def train_heads(
    examples: Sequence[Example],
    taxonomy: Taxonomy,
    settings: Settings | None = None,
    *,
    folds: NDArray[np.int64] | None = None,
    blocks: NDArray[np.int64] | None = None,
    fit: StageFitter | None = None,
    progress: Progress = silent,
) -> TrainedHeads:
    """Train on a corpus.

    Parameters
    ----------
    examples
        Documents with at least one sentence each.
    folds
        Of shape (n_documents,): the fold of each, three folds or more; -1 for a document that is
        never measured. Drawn document by document when left out.
    blocks
        Of shape (n_documents,): which first stage holds a document out, where fewer are to be
        fitted than there are folds; -1 for none, so that the document is learnt from and never
        measured. A fold lies in one block. The folds themselves when left out.
    fit
        Fits the first stage; on the examples' own vectors when left out.
    progress
        Told what happens.

    Raises
    ------
    CorpusError
        When there are fewer than 20 documents, one without a sentence, or fewer than three folds
        with a document to be measured.
    """
    settings = settings or Settings()
    if len(examples) < MIN_DOCUMENTS or not all(len(one.vectors) for one in examples):
        n_usable = sum(len(one.vectors) > 0 for one in examples)
        raise CorpusError(
            f"got {n_usable} annotated documents with text, expected at least {MIN_DOCUMENTS}"
        )
    fit = fit or frozen_fitter(examples, settings)
    truth = np.array([example.labels for example in examples])
    if folds is None:
        folds = make_folds(truth, range(len(truth)), settings.n_folds, settings.random_state)
    if (n_folds := len(set(folds.tolist()) - {-1})) < FEWEST_FOLDS:
        raise CorpusError(
            f"got documents for {n_folds} folds, near-duplicates kept together, expected enough "
            f"for {FEWEST_FOLDS}; add descriptions of other projects"
        )
    blocks = folds if blocks is None else blocks
    everything: list[int] = list(range(len(examples)))
    jobs: list[_Job] = [(everything, []), *_jobs(blocks)]  # the longest comes first
    fitted = _fit_all(fit, jobs, settings.n_jobs, progress)
    final = next(fitted)
    seen = _see(examples, jobs[1:], fitted)
    held = np.flatnonzero(are_measured(blocks, folds)).tolist()
    measured = [examples[row] for row in held]
    trained = fit_second_stage(final.stage, seen[held], measured, folds[held], taxonomy, settings)
    return replace(trained, encoder=final.encoder)


def frozen_fitter(examples: Sequence[Example], settings: Settings) -> FrozenFitter:
    """Set up the first stage on the examples' own vectors."""
    return FrozenFitter(examples, settings.sentence_c, settings.document_c, settings.words_c)


def collect_features(
    examples: Sequence[Example], blocks: NDArray[np.int64], fit: StageFitter
) -> NDArray[np.float64]:
    """Let a first stage that did not see a document say what the second stage sees of it.

    Returns
    -------
    ndarray of shape (n_documents, n_labels, N_FEATURES), float64
        Zeros for documents in block -1.
    """
    jobs = _jobs(blocks)
    return _see(examples, jobs, _fit_all(fit, jobs, 1, silent))


def are_measured(blocks: NDArray[np.int64], folds: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which documents are held out of a first stage, and have a fold to be measured in."""
    return (blocks >= 0) & (folds >= 0)


def _jobs(blocks: NDArray[np.int64]) -> list[_Job]:
    """Give, for each block, the rows of all other documents, and its own."""
    return [
        (np.flatnonzero(blocks != block).tolist(), np.flatnonzero(blocks == block).tolist())
        for block in np.unique(blocks)
        if block >= 0
    ]


def _fit_all(
    fit: StageFitter, jobs: Sequence[_Job], n_jobs: int, progress: Progress
) -> Iterator[Fitted]:
    """Fit one first stage a job, in their order."""
    if n_jobs == 1:
        for number, (train, held_out) in enumerate(jobs, start=1):
            progress(f"fit {number} of {len(jobs)}")
            yield fit(train, held_out)
        return
    from joblib import Parallel, delayed, parallel_config

    progress(f"{len(jobs)} fits, {n_jobs} side by side")
    with parallel_config("loky", n_jobs=n_jobs, inner_max_num_threads=1):
        yield from Parallel(return_as="generator")(delayed(fit)(*job) for job in jobs)


def _see(
    examples: Sequence[Example], jobs: Sequence[_Job], fits: Iterable[Fitted]
) -> NDArray[np.float64]:
    """Let each first stage say what the second sees of the documents that were held out of it."""
    seen = np.zeros((len(examples), examples[0].labels.size, N_FEATURES))
    for (_, held_out), fitted in zip(jobs, fits, strict=True):
        for row, example in zip(held_out, fitted.held_out, strict=True):
            seen[row] = fitted.stage.features(example)
    return seen


def fit_second_stage(
    stage: FirstStage,
    seen: NDArray[np.float64],
    examples: Sequence[Example],
    folds: NDArray[np.int64],
    taxonomy: Taxonomy,
    settings: Settings,
) -> TrainedHeads:
    """Fit the small regressions, the thresholds and the cut-offs, and measure them all.

    Parameters
    ----------
    stage
        Fitted on all documents.
    seen, examples, folds
        What ``collect_features`` gave of documents that were held out, these documents, and their
        folds, three or more.
    """
    truth = np.array([example.labels for example in examples])
    auxiliary = np.array([example.auxiliary for example in examples])
    lengths = np.array([len(example.vectors) for example in examples])
    sample_weight = np.where(auxiliary, settings.auxiliary_weight, 1.0)
    outcomes = np.array(taxonomy.outcomes)

    def fit(rows: NDArray[np.bool_]) -> SecondStage:
        return _fit(seen[rows], truth[rows], lengths[rows], sample_weight[rows], outcomes, settings)

    def score(rows: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Score rows by regressions on the other folds among them."""
        scores, relevance = np.zeros(truth.shape), np.zeros(len(truth))
        for fold in np.unique(folds[rows]):
            here = rows & (folds == fold)
            second = fit(rows & (folds != fold))
            scores[here], relevance[here] = second.probabilities(seen[here], lengths[here])
        return raise_parents(scores, taxonomy.parents), relevance >= RELEVANT

    scores, relevant = score(np.ones(len(truth), dtype=bool))
    decided = np.zeros(truth.shape, dtype=bool)
    answers = np.zeros(truth.shape, dtype=np.int64)
    for fold in np.unique(folds):
        here = folds == fold
        tuned_on = ~here & ~auxiliary
        thresholds, lower, upper = _tune(truth[tuned_on], score(~here)[0][tuned_on])
        decided[here] = decide(scores[here], thresholds, taxonomy.parents)
        answers[here] = answer(scores[here], lower, upper, taxonomy.parents)
    decided, answers = withhold(decided, answers, relevant)
    heads = Heads(
        stage.sentence_weights,
        stage.sentence_bias,
        stage.document_weights,
        stage.document_bias,
        stage.words,
        fit(np.ones(len(truth), dtype=bool)),
        *map(as_float32, _tune(truth[~auxiliary], scores[~auxiliary])),
    )
    return TrainedHeads(heads, taxonomy, scores, truth, decided, answers, folds, auxiliary)


def _tune(
    truth: NDArray[np.bool_], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Choose thresholds and cut-offs; a threshold lies between its cut-offs."""
    lower, upper = tune_cutoffs(truth, scores)
    return np.clip(tune_thresholds(truth, scores), lower, upper), lower, upper


def _fit(
    seen: NDArray[np.float64],
    truth: NDArray[np.bool_],
    lengths: NDArray[np.int64],
    sample_weight: NDArray[np.float64],
    outcomes: NDArray[np.int64],
    settings: Settings,
) -> SecondStage:
    """Fit relevance on all documents, and the labels on those that serve an outcome."""
    relevant = np.asarray(truth[:, outcomes].any(axis=1))
    relevance = _fit_relevance(relevance_features(seen, lengths, outcomes), relevant, settings)
    kept = relevant if relevant.any() else np.ones(len(truth), dtype=bool)
    labels = _fit_labels(seen[kept], truth[kept], sample_weight[kept], settings)
    weights, bias, company, gate, gate_bias = map(as_float32, (*labels, *relevance))
    return SecondStage(weights, bias, company, gate, gate_bias, outcomes)


def _fit_relevance(
    found: NDArray[np.float64], relevant: NDArray[np.bool_], settings: Settings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit one regression on standardised features: weights (N_RELEVANCE,) and bias (1,)."""
    if (~relevant).sum() < MIN_IRRELEVANT:
        return np.zeros(N_RELEVANCE), np.array([ALWAYS_RELEVANT])
    centre, spread = found.mean(axis=0), np.maximum(found.std(axis=0), 1e-6)
    model = MultilabelLogistic(settings.pooled_c).fit((found - centre) / spread, relevant[:, None])
    weights = model.coef_[0] / spread
    return weights, model.intercept_ - centre @ weights


def _fit_labels(
    seen: NDArray[np.float64],
    truth: NDArray[np.bool_],
    sample_weight: NDArray[np.float64],
    settings: Settings,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Fit one small regression a label on its own features and, sparingly, on the others'."""
    n_labels, n_features = seen.shape[1:]
    weights, bias = np.zeros((n_labels, n_features)), np.zeros(n_labels)
    company = np.zeros((n_labels, n_labels))
    anywhere = seen[..., NOISY_OR]
    scale = settings.company_share / np.maximum(anywhere.std(axis=0), 1e-6)
    centre = anywhere.mean(axis=0)
    others = (anywhere - centre) * scale
    for label in range(n_labels):
        model = MultilabelLogistic(settings.pooled_c).fit(
            np.column_stack([seen[:, label], others]), truth[:, [label]], sample_weight
        )
        weights[label] = model.coef_[0, :n_features]
        company[:, label] = model.coef_[0, n_features:] * scale
        bias[label] = model.intercept_[0] - centre @ company[:, label]
    return weights, bias, company
