"""What the API takes and gives for tagging: descriptions, reports, labels."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ka2nlp.records import Document
from ka2nlp.review.values import plain_text
from ka2nlp.web.settings import Limits

__all__ = [
    "ConceptOut",
    "DescriptionIn",
    "DescriptionOut",
    "DescriptionsIn",
    "Health",
    "LevelOut",
    "PlaceOut",
    "ProposalIn",
    "ProposalsIn",
    "ReadOut",
    "ReportOut",
    "ReportsOut",
    "Strict",
    "TaxonomyOut",
    "Words",
]

_LIMITS: Final = Limits()


Words = Annotated[str, AfterValidator(plain_text)]
"""Text; what no database can keep in it becomes U+FFFD, one for one."""


class Strict(BaseModel):
    """A body that holds what it should and nothing else."""

    model_config = ConfigDict(extra="forbid")


class DescriptionIn(Strict):
    """A project description to tag."""

    id: Words = Field(default="", max_length=200, description="Comes back in the report.")
    title: Words = Field(default="", max_length=2000, description="Title of the project.")
    text: Words = Field(
        min_length=1,
        max_length=_LIMITS.characters,
        description="The description; all offsets are character offsets into it.",
        examples=["We train forty teachers from four countries to teach languages with tablets."],
    )

    def document(self) -> Document:
        """Give the document to tag."""
        return Document(self.id, self.title, self.text)


class DescriptionsIn(Strict):
    """Descriptions to tag together."""

    documents: list[DescriptionIn] = Field(min_length=1, max_length=_LIMITS.documents)


class ProposalIn(DescriptionIn):
    """A proposal to add."""

    id: Words = Field(
        min_length=1, max_length=200, description="Unique within the call.", examples=["2027-001"]
    )


class ProposalsIn(Strict):
    """Proposals to add together."""

    documents: list[ProposalIn] = Field(min_length=1, max_length=_LIMITS.documents)


class EvidenceOut(BaseModel):
    """A sentence that shows a tag."""

    start: int = Field(description="Character offset into the text.")
    end: int = Field(description="Character offset, exclusive.")
    text: str
    score: float = Field(ge=0, le=1, description="Probability of the sentence read alone.")
    place: str | None = Field(default=None, description="Page or paragraph, of files.")


class TagOut(BaseModel):
    """One aim that a description addresses."""

    code: str = Field(examples=["S6"])
    label: str = Field(examples=["Digital and open education"])
    level: str = Field(examples=["systemic"])
    probability: float = Field(ge=0, le=1)
    answer: str = Field(description="addressed, or to check.")
    evidence: list[EvidenceOut] = Field(description="At most three sentences, best first.")


class ReportOut(BaseModel):
    """What the model says of one description."""

    id: str
    tags: list[TagOut]
    scores: dict[str, float] = Field(description="Probability of every code.")
    answers: dict[str, str] = Field(description="addressed, to check or not addressed.")
    model: str = Field(examples=["ka2-minilm 0.1.0"])
    taxonomy: str = Field(description="Fingerprint of the labels.")
    warnings: list[str] = Field(description="What to know before trusting the tags.")


class ReportsOut(BaseModel):
    """Reports, one a description, in their order."""

    reports: list[ReportOut]


class PlaceOut(BaseModel):
    """Where a page or a paragraph of a file begins in its text."""

    start: int
    label: str = Field(examples=["page 3"])


class DescriptionOut(BaseModel):
    """What was read from a file."""

    id: str
    title: str
    text: str
    places: list[PlaceOut]


class ReadOut(BaseModel):
    """A file's text, and the report on it."""

    document: DescriptionOut
    report: ReportOut


class ConceptOut(BaseModel):
    """A label."""

    code: str
    uri: str
    label: str
    definition: str
    note: str
    level: str
    broader: str | None = Field(description="The outcome that a facet belongs to.")
    narrower: list[str]
    source: str


class LevelOut(BaseModel):
    """A group of labels."""

    key: str
    label: str
    definition: str
    codes: list[str]


class TaxonomyOut(BaseModel):
    """All labels in their order."""

    fingerprint: str
    levels: list[LevelOut]
    concepts: list[ConceptOut]


class Health(BaseModel):
    """Whether the desk can work, and with what."""

    status: str = Field(examples=["ready"])
    version: str = Field(description="Of ka2nlp.")
    model: str = Field(examples=["ka2-minilm 0.1.0"])
    fingerprint: str = Field(description="SHA-256 of the model's manifest.")
    taxonomy: str = Field(description="Fingerprint of the labels.")
    waiting: int = Field(description="Documents that wait to be tagged.")
