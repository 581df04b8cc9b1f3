"""Agreement between sets of labels of the same documents: of two annotators, or of any number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ka2nlp.errors import CorpusError
from ka2nlp.evaluation import group_columns
from ka2nlp.measures import mean_of_defined, rates
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Agreement",
    "CodeAgreement",
    "GroupAgreement",
    "cohen_kappa",
    "compare_labels",
    "f1_of_counts",
    "masi_alpha",
    "masi_distance",
    "nominal_alpha",
]


@dataclass(frozen=True, slots=True)
class CodeAgreement:
    """Agreement on one code.

    Parameters
    ----------
    code
        The code.
    n_first, n_second, n_both
        Documents for which the first, the second and both annotators ticked it.
    f1
        2 n_both / (n_first + n_second), in [0, 1]; None where nobody ticked it.
    kappa
        Cohen's kappa, at most 1; None where one of them ticked it always or never.
    """

    code: str
    n_first: int
    n_second: int
    n_both: int
    f1: float | None
    kappa: float | None


@dataclass(frozen=True, slots=True)
class GroupAgreement:
    """Agreement on a group of codes.

    Parameters
    ----------
    name
        Of the group.
    micro_f1, macro_f1
        In [0, 1]; macro over the codes that anybody ticked.
    kappa
        Cohen's kappa over all (document, code) decisions.
    alpha
        Krippendorff's alpha of the documents' label sets under MASI distance (Passonneau 2006).
    """

    name: str
    micro_f1: float | None
    macro_f1: float | None
    kappa: float | None
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """All figures of one comparison."""

    n_documents: int
    groups: tuple[GroupAgreement, ...]
    codes: tuple[CodeAgreement, ...]


def compare_labels(
    first: Mapping[str, Set[str]], second: Mapping[str, Set[str]], taxonomy: Taxonomy
) -> Agreement:
    """Compare the documents that both have labelled.

    Parameters
    ----------
    first, second
        Identifier of a document, to the codes ticked (parents of facets included).
    taxonomy
        The labels.

    Raises
    ------
    CorpusError
        When they have no document in common, or what stands for a document is no set of codes.
    """
    first, second = (_read_ticks(labels, taxonomy) for labels in (first, second))
    common = sorted(first.keys() & second.keys())
    if not common:
        raise CorpusError(
            f"got {len(first)} and {len(second)} labelled documents without one in common, "
            "expected two annotations of the same documents"
        )
    one, other = (
        np.array([[code in labels[key] for code in taxonomy.codes] for key in common])
        for labels in (first, second)
    )
    codes = tuple(
        _code(code, one[:, column], other[:, column]) for column, code in enumerate(taxonomy.codes)
    )
    groups = group_columns(taxonomy) | {"all codes": list(range(len(taxonomy)))}
    return Agreement(
        len(common),
        tuple(
            _group(name, one[:, columns], other[:, columns], [codes[k] for k in columns])
            for name, columns in groups.items()
        ),
        codes,
    )


def _read_ticks(labels: Mapping[str, Set[str]], taxonomy: Taxonomy) -> dict[str, frozenset[str]]:
    if not isinstance(labels, Mapping):
        raise CorpusError(
            f"got {labels!r:.60}, expected a mapping of identifiers to sets of codes; "
            "ka2nlp.corpora.read_labels reads one from a file"
        )
    found = {key: _as_set(codes) for key, codes in labels.items()}
    for key, codes in found.items():
        if unknown := sorted(str(code) for code in codes if code not in taxonomy):
            raise CorpusError(f"got {unknown[0]!r} for {key}, expected codes of the taxonomy")
    return found


def _as_set(labels: Iterable[Any]) -> frozenset[Any]:
    """Take a set of any kind, or a list; a single label would fall into its characters."""
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Iterable):
        raise CorpusError(f"got {labels!r:.60}, expected a set of labels, such as {{'S1', 'O2'}}")
    return frozenset(labels)


def masi_distance(one: Set[Any], other: Set[Any]) -> float:
    """Measure how far two sets are apart: 1 - Jaccard index x monotonicity, in [0, 1].

    Monotonicity is 1 for equal sets, 2/3 where one contains the other, 1/3 where they overlap and 0
    where they do not (Passonneau, Measuring Agreement on Set-valued Items, LREC 2006). Two empty
    sets are equal.

    Raises
    ------
    CorpusError
        When one is no set.
    """
    return float(_masi_distances([_as_set(one), _as_set(other)])[0, 1])


def _masi_distances(sets: Sequence[frozenset[Any]]) -> NDArray[np.float64]:
    """Measure all pairs of n sets at once: (n, n)."""
    column = {element: at for at, element in enumerate(frozenset[Any]().union(*sets))}
    holds = np.zeros((len(sets), len(column)))
    for row, one in enumerate(sets):
        holds[row, [column[element] for element in one]] = 1
    shared, sizes = holds @ holds.T, holds.sum(axis=1)
    union = sizes[:, None] + sizes - shared
    contained = shared == np.minimum(sizes[:, None], sizes)
    monotonicity = np.select([shared == 0, shared == union, contained], [0, 1, 2 / 3], 1 / 3)
    return np.where(union == 0, 0.0, 1 - shared / np.maximum(union, 1) * monotonicity)


def f1_of_counts(n_both: int, n_first: int, n_second: int) -> float | None:
    """Give 2 n_both / (n_first + n_second), in [0, 1]; None where nobody ticked anything."""
    return rates(n_both, n_first, n_second)[2]


def cohen_kappa(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float | None:
    """Compute Cohen's kappa of two annotators' ticks, arrays of one shape.

    Returns
    -------
    float or None
        At most 1; None where one of them ticked always or never.
    """
    from sklearn.metrics import cohen_kappa_score

    if any(ticked.all() or not ticked.any() for ticked in (one, other)):
        return None
    return float(cohen_kappa_score(one.ravel(), other.ravel()))


def nominal_alpha(answers: NDArray[np.float64]) -> float | None:
    """Compute Krippendorff's alpha of nominal answers.

    Parameters
    ----------
    answers
        Of shape (n_annotators, n_units); NaN where an annotator did not answer.

    Returns
    -------
    float or None
        At most 1; None where the units that two or more answered got fewer than two different
        answers.
    """
    import krippendorff

    paired = answers[:, (~np.isnan(answers)).sum(axis=0) >= 2]
    if len(np.unique(paired[~np.isnan(paired)])) < 2:
        return None
    return float(krippendorff.alpha(reliability_data=paired, level_of_measurement="nominal"))


def masi_alpha(sets: Sequence[Sequence[Set[Any] | None]]) -> float | None:
    """Compute Krippendorff's alpha of label sets under MASI distance (Passonneau 2006).

    Parameters
    ----------
    sets
        One row an annotator, one column a document; None where an annotator did not label it.

    Returns
    -------
    float or None
        At most 1; None where the documents that two or more labelled got fewer than two different
        sets.

    Raises
    ------
    CorpusError
        When something is neither a set nor None.
    """
    import krippendorff

    columns = [
        [None if one is None else _as_set(one) for one in column]
        for column in zip(*sets, strict=True)
        if sum(value is not None for value in column) >= 2
    ]
    values = list(dict.fromkeys(one for column in columns for one in column if one is not None))
    if len(values) < 2:
        return None
    number: dict[frozenset[Any] | None, float] = {value: at for at, value in enumerate(values)}
    number[None] = np.nan
    distances = _masi_distances(values)

    def distance(v1: Any, v2: Any, **unused: Any) -> NDArray[np.float64]:  # noqa: ANN401
        found: NDArray[np.float64] = distances[np.asarray(v1, int), np.asarray(v2, int)]
        return found

    return float(
        krippendorff.alpha(
            reliability_data=np.array([[number[one] for one in column] for column in columns]).T,
            value_domain=list(range(len(values))),
            level_of_measurement=distance,
        )
    )


def _code(code: str, one: NDArray[np.bool_], other: NDArray[np.bool_]) -> CodeAgreement:
    n_first, n_second, n_both = int(one.sum()), int(other.sum()), int((one & other).sum())
    f1 = f1_of_counts(n_both, n_first, n_second)
    return CodeAgreement(code, n_first, n_second, n_both, f1, cohen_kappa(one, other))


def _group(
    name: str, one: NDArray[np.bool_], other: NDArray[np.bool_], codes: list[CodeAgreement]
) -> GroupAgreement:
    sets = [[frozenset(np.flatnonzero(row).tolist()) for row in ticked] for ticked in (one, other)]
    return GroupAgreement(
        name,
        f1_of_counts(int((one & other).sum()), int(one.sum()), int(other.sum())),
        mean_of_defined(code.f1 for code in codes),
        cohen_kappa(one, other),
        masi_alpha(sets),
    )
