"""What all requests of one app share: settings, database, tagger, readers of files, figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from ka2nlp.bundles import bundle_digest, find_model
from ka2nlp.review.store import Store
from ka2nlp.tagger import Tagger
from ka2nlp.taxonomy import Taxonomy
from ka2nlp.web.inference import Inference
from ka2nlp.web.metrics import Metrics
from ka2nlp.web.settings import Settings
from ka2nlp.web.uploads import Uploads

__all__ = ["Desk", "Model", "ThisDesk"]


@dataclass(frozen=True, slots=True)
class Model:
    """A tagger, and the fingerprint of the bundle behind it."""

    tagger: Tagger
    fingerprint: str

    @classmethod
    def load(cls, name: str | None) -> Model:
        """Load a model that ships, or one from a folder.

        Raises
        ------
        ModelError
            When it is missing, damaged or made for another taxonomy.
        """
        return cls(Tagger.load(name), bundle_digest(find_model(name)))

    @property
    def name(self) -> str:
        """Its name and version, as reports have it."""
        return self.tagger.name


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of a running app; made when it starts."""

    settings: Settings
    store: Store
    model: Model
    inference: Inference
    uploads: Uploads
    metrics: Metrics

    @property
    def taxonomy(self) -> Taxonomy:
        """The labels of the model."""
        return self.model.tagger.taxonomy


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


ThisDesk = Annotated[Desk, Depends(_desk)]
"""The desk, as a parameter of an endpoint."""
