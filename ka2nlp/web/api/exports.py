"""Calls as files, and how far evaluators and the model agree."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Response

from ka2nlp.review.agreement import CallAgreement, call_agreement
from ka2nlp.review.exports import export_call
from ka2nlp.web.desk import ThisDesk
from ka2nlp.web.lists import Id
from ka2nlp.web.problems import API, responses
from ka2nlp.web.security import Lead

__all__ = ["router"]

router: Final = APIRouter(tags=["exports"])

_LINES: Final = "application/x-ndjson"
_KINDS: Final = {
    "corpus": (".jsonl", _LINES),
    "labelled": (".jsonl", _LINES),
    "jsonl": (".jsonl", _LINES),
    "csv": (".csv", "text/csv; charset=utf-8"),
    "xlsx": (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "label-studio": (".json", "application/json"),
}
"""Endings and types of the files in each format."""

_FILE: Final = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    f"{API}/calls/{{call_id}}/export",
    summary="A call as a file",
    response_class=Response,
    responses=responses(404)
    | {200: {"content": {kind.partition(";")[0]: _FILE for _, kind in _KINDS.values()}}},
)
def export(
    desk: ThisDesk,
    _: Lead,
    call_id: Id,
    format: Annotated[
        Literal["corpus", "labelled", "csv", "xlsx", "jsonl", "label-studio"],
        Query(
            description="By reference or with texts, for training; tables; everything with the "
            "whole trail (jsonl); tasks of Label Studio."
        ),
    ] = "csv",
) -> Response:
    """Write a call to a file and send it; leads only.

    The header `X-Left-Out` counts the proposals that the format cannot hold yet.
    """
    ending, kind = _KINDS[format]
    name = f"call-{call_id}-{format}{ending}"
    with TemporaryDirectory(prefix="ka2nlp-") as folder, desk.store.reading() as session:
        target = Path(folder, name)
        exported = export_call(session, call_id, format, target, desk.taxonomy)
        content = target.read_bytes()
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Left-Out": str(len(exported.left_out)),
    }
    return Response(content, headers=headers, media_type=kind)


@router.get(
    f"{API}/calls/{{call_id}}/agreement",
    summary="How far people and model agree",
    responses=responses(404),
)
def agreement(desk: ThisDesk, _: Lead, call_id: Id) -> CallAgreement:
    """Give progress, kappa, Krippendorff's alpha, and the model beside each evaluator."""
    with desk.store.reading() as session:
        return call_agreement(session, call_id, desk.taxonomy)
