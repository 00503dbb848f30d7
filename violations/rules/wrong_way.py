"""Wrong way: a vehicle drives in a lane against its lawful direction.

Code of Administrative Offences of Kazakhstan, article 596 part 3 where the oncoming side is entered: deprivation of
the licence, so never a payable notice. Who was seen to come out of a lane of his own direction overtakes: lawfully over
a broken line, otherwise a case of `oncoming_lane`, but not of this rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vision.against import Against, AgainstRule, AgainstState
from vision.bend import along_arrow
from vision.finding import Finding, FindingType, Moment, Reason
from vision.way_watch import Way, WayWatch, step_ways, watch_ways

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.types import Observation

OWN_LANE_COS: Final = 0.7
"""In a lane of his own direction: within 45 degrees of its arrow,"""
OWN_LANE_S: Final = 0.5
"""for this long."""


def _moments(fact: Against) -> tuple[Moment, ...]:
    return (
        Moment("before_line", fact.start.video_s, fact.start.box),
        Moment("in_act", fact.now.video_s, fact.now.box),
        Moment("plate", fact.widest.video_s, fact.widest.box),
        Moment("wide", fact.now.video_s),
    )


@dataclass(frozen=True, slots=True)
class WrongWayState:
    """Who drives against an arrow, and which lanes each vehicle was in."""

    against: AgainstState
    lanes: WayWatch


class WrongWay:
    """The rule; see the module's docstring."""

    kind = "wrong_way"
    version = "2"
    _fact = AgainstRule(FindingType.VIOLATION, _moments, version=version)

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A lane zone with a direction."""
        return self._fact.missing(camera)

    def start(self, camera: Camera) -> WrongWayState:
        """No vehicle seen yet."""
        lanes = tuple(zone for zone in camera.zones_of("lane") if zone.direction is not None)
        return WrongWayState(self._fact.start(camera), watch_ways(camera, lanes))

    def step(self, state: WrongWayState, observation: Observation) -> tuple[WrongWayState, tuple[Finding, ...]]:
        """A finding for each vehicle that has now driven against its lane for long enough."""
        against, found = self._fact.step(state.against, observation)
        lanes, _ = step_ways(state.lanes, observation)
        kept = tuple(
            one for one in found if not _overtakes(lanes, None if one.track is None else lanes.ways.get(one.track))
        )
        return WrongWayState(against, lanes), kept

    def finish(self, state: WrongWayState) -> tuple[Finding, ...]:
        """What has not been driven far enough stays unproven."""
        del state
        return ()


RULE: Final = WrongWay()


def _overtakes(lanes: WayWatch, way: Way | None) -> bool:
    """Whether a vehicle was in a lane of its own direction before."""
    zones = {zone.id: zone for zone in lanes.zones}
    return way is not None and any(
        visit.told
        and visit.last.video_s - visit.first.video_s >= OWN_LANE_S
        and along_arrow(lanes, way, visit, zones[visit.zone]) >= OWN_LANE_COS
        for visit in way.visits
    )
