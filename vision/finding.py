"""What a rule says when it fires, and the shape every rule has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.types import Observation

State = TypeVar("State")


class FindingType(StrEnum):
    """What a finding becomes: a case, an incident, or a fire alert."""

    VIOLATION = "violation"
    INCIDENT = "incident"
    FIRE_ALERT = "fire_alert"


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of a rule's trace: a text key and the values to put in it.

    The words stand in `texts/{kk,ru,en}.toml` of the rule's room under `[trace]`, so the same trace reads in three
    languages. Values are strings, numbers (seconds, metres, km/h as the key says) or booleans.
    """

    code: str
    values: tuple[tuple[str, str | float | int | bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A picture worth keeping: `name` (before_line, in_act, plate, onset, decision, wide), when, and where to look.

    Attributes:
        video_s: second of video of the wanted frame.
        box: x1, y1, x2, y2 in pixels of the subject at that moment, or None for the whole view.
    """

    name: str
    video_s: float
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule fired.

    Attributes:
        type: violation, incident or fire_alert.
        kind: name of the rule (house.md lists them).
        rule_version: version of the rule's logic, e.g. "1".
        onset_s: estimated start of the act, seconds of video.
        video_s: moment of decision, seconds of video.
        score: 0 to 1, how sure the rule is.
        trace: why it fired, in order.
        moments: stills wanted.
        track: subject's track id, if it has one.
        class_id: road class of the subject, if it has one.
        line, zone, signal: ids of the camera file that played a part.
        speed_ms, speed_sigma_ms: auxiliary video speed of the subject (NaN or None when unknown).
        box: where it is at the decision, pixels.
        ground: metres on the road plane, if calibrated.
    """

    type: FindingType
    kind: str
    rule_version: str
    onset_s: float
    video_s: float
    score: float
    trace: tuple[Reason, ...]
    moments: tuple[Moment, ...]
    track: int | None = None
    class_id: int | None = None
    line: str | None = None
    zone: str | None = None
    signal: str | None = None
    speed_ms: float | None = None
    speed_sigma_ms: float | None = None
    box: tuple[float, float, float, float] | None = None
    ground: tuple[float, float] | None = None


class Rule(Protocol[State]):
    """A rule: pure, without I/O. Every file in a `rules/` folder holds one object `RULE` of this shape.

    `step` never changes the state it is given; it returns the next one, so a rule can be replayed and tested from
    any point.
    """

    @property
    def kind(self) -> str:
        """Name of the rule."""

    @property
    def version(self) -> str:
        """Version of its logic."""

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """What the camera file lacks for this rule; empty when the rule can run."""

    def start(self, camera: Camera) -> State:
        """The state before the first observation."""

    def step(self, state: State, observation: Observation) -> tuple[State, tuple[Finding, ...]]:
        """Take one observation, give the next state and what was found."""

    def finish(self, state: State) -> tuple[Finding, ...]:
        """The video ended: confirm what is pending if what was seen suffices."""
