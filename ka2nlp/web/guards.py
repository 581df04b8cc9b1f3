"""What stands before and after every request: known hosts, own origin, bounded bodies, headers.

An error that nothing else handles ends here too: as a problem without details for the client, and
as the places in the code for the log. Its message is left out: it may quote a proposal.
"""

from __future__ import annotations

import logging
import traceback
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ka2nlp.web.problems import Problem, answer, problem_of
from ka2nlp.web.settings import Settings, is_address

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ka2nlp.web.metrics import Metrics

__all__ = ["UNSAFE", "Guards"]

UNSAFE: Final = frozenset({"DELETE", "PATCH", "POST", "PUT"})
"""Methods that change something."""

_METHODS: Final = UNSAFE | {"GET", "HEAD", "OPTIONS"}
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",  # without a referrer, browsers hide the origin of own forms
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TRANSPORT: Final = "max-age=31536000"
_FORM_OVERHEAD: Final = 64 << 10
"""Bytes that a form may have around its file."""

_LOG: Final = logging.getLogger(__name__)


class Guards:
    """Checks every request before an app sees it, and its answer before a client does.

    Parameters
    ----------
    app
        What answers.
    settings
        Hosts and limits.
    metrics
        Are told of every request.
    """

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        own_name = () if is_address(settings.host) else (settings.host,)
        self._names = {name.lower() for name in ("localhost", *own_name, *settings.names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = perf_counter()
        status = 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(scope, message)
            await send(message)

        await self._answer(scope, receive, send_guarded)
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.count_request(method, route, status, perf_counter() - begun)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            self._check_origin(scope["method"], headers)
            await self._app(scope, self._bounded(headers, receive), send_noted)
        except HTTPException as error:
            page = answer(Request(scope), problem_of(error), error.headers)
            await page(scope, receive, send)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            places = " < ".join(f"{one.filename}:{one.lineno}" for one in reversed(frames))
            _LOG.error("%s at %s", type(error).__qualname__, places)
            if not started:
                await answer(Request(scope), _UNFORESEEN)(scope, receive, send)

    def _check_host(self, headers: Headers) -> None:
        """Refuse names that are not ours: another site's name may be made to point here.

        An address in figures cannot be, so that it needs no list.
        """
        try:
            host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        except ValueError:
            host = ""
        if host not in self._names and not is_address(host):
            raise HTTPException(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"got a request for the host {host[:100]!r}, expected one of "
                f"{', '.join(sorted(self._names))}; start the desk with --name to add one",
            )

    def _check_origin(self, method: str, headers: Headers) -> None:
        """Refuse changes that a page of another site asks for; programs send no origin."""
        if method not in UNSAFE:
            return
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        foreign = origin is not None and origin.partition("://")[2] != headers.get("host")
        if foreign or site not in ("same-origin", "none"):
            raise HTTPException(
                HTTPStatus.FORBIDDEN,
                "got a change that another site asks for, expected one from a page of this desk",
            )

    def _bounded(self, headers: Headers, receive: Receive) -> Receive:
        limits = self._settings.limits
        is_form = headers.get("content-type", "").startswith("multipart/form-data")
        most = limits.upload_bytes + _FORM_OVERHEAD if is_form else limits.body_bytes
        announced = headers.get("content-length", "0")
        n_bytes = 0
        too_large = HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"got a request of more than {most >> 20} MiB, expected less; send less at a time",
            {"Connection": "close"},
        )
        if announced.isdecimal() and int(announced) > most:
            raise too_large

        async def receive_bounded() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > most:
                raise too_large
            return message

        return receive_bounded

    def _add_headers(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        if self._settings.secure or scope["scheme"] == "https":
            headers.setdefault("Strict-Transport-Security", _TRANSPORT)


_UNFORESEEN: Final = Problem(
    title=HTTPStatus.INTERNAL_SERVER_ERROR.phrase,
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
    detail="the desk failed on this request, and its log says where; nothing was half done",
)
