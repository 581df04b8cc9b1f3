"""The routers of the REST interface, one module a subject."""

from __future__ import annotations

from typing import Final

from ka2nlp.web.api import service, tagging

__all__ = ["ROUTERS"]

ROUTERS: Final = (tagging.router, service.router)
