"""Happenings at a crossing without signals: drivers who let people over, and drivers who do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.course import Course, Stop, plan_course
from scenarios.happenings.clip import CARS, MIXED, Clip
from scenarios.happenings.moves import line, passing, resting, where
from scenarios.happenings.road import HALF, INNER, OUTER, north, start_clip
from scenarios.layout import Marking, Zone, rect

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenarios.fleet import Look

LOW_Y, HIGH_Y = 8.0, 12.0  # of the crossing
MIDDLE_Y: Final = (LOW_Y + HIGH_Y) / 2
SLOT_S: Final = 8.5
SLOTS: Final = 4
PACE: Final = 1.4  # m/s, a walking person
OUT_M: Final = 10.0  # where people come from and go to, metres from the middle of the road


def _person(side: int, reach_t: float, at_x: float, pause: tuple[float, float] | None, y: float) -> Course:
    """Somebody who walks from the right (1) or left side, is at `at_x` at a second, and may pause somewhere."""
    way = line((side * OUT_M, y), (-side * OUT_M, y), radius_m=0.4)
    stops = () if pause is None else (Stop(where(way, x=pause[0]), pause[1]),)
    return plan_course(way, PACE, at=(where(way, x=at_x), reach_t), stops=stops)


def _vehicle(look: Look, x: float, t: float, kmh: float) -> Course:
    """Drives through, its front at the crossing at second t."""
    way = north(x)
    y = LOW_Y - look.spec.length / 2 if x > 0 else HIGH_Y + look.spec.length / 2
    return passing(way, kmh, where(way, y=y), t)


def _does_not_let_over(clip: Clip, begin: float) -> None:
    """Drives over the crossing close before somebody who is on it."""
    side = int(clip.rng.choice([1, -1]))
    own = float(clip.rng.choice([INNER, OUTER])) * (1 if clip.rng.random() < 0.6 else -1)
    t = begin + float(clip.rng.uniform(4.0, 5.5))
    look = clip.look(CARS)
    gap = float(clip.rng.uniform(2.3, 2.9)) + look.spec.width / 2
    y = MIDDLE_Y + float(clip.rng.uniform(-0.8, 0.8))
    at = own + side * gap
    if abs(at) > HALF - 0.6:
        own, at = side * INNER, side * INNER + side * gap
    waits = bool(clip.rng.random() < 0.4)
    pause = (at - side * 0.7, 2.2) if waits else None
    person = clip.add(clip.look(kind="person"), lambda: _person(side, t, at, pause, y), tries=1)
    if person is not None:
        clip.add(
            look,
            lambda: _vehicle(look, own, t, float(clip.rng.uniform(30, 46))),
            "does not let over",
            breaks=True,
            tries=6,
        )


def _somebody_waits(clip: Clip, begin: float) -> None:
    """Vehicles pass while somebody waits on the pavement."""
    side = int(clip.rng.choice([1, -1]))
    t = begin + 3.5
    person = clip.look(kind="person")
    rest = side * (HALF + float(clip.rng.uniform(1.3, 2.2)))
    if clip.add(person, lambda: _person(side, t, rest, (rest, 200.0), MIDDLE_Y), tries=1) is None:
        return
    for x in (side * OUTER, side * INNER):
        look = clip.look(MIXED)
        clip.add(look, _around(clip, look, x, t), "passes somebody who waits on the pavement", tries=8)


def _around(clip: Clip, look: Look, x: float, t: float) -> Callable[[], Course]:
    """Passes about second t."""
    return lambda: _vehicle(look, x, t + float(clip.rng.uniform(-1.0, 3.0)), float(clip.rng.uniform(28, 45)))


def _gone_past(clip: Clip, begin: float) -> None:
    """Drives on after somebody has left its way."""
    side = int(clip.rng.choice([1, -1]))
    t = begin + 5.0
    look = clip.look(CARS)
    past = side * OUTER - side * (look.spec.width / 2 + float(clip.rng.uniform(2.2, 3.2)))
    if clip.add(clip.look(kind="person"), lambda: _person(side, t, past, None, MIDDLE_Y), tries=1) is None:
        return
    kmh = float(clip.rng.uniform(24, 34))
    clip.add(look, lambda: _vehicle(look, side * OUTER, t, kmh), "passes behind somebody", tries=6)


def _far_off(clip: Clip, begin: float) -> None:
    """Drives over while somebody has just stepped onto the other end of the crossing."""
    side = int(clip.rng.choice([1, -1]))
    t = begin + 3.0
    look = clip.look(CARS)
    at = -side * float(clip.rng.uniform(5.2, 6.2))
    if clip.add(clip.look(kind="person"), lambda: _person(-side, t, at, None, MIDDLE_Y), tries=1) is None:
        return
    clip.add(
        look,
        lambda: _vehicle(look, side * OUTER, t, float(clip.rng.uniform(34, 48))),
        "passes far from somebody",
        tries=6,
    )


def _lets_over(clip: Clip, begin: float) -> None:
    """Stops before the crossing until somebody is over."""
    side = int(clip.rng.choice([1, -1]))
    own = side * float(clip.rng.choice([INNER, OUTER]))
    t = begin + 3.0
    look = clip.look(CARS)
    if clip.add(clip.look(kind="person"), lambda: _person(side, t, side * HALF, None, MIDDLE_Y), tries=1) is None:
        return
    clear_s = t + (HALF - side * own + look.spec.width / 2 + 1.6) / PACE
    way = north(own)
    rest = where(way, y=(LOW_Y - 1.6 - look.spec.length / 2) if own > 0 else (HIGH_Y + 1.6 + look.spec.length / 2))
    clip.add(
        look,
        lambda: resting(way, float(clip.rng.uniform(26, 40)), rest, t - 0.3, clear_s - t + 0.8),
        "lets somebody over",
        tries=4,
    )


def pedestrian_priority(condition: str, seed: int) -> Clip:
    """Does not let somebody over; near: lets them over, they wait on the pavement, are past or far away."""
    clip = start_clip("pedestrian_priority", condition, seed, seconds=SLOTS * SLOT_S + 3.0)
    clip.layout.zones.append(
        Zone("crossing", "crosswalk", ((-HALF, LOW_Y), (HALF, LOW_Y), (HALF, HIGH_Y), (-HALF, HIGH_Y)))
    )
    clip.layout.markings = [
        m
        for m in clip.layout.markings
        if not (
            m.points[:, 1].max() > LOW_Y
            and m.points[:, 1].min() < HIGH_Y
            and len(m.points) == 4
            and np.ptp(m.points[:, 1]) < 10
        )
    ]
    clip.layout.markings += [Marking(rect(x, LOW_Y, x + 0.5, HIGH_Y)) for x in np.arange(-HALF + 0.4, HALF - 0.4, 1.0)]
    near = [_lets_over, _somebody_waits, _gone_past, _far_off]
    order = clip.rng.permutation(SLOTS)
    for slot in range(SLOTS):
        begin = slot * SLOT_S - 0.5
        if order[slot] < SLOTS // 2:
            _does_not_let_over(clip, begin)
        else:
            near[int(clip.rng.integers(len(near)))](clip, begin)
            near[int(clip.rng.integers(len(near)))](clip, begin + 0.6)
    return clip
