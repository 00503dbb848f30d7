"""Rows that the feed tells of, made without the life of a real alert: what writes them does not matter to it."""

from __future__ import annotations

from uuid import uuid4

from service.store.alert_tables import Alert
from service.store.tables import ViolationCase


def an_alert(work, **changes) -> str:
    given = {
        "id": str(uuid4()), "type": "incident", "camera_id": "abay-12", "kind": "crash", "state": "notified",
        "incident_id": str(uuid4()), "initiator": "system", "t_raised": work.now,
    }  # fmt: skip
    return _add(work, Alert, {**given, **changes})


def a_case(work, **changes) -> str:
    given = {"id": str(uuid4()), "camera_id": "abay-12", "kind": "red_light", "state": "screened", "edited": []}
    return _add(work, ViolationCase, {**given, **changes})


def _add(work, table, given) -> str:
    common = {"seq": 0, "head": "", "t_detect": work.now, "t_received": work.now, "video_s": 1.0,
              "last_seen": work.now, "changed_at": work.now}  # fmt: skip
    row = table(**{**common, **given})
    work.session.add(row)
    work.session.flush()
    return row.id


def change(world, table, record, **changes) -> None:
    with world.store.write() as work:
        row = work.session.get_one(table, record)
        for name, value in {"changed_at": work.now, **changes}.items():
            setattr(row, name, value)
