"""What every rule of the road says the same way: a finding with its four stills and the auxiliary speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vision.finding import Finding, FindingType, Moment, Reason
from vision.sight import Sight, auxiliary_speed, ground_of, speed_of

if TYPE_CHECKING:
    from vision.types import Observation


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks at a vehicle that make its stills.

    Attributes:
        before: before the act.
        act: in the act.
        plate: at its largest.
        now: at the decision.
    """

    before: Sight
    act: Sight
    plate: Sight
    now: Sight

    def moments(self) -> tuple[Moment, ...]:
        """The stills of a violation."""
        return (
            Moment("before_line", self.before.video_s, self.before.box),
            Moment("in_act", self.act.video_s, self.act.box),
            Moment("plate", self.plate.video_s, self.plate.box),
            Moment("wide", self.now.video_s),
        )


def accuse(
    kind: str, version: str, observation: Observation, *, track: int, class_id: int, onset_s: float, looks: Looks,
    trace: tuple[Reason, ...], score: float = 1.0, line: str | None = None, zone: str | None = None,
    signal: str | None = None,
) -> Finding:  # fmt: skip
    """The finding of a rule about one vehicle at this observation; a speed is added where one is known."""
    rows = np.flatnonzero(observation.tracks.id == track)
    speed = speed_of(observation, int(rows[0])) if len(rows) else None
    return Finding(
        type=FindingType.VIOLATION, kind=kind, rule_version=version, onset_s=onset_s, video_s=observation.video_s,
        score=round(min(1.0, score), 3), trace=(*trace, *auxiliary_speed(speed)), moments=looks.moments(), track=track,
        class_id=class_id, line=line, zone=zone, signal=signal, speed_ms=speed[0] if speed else None,
        speed_sigma_ms=speed[1] if speed else None, box=looks.now.box,
        ground=ground_of(observation, int(rows[0])) if len(rows) else None,
    )  # fmt: skip
