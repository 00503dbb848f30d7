"""Protected objects and their sensors as KPI 10.5 and 10.6 count them: the live register over what was imported.

Of an object that stands in the live register and in an imported file, the live register's state counts. A file that is
imported is written into the live register too (`service.protected_objects.taking`), so the two differ only where
somebody changed an object since. Of a sensor that is registered, what was heard of it counts from its registration on,
and imported spans before that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from fire_alerts.sensor import MISSED
from kpi_catalog.records import Interval, ObjectRegister, ProtectedObject, SensorFact
from service import city_inputs as given
from service.store.database import Work
from service.store.sensor_tables import FireSensor, SensorSpan
from service.store.sensor_tables import ProtectedObject as ObjectRow

OURS = "Qyran"
"""Source of what nobody imported."""


def objects_of(work: Work, entry: given.Entry | None) -> ObjectRegister | None:
    """The register of objects; None where neither an object was entered nor a file imported."""
    query = select(ObjectRow.id, ObjectRow.since, ObjectRow.until, ObjectRow.changed_at).order_by(ObjectRow.id)
    live = work.session.execute(query).all()
    if entry is None and not live:
        return None
    shaped = entry.shaped(given.Objects).objects if entry is not None else ()
    known = {one.id: ProtectedObject(one.id, one.since, one.until) for one in shaped}
    known |= {one.id: ProtectedObject(one.id, one.since, one.until) for one in live}
    days = [one.changed_at.astimezone(work.store.settings.zone).date() for one in live]
    days += [entry.as_of] if entry is not None else []
    return ObjectRegister(tuple(known.values()), max(days), OURS if entry is None else entry.source)


def object_ids(work: Work, entry: given.Entry | None) -> frozenset[str] | None:
    """Ids of the register; None where there is none."""
    register = objects_of(work, entry)
    return None if register is None else frozenset(one.id for one in register.objects)


def sensors_of(work: Work, entry: given.Entry | None) -> tuple[SensorFact, ...] | None:
    """Sensors with the spans in which they worked; None where neither a sensor is registered nor a file imported."""
    registered = dict(work.session.execute(select(FireSensor.id, FireSensor.registered_at)).all())
    if entry is None and not registered:
        return None
    found: dict[tuple[str, str], list[Interval]] = {}
    for one in entry.shaped(given.Sensors).sensors if entry is not None else ():
        spans = _before(one.working, registered.get(one.id))
        found.setdefault((one.id, one.object_id), []).extend(spans)
    for sensor_id, object_id, start, end in _live(work):
        found.setdefault((sensor_id, object_id), []).append((start, end))
    return tuple(SensorFact(sensor, place, tuple(spans)) for (sensor, place), spans in sorted(found.items()))


def equipped(work: Work, objects: Iterable[str]) -> Mapping[str, int]:
    """How many sensors work at each object now."""
    wanted = set(objects)
    found: dict[str, set[str]] = {one: set() for one in wanted}
    for sensor_id, object_id, _, end in _live(work):
        if end is None and object_id in wanted:
            found[object_id].add(sensor_id)
    return {one: len(sensors) for one, sensors in found.items()}


def _live(work: Work) -> Iterable[tuple[str, str, datetime, datetime | None]]:
    """Spans that were heard; one that nobody closed ends with the last word where that is too long ago."""
    query = select(SensorSpan, FireSensor.heard_at, FireSensor.heartbeat_s)
    query = query.join(FireSensor, FireSensor.id == SensorSpan.sensor_id).order_by(SensorSpan.id)
    for span, heard_at, heartbeat_s in work.session.execute(query):
        end = span.end
        if end is None and heard_at is not None and work.now - heard_at > timedelta(seconds=MISSED * heartbeat_s):
            end = heard_at
        yield span.sensor_id, span.object_id, span.start, end


def _before(spans: Iterable[Interval], moment: datetime | None) -> list[Interval]:
    """Spans up to a moment; all of them where there is none."""
    if moment is None:
        return list(spans)
    return [(start, moment if end is None else min(end, moment)) for start, end in spans if start < moment]


def share(work: Work) -> tuple[int, int]:
    """How many objects of the live register have a working sensor now, and how many there are."""
    ids = [
        one
        for one, until in work.session.execute(select(ObjectRow.id, ObjectRow.until))
        if until is None or until >= work.now
    ]
    working = equipped(work, ids)
    return sum(count > 0 for count in working.values()), len(ids)
