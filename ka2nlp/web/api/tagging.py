"""Descriptions and files to reports; and the labels that reports speak of."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Path, Request, UploadFile

from ka2nlp.errors import NotFoundError
from ka2nlp.web.clients import while_connected
from ka2nlp.web.desk import ThisDesk
from ka2nlp.web.problems import API, responses
from ka2nlp.web.schemas import (
    ConceptOut,
    DescriptionIn,
    DescriptionsIn,
    ReadOut,
    ReportOut,
    ReportsOut,
    TaxonomyOut,
)
from ka2nlp.web.security import CurrentUser

__all__ = ["router"]

router: Final = APIRouter()


@router.post(
    f"{API}/tag",
    tags=["tagging"],
    summary="Tag one description",
    response_model=ReportOut,
    response_model_exclude_none=True,
    responses=responses(400, 413, 503),
)
async def tag(
    request: Request, desk: ThisDesk, _: CurrentUser, description: DescriptionIn
) -> dict[str, object]:
    """Report which aims a description addresses, with probabilities and evidence."""
    report = await while_connected(request, desk.inference.tag(description.document()))
    return report.to_dict()


@router.post(
    f"{API}/tag/many",
    tags=["tagging"],
    summary="Tag up to 64 descriptions",
    response_model=ReportsOut,
    response_model_exclude_none=True,
    responses=responses(400, 413, 503),
)
async def tag_many(
    request: Request, desk: ThisDesk, _: CurrentUser, descriptions: DescriptionsIn
) -> dict[str, object]:
    """Report on many descriptions, in their order; 2 MB a request at most."""
    documents = [description.document() for description in descriptions.documents]
    reports = await while_connected(request, desk.inference.tag_many(documents))
    return {"reports": [report.to_dict() for report in reports]}


@router.post(
    f"{API}/tag/file",
    tags=["tagging"],
    summary="Read and tag a file",
    response_model=ReadOut,
    response_model_exclude_none=True,
    responses=responses(400, 413, 503),
)
async def tag_file(
    request: Request,
    desk: ThisDesk,
    _: CurrentUser,
    file: Annotated[
        UploadFile, File(description="PDF, DOCX, ODT, HTML, Markdown or text, up to 20 MiB.")
    ],
) -> dict[str, object]:
    """Read a file within bounds of pages, time and memory, and report on its text.

    Offsets of evidence point into the text that comes back.
    """
    document = await desk.uploads.read(await file.read(), file.filename or "")
    report = await while_connected(request, desk.inference.tag(document))
    return {"document": asdict(document), "report": report.to_dict()}


@router.get(
    f"{API}/taxonomy",
    tags=["taxonomy"],
    summary="All labels",
    response_model=TaxonomyOut,
    responses=responses(),
)
def taxonomy(desk: ThisDesk, _: CurrentUser) -> dict[str, Any]:
    """Give the labels in their order, level by level, with definitions."""
    labels = desk.taxonomy
    return {
        "fingerprint": labels.fingerprint,
        "levels": [asdict(level) for level in labels.levels],
        "concepts": labels.to_rows(),
    }


@router.get(
    f"{API}/taxonomy/{{code}}",
    tags=["taxonomy"],
    summary="One label",
    response_model=ConceptOut,
    responses=responses(404),
)
def concept(
    desk: ThisDesk, _: CurrentUser, code: Annotated[str, Path(examples=["S6"])]
) -> dict[str, Any]:
    """Give one label by its code."""
    if code not in desk.taxonomy:
        raise NotFoundError(f"got the code {code[:20]!r}, expected one of the taxonomy's")
    return asdict(desk.taxonomy[code])
