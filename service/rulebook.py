"""Which rules there are, and which of them a camera can run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fire_alerts import confirm
from incidents.rules import (
    animal,
    camera_tampering,
    congestion,
    crash,
    crowd,
    cyclist,
    debris,
    intrusion,
    pedestrian,
    person_down,
    stopped_vehicle,
)
from incidents.rules import wrong_way as wrong_way_incident
from service.pauses import pauses
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
from vision.types import GOOD_VIEW, View

if TYPE_CHECKING:
    from datetime import datetime

    from vision.camera import Camera
    from vision.finding import Finding, Reason, Rule
    from vision.types import Observation, ViewState

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
    (FindingType.INCIDENT, crash.RULE),
    (FindingType.INCIDENT, wrong_way_incident.RULE),
    (FindingType.INCIDENT, stopped_vehicle.RULE),
    (FindingType.INCIDENT, pedestrian.RULE),
    (FindingType.INCIDENT, cyclist.RULE),
    (FindingType.INCIDENT, intrusion.RULE),
    (FindingType.INCIDENT, person_down.RULE),
    (FindingType.INCIDENT, animal.RULE),
    (FindingType.INCIDENT, debris.RULE),
    (FindingType.INCIDENT, congestion.RULE),
    (FindingType.INCIDENT, crowd.RULE),
    (FindingType.INCIDENT, camera_tampering.RULE),
    (FindingType.FIRE_ALERT, confirm.RULE),
)
"""Every rule with what its findings become. A new rule is one file and one line here."""
TYPES: Final = {id(rule): type_ for type_, rule in RULES}
FIRE_KINDS: Final = frozenset({"fire", "smoke"})


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """Whether a camera can run a rule, what it lacks if not, and why it is paused if it is."""

    type: FindingType
    kind: str
    version: str
    missing: tuple[Reason, ...]
    paused: tuple[Reason, ...] = ()

    @property
    def off_because(self) -> tuple[Reason, ...]:
        """Everything that keeps it from running."""
        return self.missing + self.paused


def rule_statuses(
    camera: Camera, moment: datetime | None = None, view: ViewState = GOOD_VIEW
) -> tuple[RuleStatus, ...]:
    """Every rule with what the camera file lacks for it, and why it is paused at a moment, where one is given."""
    return tuple(
        RuleStatus(
            type_,
            rule.kind,
            rule.version,
            rule.missing(camera),
            () if moment is None else pauses(type_, rule.kind, camera, moment, view),
        )
        for type_, rule in RULES
    )


def unknown_rules(camera: Camera) -> tuple[str, ...]:
    """Rules that the roadworks of a camera file name and that there are not."""
    known = {rule.kind for _, rule in RULES} | FIRE_KINDS
    return tuple(sorted({kind for works in camera.roadworks for kind in works.rules} - known))


class _Paused:
    """Stands in the place of a rule's state while the rule is paused."""


PAUSED: Final = _Paused()


class Judge:
    """The rules one camera can run, with their states between observations.

    A rule that is paused sees nothing and remembers nothing: what it had begun is dropped, and it begins anew when
    the reason is gone.
    """

    def __init__(self, camera: Camera, *, heeds_view: bool = True) -> None:
        """Judge by a camera file; where `heeds_view` is false, a lost view pauses nothing."""
        self._camera, self._heeds_view = camera, heeds_view
        self._rules: list[Rule[Any]] = _able(camera)
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
            if state is PAUSED:
                continue
            if not rule.missing(camera) and _same(rule.start(before), rule.start(camera)):
                kept[id(rule)] = state
            else:
                found += rule.finish(state)
        self._camera, self._rules = camera, _able(camera)
        self._states = [kept[id(rule)] if id(rule) in kept else rule.start(camera) for rule in self._rules]
        return found

    def step(self, observation: Observation) -> list[Finding]:
        """What the rules find at this observation."""
        self._pause(observation)
        found: list[Finding] = []
        for k, rule in enumerate(self._rules):
            if self._states[k] is not PAUSED:
                self._states[k], findings = rule.step(self._states[k], observation)
                found += findings
        return found

    def finish(self) -> list[Finding]:
        """What the rules confirm when the video ends."""
        running = ((rule, state) for rule, state in zip(self._rules, self._states, strict=True) if state is not PAUSED)
        return [finding for rule, state in running for finding in rule.finish(state)]

    def _pause(self, observation: Observation) -> None:
        """Let go of the rules that are paused now, begin anew with those that no longer are."""
        view = observation.view if self._heeds_view else GOOD_VIEW
        quiet = view.state is View.OK and not self._camera.roadworks
        if quiet and PAUSED not in self._states:
            return
        for k, rule in enumerate(self._rules):
            off = pauses(TYPES[id(rule)], rule.kind, self._camera, observation.time, view)
            if off:
                self._states[k] = PAUSED
            elif self._states[k] is PAUSED:
                self._states[k] = rule.start(self._camera)


def _able(camera: Camera) -> list[Rule[Any]]:
    return [rule for _, rule in RULES if not rule.missing(camera)]


def _same(one: object, other: object) -> bool:
    """Whether two states are equal; states that hold arrays count as different."""
    try:
        return bool(one == other)
    except ValueError:
        return False
