"""KPI 9.1: share of the city's roads, by length, in view of a working photo-video fixation device.

Numerator: kilometres of road seen at the period's end by at least one device, as a union of geometry. A device
works at the period's end if it gave video on the period's last day. Denominator: kilometres of the city's roads.
The state of one day is no sum of days, nor a union of roads: both are read from the register and the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from shapely import LineString, Polygon, STRtree, get_parts
from shapely.ops import unary_union

from kpi_catalog.definition import Counted, Definition, Judged, excluded
from kpi_catalog.facts.spans import was_up
from kpi_catalog.period import Period
from kpi_catalog.records import CameraFact, CityFacts, Polyline, RoadRegister
from kpi_catalog.status import Status
from kpi_catalog.tally import Tally
from kpi_catalog.value import InputUsed, KpiValue, Missing

ID = "9.1"
METRES_PER_KM = 1000.0
# Two devices' copies of one centre line differ by rounding; within this distance they are the same road. It is
# far below the distance of two carriageways and costs twice itself where two covered roads cross.
SAME_LINE_M = 0.05


@dataclass(frozen=True, slots=True)
class Device:
    """A registered camera, and whether it gave video on the last day."""

    camera: CameraFact
    working: bool


def judge(device: Device, facts: CityFacts) -> Judged:
    """How a registered camera counts."""
    camera = device.camera
    if not camera.fixation:
        return excluded("no_fixation")
    if not device.working:
        return excluded("not_working")
    return Judged(Counted.NUMERATOR, "working") if _placed(camera, facts.inputs.roads) else excluded("no_geometry")


def _placed(camera: CameraFact, roads: RoadRegister | None) -> bool:
    return bool(camera.covered_road or (camera.view and roads and roads.lines))


def own_m(camera: CameraFact, roads: RoadRegister | None) -> float:
    """Road that one camera sees, metres; what several see is less than the sum."""
    return _covered_m.__wrapped__(*_geometry([camera], roads))


def _value(_: Tally, facts: CityFacts, period: Period) -> KpiValue:
    devices = [camera for camera in facts.cameras if camera.fixation]
    since, until = period.last_day(facts.as_of)
    working = [camera for camera in devices if was_up(camera, since, until)]
    roads = facts.inputs.roads
    placed = [camera for camera in working if _placed(camera, roads)]
    covered = _covered_m(*_geometry(placed, roads)) / METRES_PER_KM
    length = _length_km(roads)
    missing = _missing(devices, working, placed, length)
    whole = length is not None and not missing
    status = Status.NO_DATA
    if whole:
        status = Status.COMPUTED if len(placed) == len(working) else Status.PRELIMINARY
    return KpiValue(
        id=ID,
        unit="percent",
        definition_version="9.1/1",
        status=status,
        value=100 * covered / length if whole and length else None,
        n=len(working),
        numerator=covered if placed or whole else None,
        denominator=length,
        missing=missing,
        inputs=() if roads is None else (InputUsed("roads", length, roads.on, roads.source),),
        extra={
            "devices": len(devices),
            "devices_working": len(working),
            "devices_without_geometry": len(working) - len(placed),
        },
    )


def _missing(
    devices: list[CameraFact], working: list[CameraFact], placed: list[CameraFact], length: float | None
) -> tuple[Missing, ...]:
    found: list[Missing] = []
    if not devices:
        found.append(Missing.CAMERA_REGISTER)
    elif all(camera.up is None for camera in devices):
        found.append(Missing.CAMERA_LOG)
    elif working and not placed:
        found.append(Missing.COVERAGE_GEOMETRY)
    if not length:
        found.append(Missing.ROAD_LENGTH)
    return tuple(found)


def _length_km(roads: RoadRegister | None) -> float | None:
    if roads is None:
        return None
    if roads.length_km is not None:
        return roads.length_km
    return _network_m(roads.lines) / METRES_PER_KM if roads.lines else None


@lru_cache(maxsize=2)
def _network_m(lines: tuple[Polyline, ...]) -> float:
    return float(unary_union(_lines(lines)).length)


Geometry = tuple[tuple[Polyline, ...], tuple[Polyline, ...], tuple[Polyline, ...]]


def _geometry(cameras: Iterable[CameraFact], roads: RoadRegister | None) -> Geometry:
    """Stretches seen, views, and the road network, where views need it."""
    seen = [(camera.covered_road, camera.view) for camera in cameras]
    views = tuple(view for _, view in seen if view)
    network = roads.lines if views and roads is not None else ()
    return tuple(line for lines, _ in seen for line in lines), views, network


@lru_cache(maxsize=8)
def _covered_m(stretches: tuple[Polyline, ...], views: tuple[Polyline, ...], network: tuple[Polyline, ...]) -> float:
    """Length of road seen, metres. A city's cameras stay where they are: the union is worked out once."""
    pieces = _lines(stretches)
    if views and network:
        seen = unary_union([Polygon(view).buffer(0) for view in views]).intersection(unary_union(_lines(network)))
        pieces.extend(part for part in get_parts(seen) if isinstance(part, LineString))
    return _union_m(pieces)


def _union_m(pieces: list[LineString]) -> float:
    """Length of the union of lines, metres; what lies on a line already counted adds nothing."""
    bands = [piece.buffer(SAME_LINE_M, cap_style="flat") for piece in pieces]
    tree = STRtree(bands)
    total = 0.0
    for i, piece in enumerate(pieces):
        earlier = [bands[j] for j in tree.query(piece) if j < i]
        total += unary_union(piece).difference(unary_union(earlier)).length
    return total


def _lines(polylines: Iterable[Polyline]) -> list[LineString]:
    return [LineString(points) for points in polylines if len(points) > 1]


road_coverage = Definition(ID, 1, judge, _value)
"""KPI 9.1."""
