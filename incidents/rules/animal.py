"""Animal on the carriageway: something that is no road user moves there at an animal's pace.

No class of the detector says animal, so size and motion must: it came while the camera looked, it has gone some metres
by itself, it is too small for the road user that it may be taken for, or is none at all, and it is not as slim as a
person on foot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from incidents import things
from incidents.rules.debris import missing_for
from vision.finding import Finding, FindingType, Moment, Reason

if TYPE_CHECKING:
    from incidents.things import Thing, ThingsState
    from vision.camera import Camera
    from vision.types import Observation

HOLD_S: Final = 2.0
"""Seconds that it was followed when it is told,"""
LOOKS: Final = 6
"""and how often it was seen, at least."""
MOVED_M: Final = 2.0
"""Metres that it went meanwhile."""
SPEED_MS: Final = (0.35, 7.0)
"""Mean speed; a cow strolls, a dog runs."""
HIGH_M: Final = (0.35, 2.4)
"""Height as it shows."""
WIDE_M: Final = (0.35, 3.2)
"""Width as it shows."""
SLIM: Final = 0.75
"""Width to height below which it may be somebody on foot."""
QUIET_S: Final = 30.0
"""After so long without any, the next is another happening; a herd is one."""


@dataclass(frozen=True, slots=True)
class AnimalState:
    """The camera, its things, and until when the present happening lasts."""

    camera: Camera
    watch: ThingsState
    until_s: float = 0.0


class Animal:
    """The rule; see the module's docstring."""

    kind = "animal"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """The wish for it, a carriageway and metres."""
        return missing_for(camera, self.kind)

    def start(self, camera: Camera) -> AnimalState:
        """Nothing moves there."""
        return AnimalState(camera, things.ThingsState(camera))

    def step(self, state: AnimalState, observation: Observation) -> tuple[AnimalState, tuple[Finding, ...]]:
        """A finding when something has moved far enough."""
        watch = things.step(state.watch, observation)
        now, until = observation.video_s, state.until_s
        found: list[Finding] = []
        for thing in watch.things:
            if not thing.seen or thing.last_s != now or not _is_animal(thing, now):
                continue
            if things.on_carriageway(state.camera, observation, thing):
                if now >= until:
                    found.append(_finding(thing, observation))
                until = now + QUIET_S
        return replace(state, watch=watch, until_s=until), tuple(found)

    def finish(self, state: AnimalState) -> tuple[Finding, ...]:
        """What has not gone far enough stays unproven."""
        del state
        return ()


RULE: Final = Animal()


def _is_animal(thing: Thing, now: float) -> bool:
    lasted = now - thing.since_s
    if lasted < HOLD_S or thing.looks < LOOKS or thing.moved_m < MOVED_M:
        return False
    speed = SPEED_MS[0] <= thing.moved_m / lasted <= SPEED_MS[1]
    shape = HIGH_M[0] <= thing.height_m <= HIGH_M[1] and WIDE_M[0] <= thing.width_m <= WIDE_M[1]
    return speed and shape and thing.width_m >= SLIM * thing.height_m


def _finding(thing: Thing, observation: Observation) -> Finding:
    now = observation.video_s
    return Finding(
        type=FindingType.INCIDENT, kind=Animal.kind, rule_version=Animal.version, onset_s=thing.since_s, video_s=now,
        score=0.7 if thing.track is None else 0.6,
        trace=(
            Reason("thing_moves", (("metres", round(thing.moved_m, 1)), ("seconds", round(now - thing.since_s, 1)))),
            Reason("thing_size", (("width_m", round(thing.width_m, 1)), ("height_m", round(thing.height_m, 1)))),
            Reason("thing_no_road_user"),
        ),
        moments=(Moment("onset", thing.since_s), Moment("decision", now, thing.box), Moment("wide", now)),
        track=thing.track, box=thing.box, ground=thing.place,
    )  # fmt: skip
