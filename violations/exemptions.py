"""Who may do what a rule forbids: emergency vehicles, permits, grace, a traffic controller's order, roadworks.

A pure decision over what is known of an act. An exempt finding is not dropped: the case is stored, set aside with the
reason given here, and a share of such cases is looked at by people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

Ground = Literal["emergency", "permit", "grace"]
GROUNDS: Final[tuple[Ground, ...]] = ("emergency", "permit", "grace")
REASON_OF: Final[dict[Ground, str]] = {"emergency": "emergency_vehicle", "permit": "permit", "grace": "grace_time"}
CONTROLLER: Final = "directed_by_officer"
ROADWORKS: Final = "roadworks"

CONTROLLED: Final = frozenset({
    "red_light", "stop_line", "lane_direction", "solid_line", "oncoming_lane", "wrong_way", "bus_lane", "turn",
    "u_turn", "pedestrian_priority", "junction_block", "no_stopping", "pavement_driving", "restricted_class",
})  # fmt: skip
"""What a controller's gestures overrule where his flag names no kinds: lamps, signs and markings. Never a speed, a
railway crossing, what lies in registers, or what a driver does with belt and phone."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is known of a finding.

    Attributes:
        kind: name of the rule.
        time: of the decision.
        camera, zone: where; the zone where the rule names one.
        class_: road class of the vehicle.
        plate: its plate, or anything that stands for it (equal plates, equal values); None where it was not read.
        seconds: how long the act lasted, None where it has no length.
        traffic: a rule about what a camera sees on the road; roadworks overrule only such.
    """

    kind: str
    time: datetime
    camera: str
    zone: str | None = None
    class_: str | None = None
    plate: str | None = None
    seconds: float | None = None
    traffic: bool = True


@dataclass(frozen=True, slots=True)
class Permit:
    """A permit as `service.store.record_tables.Permit` keeps it; empty sets mean everywhere, None everybody.

    Attributes:
        id: to name it by.
        ground: emergency, permit or grace.
        plate, class_: who.
        kinds, cameras, zones: what and where.
        start, end: from when until before when.
        grace_s: only acts no longer than this.
    """

    id: str
    ground: Ground
    plate: str | None
    class_: str | None
    kinds: frozenset[str]
    cameras: frozenset[str]
    zones: frozenset[str]
    start: datetime
    end: datetime | None
    grace_s: float | None = None

    def holds(self, act: Act) -> bool:
        """Whether it covers an act."""
        return (
            self.start <= act.time
            and (self.end is None or act.time < self.end)
            and (self.plate is None or self.plate == act.plate)
            and (self.class_ is None or self.class_ == act.class_)
            and (not self.kinds or act.kind in self.kinds)
            and (not self.cameras or act.camera in self.cameras)
            and (not self.zones or act.zone in self.zones)
            and (self.grace_s is None or (act.seconds is not None and act.seconds <= self.grace_s))
        )


@dataclass(frozen=True, slots=True)
class Flag:
    """A stretch of time in which something else orders the traffic at a camera's place.

    Attributes:
        id: to name it by.
        reason: `directed_by_officer` or `roadworks`.
        camera: where.
        start, end: from when until before when.
        kinds: what it overrules; empty means what such a thing overrules.
    """

    id: str
    reason: str
    camera: str
    start: datetime
    end: datetime
    kinds: frozenset[str] = frozenset()

    def holds(self, act: Act) -> bool:
        """Whether it covers an act."""
        if self.camera != act.camera or not self.start <= act.time < self.end:
            return False
        if self.kinds:
            return act.kind in self.kinds
        return act.kind in CONTROLLED if self.reason == CONTROLLER else act.traffic


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why an act is exempt (a reason code of an automatic rejection), and what says so."""

    reason: str
    by: str


def exemption(act: Act, permits: Iterable[Permit], flags: Iterable[Flag] = ()) -> Exemption | None:
    """Why an act is exempt, the weightiest reason first, or None.

    Args:
        act: what is known.
        permits: all that may hold.
        flags: controllers and roadworks.
    """
    known = tuple(permits)
    for ground in GROUNDS:
        found = [one.id for one in known if one.ground == ground and one.holds(act)]
        if found:
            return Exemption(REASON_OF[ground], min(found))
    held = [one for one in flags if one.holds(act)]
    if held:
        first = min(held, key=lambda one: (one.reason, one.id))
        return Exemption(first.reason, first.id)
    return None
