"""Red light: a vehicle that was wholly before the stop line when red already stood drives over it and on.

Code of Administrative Offences of Kazakhstan, article 599 part 1; traffic rules, signals of the traffic light.
Who entered on green or yellow and leaves on red is innocent; so is who stops just over the line (`stop_line`), whoever
starts while the head already shows the next state, and whoever goes where a lit green arrow beside the red lets him.
An arrow that cannot be read counts as lit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from violations.accusation import Looks, accuse
from vision.finding import Finding, Reason
from vision.geometry import cut
from vision.road_plane import RoadPlane
from vision.sight import Sight, sight_of
from vision.stop_watch import Ran, StopWatch, red_watch, signalled, step_stops, undirected
from vision.turning import SIDE_DEG, STRAIGHT_DEG, GroundView
from vision.types import SignalState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vision.camera import Camera
    from vision.types import Observation

LIT: Final = frozenset({SignalState.GREEN, SignalState.FLASHING, SignalState.UNKNOWN})
"""States of an arrow under which a vehicle may go its way, or of which nobody can say."""
ARROW_WAITS_S: Final = 1.0
"""An arrow that was lit this shortly before the crossing still excuses."""
HEADING_S: Final = 0.6
"""The direction after the line is measured over this time, seconds,"""
HEADING_SIZES: Final = 0.3
"""and over no less than this share of the box's size."""
STRAIGHT_SIZES: Final = 8.0
"""Who has driven this many of its box sizes since the line without turning goes straight on; turning begins earlier."""
WAY_WITHIN_S: Final = 12.0
"""Who has not shown his way within this time is not accused."""


@dataclass(frozen=True, slots=True)
class _Follow:
    """A vehicle that ran the red while arrows were lit; its way is not known yet."""

    ran: Ran
    open: frozenset[str]
    path: tuple[Sight, ...]


@dataclass(frozen=True, slots=True)
class RedLightState:
    """The watch over stop lines, when each arrow was last lit, and who is followed to see where he goes."""

    watch: StopWatch
    lit_s: Mapping[tuple[str, str], float]
    follows: tuple[_Follow, ...] = ()


class RedLight:
    """The rule; see the module's docstring."""

    kind = "red_light"
    version = "2"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A signal head with a stop line whose lawful direction is known."""
        heads = signalled(camera, "stop")
        if not heads:
            return (Reason("missing_signal_with_stop_line"),)
        return undirected(heads, camera)

    def start(self, camera: Camera) -> RedLightState:
        """No vehicle seen yet."""
        return RedLightState(red_watch(camera), MappingProxyType({}))

    def step(self, state: RedLightState, observation: Observation) -> tuple[RedLightState, tuple[Finding, ...]]:
        """Follow every vehicle over every stop line."""
        lit_s = _lit(state, observation)
        watch, ran = step_stops(state.watch, observation)
        found, follows = [], list(state.follows)
        for one in ran:
            may = frozenset(
                arrow for (signal, arrow), last_s in lit_s.items()
                if signal == one.signal.id and last_s >= one.crossed_s - ARROW_WAITS_S
            )  # fmt: skip
            if may:
                follows.append(_Follow(one, may, (one.before, one.crossing)))
            else:
                found.append(_finding(one, one.approach.last, observation, None))
        plane = None if watch.drawn is None else watch.drawn.plane
        waiting = []
        for follow in follows:
            now = _seen(follow, observation)
            way = _way(now, plane)
            if way is not None and not _may_go(way, now.open):
                found.append(_finding(now.ran, now.path[-1], observation, way))
            elif way is None and observation.video_s - now.ran.crossed_s <= WAY_WITHIN_S:
                waiting.append(now)
        return replace(state, watch=watch, lit_s=lit_s, follows=tuple(waiting)), tuple(found)

    def finish(self, state: RedLightState) -> tuple[Finding, ...]:
        """A crossing whose verdict was still waiting stays without one: the act was not seen to its end."""
        del state
        return ()


RULE: Final = RedLight()


def _lit(state: RedLightState, observation: Observation) -> Mapping[tuple[str, str], float]:
    """When each arrow was last lit, after one more observation."""
    lit = dict(state.lit_s)
    for head in state.watch.heads:
        for section in head.signal.sections:
            reading = observation.signals.get(head.signal.reading_of(section))
            if reading is None or reading.state in LIT:
                lit[head.signal.id, section.arrow] = observation.video_s
    return MappingProxyType(lit)


def _seen(follow: _Follow, observation: Observation) -> _Follow:
    """The vehicle after one more look, if it is seen whole."""
    rows = np.flatnonzero((observation.tracks.id == follow.ran.approach.track) & observation.tracks.seen)
    if not len(rows) or cut(observation.tracks.box[rows[0]], observation.width, observation.height):
        return follow
    return replace(follow, path=(*follow.path, sight_of(observation, int(rows[0]))))


def _way(follow: _Follow, plane: RoadPlane | None) -> str | None:
    """Where the vehicle went: left, straight or right; None while it has not shown it."""
    now, crossing, before = follow.path[-1], follow.ran.crossing, follow.ran.before
    earlier = next((one for one in reversed(follow.path) if now.video_s - one.video_s >= HEADING_S), None)
    if earlier is None or _apart(earlier, now) < HEADING_SIZES * now.size or _apart(before, crossing) == 0:
        return None
    view = GroundView(plane)
    degrees = view.turn_deg(before.foot, crossing.foot, earlier.foot, now.foot)
    if abs(degrees) >= SIDE_DEG[0]:
        return "right" if degrees > 0 else "left"
    return "straight" if abs(degrees) <= STRAIGHT_DEG and _far(view, follow.path[1:]) else None


def _far(view: GroundView, path: tuple[Sight, ...]) -> bool:
    """Whether it has driven so far beyond the line that a turn would have begun."""
    gone = 0.0
    for last, now in pairwise(path):
        size = view.vector(now.foot, (now.foot[0] + now.size, now.foot[1]))
        gone += float(np.hypot(*view.vector(last.foot, now.foot))) / max(float(np.hypot(*size)), 1e-6)
    return gone >= STRAIGHT_SIZES


def _may_go(way: str, arrows: frozenset[str]) -> bool:
    """Whether a lit arrow lets a vehicle go its way; a turn back begins as one to the left."""
    return way in arrows or (way == "left" and "back" in arrows)


def _apart(first: Sight, second: Sight) -> float:
    return float(np.hypot(second.foot[0] - first.foot[0], second.foot[1] - first.foot[1]))


def _beside_arrow(way: str, now: Sight) -> Reason:
    return Reason(
        "went_left_beside_arrow" if way == "left"
        else "went_right_beside_arrow" if way == "right"
        else "went_straight_beside_arrow",
        (("at_s", round(now.video_s, 2)),),
    )  # fmt: skip


def _finding(ran: Ran, now: Sight, observation: Observation, way: str | None) -> Finding:
    approach, line = ran.approach, ("line", ran.line.id)
    trace = (
        Reason("red_since", (("signal", ran.signal.id), ("since_s", round(approach.ban_since_s, 2)))),
        Reason("before_line", (line, ("at_s", round(ran.before.video_s, 2)))),
        Reason(
            "crossed_on_red",
            (line, ("at_s", round(ran.crossed_s, 2)), ("after_red_s", round(ran.crossed_s - approach.ban_since_s, 2))),
        ),
        Reason("drove_on", (("at_s", round(now.video_s, 2)),)),
        *(() if way is None else (_beside_arrow(way, now),)),
    )
    return accuse(
        RedLight.kind, RedLight.version, observation, track=approach.track, class_id=approach.class_id,
        onset_s=ran.crossed_s, trace=trace, score=ran.score, line=ran.line.id, signal=ran.signal.id,
        looks=Looks(ran.before, ran.crossing, approach.nearest, now),
    )  # fmt: skip
