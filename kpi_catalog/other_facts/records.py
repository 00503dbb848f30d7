"""What the KPIs of other spheres are computed from: additive tallies of a span, registers and journals from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime

from kpi_catalog.catalogue import Category
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.records import Dated, Definitions, Import

MICROSECONDS_PER_MINUTE = 60_000_000
MICROSECONDS_PER_HOUR = 60 * MICROSECONDS_PER_MINUTE

CRASH = "crash"
CONGESTION = "congestion"
FIRE_KINDS = frozenset({"fire", "smoke"})
MAJOR_KINDS = FIRE_KINDS | {CRASH}
"""1.12 names fires and accidents."""
ROAD_KINDS = frozenset({CRASH, "stopped_vehicle", "wrong_way", "pedestrian", "cyclist", "animal", "debris"})
"""Incidents on the road that somebody has to react to (6.7); congestion has a KPI of its own (6.3)."""
PARKING_KINDS = ("no_parking", "no_stopping", "paid_parking", "pavement_parking")
"""Kinds of case that are violations of the rules of stopping and parking (5.7)."""


@dataclass(frozen=True, slots=True)
class IncidentTally:
    """What a span of time adds of incidents; the tally of two spans is the sum of theirs.

    Attributes:
        incidents: happenings that were raised, by cameras or people, first detected in the span.
        automatic: of these, those whose first notification of a service the system sent without a person.
        fires, crashes: confirmed ones.
        road: confirmed road incidents; `ack_us` and `dispatch_us` sum the times to the reaction over so many of them,
            `ack_reversed` and `dispatch_reversed` count those whose times are reversed.
        congestion_us: time with congestion, camera by camera, microseconds.
    """

    incidents: int = 0
    automatic: int = 0
    fires: int = 0
    crashes: int = 0
    road: int = 0
    ack: int = 0
    ack_us: int = 0
    ack_reversed: int = 0
    dispatch: int = 0
    dispatch_us: int = 0
    dispatch_reversed: int = 0
    congestion_us: int = 0

    def __add__(self, other: IncidentTally) -> IncidentTally:
        """Both spans together."""
        return IncidentTally(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def as_dict(self) -> dict[str, int]:
        """To keep."""
        return {name: number for name, number in asdict(self).items() if number}


def incidents_together(tallies: Iterable[IncidentTally]) -> IncidentTally:
    """The tally of several spans that share no moment."""
    return sum(tallies, IncidentTally())


@dataclass(frozen=True, slots=True)
class SpeedTally:
    """Passages of vehicles in rush hours by route (camera and control line): how many, and their speeds' sum.

    Attributes:
        routes: by "camera line": (passages with a speed, sum of speeds in metres per hour).
        without_speed: passages whose speed is not known.
        lost_days: working days whose passages retention removed before they were counted.
    """

    routes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    without_speed: int = 0
    lost_days: int = 0

    def __add__(self, other: SpeedTally) -> SpeedTally:
        """Both spans together."""
        routes = dict(self.routes)
        for key, (number, total) in other.routes.items():
            mine = routes.get(key, (0, 0))
            routes[key] = mine[0] + number, mine[1] + total
        return SpeedTally(routes, self.without_speed + other.without_speed, self.lost_days + other.lost_days)


@dataclass(frozen=True, slots=True)
class ArrivalTally:
    """Calls of one emergency service received in the period.

    Attributes:
        calls: all that count.
        minutes: from the call to the arrival, of those that say both and in this order.
        without_arrival, reversed: of all calls.
        imported: the journal they are from; `covered` whether it holds the whole period so far.
    """

    calls: int
    minutes: tuple[float, ...]
    without_arrival: int
    reversed: int
    imported: Import
    covered: bool

    def in_time(self, limit: float) -> int:
        """Calls with an arrival within so many minutes."""
        return sum(one <= limit for one in self.minutes)


@dataclass(frozen=True, slots=True)
class Delayed:
    """KPI 1.1 as the exchange measures it, minutes."""

    mean_minutes: float | None
    n: int
    longest_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """A public-transport stop; `video` where the register itself says that it is watched."""

    id: str
    longitude: float | None = None
    latitude: float | None = None
    video: bool = False


@dataclass(frozen=True, slots=True)
class StopRegister:
    """The register of stops."""

    stops: tuple[Stop, ...]
    on: date
    source: str


@dataclass(frozen=True, slots=True)
class ParkingRegister:
    """The register of car parks: how many there are, how many of them automated, and their spaces together."""

    parkings: int
    automated: int
    places: int
    on: date
    source: str


@dataclass(frozen=True, slots=True)
class CameraPlace:
    """A camera that is in commission at the period's close, where its place is known."""

    id: str
    longitude: float | None = None
    latitude: float | None = None


@dataclass(frozen=True, slots=True)
class Uptime:
    """How long the public page answered, of how long that was measured, seconds, and since when within the period."""

    up_s: float
    measured_s: float
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherFacts:
    """Everything known at `as_of` that these KPIs need; None is missing.

    Attributes:
        delay, update_hours: of the exchange: 1.1, and hours between updates by sphere of data for 1.4.
        incidents: of the period; `base` of the period it is compared with (1.12), None where the store does not go back
            that far; `year` of the twelve months that end with the period's last (6.4), likewise.
        seen_kinds: kinds of incident that were ever raised.
        parking: confirmed cases of `PARKING_KINDS`.
        analysed_hours: camera-hours analysed (the numerator of 9.7).
        cameras: in commission at the period's close.
    """

    as_of: datetime
    category: Category
    delay: Delayed | None = None
    uptime: Uptime | None = None
    update_hours: Mapping[str, float] = field(default_factory=dict)
    incidents: IncidentTally = field(default_factory=IncidentTally)
    base: IncidentTally | None = None
    year: IncidentTally | None = None
    seen_kinds: frozenset[str] = frozenset()
    parking: int = 0
    parkings: ParkingRegister | None = None
    registered_vehicles: Dated | None = None
    fire_calls: ArrivalTally | None = None
    ambulance_calls: ArrivalTally | None = None
    speeds: SpeedTally = field(default_factory=SpeedTally)
    analysed_hours: float | None = None
    stops: StopRegister | None = None
    cameras: tuple[CameraPlace, ...] = ()
    definitions: Definitions = field(default_factory=Definitions)
    readings: Readings = DEFAULT
