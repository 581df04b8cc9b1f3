"""Reports as pandas data frames: one row a document, or one row a code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ka2nlp.errors import InputError
from ka2nlp.records import ANSWERS, TO_CHECK, Report
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["import_pandas", "report_to_frame", "reports_to_frame"]


def reports_to_frame(reports: Iterable[Report], taxonomy: Taxonomy) -> pd.DataFrame:
    """Give one row a document.

    Parameters
    ----------
    reports
        Of any documents, made with this taxonomy.
    taxonomy
        The labels, in whose order columns stand.

    Returns
    -------
    pandas.DataFrame
        The index holds the identifiers. ``tags`` and ``to_check`` hold codes with a space between
        them, ``warnings`` sentences with `` | `` between them; ``n_words`` and ``n_sentences`` are
        counts; ``model`` and ``taxonomy`` tell what was read with. Then, for each code,
        ``probability_S1`` (in [0, 1], float64), ``answer_S1`` (an ordered category, from "not
        addressed" to "addressed") and ``tagged_S1`` (nullable boolean). These are missing, and
        not zero, for a document without a sentence, so that means and counts leave it out.
    """
    pandas = import_pandas()
    listed = list(reports)
    read = np.array([report.n_sentences > 0 for report in listed], dtype=bool)
    columns: dict[str, Any] = {
        "tags": _texts([" ".join(tag.code for tag in one.tags) for one in listed]),
        "to_check": _texts([" ".join(one.answered(TO_CHECK)) for one in listed]),
        "warnings": _texts([" | ".join(one.warnings) for one in listed]),
        "n_words": np.array([one.n_words for one in listed], dtype=np.int64),
        "n_sentences": np.array([one.n_sentences for one in listed], dtype=np.int64),
        "model": pandas.Categorical([one.model for one in listed]),
        "taxonomy": pandas.Categorical([one.taxonomy for one in listed]),
    }
    for code in taxonomy.codes:
        scores = np.array([one.scores[code] for one in listed], dtype=np.float64)
        columns[f"probability_{code}"] = np.where(read, scores, np.nan)
    for code in taxonomy.codes:
        columns[f"answer_{code}"] = _answers([one.answers[code] for one in listed], read)
    tagged = [{tag.code for tag in one.tags} for one in listed]
    for code in taxonomy.codes:
        holds = np.array([code in codes for codes in tagged], dtype=bool)
        columns[f"tagged_{code}"] = pandas.arrays.BooleanArray(holds, ~read)
    index = pandas.Index([one.id for one in listed], name="id", dtype=object)
    return pandas.DataFrame(columns, index=index)


def report_to_frame(report: Report, taxonomy: Taxonomy) -> pd.DataFrame:
    """Give one row a code of one report.

    Returns
    -------
    pandas.DataFrame
        The index holds the codes, in the order of the taxonomy; the columns are ``label``,
        ``level``, ``probability``, ``answer`` and ``tagged`` (as in ``reports_to_frame``),
        ``best_sentence`` (empty without a tag) and ``evidence``, a list of sentences, best first.
    """
    pandas = import_pandas()
    concepts = taxonomy.concepts
    read = np.full(len(concepts), report.n_sentences > 0)
    tags = {tag.code: tag for tag in report.tags}
    scores = np.array([report.scores[code] for code in taxonomy.codes], dtype=np.float64)
    holds = np.array([code in tags for code in taxonomy.codes], dtype=bool)
    found = [tags.get(code) for code in taxonomy.codes]
    return pandas.DataFrame(
        {
            "label": [concept.label for concept in concepts],
            "level": pandas.Categorical(
                [concept.level for concept in concepts], [level.key for level in taxonomy.levels]
            ),
            "probability": np.where(read, scores, np.nan),
            "answer": _answers([report.answers[code] for code in taxonomy.codes], read),
            "tagged": pandas.arrays.BooleanArray(holds, ~read),
            "best_sentence": [tag.best_sentence if tag else "" for tag in found],
            "evidence": [[item.text for item in tag.evidence] if tag else [] for tag in found],
        },
        index=pandas.Index(taxonomy.codes, name="code"),
    )


def _texts(given: list[str]) -> Any:  # noqa: ANN401  (pandas has no types)
    return import_pandas().Series(given, dtype=str).array  # none at all would be numbers


def _answers(given: list[str], read: Any) -> Any:  # noqa: ANN401  (pandas has no types)
    values = [answer if known else None for answer, known in zip(given, read, strict=True)]
    return import_pandas().Categorical(values, list(ANSWERS), ordered=True)


def import_pandas() -> Any:  # noqa: ANN401  (pandas has no types)
    """Import pandas.

    Raises
    ------
    InputError
        When it is not installed.
    """
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise InputError(
            "got a data frame to make but no pandas; install: pip install 'ka2nlp[learn]'"
        ) from error
    return pandas
