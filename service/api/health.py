"""Open doors for machines: whether the service lives, whether it is ready, and its figures."""

from __future__ import annotations

from typing import Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

import qyran
from service.api.problems import problem
from service.health import Readiness
from service.metrics import camera_figures, place_figures, store_figures
from service.metrics.collected import Looking
from service.metrics.exposition import may_read, page
from service.store.database import Store

ASKERS: Final = 4
"""Threads that answer these doors: a database that hangs takes none from people's requests."""


def install(app: FastAPI, store: Store) -> Readiness:
    """Put the doors into the application; the readiness it gives is to be closed with it."""
    settings = store.settings
    readiness, askers = Readiness(store), CapacityLimiter(ASKERS)
    parts = store_figures.looks_of(store) | place_figures.looks_of(settings)
    figures = Looking(parts | camera_figures.totals_of(settings.home))

    async def live() -> dict[str, str]:
        return {"status": "ok", "version": qyran.__version__}

    async def ready() -> JSONResponse:
        checks = await run_sync(readiness.look, limiter=askers)
        whole = all(check.ok for check in checks.values())
        told = {name: "ok" if check.ok else check.reason for name, check in checks.items()}
        body = {"status": "ok" if whole else "failed", "version": qyran.__version__, "checks": told}
        return JSONResponse(body, 200 if whole else 503, None if whole else {"Retry-After": "5"})

    async def metrics(request: Request) -> Response:
        peer = request.client.host if request.client else ""
        if not may_read(settings, peer, request.headers):
            detail = "Show the token that QYRAN_METRICS_TOKEN names (Authorization: Bearer), or ask from this machine."
            return problem(request, 403, "access", "The figures are for the administrator", detail)
        return Response(await run_sync(page, figures, limiter=askers), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    for path, answer in (("/health/live", live), ("/health/ready", ready), ("/healthz", ready), ("/metrics", metrics)):
        app.add_api_route(path, answer, include_in_schema=False)
    return readiness
