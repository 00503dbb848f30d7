"""A vehicle driving against the lawful direction of its lane: a fact of motion, judged by the rules of two rooms.

The lane's arrow is an arrow in the picture. A vehicle is against it when its bottom centre travels inside lanes
whose arrow opposes its own motion, steadily and far enough that neither reversing into a parking place, nor the
jitter of a box, nor an exchange of two tracks can look like it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import VEHICLE_IDS
from vision.continuity import continues
from vision.directions import arrow_of
from vision.finding import Finding, FindingType, Moment, Reason
from vision.geometry import in_polygon
from vision.sight import Sight, auxiliary_speed, ground_of, sight_of, speed_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.types import Observation

OPPOSED_COS: Final = -0.6
"""Motion opposes the arrow when the cosine between them is below this (more than 127 degrees apart)."""
HOLD_S: Final = 1.5
"""Seconds of steady driving against the arrow before it counts."""
TRAVEL_SIZES: Final = 2.5
"""Distance driven against the arrow, in box sizes (mean of width and height) as they were: a reversing manoeuvre is
shorter,"""
STRAIGHT_SHARE: Final = 0.7
"""and so much of it in a straight line."""
STEP_SIZES: Final = 0.04
"""A step shorter than this share of the box's size is standing, not driving."""
RESET_S: Final = 1.0
"""The chain ends when nothing against the arrow was seen for this long."""
FORGET_S: Final = 5.0
"""A track unseen this long is forgotten."""


@dataclass(frozen=True, slots=True)
class Against:
    """A vehicle is driving against its lane's direction.

    Attributes:
        track, class_id: who.
        zone: id of the lane.
        start: where it began to drive against the arrow.
        widest: the sight with the largest box since then, best for the plate.
        now: where it is at the decision.
        travel_sizes: distance driven against the arrow, sizes of the box as it was.
        speed: auxiliary speed and standard uncertainty in m/s, if calibrated.
        ground: position on the road plane in metres, if calibrated.
    """

    track: int
    class_id: int
    zone: str
    start: Sight
    widest: Sight
    now: Sight
    travel_sizes: float
    speed: tuple[float, float] | None
    ground: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class _Chain:
    last: Sight
    earlier: Sight | None = None
    start: Sight | None = None
    widest: Sight | None = None
    zone: str = ""
    against_s: float = 0.0
    last_against_s: float = 0.0
    travel_px: float = 0.0
    travel_sizes: float = 0.0
    reported: bool = False


@dataclass(frozen=True, slots=True)
class AgainstState:
    """The camera and the chain of each track."""

    camera: Camera
    chains: Mapping[int, _Chain]


def step_against(state: AgainstState, observation: Observation) -> tuple[AgainstState, tuple[Against, ...]]:
    """Take one observation; give every vehicle that has now driven against its lane for long enough, once."""
    tracks = observation.tracks
    lanes = _lanes_at(state.camera, observation)
    chains = {key: chain for key, chain in state.chains.items() if observation.video_s - chain.last.video_s <= FORGET_S}
    found: list[Against] = []
    for i, track in enumerate(tracks.id.tolist()):
        if int(tracks.class_id[i]) not in VEHICLE_IDS or not tracks.seen[i]:
            continue
        sight = sight_of(observation, i)
        chain = chains.get(track)
        if chain is None:
            chains[track] = _Chain(last=sight)
            continue
        chain = _follow(chain, sight, [(name, arrow) for name, arrow, inside in lanes if inside[i]])
        start, widest = chain.start, chain.widest
        if start is not None and widest is not None and _is_enough(chain, start, sight):
            chain = replace(chain, reported=True)
            found.append(_fact(observation, i, chain, start, widest))
        chains[track] = chain
    return replace(state, chains=MappingProxyType(chains)), tuple(found)


def _lanes_at(camera: Camera, observation: Observation) -> list[tuple[str, NDArray[np.float64], NDArray[np.bool_]]]:
    """Each lane with an arrow: its id, its arrow, and which feet stand inside it."""
    scale = np.array([observation.width, observation.height], float)
    foot = observation.tracks.foot
    return [
        (zone.id, arrow, in_polygon(foot, np.array(zone.points) * scale))
        for zone in camera.zones_of("lane")
        if (arrow := arrow_of(zone, observation.width, observation.height)) is not None
    ]


def _follow(chain: _Chain, sight: Sight, lanes: list[tuple[str, NDArray[np.float64]]]) -> _Chain:
    """The chain after one more sight."""
    step = np.array(sight.foot) - np.array(chain.last.foot)
    length = float(np.hypot(*step))
    seconds = sight.video_s - chain.last.video_s
    size = max(sight.size, 1.0)
    if seconds <= 0:
        return chain
    if not continues(chain.earlier, chain.last, sight):  # an exchange of tracks, not driving
        return _Chain(last=sight, reported=chain.reported)
    against = next((name for name, arrow in lanes if length > 0 and float(step @ arrow) / length < OPPOSED_COS), None)
    in_lane_with_it = any(length > STEP_SIZES * size and float(step @ arrow) > 0 for _, arrow in lanes)
    if against is not None and length > STEP_SIZES * size * min(1.0, seconds / 0.125):
        start = chain.start or chain.last
        widest = sight if chain.widest is None or sight.area > chain.widest.area else chain.widest
        return replace(
            chain, last=sight, earlier=chain.last, start=start, widest=widest, zone=against,
            against_s=chain.against_s + seconds, last_against_s=sight.video_s, travel_px=chain.travel_px + length,
            travel_sizes=chain.travel_sizes + length / size,
        )  # fmt: skip
    stale = chain.start is not None and sight.video_s - chain.last_against_s > RESET_S
    if in_lane_with_it or stale:
        return _Chain(last=sight, earlier=chain.last, reported=chain.reported)
    return replace(chain, last=sight, earlier=chain.last)


def _is_enough(chain: _Chain, start: Sight, now: Sight) -> bool:
    straight = float(np.hypot(now.foot[0] - start.foot[0], now.foot[1] - start.foot[1]))
    far = chain.travel_sizes >= TRAVEL_SIZES and straight >= STRAIGHT_SHARE * chain.travel_px
    return not chain.reported and chain.against_s >= HOLD_S and far


def _fact(observation: Observation, i: int, chain: _Chain, start: Sight, widest: Sight) -> Against:
    return Against(
        track=int(observation.tracks.id[i]),
        class_id=int(observation.tracks.class_id[i]),
        zone=chain.zone,
        start=start,
        widest=widest,
        now=chain.last,
        travel_sizes=chain.travel_sizes,
        speed=speed_of(observation, i),
        ground=ground_of(observation, i),
    )


@dataclass(frozen=True, slots=True)
class AgainstRule:
    """The rule "wrong way" as a case or as an incident (`vision.finding.Rule`).

    Attributes:
        type: what a finding becomes.
        moments: which stills suit it.
    """

    type: FindingType
    moments: Callable[[Against], tuple[Moment, ...]]
    kind: str = "wrong_way"
    version: str = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A lane zone with a direction."""
        if any(zone.direction is not None for zone in camera.zones_of("lane")):
            return ()
        return (Reason("missing_lane_direction"),)

    def start(self, camera: Camera) -> AgainstState:
        """No vehicle seen yet."""
        return AgainstState(camera, MappingProxyType({}))

    def step(self, state: AgainstState, observation: Observation) -> tuple[AgainstState, tuple[Finding, ...]]:
        """A finding for each vehicle that has now driven against its lane for long enough."""
        state, facts = step_against(state, observation)
        return state, tuple(self._finding(fact) for fact in facts)

    def finish(self, state: AgainstState) -> tuple[Finding, ...]:
        """What has not been driven far enough stays unproven."""
        del state
        return ()

    def _finding(self, fact: Against) -> Finding:
        trace = [
            Reason("against_lane", (("zone", fact.zone), ("from_s", round(fact.start.video_s, 2)))),
            Reason(
                "against_held",
                (("seconds", round(fact.now.video_s - fact.start.video_s, 1)),
                 ("lengths", round(fact.travel_sizes, 1))),
            ),
        ]  # fmt: skip
        trace += auxiliary_speed(fact.speed)
        return Finding(
            type=self.type, kind=self.kind, rule_version=self.version,
            onset_s=fact.start.video_s, video_s=fact.now.video_s, score=1.0, trace=tuple(trace),
            moments=self.moments(fact), track=fact.track, class_id=fact.class_id, zone=fact.zone,
            speed_ms=fact.speed[0] if fact.speed else None, speed_sigma_ms=fact.speed[1] if fact.speed else None,
            box=fact.now.box, ground=fact.ground,
        )  # fmt: skip
