"""The city's cameras as KPI 9.1 wants them: where their roads lie, and when video came from them within a span."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from kpi_catalog.records import CameraFact
from service import city_inputs as given
from service.camera_roads import CameraRoads, camera_roads
from service.camera_spans import COUNTED_FOR, MANY_CAMERAS, camera_spans
from service.store.database import WRITES, Work

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from qyran.earth import Plane

    Coverage = dict[str, tuple[Sequence[Any], Sequence[Any]]]

COVERAGE: Final = "camera_coverage"


@dataclass(frozen=True, slots=True)
class _Kept:
    """The cameras of the running day as they stood a moment ago, and what they were made of."""

    at: datetime
    of: tuple[object, ...]
    roads: CameraRoads
    cameras: tuple[CameraFact, ...]


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def cameras_of_day(work: Work, since: datetime, until: datetime, plane: Plane) -> tuple[CameraFact, ...]:
    """Registered cameras with what came from them in a day, or in the running one up to `work.now`; no analytics.

    Of the running day of `MANY_CAMERAS` or more, the log is asked every `COUNTED_FOR` only: each takes two looks of
    its own. A camera's file or coverage that changed counts at once. A unit of work that writes reads for itself.
    """
    roads = camera_roads(work)
    writes = bool(work.session.get_bind().get_execution_options().get(WRITES))
    if writes or until != work.now or len(roads.lines) < MANY_CAMERAS:
        return tuple(cameras_between(work, since, until, plane, analysed=False))
    engine, entry = work.store.engine, given.newest(work, (COVERAGE,)).get(COVERAGE)
    of = since, plane, None if entry is None else (entry.as_of, entry.entered_at, entry.import_id)
    known = _kept.get(engine)
    fresh = known is not None and known.at <= work.now < known.at + COUNTED_FOR
    if known is None or not fresh or known.of != of or known.roads is not roads:
        found = tuple(cameras_between(work, since, until, plane, analysed=False))
        known = _kept[engine] = _Kept(work.now, of, roads, found)
    return known.cameras


def cameras_between(
    work: Work, since: datetime, until: datetime, plane: Plane, *, analysed: bool = True
) -> Iterator[CameraFact]:
    """Registered cameras with a span of their log; roads of one without a day of commissioning do not count.

    What was measured of a camera's coverage and imported stands before what the camera's own file says. What analytics
    did is left out where nobody asks for it, see `camera_spans`.
    """
    spans = camera_spans(work, since, until, analysed=analysed)
    roads, seen = camera_roads(work, plane), coverage_of(work)
    for camera, line in roads.lines.items():
        (began, ended), up, stretches = spans[camera]
        counts = camera in roads.commissioned
        lines, view = seen.get(camera, (None, ()))
        told = ((line,) if line else ()) if lines is None else tuple(plane.line(one) for one in lines)
        yield CameraFact(
            id=camera,
            commissioned_at=began,
            decommissioned_at=ended,
            up=up,
            analysed=stretches,
            covered_road=told if counts else (),
            view=plane.line(view) if counts and view else None,
        )


def coverage_of(work: Work) -> Coverage:
    """Lines and ground that cameras see, as imported, by camera."""
    entry = given.newest(work, (COVERAGE,)).get(COVERAGE)
    return {} if entry is None else {one["camera_id"]: (one["lines"], one["view"]) for one in entry.value["cameras"]}
