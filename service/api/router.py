"""All routes of the API under /api/v1."""

from __future__ import annotations

from fastapi import APIRouter

from service.api import (
    account,
    administration,
    alert_notices,
    alerts,
    assistant,
    cameras,
    cases,
    devices,
    evidence,
    exchange,
    exemptions,
    faces,
    fines,
    imports,
    kpi,
    live,
    machines,
    map_data,
    objects,
    passages,
    publications,
    rating,
    registers,
    scenes,
    sensors,
    service_desk,
    sessions,
    supervision,
    video,
    watch_lists,
    worker,
    worker_live,
)
from service.api.problems import RESPONSES

router = APIRouter(prefix="/api/v1", responses=RESPONSES)
for part in (
    sessions,
    account,
    cases,
    alert_notices,
    map_data,  # its word stands before the ids of alerts
    alerts,
    service_desk,
    cameras,
    scenes,
    kpi,
    publications,
    rating,
    administration,
    devices,
    evidence,
    exchange,
    assistant,
    exemptions,
    registers,
    fines,
    passages,
    watch_lists,
    worker,
    worker_live,
    machines,
    supervision,
    live,
    video,
    imports,
    sensors,
    objects,
    faces,
):
    router.include_router(part.router)
