"""The roads that the city's cameras see, in metres of one plane; read again only when a camera's file has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import func, select

from qyran.earth import Plane, plane_of
from service.store.database import WRITES
from service.store.tables import Camera

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from service.store.database import Work

    Line = tuple[tuple[float, float], ...]
    Stamp = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class CameraRoads:
    """What the files of all registered cameras say of their roads.

    Attributes:
        plane: about the middle of all of them; None where no camera says where its road is.
        lines: road axis of each camera in the order of their ids, metres of the plane; empty where none is said.
        commissioned: the cameras with a day of commissioning.
    """

    plane: Plane | None
    lines: Mapping[str, Line]
    commissioned: frozenset[str]


_kept: WeakKeyDictionary[Engine, tuple[Stamp, CameraRoads]] = WeakKeyDictionary()


def camera_roads(work: Work, plane: Plane | None = None) -> CameraRoads:
    """The roads as this unit of work sees them, in a plane of their own or in the given one.

    Ten thousand cameras take a tenth of a second to read, and every report asks: what was read is kept until a file of
    a camera gets another version. A unit of work that writes reads for itself, since it may be undone.
    """
    if work.session.get_bind().get_execution_options().get(WRITES):
        return _read(work, plane)
    asked = select(func.count(), func.sum(Camera.file_version), func.max(Camera.registered_at))
    stamp = tuple(work.session.execute(asked).one())
    kept = _kept.get(work.store.engine)
    if kept is None or kept[0] != stamp:
        kept = _kept[work.store.engine] = stamp, _read(work, None)
    return kept[1] if plane in {None, kept[1].plane} else _read(work, plane)


def _read(work: Work, plane: Plane | None) -> CameraRoads:
    rows = work.session.execute(select(Camera.id, Camera.commissioned, Camera.covers).order_by(Camera.id)).all()
    points = [(float(latitude), float(longitude)) for row in rows for longitude, latitude in row.covers]
    plane = plane or (plane_of(points) if points else None)
    lines = {row.id: () if plane is None or len(row.covers) < 2 else plane.line(row.covers) for row in rows}
    return CameraRoads(plane, lines, frozenset(row.id for row in rows if row.commissioned))
