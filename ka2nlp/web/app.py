"""The application: settings in, an ASGI app out, with REST under ``/api/v1`` and pages beside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from ka2nlp import __version__
from ka2nlp.errors import NotAllowedError
from ka2nlp.review import users
from ka2nlp.review.store import Store
from ka2nlp.web import api, pages
from ka2nlp.web.desk import Desk, Model
from ka2nlp.web.guards import Guards
from ka2nlp.web.inference import Inference
from ka2nlp.web.metrics import Metrics
from ka2nlp.web.openapi import describe, name_operation
from ka2nlp.web.problems import API, add_problem_handlers
from ka2nlp.web.security import LOCAL_USER
from ka2nlp.web.settings import Settings
from ka2nlp.web.uploads import Uploads

__all__ = ["create_app", "prepare_users"]


def create_app(settings: Settings, model: Model | None = None) -> FastAPI:
    """Make the app of one desk; database and model are opened when it starts.

    Parameters
    ----------
    settings
        How the desk is set up.
    model
        Where it is loaded already.
    """
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        used = await to_thread.run_sync(Model.load, settings.model) if model is None else model
        store = await to_thread.run_sync(Store.open, settings.database_url)
        await to_thread.run_sync(prepare_users, store, settings)
        inference = Inference(used.tagger, settings.limits, metrics.count_batch)
        metrics.watch(used.tagger.name, lambda: inference.n_waiting)
        inference.start()
        app.state.desk = Desk(settings, store, used, inference, Uploads(settings.limits), metrics)
        try:
            yield
        finally:
            await to_thread.run_sync(inference.close)
            store.close()

    app = FastAPI(
        title="ka2nlp",
        version=__version__,
        lifespan=lifespan,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # FastAPI's pages load scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=name_operation,
    )
    add_problem_handlers(app)
    for router in api.ROUTERS:
        app.include_router(router)
    describe(app)
    pages.add_pages(app)
    app.add_middleware(Guards, settings=settings, metrics=metrics)
    return app


def prepare_users(store: Store, settings: Settings) -> None:
    """See to it that somebody can use the desk, and nobody else.

    A desk that only this machine can reach, and that has no users, gets one without a password.

    Raises
    ------
    NotAllowedError
        When others can reach the desk and no user has a password.
    """
    with store.transaction() as session:
        if users.count_users(session, with_password=True):
            return
        if not settings.private:
            raise NotAllowedError(
                f"got the address {settings.host}, which others can reach, and no user with a "
                "password; add one first: ka2nlp users add NAME --role administrator"
            )
        if users.find_user(session, LOCAL_USER) is None:
            users.add_user(session, LOCAL_USER, None, "administrator")
