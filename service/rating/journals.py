"""Journals and registers from outside for KPIs of other spheres, read once for all periods of a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from kpi_catalog.other_facts.records import (
    MICROSECONDS_PER_MINUTE,
    ArrivalTally,
    CameraPlace,
    ParkingRegister,
    Stop,
    StopRegister,
)
from kpi_catalog.period import Period
from kpi_catalog.records import Dated, Import, Interval
from kpi_catalog.tally import microseconds
from service import city_inputs as given
from service.camera_spans import commission_of
from service.store.database import Work
from service.store.tables import Camera

FIRE: Final = "fire_calls"
AMBULANCE: Final = "ambulance_arrivals"
VEHICLES: Final = "registered_vehicles"
PARKINGS: Final = "parking_places"
STOPS: Final = "public_transport_stops"
UNCOUNTED: Final = ("drill", "test", "merged")


@dataclass(frozen=True, slots=True)
class Called:
    """A call of an emergency service and the arrival at it."""

    received: datetime
    arrived: datetime | None


@dataclass(frozen=True, slots=True)
class Calls:
    """A service's journal."""

    calls: tuple[Called, ...]
    imported: Import

    def of(self, period: Period, as_of: datetime) -> ArrivalTally:
        """Calls received in a period."""
        start, end = period.start, period.end
        there = [one for one in self.calls if start <= one.received < end]
        spans = [microseconds(one.arrived - one.received) for one in there if one.arrived is not None]
        forward = [us for us in spans if us >= 0]
        covers = self.imported.covers_from <= start and self.imported.covers_until >= period.close(as_of)
        return ArrivalTally(
            calls=len(there),
            minutes=tuple(us / MICROSECONDS_PER_MINUTE for us in forward),
            without_arrival=len(there) - len(spans),
            reversed=len(spans) - len(forward),
            imported=self.imported,
            covered=covers,
        )


@dataclass(frozen=True, slots=True)
class Outside:
    """What was imported; None is missing."""

    fire: Calls | None
    ambulance: Calls | None
    vehicles: Dated | None
    parkings: ParkingRegister | None
    stops: StopRegister | None


def outside(work: Work, since: datetime, until: datetime) -> Outside:
    """What stands of the journals within [since, until) and of the registers."""
    found = given.newest(work, (FIRE, AMBULANCE, VEHICLES, PARKINGS, STOPS), within=(since, until))
    vehicles, parkings, stops = found.get(VEHICLES), found.get(PARKINGS), found.get(STOPS)
    return Outside(
        fire=_calls(found.get(FIRE)),
        ambulance=_calls(found.get(AMBULANCE)),
        vehicles=None
        if vehicles is None
        else Dated(vehicles.shaped(given.Number).value, vehicles.as_of, vehicles.source),
        parkings=None if parkings is None else _parkings(parkings),
        stops=None if stops is None else _stops(stops),
    )


Placed = tuple[CameraPlace, Interval]
"""A camera and when it was in commission."""


def cameras_of(work: Work) -> tuple[Placed, ...]:
    """Every camera of the register."""
    columns = (
        Camera.id, Camera.longitude, Camera.latitude, Camera.commissioned, Camera.retired, Camera.registered_at,
    )  # fmt: skip
    zone = work.store.settings.zone
    rows = work.session.execute(select(*columns).order_by(Camera.id))
    return tuple((CameraPlace(row.id, row.longitude, row.latitude), commission_of(row, zone)) for row in rows)


def in_commission(cameras: Iterable[Placed], close: datetime) -> tuple[CameraPlace, ...]:
    """Cameras in commission at a moment."""
    return tuple(place for place, (since, until) in cameras if since < close and (until is None or until >= close))


def _calls(entry: given.Entry | None) -> Calls | None:
    """None where there is no journal, or none that says what span it covers."""
    if entry is None or "covers_from" not in entry.value:
        return None
    span = [datetime.fromisoformat(entry.value[name]) for name in ("covers_from", "covers_until")]
    return Calls(tuple(_counted(entry.value.get("calls", ()))), Import(span[0], span[1], entry.source))


def _counted(rows: Sequence[Mapping[str, Any]]) -> Iterable[Called]:
    """Rows are checked when they are entered; here only their times are read."""
    for row in rows:
        if not any(row.get(name) for name in UNCOUNTED):
            arrived = row.get("t_arrive")
            yield Called(
                datetime.fromisoformat(row["t_call_received"]),
                None if arrived is None else datetime.fromisoformat(arrived),
            )


def _parkings(entry: given.Entry) -> ParkingRegister:
    every = entry.shaped(given.Parkings).parkings
    automated = sum(one.automated for one in every)
    return ParkingRegister(len(every), automated, sum(one.places for one in every), entry.as_of, entry.source)


def _stops(entry: given.Entry) -> StopRegister:
    every = entry.shaped(given.Stops).stops
    stops = tuple(Stop(one.id, one.longitude, one.latitude, one.video) for one in every)
    return StopRegister(stops, entry.as_of, entry.source)
