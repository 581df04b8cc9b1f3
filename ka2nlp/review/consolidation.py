"""Consolidation: where evaluators disagree, and which labels a proposal has in the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ka2nlp.errors import InvalidError
from ka2nlp.labelled import Span
from ka2nlp.review.assignments import assignments_on, get_assignment
from ka2nlp.review.calls import get_call
from ka2nlp.review.decisions import MOST_SPANS, decide, standing
from ka2nlp.review.proposals import get_proposal
from ka2nlp.review.readings import Reading, by_proposal
from ka2nlp.review.records import (
    CONSOLIDATE,
    EVALUATE,
    NO,
    UNSURE,
    YES,
    Assignment,
    Choice,
    Decision,
)
from ka2nlp.taxonomy import Taxonomy

__all__ = ["FinalLabels", "adopt_agreement", "differences", "disagreements", "final", "finals"]

Standing = Mapping[str, Decision]


@dataclass(frozen=True, slots=True)
class FinalLabels:
    """What is to be taken as the labels of a proposal.

    Parameters
    ----------
    labels
        The codes that hold, parents of facets included.
    evidence
        Of these, each code for which somebody marked spans in that version of the text, to them.
    text_id
        The version of the text that was judged last; None where nothing was decided.
    by
        Numbers of the users whose decisions these are.
    unsettled
        Codes on which evaluators disagree, or that the deciding user was not sure of.
    complete
        Whether the labels can be used: consolidated; or finished by as many evaluators as the call
        asks for, with none left and no disagreement.
    """

    labels: frozenset[str]
    evidence: Mapping[str, tuple[Span, ...]]
    text_id: int | None
    by: tuple[int, ...]
    unsettled: frozenset[str]
    complete: bool


def disagreements(session: Session, proposal_id: int) -> dict[str, dict[int, str]]:
    """Give the codes on which finished evaluators disagree, with the verdict of each user.

    What an evaluator left undecided counts as "no".

    Returns
    -------
    dict
        Code, to the number of each finished evaluator, to "yes", "no" or "unsure".
    """
    return differences(_evaluated(session, proposal_id))


def final(session: Session, proposal_id: int) -> FinalLabels:
    """Give the labels of a proposal as far as they are known.

    They are the consolidator's where consolidation is finished, and else the codes on which all
    evaluators who have finished say "yes".

    Raises
    ------
    NotFoundError
        When there is no such proposal.
    """
    wanted = get_call(session, get_proposal(session, proposal_id).call_id).evaluators_each
    tasks = assignments_on(session, proposal_id)
    stands = {one.id: standing(session, one.id) for one in tasks if one.finished}
    return _final(tasks, stands, wanted)


def differences(judged: Mapping[int, Standing]) -> dict[str, dict[int, str]]:
    """Give the codes on which users differ, as ``disagreements`` does.

    Parameters
    ----------
    judged
        The number of each user, to what stands for them.
    """
    found = {}
    for code in sorted({code for stands in judged.values() for code in stands}):
        verdicts = {
            user_id: stands[code].verdict if code in stands else NO
            for user_id, stands in judged.items()
        }
        if len(set(verdicts.values())) > 1:
            found[code] = verdicts
    return found


def finals(readings: Iterable[Reading], wanted: int) -> Mapping[int, FinalLabels]:
    """Give the labels of all proposals of a call, as ``final`` does of one.

    Parameters
    ----------
    readings
        All of the call: ``readings.read_call``.
    wanted
        Evaluators a proposal that the call asks for.

    Returns
    -------
    Mapping
        The number of each proposal, to its labels; those that nobody has a task on included.
    """
    found = defaultdict(lambda: _final((), {}, wanted))
    for proposal_id, known in by_proposal(readings).items():
        tasks = sorted((one.assignment for one in known), key=lambda task: task.id)
        stands = {one.assignment.id: one.standing for one in known}
        found[proposal_id] = _final(tasks, stands, wanted)
    return found


def _final(tasks: Sequence[Assignment], stands: Mapping[int, Standing], wanted: int) -> FinalLabels:
    """Give the labels of a proposal, from the tasks on it and what stands in those finished."""
    consolidated = _finished(tasks, stands, CONSOLIDATE)
    judged = consolidated or _finished(tasks, stands, EVALUATE)
    open_codes = differences(judged)
    complete = bool(consolidated) or (not open_codes and _all_in(tasks, wanted))
    labels = _agreed(judged)
    newest = _newest(judged)
    unsure = {code for one in judged.values() for code in _with(one, UNSURE)}
    return FinalLabels(
        labels,
        {code: spans for code in sorted(labels) if (spans := _spans(judged, code, newest))},
        newest,
        tuple(judged),
        frozenset(open_codes) | unsure,
        complete,
    )


def adopt_agreement(session: Session, assignment_id: int, *, taxonomy: Taxonomy) -> list[Decision]:
    """Take over the labels on which all finished evaluators agree, as the consolidator's decisions.

    With their evidence, one decision a code. What the consolidator has decided stays as it is, and
    so does a facet whose parent they refused.

    Parameters
    ----------
    session
        Of ``Store.transaction()``.
    assignment_id
        A task to consolidate.
    taxonomy
        The codes and their parents.

    Returns
    -------
    list of Decision
        The new ones, in the order of the taxonomy.

    Raises
    ------
    NotFoundError, InvalidError
        When there is no such task, or it is not to consolidate.
    ConflictError
        When the task is finished, or the call is closed.
    """
    task = get_assignment(session, assignment_id)
    if task.task != CONSOLIDATE:
        raise InvalidError(f"got a task to {task.task}, expected one to {CONSOLIDATE}")
    judged = _evaluated(session, task.proposal_id)
    own, agreed, text_id = standing(session, task.id), _agreed(judged), _newest(judged)
    made = []
    for code in taxonomy.codes:
        parent = taxonomy[code].broader
        refused = parent in own and own[parent].verdict != YES
        if code in agreed and code not in own and not refused:
            spans = _spans(judged, code, text_id)[:MOST_SPANS]
            choice = Choice(code, YES, spans, text_id=text_id)
            made.append(decide(session, task.id, choice, taxonomy=taxonomy))
    return made


def _evaluated(session: Session, proposal_id: int) -> dict[int, Standing]:
    """Give what stands for each evaluator who has finished a proposal."""
    tasks = assignments_on(session, proposal_id)
    stands = {one.id: standing(session, one.id) for one in tasks if one.finished}
    return _finished(tasks, stands, EVALUATE)


def _finished(
    tasks: Iterable[Assignment], stands: Mapping[int, Standing], task: str
) -> dict[int, Standing]:
    """Give what stands for each user who has finished a task."""
    return {one.user_id: stands[one.id] for one in tasks if one.task == task and one.finished}


def _all_in(tasks: Iterable[Assignment], wanted: int) -> bool:
    """Tell whether as many have finished as the call asks for, and nobody is still at it."""
    finished = [one.finished is not None for one in tasks if one.task == EVALUATE]
    return len(finished) >= wanted and all(finished)


def _agreed(judged: Mapping[int, Standing]) -> frozenset[str]:
    ticked = [_with(stands, YES) for stands in judged.values()]
    return frozenset.intersection(*ticked) if ticked else frozenset()


def _newest(judged: Mapping[int, Standing]) -> int | None:
    """Give the newest version of the text on which something was decided."""
    texts = [one.text_id for stands in judged.values() for one in stands.values()]
    return max(texts, default=None)


def _with(stands: Standing, verdict: str) -> frozenset[str]:
    return frozenset(code for code, one in stands.items() if one.verdict == verdict)


def _spans(judged: Mapping[int, Standing], code: str, text_id: int | None) -> tuple[Span, ...]:
    """Gather what was marked for a code in one version of the text, each span once, in order."""
    return tuple(
        sorted(
            {
                span
                for stands in judged.values()
                if code in stands and stands[code].text_id == text_id
                for span in stands[code].evidence
            }
        )
    )
