"""Forbidden ways of the camera file, driven from zone to zone: shared by the rules of turns and of turns back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from violations.accusation import Looks, accuse
from vision.bend import along_arrow, bend
from vision.classes import ROAD_CLASSES
from vision.finding import Finding, Reason
from vision.hours import in_force
from vision.way_watch import VISIT_SIGHTS, Visit, Way, WayWatch, step_ways, watch_ways

if TYPE_CHECKING:
    from vision.bend import Bend
    from vision.camera import Camera
    from vision.camera_parts import Manoeuvre, Zone
    from vision.sight import Sight
    from vision.types import Observation

TURN_DEG: Final = 40.0
"""Least change of direction that is a turn."""
BACK_DEG: Final = 130.0
"""Least change of direction that is a turn back."""
SEEN_S: Final = 0.2
"""Shortest time with the middle in the zone where a way begins."""
LONGEST_S: Final = 60.0
"""A way from zone to zone takes no longer."""


@dataclass(frozen=True, slots=True)
class ForbiddenWay:
    """The rule `turn` or `u_turn` (`vision.finding.Rule`)."""

    kind: Literal["turn", "u_turn"]
    version: str = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A forbidden way of this kind."""
        if self._ways(camera):
            return ()
        return (Reason("missing_forbidden_turn" if self.kind == "turn" else "missing_forbidden_u_turn"),)

    def start(self, camera: Camera) -> WayWatch:
        """No vehicle seen yet."""
        named = {end for way in self._ways(camera) for end in (way.start, way.end)}
        return watch_ways(camera, tuple(zone for zone in camera.zones if zone.id in named))

    def step(self, state: WayWatch, observation: Observation) -> tuple[WayWatch, tuple[Finding, ...]]:
        """A finding for each vehicle that has now ended a forbidden way."""
        state, told = step_ways(state, observation)
        zones = {zone.id: zone for zone in state.zones}
        found = []
        for way, visit in told:
            for ban in self._ways(state.camera):
                if ban.end == visit.zone and _concerns(ban, way, observation, state.camera):
                    begun = _begun(way, ban.start, visit)
                    turned = None if begun is None else self._turned(way, begun, visit, zones, state)
                    if begun is not None and turned is not None:
                        found.append(self._finding(ban, way, begun, visit, turned, observation))
        once = {(one.track, one.zone): one for one in reversed(found)}  # two bans may end in one zone
        return state, tuple(once.values())

    def finish(self, state: WayWatch) -> tuple[Finding, ...]:
        """A way that was not ended is none."""
        del state
        return ()

    def _ways(self, camera: Camera) -> tuple[Manoeuvre, ...]:
        return tuple(way for way in camera.forbidden if way.kind == self.kind)

    def _turned(self, way: Way, begun: Visit, ended: Visit, zones: dict[str, Zone], state: WayWatch) -> Bend | None:
        """How the vehicle turned, None where it did not, or nobody saw it."""
        if ended.first.video_s - begun.last.video_s > LONGEST_S:
            return None
        turned = bend(way, begun.last.video_s, ended.last.video_s, state.view)
        least = TURN_DEG if self.kind == "turn" else BACK_DEG
        if turned is None or not turned.gentle or abs(turned.degrees) < least:
            return None
        for visit in (begun, ended):
            if along_arrow(state, way, visit, zones[visit.zone]) < 0:
                return None
        return turned

    def _finding(
        self, ban: Manoeuvre, way: Way, begun: Visit, ended: Visit, turned: Bend, observation: Observation
    ) -> Finding:
        trace = (
            Reason("was_in_zone", (("zone", begun.zone), ("at_s", round(begun.last.video_s, 2)))),
            Reason("turned_by", (("degrees", round(abs(turned.degrees))),)),
            Reason("came_into_zone", (("zone", ended.zone), ("at_s", round(ended.first.video_s, 2)))),
            Reason("way_forbidden", (("way", ban.id),)),
        )
        act = _middle_of(way, begun.last.video_s, ended.first.video_s) or ended.first
        return accuse(
            self.kind, self.version, observation, track=way.track, class_id=way.class_id, onset_s=begun.last.video_s,
            trace=trace, zone=ban.end, looks=Looks(begun.last, act, way.nearest, ended.last),
        )  # fmt: skip


def _concerns(ban: Manoeuvre, way: Way, observation: Observation, camera: Camera) -> bool:
    """Whether a ban holds for a vehicle now."""
    concerned = not ban.classes or ROAD_CLASSES[way.class_id] in ban.classes
    return concerned and in_force(ban.hours, observation.time, camera.time_zone)


def _begun(way: Way, zone: str, ended: Visit) -> Visit | None:
    """The visit with which a way began; a moment in the zone will do, the exit and the turn prove the rest.

    A long lorry is seen whole only when it has almost left the lane.
    """
    visit, touch = way.latest(zone, ended.first.video_s), way.touched.get(zone)
    if visit is not None or touch is None or touch.last.video_s >= ended.first.video_s:
        return visit
    long_enough = touch.sights >= VISIT_SIGHTS and touch.last.video_s - touch.first_s >= SEEN_S
    return Visit(zone, touch.last, touch.last) if long_enough else None


def _middle_of(way: Way, start_s: float, end_s: float) -> Sight | None:
    """A look halfway between two moments."""
    between = [one for one in way.trail if start_s < one.video_s < end_s]
    return between[len(between) // 2] if between else None
