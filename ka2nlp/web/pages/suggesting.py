"""See to it that what a task needs of a model is there before the task is shown."""

from __future__ import annotations

from anyio import from_thread

from ka2nlp.review.access import require_own
from ka2nlp.review.assignments import reveal
from ka2nlp.review.calls import get_call
from ka2nlp.review.proposals import get_proposal, latest_text
from ka2nlp.review.records import EVALUATE
from ka2nlp.review.suggestions import find_suggestion_of, keep_suggestion
from ka2nlp.web.pages.visits import Visit

__all__ = ["prepare"]


def prepare(visit: Visit, number: int) -> None:
    """Tag the text of a task if no model of these labels has yet, and note what is shown now.

    In a closed call nothing is tagged or noted any more.

    Runs in a thread of the server; the tagging itself waits its turn with that of other requests.

    Raises
    ------
    BusyError
        When too many documents wait to be tagged.
    """
    store = visit.desk.store
    with store.reading() as session:
        task = require_own(session, visit.user, number)
        call = get_call(session, get_proposal(session, task.proposal_id).call_id)
        if call.closed:
            return
        text = latest_text(session, task.proposal_id)
        known = find_suggestion_of(session, text.id, visit.desk.taxonomy) is not None
    if not known:
        report = from_thread.run(visit.desk.inference.tag, text.document)
        with store.transaction() as session:
            keep_suggestion(session, text.id, report)
    if task.revealed is None and not (call.blind and task.task == EVALUATE):
        with store.transaction() as session:
            reveal(session, number)
