"""Whether the desk works, and its figures for Prometheus."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from ka2nlp import __version__
from ka2nlp.review.users import count_users
from ka2nlp.web.desk import ThisDesk
from ka2nlp.web.metrics import MEDIA_TYPE
from ka2nlp.web.problems import API, responses
from ka2nlp.web.schemas import Health
from ka2nlp.web.security import Administrator

__all__ = ["router"]

router: Final = APIRouter(tags=["service"])


@router.get(f"{API}/health/live", summary="Is the process alive?")
async def live() -> dict[str, str]:
    """Answer at once, whatever else is busy; needs no login."""
    return {"status": "alive"}


@router.get(f"{API}/health/ready", summary="Can it work?", responses=responses(503, public=True))
def ready(desk: ThisDesk) -> Health:
    """Ask the database, and see that the model's thread runs; needs no login."""
    with desk.store.reading() as session:
        count_users(session)
    if not desk.inference.alive:
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE, "the model's thread has ended; start the desk anew"
        )
    return Health(
        status="ready",
        version=__version__,
        model=desk.model.name,
        fingerprint=desk.model.fingerprint,
        taxonomy=desk.taxonomy.fingerprint,
        waiting=desk.inference.n_waiting,
    )


@router.get(
    f"{API}/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses=responses() | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(desk: ThisDesk, _: Administrator) -> Response:
    """Give counts and times of requests, batches and the queue, without a word of any text."""
    return Response(desk.metrics.text(), media_type=MEDIA_TYPE)
