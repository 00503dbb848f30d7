"""What is down at this moment: cameras by their own log, everything else as it was reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from service.store.database import Work
from service.store.tables import Camera

CAMERA: Final = "camera"


@dataclass(frozen=True, slots=True)
class Down:
    """A part that is down; `component` is `camera:ID`, `receiver:ID`, `broker:NAME` and the like, reason a code."""

    component: str
    since: datetime | None
    reason: str | None


def down_now(work: Work) -> tuple[Down, ...]:
    """What is down, by name."""
    rows = work.session.scalars(select(Camera).where(Camera.status == "down", Camera.retired.is_(None)))
    found = {f"{CAMERA}:{row.id}": Down(f"{CAMERA}:{row.id}", row.status_at, None) for row in rows}
    return tuple(sorted(found.values(), key=lambda one: one.component))
