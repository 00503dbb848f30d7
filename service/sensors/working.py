"""When a sensor worked at which object: what KPI 10.6 counts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from service.store.database import Work
from service.store.sensor_tables import FireSensor, SensorSpan


def reckon_span(work: Work, row: FireSensor, *, works: bool, at: datetime) -> None:
    """Open or close the span of a sensor, after anything about it changed.

    Args:
        work: the unit of work.
        row: the sensor as it is now.
        works: whether it counts as equipment of its object.
        at: since when it does, or until when it did.
    """
    query = select(SensorSpan).where(SensorSpan.sensor_id == row.id, SensorSpan.end.is_(None))
    standing = work.session.scalar(query.with_for_update())
    stays = works and row.object_id is not None
    if standing is not None and stays and standing.object_id == row.object_id:
        return
    if standing is not None:
        standing.end = max(standing.start, at)
    if stays and row.object_id is not None:
        work.session.add(SensorSpan(sensor_id=row.id, object_id=row.object_id, start=at, end=None))
    work.session.flush()
