"""Happenings of standing where one may not: no stopping, no parking, pavement and lawn, paid places."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.happenings.clip import CARS, MIXED, Clip, later_hours
from scenarios.happenings.moves import change, line, resting, where
from scenarios.happenings.road import BEGIN, END, HALF, INNER, OUTER, around, drive, into_yard, north, start_clip, yard
from scenarios.layout import Marking, Surface, Zone, rect, stroke

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.course import Course

SECONDS: Final = 30.0
GRACE_S: Final = 5.0  # of the drawn zones, so that clips stay short
LONG_S: Final = (8.0, 10.5)  # beyond doubt
SHORT_S: Final = (1.2, 2.4)  # within the grace
KERB_X: Final = HALF - 1.05  # a car that stands at the kerb
BAY_X: Final = HALF + 1.25  # and one in a bay beside the road
QUEUE_SHARE: Final = 0.2
"""Of the clips about standing at the kerb, so many show a jam instead."""
LAWN_X, WALK_X = HALF + 1.45, HALF + 4.0
FROM_Y, TO_Y = 6.0, 27.0  # where they stand


def _zone(name: str, kind: str, x0: float, x1: float, y0: float = 0.0, y1: float = 34.0, **terms: object) -> Zone:
    return Zone(name, kind, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)), **terms)  # type: ignore[arg-type]


def _aside(x: float, y: float, *, out: bool = True) -> NDArray[np.float64]:
    """From the outer lane to a place beside it, with the way back."""
    reach = 9.0 + abs(x - OUTER) * 1.5
    if not out:
        return change((OUTER, x), (y - reach, y - 3.0), BEGIN, y + 6.0, 1.8)
    return change((OUTER, x, OUTER), (y - reach, y - 3.0, y + 3.0, y + reach), BEGIN, END, 1.8)


def _stand(
    clip: Clip, x: float, name: str, *, breaks: bool, hold: tuple[float, float], mix: dict[str, float] = CARS,
    until: float = FROM_Y, beyond: float = TO_Y,
) -> None:  # fmt: skip
    """Somebody drives to a place, stands there for a while, and leaves or stays."""
    look = clip.look(mix)

    def make() -> Course:
        hold_s = float(clip.rng.uniform(*hold))
        y, t = (
            float(clip.rng.uniform(until, beyond)),
            float(clip.rng.uniform(3.0, clip.scene.duration_s - hold_s - 3.5)),
        )
        return resting(_aside(x, y), float(clip.rng.uniform(26, 38)), where(_aside(x, y), y=y), t, hold_s)

    clip.add(look, make, name, breaks=breaks)


def _bays(clip: Clip) -> None:
    """A concrete strip with bays beside the road."""
    clip.layout.surfaces.insert(3, Surface("concrete", rect(HALF + 0.3, -40, HALF + 2.5, 60)))
    clip.layout.markings += [
        Marking(stroke((HALF + 0.2, y), (HALF + 2.5, y), 0.1)) for y in np.arange(-16.0, 60.0, 6.2)
    ]


def no_stopping(condition: str, seed: int) -> Clip:
    """Stands at the kerb where nobody may stop; near: a short halt, standing in the bay beside, driving through."""
    return _kerb("no_stopping", condition, seed)


def no_parking(condition: str, seed: int) -> Clip:
    """Stands at the kerb for longer than parking begins; near: as for stopping."""
    return _kerb("no_parking", condition, seed)


def _kerb(rule: str, condition: str, seed: int) -> Clip:
    clip = start_clip(rule, condition, seed, side=-1, seconds=SECONDS)
    _bays(clip)
    free = bool(clip.rng.random() < 0.15)
    clip.layout.zones.append(_zone("kerb", rule, 3.6, HALF, grace_s=GRACE_S, hours=later_hours(clip) if free else ()))
    clip.layout.zones.append(_zone("bays", "parking", HALF + 0.2, HALF + 2.5))
    if clip.rng.random() < QUEUE_SHARE:
        _queue(clip)
        return clip
    name = "stands at the kerb" + (" outside the hours" if free else "")
    for k in range(3):
        _stand(clip, KERB_X, name, breaks=not free, hold=LONG_S, mix=MIXED if k == 2 else CARS)
    for _ in range(2):
        _stand(clip, KERB_X, "halts at the kerb for a moment", breaks=False, hold=SHORT_S)
    for _ in range(2):
        _stand(clip, BAY_X, "stands in a bay beside", breaks=False, hold=LONG_S)
    for _ in range(3):
        drive(clip, north(INNER), clip.look(MIXED), "drives past", kmh=(24, 45))
    around(clip, (-INNER, -OUTER), 2)
    return clip


def _same(course: Course) -> Course:
    return course


def _queue(clip: Clip) -> None:
    """Both lanes stand in a jam that begins beyond the zone, and drive on one after the other."""
    for x in (OUTER, INNER):
        way, rear, t = north(x), float(clip.rng.uniform(34.5, 37.0)), float(clip.rng.uniform(4.0, 5.5))
        leave = t + float(clip.rng.uniform(11.0, 13.0))
        for _ in range(4):
            look = clip.look(CARS)
            place = where(way, y=rear + look.spec.length / 2)
            course = resting(way, float(clip.rng.uniform(26, 34)), place, t, leave - t)
            if clip.add(look, partial(_same, course), "stands in a queue", ahead_m=0.0, tries=1) is None:
                break
            rear -= look.spec.length + float(clip.rng.uniform(2.6, 3.4))
            t, leave = t + float(clip.rng.uniform(1.4, 2.0)), leave + float(clip.rng.uniform(0.9, 1.4))
    around(clip, (-INNER, -OUTER), 3)


def pavement_parking(condition: str, seed: int) -> Clip:
    """Stands on the pavement or the lawn; near: at the kerb beside it, a short halt on it, crossing it, people."""
    clip = start_clip("pavement_parking", condition, seed, side=-1, seconds=SECONDS)
    clip.companions = ("pavement_driving",)
    yard(clip)
    clip.layout.zones.append(_zone("lawn", "lawn", HALF + 0.45, HALF + 2.5, grace_s=GRACE_S))
    clip.layout.zones.append(_zone("pavement", "pavement", HALF + 2.5, HALF + 5.5, grace_s=GRACE_S))
    for k in range(3):
        on = "lawn" if k == 2 else "pavement"
        _stand(clip, LAWN_X if on == "lawn" else WALK_X, f"stands on the {on}", breaks=True, hold=LONG_S)
    _stand(clip, WALK_X, "halts on the pavement for a moment", breaks=False, hold=SHORT_S)
    for _ in range(2):
        _stand(clip, KERB_X, "stands at the kerb beside", breaks=False, hold=LONG_S)
    for _ in range(2):
        drive(clip, into_yard(OUTER), clip.look(CARS), "crosses the pavement into a yard", kmh=(22, 32), at_y=9.0)
    for _ in range(2):
        x = float(clip.rng.uniform(HALF + 3.0, HALF + 5.0))
        way = line((x, -20.0), (x, 60.0)) if clip.rng.random() < 0.5 else line((x, 60.0), (x, -20.0))
        drive(clip, way, clip.look(kind="person"), "walks along the pavement", kmh=(4.2, 5.6))
    drive(clip, north(OUTER), clip.look(MIXED), "drives past", kmh=(26, 45))
    around(clip, (INNER, -INNER, -OUTER), 2)
    return clip


def paid_parking(condition: str, seed: int) -> Clip:
    """Stands in a paid place without paying; near: a short stay, outside the hours, a free place, at the kerb."""
    clip = start_clip("paid_parking", condition, seed, side=-1, seconds=SECONDS)
    _bays(clip)
    free = bool(clip.rng.random() < 0.2)
    hours = later_hours(clip) if free else ()
    clip.layout.zones.append(
        _zone("paid", "parking", HALF + 0.2, HALF + 2.5, 0.0, 20.0, tariff="centre", grace_s=GRACE_S, hours=hours)
    )
    clip.layout.zones.append(_zone("free", "parking", HALF + 0.2, HALF + 2.5, 20.0, 40.0))
    name = "stands in a paid place" + (" outside the hours" if free else "")
    for _ in range(3):
        _stand(clip, BAY_X, name, breaks=not free, hold=LONG_S, until=4.0, beyond=16.5)
    for _ in range(2):
        _stand(clip, BAY_X, "halts in a paid place for a moment", breaks=False, hold=SHORT_S, until=4.0, beyond=16.5)
    _stand(clip, BAY_X, "stands in a free place", breaks=False, hold=LONG_S, until=24.0, beyond=30.0)
    _stand(clip, KERB_X, "stands at the kerb beside", breaks=False, hold=LONG_S, until=4.0, beyond=16.5)
    for _ in range(3):
        drive(clip, north(INNER), clip.look(MIXED), "drives past", kmh=(26, 45))
    around(clip, (-INNER, -OUTER), 2)
    return clip
