"""The routers of the REST interface, one module a subject."""

from __future__ import annotations

from typing import Final

from ka2nlp.web.api import assignments, calls, exports, people, proposals, service, tagging

__all__ = ["ROUTERS"]

ROUTERS: Final = tuple(
    module.router for module in (tagging, calls, proposals, assignments, exports, people, service)
)
