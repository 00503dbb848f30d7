"""Which rules there are, and which of them a camera can run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fire_alerts import confirm
from incidents.rules import stopped_vehicle
from incidents.rules import wrong_way as wrong_way_incident
from violations.rules import (
    bus_lane,
    junction_block,
    lane_direction,
    no_parking,
    no_stopping,
    oncoming_lane,
    paid_parking,
    pavement_driving,
    pavement_parking,
    pedestrian_priority,
    railway_crossing,
    red_light,
    restricted_class,
    solid_line,
    stop_line,
    turn,
    u_turn,
)
from violations.rules import wrong_way as wrong_way_violation
from vision.finding import FindingType

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.finding import Finding, Reason, Rule
    from vision.types import Observation

RULES: Final[tuple[tuple[FindingType, Rule[Any]], ...]] = (
    (FindingType.VIOLATION, red_light.RULE),
    (FindingType.VIOLATION, stop_line.RULE),
    (FindingType.VIOLATION, lane_direction.RULE),
    (FindingType.VIOLATION, solid_line.RULE),
    (FindingType.VIOLATION, oncoming_lane.RULE),
    (FindingType.VIOLATION, bus_lane.RULE),
    (FindingType.VIOLATION, turn.RULE),
    (FindingType.VIOLATION, u_turn.RULE),
    (FindingType.VIOLATION, railway_crossing.RULE),
    (FindingType.VIOLATION, pedestrian_priority.RULE),
    (FindingType.VIOLATION, junction_block.RULE),
    (FindingType.VIOLATION, no_stopping.RULE),
    (FindingType.VIOLATION, no_parking.RULE),
    (FindingType.VIOLATION, pavement_parking.RULE),
    (FindingType.VIOLATION, paid_parking.RULE),
    (FindingType.VIOLATION, pavement_driving.RULE),
    (FindingType.VIOLATION, restricted_class.RULE),
    (FindingType.VIOLATION, wrong_way_violation.RULE),
    (FindingType.INCIDENT, wrong_way_incident.RULE),
    (FindingType.INCIDENT, stopped_vehicle.RULE),
    (FindingType.FIRE_ALERT, confirm.RULE),
)
"""Every rule with what its findings become. A new rule is one file and one line here."""


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """Whether a camera can run a rule, and what it lacks if not."""

    type: FindingType
    kind: str
    version: str
    missing: tuple[Reason, ...]


def rule_statuses(camera: Camera) -> tuple[RuleStatus, ...]:
    """Every rule with what the camera file lacks for it."""
    return tuple(RuleStatus(type_, rule.kind, rule.version, rule.missing(camera)) for type_, rule in RULES)


class Judge:
    """The rules one camera can run, with their states between observations."""

    def __init__(self, camera: Camera) -> None:
        self._rules: list[Rule[Any]] = [rule for _, rule in RULES if not rule.missing(camera)]
        self._states: list[Any] = [rule.start(camera) for rule in self._rules]

    def adopt(self, before: Camera, camera: Camera) -> list[Finding]:
        """Judge by another version of the camera's file.

        A rule that reads nothing of the file goes on where it was, such as fire and smoke; the others confirm what is
        pending and begin anew.

        Args:
            before: the file so far.
            camera: the file from now on.

        Returns:
            What the rules confirm that begin anew.
        """
        found: list[Finding] = []
        kept: dict[int, Any] = {}
        for rule, state in zip(self._rules, self._states, strict=True):
            if not rule.missing(camera) and _same(rule.start(before), rule.start(camera)):
                kept[id(rule)] = state
            else:
                found += rule.finish(state)
        self._rules = [rule for _, rule in RULES if not rule.missing(camera)]
        self._states = [kept[id(rule)] if id(rule) in kept else rule.start(camera) for rule in self._rules]
        return found

    def step(self, observation: Observation) -> list[Finding]:
        """What the rules find at this observation."""
        found: list[Finding] = []
        for k, rule in enumerate(self._rules):
            self._states[k], findings = rule.step(self._states[k], observation)
            found += findings
        return found

    def finish(self) -> list[Finding]:
        """What the rules confirm when the video ends."""
        return [
            finding for rule, state in zip(self._rules, self._states, strict=True) for finding in rule.finish(state)
        ]


def _same(one: object, other: object) -> bool:
    """Whether two states are equal; states that hold arrays count as different."""
    try:
        return bool(one == other)
    except ValueError:
        return False
