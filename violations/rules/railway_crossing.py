"""Railway crossing: a vehicle drives onto the rails against the signal, or onto rails it cannot leave.

Code of Administrative Offences of Kazakhstan, article 607. The signal of a crossing forbids by red, steady or flashing.
A vehicle that stands on the rails breaks the rule only where another one stood in its way when it drove on: its driver
saw that he could not leave. Who breaks down there does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from violations.accusation import Looks, accuse
from vision.finding import Finding, Reason
from vision.queue import Neighbours
from vision.stop_watch import Ran, StopWatch, signalled, step_stops, undirected
from vision.types import SignalState
from vision.way_watch import Visit, Way, WayWatch, step_ways, watch_ways

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vision.camera import Camera
    from vision.types import Observation

FORBIDS: Final = frozenset({SignalState.RED, SignalState.FLASHING})
STUCK_S: Final = 5.0
"""Seconds of standing on the rails that count."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """How a vehicle came onto the rails: when, what was seen of it, whether its way was barred, whether it is told."""

    first_s: float
    barred: bool
    told: bool = False


@dataclass(frozen=True, slots=True)
class RailwayState:
    """The watch over the rails' stop lines and over the rails, and who is on them."""

    stops: StopWatch
    rails: WayWatch
    entries: Mapping[int, _Entry]


class RailwayCrossing:
    """The rule; see the module's docstring."""

    kind = "railway_crossing"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A signal with a `rail_stop` line whose direction is known, or a `railway` zone."""
        heads = signalled(camera, "rail_stop")
        if not heads and not camera.zones_of("railway"):
            return (Reason("missing_rail_stop"),)
        return undirected(heads, camera)

    def start(self, camera: Camera) -> RailwayState:
        """No vehicle seen yet."""
        stops = StopWatch(camera, FORBIDS, signalled(camera, "rail_stop"))
        return RailwayState(stops, watch_ways(camera, camera.zones_of("railway")), MappingProxyType({}))

    def step(self, state: RailwayState, observation: Observation) -> tuple[RailwayState, tuple[Finding, ...]]:
        """A finding for each vehicle that drove on against the signal, or stands where it should not have driven."""
        stops, ran = step_stops(state.stops, observation)
        found = [_against_signal(one, observation) for one in ran]
        if not state.rails.zones:
            return replace(state, stops=stops), tuple(found)
        rails, _ = step_ways(state.rails, observation)
        entries: dict[int, _Entry] = {}
        around: Neighbours | None = None
        for track, way in rails.ways.items():
            visit = way.visits[-1] if way.visits else None
            if visit is None:
                continue
            entry = state.entries.get(track)
            if entry is None or entry.first_s != visit.first.video_s:
                around = around or Neighbours.of(observation, rails.view.plane)
                entry = _Entry(visit.first.video_s, _barred(way, observation, around))
            # A vehicle's way is kept in steps of a third of its length: it stands since the last one.
            stands = way.last is visit.last and way.last.video_s - way.trail[-1].video_s >= STUCK_S
            if entry.barred and stands and visit.told and not entry.told:
                found.append(_stuck(way, visit, observation))
                entry = replace(entry, told=True)
            entries[track] = entry
        return RailwayState(stops, rails, MappingProxyType(entries)), tuple(found)

    def finish(self, state: RailwayState) -> tuple[Finding, ...]:
        """What was not seen to its end stays unproven."""
        del state
        return ()


RULE: Final = RailwayCrossing()


def _barred(way: Way, observation: Observation, around: Neighbours) -> bool:
    """Whether somebody stands ahead of a vehicle that is just driving onto the rails."""
    length = float(np.hypot(*way.heading))
    rows = np.flatnonzero(observation.tracks.id == way.track)
    if length == 0 or not len(rows) or way.earlier is None:
        return False  # it was there before anybody looked
    heading = (way.heading[0] / length, way.heading[1] / length)
    return bool(around.standing_ahead(int(rows[0]), heading).any())


def _against_signal(ran: Ran, observation: Observation) -> Finding:
    approach, line = ran.approach, ("line", ran.line.id)
    trace = (
        Reason("rail_signal_since", (("signal", ran.signal.id), ("since_s", round(approach.ban_since_s, 2)))),
        Reason("before_rails", (line, ("at_s", round(ran.before.video_s, 2)))),
        Reason(
            "crossed_rail_stop",
            (
                line,
                ("at_s", round(ran.crossed_s, 2)),
                ("after_s", round(ran.crossed_s - approach.ban_since_s, 2)),
            ),
        ),
        Reason("drove_on", (("at_s", round(observation.video_s, 2)),)),
    )
    return accuse(
        RailwayCrossing.kind, RailwayCrossing.version, observation, track=approach.track, class_id=approach.class_id,
        onset_s=ran.crossed_s, trace=trace, score=ran.score, line=ran.line.id, signal=ran.signal.id,
        looks=Looks(ran.before, ran.crossing, approach.nearest, approach.last),
    )  # fmt: skip


def _stuck(way: Way, visit: Visit, observation: Observation) -> Finding:
    stands_s = way.last.video_s - way.trail[-1].video_s
    trace = (
        Reason("rails_not_free", (("zone", visit.zone), ("at_s", round(visit.first.video_s, 2)))),
        Reason("stands_on_rails", (("zone", visit.zone), ("seconds", round(stands_s, 1)))),
    )
    return accuse(
        RailwayCrossing.kind, RailwayCrossing.version, observation, track=way.track, class_id=way.class_id,
        onset_s=visit.first.video_s, trace=trace, zone=visit.zone,
        looks=Looks(way.trail[0], way.last, way.nearest, way.last),
    )  # fmt: skip
