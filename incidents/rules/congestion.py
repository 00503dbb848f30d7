"""Congestion: most of the vehicles on the carriageway have crawled or stood for a minute; told with its length.

Slow is below 10 km/h, the level at which the Highway Capacity Manual (7th edition, chapter 16) speaks of a breakdown on
urban streets; without a calibration a quarter of the vehicle's own size a second stands for it. A red light's queue is
no congestion until somebody in it has stood longer than any signal's cycle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.bus_stop import at_bus_stop
from vision.classes import VEHICLE_IDS
from vision.finding import Finding, FindingType, Moment, Reason
from vision.geometry import in_polygon, to_pixels
from vision.waiting import upstream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.camera_parts import Zone
    from vision.types import Observation

SLOW_MS: Final = 10 / 3.6
"""Metres a second."""
SLOW_SIZES: Final = 0.25
"""Box sizes a second, where no metres are known."""
LEAST: Final = 5
"""Vehicles on the carriageway; fewer make no congestion."""
SHARE: Final = 0.7
"""Of them slow, as a mean over the last `SMOOTH_S`, for it to be one,"""
FREE_SHARE: Final = 0.4
"""and no more than this for it to be over: what breathes between the two goes on."""
SMOOTH_S: Final = 10.0
HOLD_S: Final = 60.0
"""Seconds that it has lasted when it is told; the zone's `grace_s` replaces it."""
OVER_S: Final = 30.0
"""Seconds of free traffic after which the next congestion is another one."""
CYCLE_S: Final = 150.0
"""Who has stood longer than this waits for no light: signal cycles in cities last up to 120 s, and green follows."""
LENGTH_SHARE: Final = 95
"""Per cent of the slow vehicles that the length spans: one stray position does not stretch it."""


@dataclass(frozen=True, slots=True)
class _Jam:
    """One carriageway: the smoothed share of slow vehicles, since when it is high, since when it is low.

    The smoothed share follows by seconds; what it follows has been high without a break since `began_s`.
    """

    share: float = 0.0
    at_s: float = 0.0
    began_s: float | None = None
    since_s: float | None = None
    free_since_s: float | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class CongestionState:
    """The camera, its carriageways, and since when each vehicle has been slow."""

    camera: Camera
    zones: tuple[Zone, ...]
    jams: tuple[_Jam, ...]
    slow_since_s: Mapping[int, float]


class Congestion:
    """The rule; see the module's docstring."""

    kind = "congestion"
    version = "2"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A carriageway zone."""
        return () if camera.zones_of("carriageway") else (Reason("missing_carriageway"),)

    def start(self, camera: Camera) -> CongestionState:
        """Free traffic."""
        zones = camera.zones_of("carriageway")
        return CongestionState(camera, zones, tuple(_Jam() for _ in zones), MappingProxyType({}))

    def step(self, state: CongestionState, observation: Observation) -> tuple[CongestionState, tuple[Finding, ...]]:
        """Hold the share of slow vehicles on each carriageway against the levels."""
        now = observation.video_s
        slow = _slow(observation)
        since = {
            int(track): state.slow_since_s.get(int(track), now)
            for track in observation.tracks.id[slow]
        }  # fmt: skip
        counts = _counts(state, observation, slow, since)
        found: list[Finding] = []
        jams: list[_Jam] = []
        for zone, before, rows in zip(state.zones, state.jams, _on(state, observation), strict=True):
            on, crawling = rows & counts, rows & counts & slow
            jam = _after(before, crawling.sum() / on.sum() if on.sum() >= LEAST else 0.0, now)
            hold = HOLD_S if zone.grace_s is None else zone.grace_s
            lasted = jam.since_s is not None and now - jam.since_s >= hold
            tells = lasted and not jam.told and bool(crawling.sum() >= LEAST)
            if tells:
                found.append(_finding(zone, jam, observation, crawling))
            jams.append(replace(jam, told=jam.told or tells))
        return replace(state, jams=tuple(jams), slow_since_s=MappingProxyType(since)), tuple(found)

    def finish(self, state: CongestionState) -> tuple[Finding, ...]:
        """What has not lasted long enough is none."""
        del state
        return ()


RULE: Final = Congestion()


def _slow(observation: Observation) -> NDArray[np.bool_]:
    """Which vehicles crawl or stand, bool [N]."""
    tracks = observation.tracks
    vehicle = np.isin(tracks.class_id, list(VEHICLE_IDS))
    speed = np.hypot(tracks.velocity_ms[:, 0], tracks.velocity_ms[:, 1])
    size = (tracks.box[:, 2:] - tracks.box[:, :2]).mean(axis=1).astype(np.float64)
    by_sizes = np.hypot(tracks.velocity_px[:, 0], tracks.velocity_px[:, 1]) < SLOW_SIZES * size
    return np.asarray(vehicle & np.where(np.isfinite(speed), speed < SLOW_MS, by_sizes), np.bool_)


def _counts(
    state: CongestionState, observation: Observation, slow: NDArray[np.bool_], since: Mapping[int, float]
) -> NDArray[np.bool_]:
    """Which vehicles say something about the traffic: not those that wait at a signal for less than a cycle."""
    tracks = observation.tracks
    counts = np.isin(tracks.class_id, list(VEHICLE_IDS))
    waits = np.zeros(len(tracks), np.bool_)
    for rows in upstream(state.camera, observation).values():
        waits |= rows
    stood = np.array([observation.video_s - since.get(int(track), observation.video_s) for track in tracks.id])
    return np.asarray(counts & ~(waits & slow & (stood < CYCLE_S)), np.bool_)


def _on(state: CongestionState, observation: Observation) -> list[NDArray[np.bool_]]:
    """Which tracks stand on each carriageway and in no place made for standing."""
    foot = observation.tracks.foot

    def within(zone: Zone) -> NDArray[np.bool_]:
        return in_polygon(foot, to_pixels(zone.points, observation.width, observation.height))

    aside = np.zeros(len(foot), np.bool_)
    for zone in state.camera.zones_of("parking", "shoulder", "closed", "bus_stop"):
        aside |= within(zone)
    aside |= at_bus_stop(state.camera, observation)
    return [within(zone) & ~aside for zone in state.zones]


def _after(jam: _Jam, share: float, now: float) -> _Jam:
    """The state after one more moment; the share is smoothed with a time constant, whatever the rate of analysis."""
    weight = 1.0 - float(np.exp(-(now - jam.at_s) / SMOOTH_S))
    began = None if share < SHARE else now if jam.began_s is None else jam.began_s
    jam = replace(jam, share=jam.share + weight * (share - jam.share), at_s=now, began_s=began)
    if jam.share >= SHARE:
        since = jam.since_s if jam.since_s is not None else now if began is None else began
        return replace(jam, since_s=since, free_since_s=None)
    if jam.share > FREE_SHARE:
        return replace(jam, free_since_s=None) if jam.since_s is not None else jam
    free = now if jam.free_since_s is None else jam.free_since_s
    if now - free >= OVER_S or not jam.told:
        return replace(jam, since_s=None, free_since_s=free, told=False)
    return replace(jam, free_since_s=free)


def _finding(zone: Zone, jam: _Jam, observation: Observation, crawling: NDArray[np.bool_]) -> Finding:
    since = observation.video_s if jam.since_s is None else jam.since_s
    number = int(crawling.sum())
    length = _length_m(observation, crawling)
    boxes = observation.tracks.box[crawling]
    x1, y1 = (float(one) for one in boxes[:, :2].min(axis=0))
    x2, y2 = (float(one) for one in boxes[:, 2:].max(axis=0))
    trace = [
        Reason("crawls_since", (("since_s", round(since, 1)), ("seconds", round(observation.video_s - since, 1)))),
        Reason("slow_vehicles", (("number", number), ("percent", round(100 * jam.share)))),
    ]
    if length is not None:
        trace.append(Reason("queue_length", (("metres", round(length)),)))
    return Finding(
        type=FindingType.INCIDENT, kind=Congestion.kind, rule_version=Congestion.version, onset_s=since,
        video_s=observation.video_s, score=min(1.0, jam.share), trace=tuple(trace),
        moments=(Moment("onset", since), Moment("decision", observation.video_s), Moment("wide", observation.video_s)),
        zone=zone.id, box=(x1, y1, x2, y2), ground=_middle(observation, crawling),
    )  # fmt: skip


def _length_m(observation: Observation, rows: NDArray[np.bool_]) -> float | None:
    """How far the slow vehicles reach along the road, metres; None without a calibration.

    The road's direction is the one in which they are spread the most.
    """
    ground = observation.tracks.ground[rows]
    ground = ground[np.isfinite(ground).all(axis=1)]
    if len(ground) < 2:
        return None
    middle = ground - ground.mean(axis=0)
    along = middle @ np.linalg.svd(middle, full_matrices=False)[2][0]
    low, high = np.percentile(along, [(100 - LENGTH_SHARE) / 2, (100 + LENGTH_SHARE) / 2])
    return float(high - low)


def _middle(observation: Observation, rows: NDArray[np.bool_]) -> tuple[float, float] | None:
    ground = observation.tracks.ground[rows]
    ground = ground[np.isfinite(ground).all(axis=1)]
    return (float(ground[:, 0].mean()), float(ground[:, 1].mean())) if len(ground) else None
