"""Which protected object a place belongs to; places are opened once a state of the register, not once an alert."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, select

from incidents.where.fix import Source
from incidents.where.place import Place
from qyran.earth import distance_m
from service.protected_objects.sealed import details_of
from service.store.database import Work
from service.store.sensor_tables import ObjectVersion, ProtectedObject

AT_M: Final = 60.0
"""An object is a site, not a point: from the middle of its register's place to its edge, the length of a building."""


@dataclass(frozen=True, slots=True)
class _Places:
    state: tuple[object, ...]
    points: tuple[tuple[str, float, float], ...]


_known: WeakKeyDictionary[Engine, _Places] = WeakKeyDictionary()
_turn = Lock()


def object_near(work: Work, latitude: float, longitude: float, radius_m: float) -> str | None:
    """The nearest object whose site a place may lie in.

    Args:
        work: the unit of work.
        latitude: WGS 84 degrees.
        longitude: WGS 84 degrees.
        radius_m: metres around the place that hold it with 95 %.
    """
    best: tuple[float, str] | None = None
    for object_id, lat, lon in _points(work):
        apart = distance_m((latitude, longitude), (lat, lon))
        if apart <= AT_M + radius_m and (best is None or (apart, object_id) < best):
            best = apart, object_id
    return None if best is None else best[1]


def object_of_camera(work: Work, camera_id: str) -> str | None:
    """The object that a camera looks at, where it is the only one that names it."""
    query = select(ProtectedObject.id, ProtectedObject.cameras, ProtectedObject.until)
    found = [
        object_id
        for object_id, cameras, until in work.session.execute(query)
        if camera_id in cameras and (until is None or until >= work.now)
    ]
    return found[0] if len(found) == 1 else None


def place_of_object(work: Work, object_id: str) -> Place | None:
    """Where a protected object is, as far as its site reaches; None where nobody entered it."""
    found = next(((lat, lon) for id_, lat, lon in _points(work) if id_ == object_id), None)
    return None if found is None else Place(*found, AT_M, None, Source.OBJECT.value, object_id=object_id)


def _points(work: Work) -> tuple[tuple[str, float, float], ...]:
    newest = select(func.max(ProtectedObject.changed_at), func.count()).select_from(ProtectedObject)
    versions = select(func.count()).select_from(ObjectVersion)
    state = (*work.session.execute(newest).one(), work.session.scalar(versions))
    with _turn:
        held = _known.get(work.store.engine)
    if held is None or held.state != state:
        rows = work.session.scalars(select(ProtectedObject).order_by(ProtectedObject.id)).all()
        found = details_of(work, [row.version_id for row in rows])
        points = tuple(
            (row.id, one.latitude, one.longitude)
            for row in rows
            if (one := found.get(row.version_id)) is not None
            and one.latitude is not None
            and one.longitude is not None
            and (row.until is None or row.until >= work.now)
        )
        held = _Places(state, points)
        with _turn:
            _known[work.store.engine] = held
    return held.points
