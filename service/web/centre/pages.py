"""The console's pages together; their plain words stand before the ids of alarms."""

from __future__ import annotations

from fastapi import APIRouter

from service.web.centre import (
    alarm_pages,
    console_pages,
    fire_log_pages,
    hand_pages,
    own_pages,
    room_pages,
    shift_pages,
    statistics_pages,
    wall_pages,
    works_pages,
)

router = APIRouter(include_in_schema=False)
for room in (
    console_pages,
    room_pages,
    fire_log_pages,
    shift_pages,
    statistics_pages,
    hand_pages,
    works_pages,
    wall_pages,
    own_pages,
    alarm_pages,
):
    router.include_router(room.router)
