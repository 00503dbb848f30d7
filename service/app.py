"""The web application: API, pages, background jobs, strict headers, errors as problems."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec

from anyio.to_thread import run_sync
from fastapi import FastAPI
from sqlalchemy import text

import qyran
from service.api import problems
from service.api.headers import StrictBrowser
from service.api.router import router
from service.jobs import Jobs
from service.settings import Settings, load_settings
from service.store.database import Store, open_store

ABOUT = """
Qyran watches a city's cameras: traffic violations become decisions an officer signs, incidents and fires become alarms
an operator answers, both become the security KPIs of order 469/НҚ.

Log in with `POST /api/v1/session`; the login travels in a cookie. Every change needs the header `X-CSRF-Token` with the
value the login gave. Errors are problem details (RFC 9457).
"""


def create_app(settings: Settings | None = None, *, store: Store | None = None, jobs: bool = True) -> FastAPI:
    """The application.

    Args:
        settings: of the installation; None reads the environment.
        store: an open store to serve; None opens the installation's and closes it at the end.
        jobs: whether to run the background jobs in this process.

    Raises:
        ConfigError: the settings or the database are wrong.
    """
    held = store or open_store(settings or load_settings())

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        worker = Jobs(held) if jobs else None
        if worker:
            worker.start()
        yield
        if worker:
            await run_sync(worker.stop)
        if store is None:
            held.close()

    app = FastAPI(
        title="Qyran",
        version=qyran.__version__,
        description=ABOUT,
        lifespan=life,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page loads scripts from another host
        redoc_url=None,
        license_info={"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
    )
    app.state.store = held
    problems.install(app)
    app.add_middleware(StrictBrowser, secure=held.settings.secure)
    app.include_router(router)
    app.add_api_route("/healthz", lambda: _health(held), include_in_schema=False)
    if find_spec("service.web.router") is not None:
        pages = import_module("service.web.router")
        if hasattr(pages, "install"):
            pages.install(app)
        else:
            app.include_router(pages.router)
    return app


def _health(store: Store) -> dict[str, str]:
    """Whether the service and its database answer."""
    with store.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return {"status": "ok", "version": qyran.__version__}
