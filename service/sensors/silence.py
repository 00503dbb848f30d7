"""Sensors that fell silent, last wills, and old messages: what time brings without anybody saying a word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select

from fire_alerts import sensor as life
from fire_alerts.sensor import SensorKind
from service.protected_objects.register import forget_contacts
from service.sensors import notices
from service.sensors.registry import state_of
from service.sensors.taking import store_state
from service.store.database import Store, Work
from service.store.sensor_tables import FireSensor, SensorEvent, SensorMessage

TOGETHER: Final = 3
"""From so many sensors of one gateway that fall silent at once it is told as the gateway's silence."""
FORGET_AT_ONCE: Final = 5000
"""Messages that one transaction destroys."""


def watch_silence(store: Store, listening: Mapping[str, datetime | None]) -> int:
    """Note which sensors fell silent; how many.

    A sensor is judged only while its way to us is open, and only from the moment it was opened: when the broker or this
    service was down, nobody was silent but the line.

    Args:
        store: the store.
        listening: since when each way (mqtt, http) is open; None while it is not.
    """
    with store.read() as work:
        due = [row.id for row in _due(work, listening)]
    if not due:
        return 0
    with store.write() as work:
        rows = [row for row in _due(work, listening) if row.id in set(due)]
        lost = [row for row in rows if _lose(work, row)]
        _told(work, lost)
        return len(lost)


def line_of(work: Work, subject: FireSensor | str, *, alive: bool) -> None:
    """A last will, or its opposite: the line to a sensor (its row) or to a gateway (its name) is dead or alive again.

    A line that is alive says nothing of the sensor: that comes with its next report.
    """
    if isinstance(subject, FireSensor):
        if not alive and subject.retired is None:
            _lose(work, subject, now=work.now)
        return
    name = f"{notices.GATEWAY}{subject}"
    if alive:
        notices.end(work, name, "lost")
        return
    notices.begin(work, name, "lost")
    query = select(FireSensor).where(FireSensor.gateway == subject, FireSensor.retired.is_(None))
    for row in work.session.scalars(query.with_for_update()).all():
        _lose(work, row, quietly=True, now=work.now)


def forget(store: Store, *, message_days: int, heartbeat_hours: int) -> int:
    """Destroy messages whose term is over, and contacts of states of objects that stand no more; how many messages."""
    now, count = store.clock(), 0
    plain = SensorMessage.received_at < now - timedelta(hours=heartbeat_hours)
    old = SensorMessage.received_at < now - timedelta(days=message_days)
    for wanted in (old, plain & SensorMessage.meant.is_(False)):
        while True:
            with store.write() as work:
                ids = work.session.scalars(select(SensorMessage.id).where(wanted).limit(FORGET_AT_ONCE)).all()
                work.session.execute(delete(SensorMessage).where(SensorMessage.id.in_(ids)))
            count += len(ids)
            if len(ids) < FORGET_AT_ONCE:
                break
    with store.write() as work:
        forget_contacts(work)
    return count


def _due(work: Work, listening: Mapping[str, datetime | None]) -> list[FireSensor]:
    """Sensors that have been silent for too long since their way was open."""
    query = select(FireSensor).where(
        FireSensor.retired.is_(None), FireSensor.lost.is_(False), FireSensor.heard_at.is_not(None)
    )
    found = []
    for row in work.session.scalars(query):
        since = listening.get(row.via or "")
        if since is None or row.heard_at is None:
            continue
        patience = life.Sensor(row.id, SensorKind(row.kind), heartbeat_s=row.heartbeat_s).patience
        if work.now - max(since, row.heard_at) > patience:
            found.append(row)
    return found


def _lose(work: Work, row: FireSensor, *, quietly: bool = False, now: datetime | None = None) -> bool:
    before = state_of(row)
    state, events = life.gone(before)
    if not events:
        return False
    store_state(work, row, before, state, () if quietly else events, now or row.heard_at or work.now)
    if quietly:
        row.version, row.changed_at = row.version + 1, work.now
    work.session.add(SensorEvent(sensor_id=row.id, at=work.now, event="lost"))
    return True


def _told(work: Work, lost: list[FireSensor]) -> None:
    """Many sensors of one gateway at once are one notice: the gateway's."""
    by_gateway: dict[str, list[FireSensor]] = {}
    for row in lost:
        if row.gateway is not None:
            by_gateway.setdefault(row.gateway, []).append(row)
    for gateway, rows in by_gateway.items():
        if len(rows) >= TOGETHER:
            notices.begin(work, f"{notices.GATEWAY}{gateway}", "lost")
            for row in rows:
                notices.end(work, row.id, "lost")
