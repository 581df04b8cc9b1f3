"""``ka2nlp serve``: the review desk, as pages and as a REST interface."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, suppress
from typing import Final

import click

from ka2nlp.errors import InputError
from ka2nlp.web.settings import DEFAULT_DATABASE, Settings

__all__ = ["command"]

_WAITING_CONNECTIONS: Final = 128
_GRACE: Final = 10
"""Seconds for requests in hand when the desk is ended."""


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--database-url",
    metavar="URL",
    default=DEFAULT_DATABASE,
    show_default=True,
    help="Where decisions are kept: sqlite:///FILE or postgresql://...",
)
@click.option("--model", metavar="DIR", help="A model folder, or the name of one that ships.")
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A name by which browsers reach it besides localhost; may be repeated.",
)
@click.option("--trusted-proxy", metavar="ADDRESS", help="Of a proxy that ends https before it.")
@click.option("--secure", is_flag=True, help="Browsers always reach it by https.")
def command(
    host: str,
    port: int,
    database_url: str,
    model: str | None,
    names: tuple[str, ...],
    trusted_proxy: str | None,
    secure: bool,
) -> None:
    """Serve the review desk until Ctrl-C.

    On an address that only this machine can reach, it needs no users. On any other, add users
    first (ka2nlp users add), and let a proxy before it speak https.
    """
    settings = Settings(
        host=host,
        port=port,
        database_url=database_url,
        model=model,
        names=names,
        trusted_proxy=trusted_proxy,
        secure=secure,
    )
    _serve(settings)


def _serve(settings: Settings) -> None:
    import uvicorn

    from ka2nlp.review.store import Store
    from ka2nlp.web.app import create_app, prepare_users
    from ka2nlp.web.desk import Model

    store = Store.open(settings.database_url)
    shown = store.url
    try:
        prepare_users(store, settings)
    finally:
        store.close()
    model = Model.load(settings.model)
    with _listen(settings.host, settings.port) as listener:
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            create_app(settings, model),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
            proxy_headers=settings.trusted_proxy is not None,
            forwarded_allow_ips=settings.trusted_proxy or "",
        )
        place = f"[{settings.host}]" if ":" in settings.host else settings.host

        class Announced(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                click.echo(f"http://{place}:{port}  decisions in {shown}, model {model.name}")

        with suppress(KeyboardInterrupt):  # how a desk is ended; all is tidied up by then
            Announced(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Take the address, so that one that is taken already is told before anything starts."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )[0]
        # with the protocol named, the event loop sends answers without waiting for full packets
        with ExitStack() as on_error:
            listener = on_error.enter_context(socket.socket(family, kind, protocol))
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_WAITING_CONNECTIONS)
            on_error.pop_all()
    except OSError as error:
        raise InputError(
            f"got the address {host} port {port}, which cannot be listened on "
            f"({error.strerror or error}); choose another --port or --host"
        ) from error
    return listener
