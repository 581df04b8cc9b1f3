"""Exchange a call with Label Studio: its tasks out, its annotations in as decisions of a user.

Offsets are written in Unicode code points and read in either way of counting; what becomes of a
label in Label Studio's words stands in ``ka2nlp.review.label_studio_results``.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from ka2nlp.errors import InvalidError
from ka2nlp.labelled import Span
from ka2nlp.records import NOT_ADDRESSED
from ka2nlp.review.assignments import assign, finish, reveal
from ka2nlp.review.calls import get_call
from ka2nlp.review.decisions import decide, standing
from ka2nlp.review.label_studio_results import Labels, read_results, write_results
from ka2nlp.review.proposals import latest_text
from ka2nlp.review.readings import (
    Reading,
    latest_suggestions,
    latest_texts,
    proposals_of,
    read_call,
    tags_of,
    texts_of,
)
from ka2nlp.review.records import (
    CONSOLIDATE,
    EVALUATE,
    NO,
    YES,
    Assignment,
    Choice,
    Proposal,
    Suggestion,
    Text,
)
from ka2nlp.review.rows import find
from ka2nlp.review.schema import assignments, proposals
from ka2nlp.review.suggestions import find_suggestion_of
from ka2nlp.taxonomy import Taxonomy

__all__ = ["Imported", "from_label_studio", "read_tasks", "to_label_studio"]

Task = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Parameters
    ----------
    n_proposals, n_decisions
        Proposals that are finished now, and decisions recorded on them.
    skipped
        Tasks that were left alone, each with the reason.
    n_lost
        Spans whose place in the text could not be told.
    """

    n_proposals: int
    n_decisions: int
    skipped: tuple[tuple[str, str], ...]
    n_lost: int


def to_label_studio(
    session: Session, call_id: int, taxonomy: Taxonomy
) -> Iterator[dict[str, object]]:
    """Give the proposals of a call as tasks of Label Studio, in the order in which they came.

    The latest suggestion is a prediction: its tags, the sentences that show them, the model's name
    and, as the score, the mean over all codes of the probability that its yes or no is right. A
    blind call gives none. Every finished task of a user on the newest text is an annotation, a
    consolidator's marked as ground truth; since Label Studio refuses users that it does not know,
    their names stand in ``data.annotators``, in the same order. "Not sure" has no word there, and
    is left out, as is evidence in an older version of the text.

    Raises
    ------
    NotFoundError
        When there is no such call.
    """
    blind = get_call(session, call_id).blind
    suggested = latest_suggestions(session, call_id, taxonomy)
    by_text: dict[int, list[Reading]] = {}
    for reading in read_call(session, call_id):
        if reading.assignment.finished is not None:
            by_text.setdefault(reading.text_id, []).append(reading)
    known, texts = proposals_of(session, call_id), texts_of(session, call_id)
    for proposal_id, text_id in latest_texts(session, call_id).items():
        text, proposal = texts[text_id], known[proposal_id]
        finished = by_text.get(text_id, [])
        suggestion = suggested.get(text_id)
        predictions = []
        if suggestion is not None and not blind:
            tags = {code: tag for code, tag in tags_of(suggestion).items() if code in taxonomy}
            spans = {code: _spans(tag["evidence"]) for code, tag in tags.items()}
            predictions.append(
                {
                    "model_version": suggestion.model,
                    "score": _confidence(suggestion.report["scores"]),
                    "result": write_results(text.text, tags, spans, taxonomy),
                }
            )
        yield {
            "data": {
                "id": proposal.source_id,
                "title": text.title,
                "text": text.text,
                "annotators": [one.user for one in finished],
            },
            "predictions": predictions,
            "annotations": [_annotation(one, text, taxonomy) for one in finished],
        }


def _spans(evidence: Iterable[Mapping[str, Any]]) -> list[Span]:
    return [(one["start"], one["end"]) for one in evidence]


def _confidence(scores: Mapping[str, float]) -> float:
    return round(sum(max(one, 1 - one) for one in scores.values()) / max(len(scores), 1), 6)


def _annotation(reading: Reading, text: Text, taxonomy: Taxonomy) -> dict[str, object]:
    finished = reading.assignment.finished
    evidence = {
        code: decision.evidence if decision.text_id == text.id else ()
        for code, decision in reading.standing.items()
        if decision.verdict == YES and code in taxonomy
    }
    return {
        "result": write_results(text.text, evidence, evidence, taxonomy),
        "was_cancelled": False,
        "ground_truth": reading.assignment.task == CONSOLIDATE,
        "created_at": finished.isoformat() if finished else None,
    }


def read_tasks(path: Path) -> list[Task]:
    """Read a file of tasks, as Label Studio's export "JSON" writes it.

    Raises
    ------
    InvalidError
        When it cannot be read, or is in another of its formats.
    """
    try:
        tasks = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidError(f"got {path}, which cannot be read as JSON: {error}") from error
    if not isinstance(tasks, list) or not all(
        isinstance(one, dict) and isinstance(one.get("data"), dict) for one in tasks
    ):
        raise InvalidError(
            f"got {path} in another form, expected a list of tasks with data and annotations; "
            "choose the format JSON, not JSON-MIN, when exporting from Label Studio"
        )
    return tasks


def from_label_studio(
    session: Session,
    call_id: int,
    user_id: int,
    tasks: Iterable[Task],
    taxonomy: Taxonomy,
    *,
    annotator: str | None = None,
) -> Imported:
    """Take annotations of Label Studio as the decisions of a user, and finish those proposals.

    A code that is ticked, or named at a span, is decided yes, with its spans as evidence. A code
    that is neither is decided no where a model suggested it or a decision of this user stands on
    it, be that "not sure", and is otherwise left undecided, which counts as no. Since the tasks of
    a call that is not blind hold predictions, these decisions count as made in view of them. A task
    without a finished annotation, with another text than the newest one of its proposal, or whose
    proposal this user has finished already, is left alone and told; so the same file imported again
    changes nothing.

    Parameters
    ----------
    session
        Of ``Store.transaction()``.
    call_id
        The call; a task belongs to the proposal whose ``source_id`` is its ``data.id``.
    user_id
        Whose decisions they become; the task to evaluate is given to them where they lack it.
    tasks
        As ``read_tasks`` gives them.
    taxonomy
        The labels.
    annotator
        Take the annotations that this one completed (``completed_by``: number or address in Label
        Studio); needed where tasks have annotations of several.

    Raises
    ------
    NotFoundError
        When there is no such call or user.
    ConflictError
        When the call is closed.
    InvalidError
        When an annotation is not of the expected form, names a label that is no code, or a task
        has several annotations.
    """
    blind = get_call(session, call_id).blind
    skipped: list[tuple[str, str]] = []
    n_proposals = n_decisions = n_lost = 0
    for number, task in enumerate(tasks, start=1):
        name = str(task["data"].get("id") or f"task {number}")
        found = _annotation_of(task, name, annotator)
        text = _text_of(session, call_id, task)
        if found is None or text is None:
            reason = "no finished annotation" if text else "no proposal of this call has this text"
            skipped.append((name, reason))
            continue
        assignment = _assignment(session, text.proposal_id, user_id)
        if assignment.finished is not None or assignment.task != EVALUATE:
            skipped.append((name, "the user has finished it already, or consolidates it"))
            continue
        labels = _labels(found, text, name, taxonomy)
        suggestion = find_suggestion_of(session, text.id, taxonomy)
        if suggestion is not None and not blind:
            reveal(session, assignment.id)
        stood = standing(session, assignment.id)
        choices = _choices(labels, text, suggestion, stood, taxonomy)
        for choice in choices:
            decide(session, assignment.id, choice, taxonomy=taxonomy)
        finish(session, assignment.id)
        n_proposals += 1
        n_decisions += len(choices)
        n_lost += labels.n_lost
    return Imported(n_proposals, n_decisions, tuple(skipped), n_lost)


def _annotation_of(task: Task, name: str, annotator: str | None) -> Task | None:
    """Give the one finished annotation of a task; None where there is none."""
    finished = [
        one
        for one in task.get("annotations") or ()
        if not one.get("was_cancelled") and (annotator is None or annotator in _annotators(one))
    ]
    if len(finished) > 1:
        raise InvalidError(
            f"got {len(finished)} annotations of {name}, expected one; name the annotator whose "
            "annotations these decisions are"
        )
    return finished[0] if finished else None


def _annotators(annotation: Task) -> list[str]:
    by = annotation.get("completed_by")
    return [str(value) for value in by.values()] if isinstance(by, dict) else [str(by)]


def _text_of(session: Session, call_id: int, task: Task) -> Text | None:
    """Find the proposal of a task, and give its newest text if that is the one annotated."""
    proposal = find(
        session,
        Proposal,
        proposals.c.call_id == call_id,
        proposals.c.source_id == str(task["data"].get("id")),
    )
    if proposal is None:
        return None
    text = latest_text(session, proposal.id)
    return text if text.text == task["data"].get("text") else None


def _assignment(session: Session, proposal_id: int, user_id: int) -> Assignment:
    found = find(
        session,
        Assignment,
        assignments.c.proposal_id == proposal_id,
        assignments.c.user_id == user_id,
    )
    return found or assign(session, proposal_id, user_id, EVALUATE)


def _labels(annotation: Task, text: Text, name: str, taxonomy: Taxonomy) -> Labels:
    try:
        return read_results(annotation["result"], text.text, taxonomy)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = error.args[0] if isinstance(error, ValueError) else f"no {error}"
        raise InvalidError(
            f"got, in the annotation of {name}, {reason}; expected results of the labelling "
            "interface that ka2nlp writes"
        ) from error


def _choices(
    labels: Labels,
    text: Text,
    suggestion: Suggestion | None,
    stood: Container[str],
    taxonomy: Taxonomy,
) -> list[Choice]:
    answers: Mapping[str, str] = suggestion.report["answers"] if suggestion else {}
    choices = []
    for code in taxonomy.codes:
        if code in labels.codes:
            choices.append(Choice(code, YES, labels.evidence.get(code, ()), text_id=text.id))
        elif code in stood or answers.get(code, NOT_ADDRESSED) != NOT_ADDRESSED:
            choices.append(Choice(code, NO, text_id=text.id))
    return choices
