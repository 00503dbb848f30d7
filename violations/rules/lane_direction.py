"""Lane direction: a vehicle goes another way through a junction than the arrows of its lane allow.

Code of Administrative Offences of Kazakhstan, article 601 part 1; traffic rules, signs 5.8 and marking 1.18. The lane
is the last one in which the vehicle clearly was; who straddles two lanes at their end has none and is not accused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from violations.accusation import Looks, accuse
from vision.bend import along_arrow
from vision.finding import Finding, Reason
from vision.turning import turn_of
from vision.way_watch import Visit, Way, WayWatch, step_ways, watch_ways

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.camera_parts import Turn, Zone
    from vision.types import Observation

LONGEST_S: Final = 60.0
"""From the lane to the exit takes no longer."""
WITH_ARROW_COS: Final = 0.4
"""A vehicle leaves by an exit, and came by a lane, when it drives along its arrow by this cosine."""
ALLOWS: Final[dict[Turn, Reason]] = {
    "left": Reason("lane_allows_left"),
    "straight": Reason("lane_allows_straight"),
    "right": Reason("lane_allows_right"),
    "back": Reason("lane_allows_back"),
}


class LaneDirection:
    """The rule; see the module's docstring."""

    kind = "lane_direction"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A lane with a direction and its turns, and exits that tell their way."""
        lacks = []
        if not _lanes(camera):
            lacks.append(Reason("missing_lane_turns"))
        if not _exits(camera):
            lacks.append(Reason("missing_exits"))
        return tuple(lacks)

    def start(self, camera: Camera) -> WayWatch:
        """No vehicle seen yet."""
        return watch_ways(camera, (*_lanes(camera), *_exits(camera)))

    def step(self, state: WayWatch, observation: Observation) -> tuple[WayWatch, tuple[Finding, ...]]:
        """A finding for each vehicle that has now left by an exit its lane does not lead to."""
        state, told = step_ways(state, observation)
        exits = {zone.id: zone for zone in _exits(state.camera)}
        found = []
        for way, visit in told:
            finding = None if visit.zone not in exits else _judge(way, visit, exits[visit.zone], state, observation)
            if finding is not None:
                found.append(finding)
        return state, tuple(found)

    def finish(self, state: WayWatch) -> tuple[Finding, ...]:
        """Who has not left by an exit has shown no way."""
        del state
        return ()


RULE: Final = LaneDirection()


def _lanes(camera: Camera) -> tuple[Zone, ...]:
    return tuple(zone for zone in camera.zones_of("lane") if zone.turns and zone.direction is not None)


def _exits(camera: Camera) -> tuple[Zone, ...]:
    return tuple(zone for zone in camera.zones_of("exit") if zone.direction is not None or len(zone.turns) == 1)


def _judge(way: Way, ended: Visit, exit_: Zone, state: WayWatch, observation: Observation) -> Finding | None:
    lanes = {zone.id: zone for zone in _lanes(state.camera)}
    visits = [one for one in way.visits if one.zone in lanes and one.told and one.last.video_s < ended.first.video_s]
    if not visits or state.drawn is None:
        return None
    begun = max(visits, key=lambda one: one.last.video_s)
    lane = lanes[begun.zone]
    # Whoever was in another lane at its end, if only just, straddled both.
    unclear = any(
        begun.last.video_s < touch.last.video_s < ended.first.video_s
        for zone, touch in way.touched.items()
        if zone in lanes and zone != begun.zone
    )
    taken = _taken(lane, exit_, state)
    strays = any(along_arrow(state, way, *stay) < WITH_ARROW_COS for stay in ((begun, lane), (ended, exit_)))
    late = ended.first.video_s - begun.last.video_s > LONGEST_S
    if unclear or strays or late or taken is None or taken in lane.turns:
        return None
    trace = (
        Reason("was_in_lane", (("zone", lane.id), ("at_s", round(begun.last.video_s, 2)))),
        *(ALLOWS[turn] for turn in lane.turns),
        Reason(
            "lane_way_left"
            if taken == "left"
            else "lane_way_right"
            if taken == "right"
            else "lane_way_back"
            if taken == "back"
            else "lane_way_straight",
            (("zone", exit_.id), ("at_s", round(ended.first.video_s, 2))),
        ),
    )
    return accuse(
        LaneDirection.kind, LaneDirection.version, observation, track=way.track, class_id=way.class_id,
        onset_s=begun.last.video_s, trace=trace, zone=lane.id,
        looks=Looks(begun.last, ended.first, way.nearest, ended.last),
    )  # fmt: skip


def _taken(lane: Zone, exit_: Zone, state: WayWatch) -> str | None:
    """Which way an exit is from a lane."""
    if len(exit_.turns) == 1:
        return exit_.turns[0]
    if state.drawn is None or lane.direction is None or exit_.direction is None:
        return None
    points = [(x * state.drawn.width, y * state.drawn.height) for x, y in (*lane.direction, *exit_.direction)]
    return turn_of(state.view.turn_deg(*points))
