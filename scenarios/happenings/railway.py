"""Happenings at a railway crossing with a flashing signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.happenings.clip import CARS, MIXED, Clip
from scenarios.happenings.moves import Flashing, line, passing, resting, where
from scenarios.happenings.road import BEGIN, END, HALF, INNER, OUTER, around, start_clip
from scenarios.layout import Head, Line, Marking, Prop, Surface, Zone, rect, stroke

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.course import Course

STOP_Y: Final = 9.0  # far enough before the camera that who comes is seen whole before the line
RAILS_Y: Final = (19.5, 21.02, 25.0, 26.52)  # 1520 mm gauge, two tracks
SECONDS: Final = 28.0


def railway_crossing(condition: str, seed: int) -> Clip:
    """Drives on while red flashes; near: stops before the line, crosses before and after."""
    clip = start_clip("railway_crossing", condition, seed, seconds=SECONDS)
    rng, layout = clip.rng, clip.layout
    layout.surfaces.insert(1, Surface("dirt", rect(-200, 17.0, 200, 29.0)))
    layout.surfaces.append(Surface("concrete", rect(-HALF - 1, 17.0, HALF + 1, 29.0)))
    layout.surfaces += [Surface("steel", rect(-200, y - 0.06, 200, y + 0.06)) for y in RAILS_Y]
    layout.markings = [m for m in layout.markings if m.points[:, 1].max() < STOP_Y or m.points[:, 1].min() > 30.0]
    layout.markings += [
        Marking(stroke((0.0, -60.0), (0.0, STOP_Y), 0.15)),
        Marking(stroke((0.3, STOP_Y), (HALF, STOP_Y), 0.45)),
    ]
    layout.props = [
        p for p in layout.props if not (p.kind in ("tree", "building") and 10 < p.at[1] < 36 and abs(p.at[0]) < 60)
    ]
    layout.lines.append(Line("rail-n", "rail_stop", ((0.1, STOP_Y), (HALF + 0.2, STOP_Y)), (0.0, 1.0)))
    layout.zones.append(Zone("rails", "railway", ((-HALF, 18.0), (HALF, 18.0), (HALF, 28.0), (-HALF, 28.0))))
    layout.heads.append(Head("rail", "rail", (HALF + 1.6, STOP_Y + 4.0, 3.0), -90.0, "rail-n", height=1.3))
    layout.props.append(Prop("pole", (HALF + 1.6, STOP_Y + 4.2), (0.12, 0.12, 3.9)))
    begin = float(rng.uniform(6.0, 8.0))
    end = begin + float(rng.uniform(11.5, 13.0))
    clip.plan = Flashing(((begin, end),))

    def go(t: tuple[float, float], name: str, *, breaks: bool = False, mix: dict[str, float] = CARS) -> None:
        look = clip.look(mix)

        def make() -> Course:
            way = _way(float(rng.choice([INNER, OUTER])))
            at = where(way, y=STOP_Y - look.spec.length / 2)
            return passing(way, float(rng.uniform(24, 44)), at, float(rng.uniform(*t)))

        clip.add(look, make, name, breaks=breaks)

    def wait(back: float) -> None:
        look = clip.look(MIXED)
        gap = float(rng.uniform(1.0, 2.0)) + back + look.spec.length / 2

        def make() -> Course:
            way = _way(float(rng.choice([INNER, OUTER])))
            t = float(rng.uniform(begin + 2.5, end - 2.5))
            leave = end + float(rng.uniform(1.0, 2.0))
            return resting(way, float(rng.uniform(28, 42)), where(way, y=STOP_Y - gap), t, leave - t)

        clip.add(look, make, "stops before the line")

    for k in range(3):
        go((begin + 3.5, end - 1.5), "drives on while red flashes", breaks=True, mix=MIXED if k == 1 else CARS)
        wait(7.5 * (k == 2))
    for _ in range(2):
        go((1.5, begin - 0.8), "crosses before it flashes", mix=MIXED)
    for _ in range(2):
        go((end + 1.5, SECONDS - 2.0), "crosses after it flashed")
    around(clip, (-INNER, -OUTER), 1)
    return clip


def _way(x: float) -> NDArray[np.float64]:
    return line((x, BEGIN), (x, END))
