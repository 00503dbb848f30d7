"""Oncoming lane: a vehicle goes over the line that divides the directions and drives on in the oncoming lane.

Code of Administrative Offences of Kazakhstan, article 596 part 3: deprivation of the licence, so a material for the
officer and never a payable notice. The dividing line is a solid one that has an arrow: the travel of those who keep it
on their left. Who goes over it to turn off or to turn back does not drive on in the oncoming lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from violations.accusation import Looks, accuse
from vision.finding import Finding, Reason
from vision.geometry import to_pixels
from vision.line_watch import LineCrossing, LineWatch, step_lines, watch_lines
from vision.turning import GroundView

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.camera_parts import Line
    from vision.sight import Sight
    from vision.types import Observation

HOLD_S: Final = 1.0
"""Seconds of driving on in the oncoming lane, clear of the line."""
HOLD_SIZES: Final = 1.5
"""Distance driven there meanwhile, box sizes at the beginning."""
ALONG_COS: Final = 0.7
"""Who overtakes keeps his direction: within 45 degrees of the line."""
LOOK_BACK_S: Final = 0.6
"""The direction is measured over this time, seconds."""
WITHIN_S: Final = 8.0
"""Who has not driven on within this time does something else there."""


@dataclass(frozen=True, slots=True)
class _Over:
    """A vehicle beyond the dividing line whose intention is not known yet."""

    crossing: LineCrossing
    forward: bool
    path: tuple[Sight, ...]


@dataclass(frozen=True, slots=True)
class OncomingState:
    """The watch over the dividing lines, and who is beyond one."""

    watch: LineWatch
    over: tuple[_Over, ...] = ()


class OncomingLane:
    """The rule; see the module's docstring."""

    kind = "oncoming_lane"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A solid line that divides two directions."""
        return () if dividing(camera) else (Reason("missing_dividing_line"),)

    def start(self, camera: Camera) -> OncomingState:
        """No vehicle seen yet."""
        return OncomingState(watch_lines(camera, dividing(camera)))

    def step(self, state: OncomingState, observation: Observation) -> tuple[OncomingState, tuple[Finding, ...]]:
        """A finding for each vehicle that has now driven on in the oncoming lane."""
        watch, crossings = step_lines(state.watch, observation)
        view = GroundView(None if watch.drawn is None else watch.drawn.plane)
        back = {(one.line.id, one.track) for one in crossings}
        over = [one for one in state.over if (one.crossing.line.id, one.crossing.track) not in back]
        for one in crossings:
            along = _along(one.line, (one.before, one.at), view, observation)
            # Traffic keeps the line on its left, so whoever comes from its right goes over it to the left.
            if abs(along) >= ALONG_COS and _goes_left(one, observation) == (along > 0):
                over.append(_Over(one, along > 0, (one.after,)))
        found, waiting = [], []
        for beyond in over:
            now = _seen(beyond, watch)
            verdict = _verdict(now, view, watch, observation)
            if verdict:
                found.append(_finding(now, observation))
            elif verdict is None:
                waiting.append(now)
        return OncomingState(watch, tuple(waiting)), tuple(found)

    def finish(self, state: OncomingState) -> tuple[Finding, ...]:
        """What was not seen to its end stays unproven."""
        del state
        return ()


RULE: Final = OncomingLane()


def dividing(camera: Camera) -> tuple[Line, ...]:
    """The lines of a camera that nobody may cross and that divide two directions."""
    return tuple(line for line in camera.lines if line.kind in {"solid", "double_solid"} and line.direction is not None)


def _along(line: Line, way: tuple[Sight, Sight], view: GroundView, observation: Observation) -> float:
    """Cosine between a vehicle's way and the line's arrow, on the ground."""
    first, second = to_pixels(line.points, observation.width, observation.height)
    ahead = _arrow_sign(line, observation) * (second - first)
    return view.cosine(first, first + ahead, way[0].foot, way[1].foot)


def _arrow_sign(line: Line, observation: Observation) -> float:
    """1 where the arrow points from the segment's first point to its second, else -1."""
    first, second = to_pixels(line.points, observation.width, observation.height)
    tail, head = to_pixels(line.direction or line.points, observation.width, observation.height)
    return 1.0 if (second - first) @ (head - tail) >= 0 else -1.0


def _goes_left(crossing: LineCrossing, observation: Observation) -> bool:
    """Whether a crossing goes to the left of the line's arrow."""
    return crossing.to_right == (_arrow_sign(crossing.line, observation) < 0)


def _walk_key(over: _Over, watch: LineWatch) -> tuple[int, int]:
    return next(k for k, line in enumerate(watch.lines) if line.id == over.crossing.line.id), over.crossing.track


def _seen(over: _Over, watch: LineWatch) -> _Over:
    """The vehicle after one more look."""
    walk = watch.walks.get(_walk_key(over, watch))
    if walk is None or walk.last.video_s <= over.path[-1].video_s:
        return over
    return _Over(over.crossing, over.forward, (*over.path, walk.last))


def _verdict(over: _Over, view: GroundView, watch: LineWatch, observation: Observation) -> bool | None:
    """Whether it drives on in the oncoming lane; None while that is open."""
    walk = watch.walks.get(_walk_key(over, watch))
    side = 1 if over.crossing.to_right else -1
    if walk is None or walk.clear is None or walk.clear.side != side:
        return False  # came back, or went out of sight
    begin, now = over.crossing.at, over.path[-1]
    if observation.video_s - over.crossing.video_s > WITHIN_S:
        return False
    earlier = next((one for one in reversed(over.path) if now.video_s - one.video_s >= LOOK_BACK_S), None)
    gone = float(np.hypot(now.foot[0] - begin.foot[0], now.foot[1] - begin.foot[1]))
    if earlier is None or walk.clear.sight.video_s - walk.clear.since_s < HOLD_S or gone < HOLD_SIZES * now.size:
        return None
    along = _along(over.crossing.line, (earlier, now), view, observation)
    keeps = along >= ALONG_COS if over.forward else along <= -ALONG_COS
    return True if keeps else None


def _finding(over: _Over, observation: Observation) -> Finding:
    crossing, now = over.crossing, over.path[-1]
    line = ("line", crossing.line.id)
    trace = (
        Reason("own_side", (line, ("at_s", round(crossing.before.video_s, 2)))),
        Reason("crossed_line", (line, ("at_s", round(crossing.video_s, 2)))),
        Reason(
            "drives_oncoming",
            (("from_s", round(crossing.after.video_s, 2)), ("seconds", round(now.video_s - crossing.video_s, 1))),
        ),
        Reason("material_only"),
    )
    return accuse(
        OncomingLane.kind, OncomingLane.version, observation, track=crossing.track, class_id=crossing.class_id,
        onset_s=crossing.video_s, trace=trace, line=crossing.line.id,
        looks=Looks(crossing.before, now, crossing.nearest, now),
    )  # fmt: skip
