"""The web application: API, pages, background jobs, strict headers, errors as problems."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI
from starlette.types import Scope

import qyran
from service.api import health, problems
from service.api.headers import StrictBrowser
from service.api.limits import Limits
from service.api.request_log import RequestLog
from service.api.router import router
from service.jobs import Jobs
from service.rates import Rate, Rates
from service.settings import Settings, load_settings
from service.store.database import Store, open_store
from service.video.live_door import LiveDoor
from service.web import router as pages

ABOUT = """
Qyran watches a city's cameras: traffic violations become decisions an officer signs, incidents and fires become alarms
an operator answers, both become the security KPIs of order 469/НҚ.

Log in with `POST /api/v1/session`; the login travels in a cookie. Every change needs the header `X-CSRF-Token` with the
value the login gave. Errors are problem details (RFC 9457).
"""

ROUTES: Final = APIRouter()
"""Of API and pages, common to all applications of a process: what each route depends on is worked out once."""
for part in (router, pages.router):
    ROUTES.include_router(part)
NOWHERE: Final[Scope] = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "headers": []}


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
        _work_out(app)
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
        redirect_slashes=False,  # it would lead on to whatever host the request named
        license_info={"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
    )
    app.state.store = held
    problems.install(app)
    app.state.rates = Rates(held.settings.home / "rates")
    of_address = Rate(held.settings.address_requests, held.settings.address_requests)
    app.add_middleware(Limits, rates=app.state.rates, by_address=of_address)
    app.add_middleware(StrictBrowser, secure=held.settings.secure)
    app.add_middleware(RequestLog)
    app.router.routes.extend(ROUTES.routes)
    app.state.readiness = health.install(app, held)
    app.state.live_door = LiveDoor(held)
    pages.install(app)
    return app


def _work_out(app: FastAPI) -> None:
    """Have every route work out what it depends on: half a second that the first reader need not wait."""
    for route in app.routes:
        route.matches(dict(NOWHERE))
