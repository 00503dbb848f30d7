"""Vehicles at a stop line while its signal forbids: who was wholly before the line, who went over it and on.

A ban begins when the signal is read as forbidding and lasts until another state is read; a moment in which the head
cannot be read (glare, a lorry before it) ends no ban by itself, but a verdict waits until the ban has been read again.
A track that leaps or swells has changed its owner and begins anew; one born beyond the line was never before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from weakref import ref

import numpy as np

from vision.classes import VEHICLE_IDS
from vision.continuity import continues
from vision.directions import entry_arrow, leading_points
from vision.finding import Reason
from vision.footprint import footprints
from vision.geometry import cut, in_polygon, to_pixels
from vision.road_plane import RoadPlane
from vision.sight import Sight, sight_of
from vision.turning import GroundView
from vision.types import SignalReading, SignalState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.camera_parts import Line, Signal
    from vision.types import Observation

    Floats = NDArray[np.float64]

SETTLED_S: Final = 0.4
"""The ban must have stood this long when the vehicle is still before the line: covers the reading's own delay."""
NEXT_STATE_MARGIN_S: Final = 0.3
"""The ban must go on this long after the crossing, by the reading's own `since_s`."""
UNREAD_S: Final = 3.0
"""A ban lives through this time without a clear reading: no signal passes through green and back within it."""
VERDICT_AFTER_S: Final = 1.0
"""A verdict waits this long after the crossing, so that a late change of the reading is heard."""
GO_ON_WITHIN_S: Final = 8.0
"""A vehicle that has not driven on within this time stopped over the line."""
GO_ON_SIZES: Final = 0.6
"""Driven on: this share of the box's size (mean of width and height) beyond the line."""
GO_ON_IN_JUNCTION_SIZES: Final = 0.3
"""The same where the vehicle is already inside a drawn junction, in an exit of it or on drawn rails: who turns sharply
right after the line goes along it, and its box grows."""
ACROSS_COS: Final = 0.3
"""Whoever passes beyond the line from the side (less than this cosine along its arrow) took the track over."""
FAR_FRONT: Final = 0.9
"""Share of its usual length at which the front of a vehicle driving away surely is: the front itself is hidden."""
FORGET_S: Final = 3.0
"""A track unseen this long is forgotten."""


@dataclass(frozen=True, slots=True)
class Ban:
    """A stretch of time in which a signal forbids.

    Attributes:
        since_s: when it began, as seen.
        until_s: when it was last read.
        ended_s: when another state began, None while it lasts.
        score: of the last reading, 0 to 1.
    """

    since_s: float
    until_s: float
    ended_s: float | None
    score: float


@dataclass(frozen=True, slots=True)
class Approach:
    """What is known of one track at one stop line.

    Attributes:
        track, class_id: who.
        last, earlier, nearest: its latest look, the one before, its largest box.
        beyond_sizes: how far its bottom centre is beyond the line, box sizes; negative before it.
        front_lengths: how far its front is surely beyond the line, lengths of the vehicle.
        before: last look at which it stood wholly before the line under the settled ban, None if there is none.
        whole: last look at which its front, as its class is usually long, was before the line, whatever the signal.
        ban_since_s: beginning of that ban.
        crossed_s, crossing: second at which its bottom centre went over the drawn line, and the first look after it.
        done: judged, or known to be innocent.
    """

    track: int
    class_id: int
    last: Sight
    nearest: Sight
    beyond_sizes: float
    front_lengths: float
    earlier: Sight | None = None
    before: Sight | None = None
    whole: Sight | None = None
    ban_since_s: float = 0.0
    crossed_s: float | None = None
    crossing: Sight | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Ran:
    """A vehicle went over a stop line and on while its signal forbade it.

    Attributes:
        signal, line: of the camera file.
        approach: the vehicle; `before`, `crossing` and `crossed_s` are known.
        before: its last look wholly before the line under the ban.
        crossing: its first look beyond.
        crossed_s: interpolated second of the crossing.
        score: how sure the signal was read, 0 to 1.
    """

    signal: Signal
    line: Line
    approach: Approach
    before: Sight
    crossing: Sight
    crossed_s: float
    score: float


@dataclass(frozen=True, slots=True)
class Head:
    """A signal with its line, its ban and the vehicles near."""

    signal: Signal
    line: Line
    ban: Ban | None = None
    approaches: Mapping[int, Approach] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What does not change from look to look at one picture size."""

    width: int
    height: int
    plane: RoadPlane | None
    arrows: tuple[Floats | None, ...]
    inside: tuple[Floats, ...]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class StopWatch:
    """All signals of a camera whose line is of one kind, and the states that forbid.

    Attributes:
        taken: the last step from here, so that rules that watch the same lines share it; weakly, for an old watch that
            somebody keeps would else keep all that came after it.
    """

    camera: Camera
    bans: frozenset[SignalState]
    heads: tuple[Head, ...]
    drawn: _Drawn | None = None
    taken: list[tuple[Observation, ref[StopWatch], tuple[Ran, ...]]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )


def signalled(camera: Camera, kind: str) -> tuple[Head, ...]:
    """The signals that name a line of a kind (`stop`, `rail_stop`)."""
    lines = {line.id: line for line in camera.lines if line.kind == kind}
    return tuple(Head(signal, lines[signal.stop_line]) for signal in camera.signals if signal.stop_line in lines)


@lru_cache(maxsize=8)
def red_watch(camera: Camera) -> StopWatch:
    """The watch over all stop lines of a camera while red stands; one for all rules that ask."""
    return StopWatch(camera, frozenset({SignalState.RED}), signalled(camera, "stop"))


def undirected(heads: Iterable[Head], camera: Camera) -> tuple[Reason, ...]:
    """A reason for each stop line whose lawful direction nobody knows."""
    return tuple(
        Reason("missing_stop_line_direction", (("line", head.line.id),))
        for head in heads
        if entry_arrow(camera, head.line, 1, 1) is None
    )


def step_stops(watch: StopWatch, observation: Observation) -> tuple[StopWatch, tuple[Ran, ...]]:
    """Take one observation; give who has now gone over a line and on under its ban."""
    for seen, shared, told in watch.taken:
        if seen is observation and (known := shared()) is not None:
            return known, told
    drawn = _drawn_at(watch, observation)
    heads, found = [], []
    for head, arrow in zip(watch.heads, drawn.arrows, strict=True):
        if arrow is None:
            heads.append(head)
            continue
        moved, ran = _step_head(head, watch.bans, arrow, drawn, observation)
        heads.append(moved)
        found += ran
    after = replace(watch, heads=tuple(heads), drawn=drawn)
    watch.taken[:] = [(observation, ref(after), tuple(found))]
    return after, tuple(found)


def _drawn_at(watch: StopWatch, observation: Observation) -> _Drawn:
    width, height = observation.width, observation.height
    if watch.drawn is not None and (watch.drawn.width, watch.drawn.height) == (width, height):
        return watch.drawn
    camera = watch.camera
    return _Drawn(
        width,
        height,
        RoadPlane.from_camera(camera, width, height),
        tuple(entry_arrow(camera, head.line, width, height) for head in watch.heads),
        tuple(to_pixels(zone.points, width, height) for zone in camera.zones_of("junction", "railway", "exit")),
    )


def _ban(ban: Ban | None, reading: SignalReading | None, bans: frozenset[SignalState], video_s: float) -> Ban | None:
    """The ban after one more reading."""
    lasts = ban is not None and ban.ended_s is None
    if reading is None or reading.state is SignalState.UNKNOWN:
        if ban is not None and lasts and video_s - ban.until_s > UNREAD_S:
            return replace(ban, ended_s=ban.until_s)
        return ban
    if reading.state in bans:
        if ban is not None and lasts and video_s - ban.until_s <= UNREAD_S:
            return replace(ban, until_s=video_s, score=reading.score)
        return Ban(reading.since_s, video_s, None, reading.score)
    # What began while the head could not be read may have begun right after the last clear reading.
    return replace(ban, ended_s=min(reading.since_s, ban.until_s)) if ban is not None and lasts else ban


def _step_head(
    head: Head, bans: frozenset[SignalState], arrow: Floats, drawn: _Drawn, observation: Observation
) -> tuple[Head, list[Ran]]:
    now, tracks = observation.video_s, observation.tracks
    ban = _ban(head.ban, observation.signals.get(head.signal.id), bans, now)
    first, second = to_pixels(head.line.points, drawn.width, drawn.height)
    normal = np.array([-(second - first)[1], (second - first)[0]])
    normal = normal / np.hypot(*normal) * (1.0 if normal @ arrow >= 0 else -1.0)
    foot = tracks.foot.astype(float)
    beyond = (foot - first) @ normal
    front = (leading_points(tracks.foot, tracks.box, arrow) - first) @ normal
    sure_front = _sure_front(tracks.box, tracks.class_id, arrow, normal, first, drawn.plane)
    is_cut = cut(tracks.box, drawn.width, drawn.height)
    # Only the lower border cuts these: the rear, and so the front, of who drives away is nearer than it looks.
    is_low = ~cut(tracks.box, drawn.width, drawn.height * 2) & (arrow[1] < 0)
    known = {key: one for key, one in head.approaches.items() if now - one.last.video_s <= FORGET_S}
    found: list[Ran] = []
    for i, track in enumerate(tracks.id.tolist()):
        if int(tracks.class_id[i]) not in VEHICLE_IDS or not tracks.seen[i]:
            continue
        sight = sight_of(observation, i)
        was, known_before = known.get(track), None
        if was is not None and continues(was.earlier, was.last, sight):
            known_before = was
        approach = Approach(
            track, int(tracks.class_id[i]), sight, sight, float(beyond[i]) / max(sight.size, 1.0), float(sure_front[i])
        )
        if known_before is not None:
            approach = replace(
                approach, earlier=known_before.last, before=known_before.before, done=known_before.done,
                whole=known_before.whole,
                ban_since_s=known_before.ban_since_s, crossed_s=known_before.crossed_s, crossing=known_before.crossing,
                nearest=sight if sight.area > known_before.nearest.area else known_before.nearest,
            )  # fmt: skip
            if not is_cut[i]:
                approach = _crossed(approach, known_before.last, (first, second, normal), ban)
        if not is_cut[i] and sure_front[i] < (FAR_FRONT - 1.0 if arrow[1] < 0 else 0.0):
            approach = replace(approach, whole=sight)
        if not is_cut[i] or is_low[i]:
            approach = _before(approach, ban, wholly=float(front[i]) < 0)
        waits = approach.crossed_s is not None and not approach.done
        inside = waits and any(bool(in_polygon(foot[i : i + 1], zone)[0]) for zone in drawn.inside)
        approach, ran = _judge(approach, head, ban, GroundView(drawn.plane), arrow, inside=inside, now=now)
        found += ran
        known[track] = approach
    return replace(head, ban=ban, approaches=MappingProxyType(known)), found


def _sure_front(
    box: NDArray[np.float32], class_id: NDArray[np.int16], arrow: Floats, normal: Floats, first: Floats,
    plane: RoadPlane | None,
) -> Floats:  # fmt: skip
    """How far the fronts of vehicles driving along the arrow surely are beyond the line [N], their lengths."""
    plans = footprints(box, class_id, arrow, plane)
    rear = (plans.centre - plans.half_length - first) @ normal
    length = 2 * plans.half_length @ normal
    reach = FAR_FRONT if arrow[1] < 0 else 1.0
    return np.asarray((rear + reach * length) / np.maximum(length, 1e-6))


def _before(approach: Approach, ban: Ban | None, *, wholly: bool) -> Approach:
    """Remember the last moment at which the whole vehicle stood before the line under the settled ban."""
    if approach.crossed_s is not None:
        return approach
    lasts = ban is not None and ban.ended_s is None
    if ban is None or not lasts:
        return replace(approach, before=None)
    now = approach.last.video_s
    read = now - ban.until_s <= SETTLED_S
    if wholly and read and now - ban.since_s >= SETTLED_S:
        return replace(approach, before=approach.last, ban_since_s=ban.since_s)
    return approach if approach.ban_since_s == ban.since_s else replace(approach, before=None)


def _crossed(approach: Approach, last: Sight, segment: tuple[Floats, Floats, Floats], ban: Ban | None) -> Approach:
    """Take note when the foot passes the drawn segment under the same ban."""
    if approach.crossed_s is not None or approach.before is None or approach.done or ban is None:
        return approach
    first, second, normal = segment
    sight = approach.last
    was, is_now = float((np.array(last.foot) - first) @ normal), float((np.array(sight.foot) - first) @ normal)
    if not was < 0 <= is_now:
        return approach
    share = -was / (is_now - was)
    at = np.array(last.foot) + share * (np.array(sight.foot) - np.array(last.foot))
    along = float((at - first) @ (second - first) / ((second - first) @ (second - first)))
    if not 0.0 <= along <= 1.0:
        return replace(approach, done=True)
    return replace(approach, crossed_s=last.video_s + share * (sight.video_s - last.video_s), crossing=sight)


def _judge(
    approach: Approach, head: Head, ban: Ban | None, view: GroundView, arrow: Floats, *, inside: bool, now: float
) -> tuple[Approach, list[Ran]]:
    crossed, before, crossing = approach.crossed_s, approach.before, approach.crossing
    if approach.done or crossed is None or before is None or crossing is None or ban is None:
        return approach, []
    other = ban.since_s != approach.ban_since_s
    over = ban.ended_s is not None and ban.ended_s <= crossed + NEXT_STATE_MARGIN_S
    if other or over or now - crossed > GO_ON_WITHIN_S:
        return replace(approach, done=True), []
    unread = ban.ended_s is None and ban.until_s < crossed + NEXT_STATE_MARGIN_S
    went_on = approach.beyond_sizes >= (GO_ON_IN_JUNCTION_SIZES if inside else GO_ON_SIZES)
    if unread or now - crossed < VERDICT_AFTER_S or not went_on:
        return approach, []
    approach = replace(approach, done=True)
    if view.cosine(before.foot, approach.last.foot, before.foot, np.add(before.foot, arrow * before.size)) < ACROSS_COS:
        return approach, []
    return approach, [Ran(head.signal, head.line, approach, before, crossing, crossed, min(1.0, ban.score))]
