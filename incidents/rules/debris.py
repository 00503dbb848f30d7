"""Debris: something lies on the carriageway that is no road user: lost cargo, a tyre, a thing left there.

Judged by its shape and its rest alone, since no class of the detector says so: it came while the camera looked, it is
30 cm to 3 m large, it rests, and no road user is or stood where it lies. What lay there from the first look on is part
of the ground and is not told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents import things
from incidents.trial import not_asked_for
from vision.finding import Finding, FindingType, Moment, Reason

if TYPE_CHECKING:
    from incidents.things import Thing, ThingsState
    from vision.camera import Camera
    from vision.types import Observation

HOLD_S: Final = 5.0
"""Seconds that it rests when it is told."""
LOOKS: Final = 5
"""How often it was seen meanwhile, at least."""
LARGE_M: Final = (0.3, 3.0)
"""Its larger side; a vehicle is larger, a patch of wet or a leaf smaller."""
HIGH_M: Final = 1.45
"""Who stands is higher."""
SAME_PLACE_M: Final = 6.0
"""What lies this near to what was told belongs to it: a lorry loses more than one box,"""
SAME_PLACE_S: Final = 600.0
"""for so long after it was last seen."""


@dataclass(frozen=True, slots=True)
class DebrisState:
    """The camera, its things, and the places told with the second they were last seen."""

    camera: Camera
    watch: ThingsState
    told: tuple[tuple[float, float, float], ...] = ()


class Debris:
    """The rule; see the module's docstring."""

    kind = "debris"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """The wish for it, a carriageway and metres."""
        return missing_for(camera, self.kind)

    def start(self, camera: Camera) -> DebrisState:
        """Nothing lies there."""
        return DebrisState(camera, things.ThingsState(camera))

    def step(self, state: DebrisState, observation: Observation) -> tuple[DebrisState, tuple[Finding, ...]]:
        """A finding when something has rested long enough."""
        watch = things.step(state.watch, observation)
        now = observation.video_s
        told = [place for place in state.told if now - place[2] <= SAME_PLACE_S]
        found: list[Finding] = []
        for thing in watch.things:
            if not thing.seen or thing.last_s != now or not _lies(thing, now):
                continue
            near = [k for k, at in enumerate(told) if np.hypot(at[0] - thing.place[0], at[1] - thing.place[1])
                    <= SAME_PLACE_M]  # fmt: skip
            if near:
                told[near[0]] = (*told[near[0]][:2], now)
            elif things.on_carriageway(state.camera, observation, thing):
                told.append((*thing.place, now))
                found.append(_finding(thing, observation))
        return replace(state, watch=watch, told=tuple(told)), tuple(found)

    def finish(self, state: DebrisState) -> tuple[Finding, ...]:
        """What has not rested long enough stays unproven."""
        del state
        return ()


RULE: Final = Debris()


def missing_for(camera: Camera, kind: str) -> tuple[Reason, ...]:
    """What a rule over things on the road lacks."""
    lacks = not_asked_for(camera, kind)
    lacks += () if camera.zones_of("carriageway") else (Reason("missing_carriageway"),)
    return lacks if camera.calibration is not None else (*lacks, Reason("missing_calibration"))


def _lies(thing: Thing, now: float) -> bool:
    large = max(thing.width_m, thing.height_m)
    shape = LARGE_M[0] <= large <= LARGE_M[1] and thing.height_m <= HIGH_M
    return shape and now - thing.rest_s >= HOLD_S and thing.looks >= LOOKS


def _finding(thing: Thing, observation: Observation) -> Finding:
    now = observation.video_s
    return Finding(
        type=FindingType.INCIDENT, kind=Debris.kind, rule_version=Debris.version, onset_s=thing.rest_s, video_s=now,
        score=0.8 if thing.track is None else 0.7,
        trace=(
            Reason("thing_lies", (("since_s", round(thing.rest_s, 1)), ("seconds", round(now - thing.rest_s, 1)))),
            Reason("thing_size", (("width_m", round(thing.width_m, 1)), ("height_m", round(thing.height_m, 1)))),
            Reason("thing_no_road_user"),
        ),
        moments=(Moment("onset", thing.rest_s, thing.box), Moment("decision", now, thing.box), Moment("wide", now)),
        track=thing.track, box=thing.box, ground=thing.place,
    )  # fmt: skip
