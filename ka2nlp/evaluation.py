"""Measure reports against labelled descriptions.

Conventions, stated once: F1, precision and recall of a code that nobody ticks, in gold or report,
are undefined and left out of macro averages; average precision needs a positive; calibration error
is the expected one over bins of equal mass (Nixon et al. 2019), and needs 30 positives for a single
code. Intervals are percentiles of a bootstrap over documents (Efron and Tibshirani 1993). What was
not judged is neither right nor wrong: it counts in no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.labelled import LabelledDocument, judged_matrix, label_matrix, overlaps
from ka2nlp.measures import (
    average_precision,
    calibration_error,
    interval,
    mean_of_defined,
    rates,
)
from ka2nlp.records import ANSWERS, Report
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "AnswerScores",
    "CodeScores",
    "Evaluation",
    "EvidenceScores",
    "GroupScores",
    "average_precision",
    "calibration_error",
    "evaluate_arrays",
    "evaluate_reports",
    "group_columns",
    "interval",
]

MIN_POSITIVES: Final = 30
"""Documents with a code under which nothing is said of its calibration."""


@dataclass(frozen=True, slots=True)
class CodeScores:
    """Figures of one code; counts, and fractions in [0, 1] or None where undefined.

    Parameters
    ----------
    n_judged
        Documents in which it was looked for; all others count in none of its figures.
    missed, right, to_check
        Share of its documents that are said not to be addressed, of the documents said to be
        addressed that are, and of all documents that are to be checked.
    """

    code: str
    n_judged: int
    n_gold: int
    n_reported: int
    precision: float | None
    recall: float | None
    f1: float | None
    average_precision: float | None
    calibration_error: float | None
    missed: float | None = None
    right: float | None = None
    to_check: float | None = None


@dataclass(frozen=True, slots=True)
class AnswerScores:
    """What the three answers are worth; fractions in [0, 1] or None where undefined.

    Parameters
    ----------
    missed
        Share of what is there that is said not to be addressed.
    right
        Share of what is said to be addressed that is there.
    to_check
        Share of all pairs that are to be checked.
    """

    missed: float | None
    right: float | None
    to_check: float | None


@dataclass(frozen=True, slots=True)
class GroupScores:
    """Figures of a group of codes; fractions in [0, 1] or None where undefined.

    Parameters
    ----------
    n_codes
        Those of the group that were looked for in any document.
    micro_interval, macro_interval
        95% intervals of the F1 figures.
    answers
        Of the three answers, over all (document, code) pairs; None where there were none.
    """

    name: str
    n_codes: int
    n_gold: int
    micro_precision: float | None
    micro_recall: float | None
    micro_f1: float | None
    macro_f1: float | None
    mean_average_precision: float | None
    calibration_error: float
    micro_interval: tuple[float, float] | None = None
    macro_interval: tuple[float, float] | None = None
    answers: AnswerScores | None = None


@dataclass(frozen=True, slots=True)
class EvidenceScores:
    """How often the sentences of a right tag meet those of the annotators.

    Parameters
    ----------
    n_tags
        Right tags whose gold label has evidence.
    any_hit, first_hit
        Share of them where any sentence shown, or the first one, shares at least half of the
        shorter span with a gold one; None without such tags.
    """

    n_tags: int
    any_hit: float | None
    first_hit: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures of one run."""

    n_documents: int
    groups: tuple[GroupScores, ...]
    codes: tuple[CodeScores, ...]
    evidence: EvidenceScores | None = None

    def to_dict(self) -> dict[str, object]:
        """Give plain dictionaries and lists, for JSON."""
        return asdict(self)


def group_columns(taxonomy: Taxonomy) -> dict[str, list[int]]:
    """Give the columns of the outcomes (facets apart), their facets and the framing aims."""
    groups: dict[str, list[int]] = {"outcomes": [], "facets": [], "framing aims": []}
    for column, concept in enumerate(taxonomy.concepts):
        outcome = column in taxonomy.outcomes
        name = "facets" if concept.broader else "outcomes" if outcome else "framing aims"
        groups[name].append(column)
    return {name: columns for name, columns in groups.items() if columns}


def evaluate_reports(
    gold: Sequence[LabelledDocument], reports: Iterable[Report], taxonomy: Taxonomy
) -> Evaluation:
    """Measure one report for each labelled description, in the same order."""
    listed = list(reports)
    truth = label_matrix(gold, taxonomy)
    decided = np.array(
        [[code in {tag.code for tag in one.tags} for code in taxonomy.codes] for one in listed]
    )
    scores = np.array([[one.scores[code] for code in taxonomy.codes] for one in listed])
    answers = np.array(
        [[ANSWERS.index(one.answers[code]) for code in taxonomy.codes] for one in listed]
    )
    evaluation = evaluate_arrays(
        truth, scores, decided, taxonomy, answers, judged=judged_matrix(gold, taxonomy)
    )
    return replace(evaluation, evidence=_evidence(gold, listed))


def evaluate_arrays(
    truth: NDArray[np.bool_],
    scores: NDArray[np.float64],
    decided: NDArray[np.bool_],
    taxonomy: Taxonomy,
    answers: NDArray[np.int64] | None = None,
    *,
    judged: NDArray[np.bool_] | None = None,
) -> Evaluation:
    """Measure arrays of shape (n_documents, n_labels), columns in label order.

    Parameters
    ----------
    truth, scores, decided
        Labels, probabilities and decisions; labels and decisions may be 0 and 1.
    answers
        Positions in ``ka2nlp.records.ANSWERS``, where three answers were given.
    judged
        Which label was looked for in which document; every one when left out.

    Raises
    ------
    ValueError
        When the shapes are others.
    """
    truth, decided = np.asarray(truth, dtype=bool), np.asarray(decided, dtype=bool)
    scores = np.asarray(scores, dtype=np.float64)
    if not truth.shape == scores.shape == decided.shape == (len(truth), len(taxonomy)):
        raise ValueError(
            f"got arrays of shape {truth.shape}, {scores.shape} and {decided.shape}, expected "
            f"(n_documents, {len(taxonomy)}) for each"
        )
    judged = np.ones_like(truth) if judged is None else np.asarray(judged, dtype=bool)
    truth, decided = truth & judged, decided & judged
    codes = tuple(
        _code_scores(
            code,
            truth[judged[:, k], k],
            scores[judged[:, k], k],
            decided[judged[:, k], k],
            None if answers is None else answers[judged[:, k], k],
        )
        for k, code in enumerate(taxonomy.codes)
    )
    groups = group_columns(taxonomy) | {"all codes": list(range(len(taxonomy)))}
    return Evaluation(
        len(truth),
        tuple(
            _group_scores(
                name,
                [codes[k] for k in columns],
                truth[:, columns],
                scores[:, columns],
                decided[:, columns],
                judged[:, columns],
                None if answers is None else answers[:, columns],
            )
            for name, columns in groups.items()
        ),
        codes,
    )


def _code_scores(
    code: str,
    truth: NDArray[np.bool_],
    scores: NDArray[np.float64],
    decided: NDArray[np.bool_],
    answers: NDArray[np.int64] | None,
) -> CodeScores:
    n_gold, n_reported = int(truth.sum()), int(decided.sum())
    precision, recall, f1 = rates(int((truth & decided).sum()), n_reported, n_gold)
    average = average_precision(truth, scores) if n_gold else None
    error = calibration_error(truth, scores) if n_gold >= MIN_POSITIVES else None
    found = _answer_scores(truth, answers)
    return CodeScores(
        code,
        len(truth),
        n_gold,
        n_reported,
        precision,
        recall,
        f1,
        average,
        error,
        *((found.missed, found.right, found.to_check) if found else ()),
    )


def _answer_scores(
    truth: NDArray[np.bool_], answers: NDArray[np.int64] | None
) -> AnswerScores | None:
    if answers is None:
        return None
    none, doubt, sure = (answers == position for position in range(len(ANSWERS)))
    return AnswerScores(
        float(none[truth].mean()) if truth.any() else None,
        float(truth[sure].mean()) if sure.any() else None,
        float(doubt.mean()) if doubt.size else None,
    )


def _group_scores(
    name: str,
    codes: list[CodeScores],
    truth: NDArray[np.bool_],
    scores: NDArray[np.float64],
    decided: NDArray[np.bool_],
    judged: NDArray[np.bool_],
    answers: NDArray[np.int64] | None,
) -> GroupScores:
    n_gold = int(truth.sum())
    precision, recall, f1 = rates(int((truth & decided).sum()), int(decided.sum()), n_gold)
    # counts by document and code, so that a resample only adds them up
    right, either = (truth & decided).astype(np.int64), truth.astype(np.int64) + decided

    def micro(rows: NDArray[np.int64]) -> float | None:
        total = either[rows].sum()
        return float(2 * right[rows].sum() / total) if total else None

    def macro(rows: NDArray[np.int64]) -> float | None:
        totals = either[rows].sum(axis=0)
        ticked = totals > 0
        return (
            float((2 * right[rows].sum(axis=0)[ticked] / totals[ticked]).mean())
            if ticked.any()
            else None
        )

    return GroupScores(
        name,
        sum(code.n_judged > 0 for code in codes),
        n_gold,
        precision,
        recall,
        f1,
        mean_of_defined([code.f1 for code in codes]),
        mean_of_defined([code.average_precision for code in codes]),
        calibration_error(truth[judged], scores[judged]),
        interval(micro, len(truth)),
        interval(macro, len(truth)),
        _answer_scores(truth[judged], None if answers is None else answers[judged]),
    )


def _evidence(gold: Sequence[LabelledDocument], reports: Sequence[Report]) -> EvidenceScores:
    hits = [
        [
            any(overlaps((item.start, item.end), span) for span in one.evidence[tag.code])
            for item in tag.evidence
        ]
        for one, report in zip(gold, reports, strict=True)
        for tag in report.tags
        if tag.code in one.labels and one.evidence.get(tag.code)
    ]
    if not hits:
        return EvidenceScores(0, None, None)
    any_hit = sum(any(row) for row in hits) / len(hits)
    return EvidenceScores(len(hits), any_hit, sum(any(row[:1]) for row in hits) / len(hits))
