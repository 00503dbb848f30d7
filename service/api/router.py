"""All routes of the API under /api/v1."""

from __future__ import annotations

from fastapi import APIRouter

from service.api import (
    account,
    administration,
    alerts,
    cameras,
    cases,
    devices,
    evidence,
    exchange,
    exemptions,
    fines,
    imports,
    kpi,
    passages,
    registers,
    scenes,
    sessions,
    supervision,
    watch_lists,
)
from service.api.problems import RESPONSES

router = APIRouter(prefix="/api/v1", responses=RESPONSES)
for part in (
    sessions,
    account,
    cases,
    alerts,
    cameras,
    scenes,
    kpi,
    administration,
    devices,
    evidence,
    exchange,
    exemptions,
    registers,
    fines,
    passages,
    watch_lists,
    supervision,
    imports,
):
    router.include_router(part.router)
