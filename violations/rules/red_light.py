"""Red light: a vehicle that was wholly before the stop line when red already stood drives over it and on.

Code of Administrative Offences of Kazakhstan, article 599 part 1; traffic rules, signals of the traffic light.
Who entered on green or yellow and leaves on red is innocent; so is who stops just over the line (that is the
stop-line offence, another rule), and whoever starts while the head already shows the next state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import VEHICLE_IDS
from vision.directions import entry_arrow, leading_points
from vision.finding import Finding, FindingType, Moment, Reason
from vision.geometry import in_polygon
from vision.sight import Sight, auxiliary_speed, ground_of, sight_of, speed_of
from vision.types import SignalReading, SignalState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vision.camera import Camera, Line, Signal
    from vision.types import Observation

RED_SETTLED_S: Final = 0.4
"""Red must have stood this long when the vehicle is still before the line: covers the reading's own delay."""
NEXT_STATE_MARGIN_S: Final = 0.3
"""Red must go on this long after the crossing, by the reading's own `since_s`."""
VERDICT_AFTER_S: Final = 1.0
"""A verdict waits this long after the crossing, so that a late change of the reading is heard."""
GO_ON_WITHIN_S: Final = 8.0
"""A vehicle that has not driven on within this time stopped over the line: not this offence."""
GO_ON_SIZES: Final = 0.6
"""Driven on: this share of the box's size (mean of width and height) beyond the line."""
GO_ON_IN_JUNCTION_SIZES: Final = 0.3
"""The same where the vehicle is already inside a drawn junction."""
FORGET_S: Final = 3.0
"""A track unseen this long is forgotten."""


@dataclass(frozen=True, slots=True)
class _Approach:
    """What is known of one track at one stop line."""

    last: Sight
    before: Sight | None = None
    nearest: Sight | None = None
    red_since_s: float = 0.0
    crossed_s: float | None = None
    crossing: Sight | None = None
    class_id: int = 0
    judged: bool = False


@dataclass(frozen=True, slots=True)
class _Head:
    signal: Signal
    line: Line
    tracks: Mapping[int, _Approach]


@dataclass(frozen=True, slots=True)
class RedLightState:
    """The camera and, for each signal head with a stop line, the vehicles near it."""

    camera: Camera
    heads: tuple[_Head, ...]


class RedLight:
    """The rule; see the module's docstring."""

    kind = "red_light"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A signal head with a stop line whose lawful direction is known."""
        heads = _heads(camera)
        if not heads:
            return (Reason("missing_signal_with_stop_line"),)
        return tuple(
            Reason("missing_stop_line_direction", (("line", head.line.id),))
            for head in heads
            if entry_arrow(camera, head.line, 1, 1) is None
        )

    def start(self, camera: Camera) -> RedLightState:
        """No vehicle seen yet."""
        return RedLightState(camera, _heads(camera))

    def step(self, state: RedLightState, observation: Observation) -> tuple[RedLightState, tuple[Finding, ...]]:
        """Follow every vehicle over every stop line."""
        heads, found = [], []
        for head in state.heads:
            tracks, findings = _step_head(state.camera, head, observation)
            heads.append(replace(head, tracks=tracks))
            found += findings
        return replace(state, heads=tuple(heads)), tuple(found)

    def finish(self, state: RedLightState) -> tuple[Finding, ...]:
        """A crossing whose verdict was still waiting stays without one: the act was not seen to its end."""
        del state
        return ()


RULE: Final = RedLight()


def _heads(camera: Camera) -> tuple[_Head, ...]:
    lines = {line.id: line for line in camera.lines}
    return tuple(
        _Head(signal, lines[signal.stop_line], MappingProxyType({}))
        for signal in camera.signals
        if signal.stop_line is not None
    )


def _step_head(camera: Camera, head: _Head, observation: Observation) -> tuple[Mapping[int, _Approach], list[Finding]]:
    arrow = entry_arrow(camera, head.line, observation.width, observation.height)
    if arrow is None:
        return head.tracks, []
    scale = np.array([observation.width, observation.height], float)
    first, second = np.array(head.line.points) * scale
    normal = np.array([-(second - first)[1], (second - first)[0]])
    normal = normal / np.hypot(*normal) * (1.0 if normal @ arrow >= 0 else -1.0)
    tracks = observation.tracks
    foot = tracks.foot.astype(float)
    beyond = (foot - first) @ normal
    front_beyond = (leading_points(tracks.foot, tracks.box, arrow) - first) @ normal
    reading = observation.signals.get(head.signal.id, SignalReading(SignalState.UNKNOWN, observation.video_s, 0.0))
    junction = [np.array(zone.points) * scale for zone in camera.zones_of("junction")]

    known = {key: value for key, value in head.tracks.items() if observation.video_s - value.last.video_s <= FORGET_S}
    found: list[Finding] = []
    for i, track in enumerate(tracks.id.tolist()):
        if int(tracks.class_id[i]) not in VEHICLE_IDS or not tracks.seen[i]:
            continue
        sight = sight_of(observation, i)
        approach = known.get(track)
        if approach is None:
            approach = _Approach(last=sight)
        approach = _approaching(approach, sight, reading, front_beyond=float(front_beyond[i]))
        if approach.crossed_s is None and approach.before is not None and not approach.judged:
            approach = _crossing(approach, sight, reading, (first, second, normal), float(beyond[i]))
        approach = replace(approach, last=sight, class_id=int(tracks.class_id[i]))
        if approach.crossed_s is not None and not approach.judged:
            beyond_sizes = float(beyond[i]) / sight.size
            inside = any(bool(in_polygon(foot[i : i + 1], zone)[0]) for zone in junction)
            approach, finding = _judge(
                approach, track, reading, head, observation,
                went_on=beyond_sizes >= (GO_ON_IN_JUNCTION_SIZES if inside else GO_ON_SIZES),
                speed=speed_of(observation, i), ground=ground_of(observation, i),
            )  # fmt: skip
            if finding is not None:
                found.append(finding)
        known[track] = approach
    return MappingProxyType(known), found


def _approaching(approach: _Approach, sight: Sight, reading: SignalReading, *, front_beyond: float) -> _Approach:
    """Remember the last moment at which the whole vehicle stood before the line under settled red."""
    if approach.crossed_s is not None:
        return approach
    nearest = approach.nearest
    if nearest is None or sight.area > nearest.area:
        approach = replace(approach, nearest=sight)
    settled = reading.state is SignalState.RED and sight.video_s - reading.since_s >= RED_SETTLED_S
    if settled and front_beyond < 0:
        return replace(approach, before=sight, red_since_s=reading.since_s)
    if reading.state is not SignalState.RED:
        return replace(approach, before=None)
    return approach


def _crossing(
    approach: _Approach, sight: Sight, reading: SignalReading,
    segment: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], beyond: float,
) -> _Approach:  # fmt: skip
    """Take note when the foot passes the drawn segment under the same red."""
    first, second, normal = segment
    was = (np.array(approach.last.foot) - first) @ normal
    if reading.state is not SignalState.RED or not (was < 0 <= beyond):
        return approach
    share = float(-was / (beyond - was)) if beyond != was else 0.0
    at = np.array(approach.last.foot) + share * (np.array(sight.foot) - np.array(approach.last.foot))
    along = float((at - first) @ (second - first) / ((second - first) @ (second - first)))
    if not 0.0 <= along <= 1.0:
        return replace(approach, judged=True)
    moment = approach.last.video_s + share * (sight.video_s - approach.last.video_s)
    return replace(approach, crossed_s=moment, crossing=sight)


def _judge(
    approach: _Approach, track: int, reading: SignalReading, head: _Head, observation: Observation, *,
    went_on: bool, speed: tuple[float, float] | None, ground: tuple[float, float] | None,
) -> tuple[_Approach, Finding | None]:  # fmt: skip
    crossed, before, crossing = approach.crossed_s, approach.before, approach.crossing
    if crossed is None or before is None or crossing is None:
        return approach, None
    now = observation.video_s
    if reading.state is not SignalState.RED and reading.since_s <= crossed + NEXT_STATE_MARGIN_S:
        return replace(approach, judged=True), None
    if now - crossed > GO_ON_WITHIN_S:
        return replace(approach, judged=True), None
    if now - crossed < VERDICT_AFTER_S or not went_on:
        return approach, None
    trace = [
        Reason("red_since", (("signal", head.signal.id), ("since_s", round(approach.red_since_s, 2)))),
        Reason("before_line", (("line", head.line.id), ("at_s", round(before.video_s, 2)))),
        Reason(
            "crossed_on_red",
            (("line", head.line.id), ("at_s", round(crossed, 2)),
             ("after_red_s", round(crossed - approach.red_since_s, 2))),
        ),
        Reason("drove_on", (("at_s", round(now, 2)),)),
    ]  # fmt: skip
    trace += auxiliary_speed(speed)
    plate_from = approach.nearest or before
    box = approach.last.box
    finding = Finding(
        type=FindingType.VIOLATION, kind=RedLight.kind, rule_version=RedLight.version, onset_s=crossed, video_s=now,
        score=round(min(1.0, reading.score), 3), trace=tuple(trace),
        moments=(
            Moment("before_line", before.video_s, before.box),
            Moment("in_act", crossing.video_s, crossing.box),
            Moment("plate", plate_from.video_s, plate_from.box),
            Moment("wide", now, None),
        ),
        track=track, class_id=approach.class_id, line=head.line.id, signal=head.signal.id,
        speed_ms=speed[0] if speed else None, speed_sigma_ms=speed[1] if speed else None, box=box,
        ground=ground,
    )  # fmt: skip
    return replace(approach, judged=True), finding
