"""Solid line: a vehicle goes over a solid line between lanes of one direction.

Code of Administrative Offences of Kazakhstan, article 601 part 1; traffic rules, markings 1.1, 1.3, 1.11. A line that
has an arrow divides two directions and belongs to another rule (`oncoming_lane`). A broken line right beside the solid
one makes marking 1.11: who comes from the broken line's side may cross.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from violations.accusation import Looks, accuse
from vision.finding import Finding, Reason
from vision.geometry import side_distance
from vision.line_watch import LineCrossing, LineWatch, step_lines, watch_lines

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.camera_parts import Line
    from vision.types import Observation

SOLID: Final = ("solid", "double_solid")
PAIR_HALVES: Final = 1.0
"""A broken line belongs to a solid one where it runs nearer to it than this many half widths of a vehicle that crosses:
no lane is that narrow."""
SURE_HALVES: Final = 1.3
"""Clear of the line by this many half widths on both sides the rule is as sure as it can be."""


@dataclass(frozen=True, slots=True)
class SolidLineState:
    """The watch over the solid lines, and the broken lines of the camera."""

    watch: LineWatch
    broken: tuple[Line, ...]


class SolidLine:
    """The rule; see the module's docstring."""

    kind = "solid_line"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A solid line between lanes of one direction."""
        return () if _solid(camera) else (Reason("missing_solid_line"),)

    def start(self, camera: Camera) -> SolidLineState:
        """No vehicle seen yet."""
        return SolidLineState(watch_lines(camera, _solid(camera)), camera.lines_of("broken"))

    def step(self, state: SolidLineState, observation: Observation) -> tuple[SolidLineState, tuple[Finding, ...]]:
        """A finding for each vehicle that has now gone over a solid line."""
        watch, crossings = step_lines(state.watch, observation)
        found = tuple(
            _finding(one, observation) for one in crossings if not _from_broken(one, state.broken, observation)
        )
        return replace(state, watch=watch), found

    def finish(self, state: SolidLineState) -> tuple[Finding, ...]:
        """Who has not come clear of the line stays on it."""
        del state
        return ()


RULE: Final = SolidLine()


def _solid(camera: Camera) -> tuple[Line, ...]:
    return tuple(line for line in camera.lines if line.kind in SOLID and line.direction is None)


def _from_broken(crossing: LineCrossing, broken: tuple[Line, ...], observation: Observation) -> bool:
    """Whether the vehicle came over a broken line that runs along the solid one."""
    scale = np.array([observation.width, observation.height], float)
    first, second = np.array(crossing.line.points) * scale
    point = (first + crossing.along * (second - first))[None]
    for line in broken:
        segment = np.array(line.points) * scale
        ahead = segment[1] - segment[0]
        along = float((point[0] - segment[0]) @ ahead / (ahead @ ahead))
        # Seen from the solid line, the broken one lies to its right where this is positive.
        away = -float(side_distance(point, segment[None])[0, 0]) * (1.0 if ahead @ (second - first) >= 0 else -1.0)
        if 0 <= along <= 1 and abs(away) <= PAIR_HALVES * crossing.half_px and (away > 0) != crossing.to_right:
            return True
    return False


def _finding(crossing: LineCrossing, observation: Observation) -> Finding:
    clear = min(crossing.before_halves, crossing.after_halves)
    line = ("line", crossing.line.id)
    trace = (
        Reason("clear_before_line", (line, ("at_s", round(crossing.before.video_s, 2)))),
        Reason("crossed_line", (line, ("at_s", round(crossing.video_s, 2)))),
        Reason("clear_beyond_line", (("at_s", round(crossing.after.video_s, 2)),)),
    )
    return accuse(
        SolidLine.kind, SolidLine.version, observation, track=crossing.track, class_id=crossing.class_id,
        onset_s=crossing.video_s, trace=trace, score=0.8 + 0.2 * min(1.0, clear / SURE_HALVES), line=crossing.line.id,
        looks=Looks(crossing.before, crossing.at, crossing.nearest, crossing.after),
    )  # fmt: skip
