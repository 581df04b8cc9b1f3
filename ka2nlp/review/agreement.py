"""How far evaluators agree, with each other and with the model: a call in, figures out.

Only finished assignments of the task "evaluate" count, and what a consolidator says never does. Of
these every code counts: "yes" is yes, "no" is no, and a code without a standing decision is no, for
the evaluator went through the proposal and did not tick it. "unsure" is neither: that pair of
proposal and code is left out, and counted. Evaluators are compared where they read the same version
of a proposal's text. The model says yes where its report has a tag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.agreement import cohen_kappa, f1_of_counts, masi_alpha, nominal_alpha
from ka2nlp.evaluation import group_columns
from ka2nlp.review.agreement_figures import (
    CallAgreement,
    EvaluatorProgress,
    ModelAgreement,
    PairAgreement,
    Reliability,
)
from ka2nlp.review.calls import get_call
from ka2nlp.review.readings import Reading, latest_suggestions, latest_texts, read_call, tags_of
from ka2nlp.review.records import EVALUATE, NO, UNSURE, YES, Suggestion
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

__all__ = [
    "CallAgreement",
    "EvaluatorProgress",
    "ModelAgreement",
    "PairAgreement",
    "Reliability",
    "call_agreement",
]


_SAID: Final = {YES: 1, NO: 0, UNSURE: -1}


@dataclass(frozen=True, slots=True)
class _Answers:
    """Finished tasks as arrays: one row a task, one column a code.

    Parameters
    ----------
    users, units, models
        Of each row: the evaluator, the proposal with the version of its text, and the model whose
        suggestion is the latest for it (None without one).
    said
        (n_rows, n_codes), int: 1 for yes, 0 for no, -1 for not sure.
    shown, tagged
        (n_rows, n_codes), bool: suggestions were in view; the model has a tag.
    """

    users: NDArray[np.str_]
    units: Sequence[tuple[int, int]]
    models: Sequence[str | None]
    said: NDArray[np.int64]
    shown: NDArray[np.bool_]
    tagged: NDArray[np.bool_]


def call_agreement(session: Session, call_id: int, taxonomy: Taxonomy) -> CallAgreement:
    """Measure a call; needs ``ka2nlp[learn]``.

    Parameters
    ----------
    session
        Of the store.
    call_id
        The call.
    taxonomy
        The labels.

    Raises
    ------
    NotFoundError
        When there is no such call.
    """
    get_call(session, call_id)
    tasks = [one for one in read_call(session, call_id) if one.assignment.task == EVALUATE]
    finished = [one for one in tasks if one.assignment.finished is not None]
    answers = _gather(finished, latest_suggestions(session, call_id, taxonomy), taxonomy)
    columns = group_columns(taxonomy) | {"all codes": list(range(len(taxonomy)))}
    single = {code: [column] for column, code in enumerate(taxonomy.codes)}
    return CallAgreement(
        n_proposals=len(latest_texts(session, call_id)),
        n_finished=_count_finished(tasks),
        n_unsure=int((answers.said < 0).sum()),
        progress=tuple(_progress(tasks)),
        pairs=tuple(_pairs(answers)),
        groups=tuple(_reliabilities(answers, columns, sets=True)),
        codes=tuple(_reliabilities(answers, single, sets=False)),
        models=tuple(_models(answers, {"all codes": columns["all codes"]}, each=True)),
        model_groups=tuple(_models(answers, columns)),
        model_codes=tuple(_models(answers, single)),
    )


def _gather(
    finished: Sequence[Reading], latest: Mapping[int, Suggestion], taxonomy: Taxonomy
) -> _Answers:
    shape = (len(finished), len(taxonomy))
    said, shown, tagged = np.zeros(shape, int), np.zeros(shape, bool), np.zeros(shape, bool)
    models: list[str | None] = []
    known = set(taxonomy.codes)  # decisions and suggestions may be of another vocabulary
    for row, reading in enumerate(finished):
        shown[row] = reading.open
        standing = reading.standing
        for code in standing.keys() & known:
            said[row, taxonomy.column(code)] = _SAID[standing[code].verdict]
            shown[row, taxonomy.column(code)] = standing[code].shown
        suggestion = latest.get(reading.text_id)
        models.append(suggestion.model if suggestion else None)
        for code in tags_of(suggestion).keys() & known if suggestion else ():
            tagged[row, taxonomy.column(code)] = True
    return _Answers(
        np.array([one.user for one in finished], dtype=np.str_),
        [(one.assignment.proposal_id, one.text_id) for one in finished],
        models,
        said,
        shown,
        tagged,
    )


def _count_finished(tasks: Sequence[Reading]) -> int:
    """Count the proposals whose every evaluator has finished."""
    open_ones = {one.assignment.proposal_id for one in tasks if one.assignment.finished is None}
    return len({one.assignment.proposal_id for one in tasks} - open_ones)


def _progress(tasks: Sequence[Reading]) -> Iterator[EvaluatorProgress]:
    for name in sorted({one.user for one in tasks}):
        own = [one for one in tasks if one.user == name]
        finished = [one for one in own if one.assignment.finished is not None]
        begun = [one for one in own if one.standing or one.assignment.finished is not None]
        verdicts = [decision.verdict for one in own for decision in one.standing.values()]
        yield EvaluatorProgress(
            own[0].assignment.user_id,
            name,
            len(own),
            len(begun),
            len(finished),
            *(verdicts.count(verdict) for verdict in (YES, NO, UNSURE)),
        )


def _pairs(answers: _Answers) -> Iterator[PairAgreement]:
    rows = {
        (user, unit): row
        for row, (user, unit) in enumerate(zip(answers.users, answers.units, strict=True))
    }
    for first, second in combinations(sorted(set(answers.users.tolist())), 2):
        common = [unit for user, unit in rows if user == first and (second, unit) in rows]
        if not common:
            continue
        one = answers.said[[rows[first, unit] for unit in common]]
        other = answers.said[[rows[second, unit] for unit in common]]
        sure = (one >= 0) & (other >= 0)
        a, b = one[sure] == 1, other[sure] == 1
        yield PairAgreement(
            first,
            second,
            len(common),
            int(sure.sum()),
            int((~sure).sum()),
            float((a == b).mean()) if a.size else None,
            cohen_kappa(a, b) if a.size else None,
            f1_of_counts(int((a & b).sum()), int(a.sum()), int(b.sum())),
        )


def _reliabilities(
    answers: _Answers, columns: Mapping[str, Sequence[int]], *, sets: bool
) -> Iterator[Reliability]:
    users = sorted(set(answers.users.tolist()))
    n_readers: dict[tuple[int, int], int] = {}
    for unit in answers.units:
        n_readers[unit] = n_readers.get(unit, 0) + 1
    units = [unit for unit, number in n_readers.items() if number >= 2]
    place = {unit: at for at, unit in enumerate(units)}
    said = np.full((len(users), len(units), answers.said.shape[1]), np.nan)
    for user, unit, row in zip(answers.users, answers.units, answers.said, strict=True):
        if unit in place:
            said[users.index(user), place[unit]] = row
    known = np.where(said < 0, np.nan, said)
    for name, chosen in columns.items():
        given = known[:, :, chosen].reshape(len(users), len(units) * len(chosen))
        given = given[:, (~np.isnan(given)).sum(axis=0) >= 2]  # units with two answers
        yield Reliability(
            name,
            len(units),
            given.shape[1],
            int(np.nansum(given)),
            int((~np.isnan(given)).sum()),
            nominal_alpha(given) if given.size else None,
            masi_alpha(_ticked(said[:, :, chosen])) if sets and units else None,
        )


def _ticked(said: NDArray[np.float64]) -> list[list[frozenset[int] | None]]:
    """Give the columns that each user ticked of each unit; None for what they did not read."""
    return [
        [None if np.isnan(row).any() else frozenset(np.flatnonzero(row == 1)) for row in units]
        for units in said
    ]


def _models(
    answers: _Answers, columns: Mapping[str, Sequence[int]], *, each: bool = False
) -> Iterator[ModelAgreement]:
    """Compare every model with all evaluators together, and with each of them if asked to."""
    names = sorted(set(answers.users.tolist())) if each else []
    for model in sorted({name for name in answers.models if name is not None}):
        of_model = np.array([name == model for name in answers.models])
        for evaluator in ["", *names]:
            rows = of_model & ((answers.users == evaluator) | (not evaluator))
            for shown in (None, False, True):
                counted = (answers.said >= 0) & rows[:, None]
                if shown is not None:
                    counted &= answers.shown == shown
                for name, chosen in columns.items():
                    mask = counted[:, chosen]
                    if mask.any():
                        yes = answers.said[:, chosen][mask] == 1
                        tagged = answers.tagged[:, chosen][mask]
                        yield _against(yes, tagged, model, evaluator, shown, name)


def _against(
    yes: NDArray[np.bool_],
    tagged: NDArray[np.bool_],
    model: str,
    evaluator: str,
    shown: bool | None,
    name: str,
) -> ModelAgreement:
    n_evaluator, n_model, n_both = int(yes.sum()), int(tagged.sum()), int((yes & tagged).sum())
    return ModelAgreement(
        model,
        evaluator,
        shown,
        name,
        len(yes),
        n_evaluator,
        n_model,
        n_both,
        n_both / n_model if n_model else None,
        n_both / n_evaluator if n_evaluator else None,
        f1_of_counts(n_both, n_evaluator, n_model),
        cohen_kappa(yes, tagged),
    )
