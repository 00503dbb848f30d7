"""What a camera's watch keeps between frames: findings and passages that are not ready to leave."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.watch_events import kmh

if TYPE_CHECKING:
    from collections.abc import Callable

    from evidence.overlay import TrackPoint
    from fire_alerts.second_look import Verdict
    from service.event import Event
    from service.passage_still import Still
    from service.watch_identity import Identity
    from vision.camera import Camera
    from vision.finding import Finding
    from vision.types import Observation, Passage


@dataclass(frozen=True, slots=True)
class Pending:
    """A finding whose clip is not over yet; `tries` counts how often the disk refused it."""

    due_s: float
    finding: Finding
    event: Event
    path: tuple[TrackPoint, ...]
    anchor: Observation
    camera: Camera
    identity: Identity
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Passed:
    """A passage that waits for its vehicle's plate and for its speed."""

    due_s: float
    passage: Passage
    event: Event
    still: Callable[[], Still | None] | None

    def with_speed(self, settled: Passage) -> Passed:
        """The same with the speed that is settled now."""
        speed = {"speed_kmh": kmh(settled.speed_ms), "speed_uncertainty_kmh": kmh(settled.speed_sigma_ms)}
        return replace(self, passage=settled, event=self.event.model_copy(update=speed))


@dataclass(frozen=True, slots=True)
class Closer:
    """What a second look at a fire alert came to.

    Attributes:
        finding: as the rule raised it.
        told: the same with the second look in its trace.
        verdict: what it said.
        observation: the frame it was asked at.
        tries: how often it was looked at before.
    """

    finding: Finding
    told: Finding
    verdict: Verdict
    observation: Observation
    tries: int
