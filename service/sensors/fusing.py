"""Camera and sensor together: what their agreement makes of an alert.

Which reports belong to one alert is asked in `service.alerting.happenings`. Here is asked whether those that do confirm
each other: a sensor that is faulty, tampered with or in test confirms nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import select

from fire_alerts.fusion import TOGETHER, Origin, Sign, Standing, standing
from incidents.alert import OPEN
from service.sensors.registry import in_test, state_of
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.sensor_tables import FireSensor

CAMERA: Final = "camera:"
SENSOR: Final = "sensor:"


def confirmed(work: Work, sources: Iterable[str]) -> bool:
    """Whether a camera and a sensor that can be trusted tell the same.

    Args:
        work: the unit of work.
        sources: who told of it, as `Alert.sources` has them.
    """
    told = tuple(sources)
    signs = [Sign(Origin.VIDEO, one) for one in told if one.startswith(CAMERA)]
    sensors = [one.removeprefix(SENSOR) for one in told if one.startswith(SENSOR)]
    if not signs or not sensors:
        return False
    with work.session.no_autoflush:
        rows = work.session.scalars(select(FireSensor).where(FireSensor.id.in_(sensors))).all()
    signs += [Sign(Origin.SENSOR, row.id, trusted(row, work.now)) for row in rows]
    return standing(signs) is Standing.CONFIRMED


def trusted(row: FireSensor, now: datetime) -> bool:
    """Whether a sensor's word may confirm a camera's: sound, in its place, and nobody works on it."""
    return state_of(row).trusted and not in_test(row, now)


def other_signs(work: Work, row: FireSensor, at: datetime) -> tuple[str, ...]:
    """Cameras that told of fire at a sensor's object within the time of one happening: for the trace."""
    if row.object_id is None:
        return ()
    query = select(Alert.sources).where(
        Alert.type == "fire_alert",
        Alert.object_id == row.object_id,
        Alert.state.in_(OPEN),
        Alert.is_drill.is_(False),
        Alert.last_seen.between(at - TOGETHER, at + TOGETHER),
    )
    with work.session.no_autoflush:
        told = {one for sources in work.session.scalars(query) for one in sources if one.startswith(CAMERA)}
    return tuple(sorted(one.removeprefix(CAMERA) for one in told))
