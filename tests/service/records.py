from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import cv2
import numpy as np

from qyran.roles import SYSTEM
from service.device_cases import AT_ONCE, settle
from service.devices import Delivery, take_record
from service.ingest import ingest
from tests.service.world import World
from tests.violations.records import a_record


def a_picture(shade: int = 90) -> bytes:
    """A JPEG as a device would give it."""
    made, data = cv2.imencode(".jpg", np.full((120, 200, 3), shade, np.uint8))
    assert made
    return data.tobytes()


def deliver(world: World, kind: str = "speeding", *, picture: bytes | None = None, **changes: object) -> str:
    """A device's record with its picture, stored by the system; its id, which is the case's."""
    data = a_picture() if picture is None else picture
    given = {"time": world.clock(), "picture_sha256": hashlib.sha256(data).hexdigest(), **changes}
    return world.do(SYSTEM, take_record, Delivery(a_record(kind, **given), data))


def settled(world: World) -> None:
    """Every waiting record judged, what became a case taken."""
    settle(world.store, AT_ONCE)
    ingest(world.spool, world.store)


def passage(world: World, after_s: float = 0.5, *, at: datetime | None = None, **changes: object) -> str:
    """A vehicle over the control line; its id."""
    given = {
        "type": "passage", "line": "count", "time": (at or world.clock()) + timedelta(seconds=after_s),
        "direction": "forward", "lane": "north-1", "speed_kmh": 93.0, "speed_uncertainty_kmh": 1.5, "score": None,
        "onset_s": None, "plate_score": 0.97, "evidence": None,
    }  # fmt: skip
    event = world.event("control", **{**given, **changes})
    world.take(event)
    return str(event.id)
