"""Happenings of many and of places: closed grounds, gatherings, congestion."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.happenings.clip import CARS, MIXED, Clip, Intent, later_hours
from scenarios.happenings.moves import line, passing, resting, where
from scenarios.happenings.on_road import LONG, SHORT, along_walk, clip_on_road, same, still, to_the_end, walks
from scenarios.happenings.road import HALF, INNER, OUTER, around, drive, north
from scenarios.layout import Surface, Zone, rect

if TYPE_CHECKING:
    from scenarios.course import Course

PEOPLE, HOLD_S = 8, 6.0  # that make a crowd in these clips, and for how long
JAM_HOLD_S: Final = 20.0
CLOSED: Final = (HALF + 0.6, HALF + 6.0)  # between these abscissas


def intrusion(condition: str, seed: int) -> Clip:
    """Enters a closed place on foot or by car; near: passes along its edge, across the road, outside its hours."""
    clip = clip_on_road("intrusion", condition, seed, SHORT)
    rng = clip.rng
    open_ = bool(rng.random() < 0.2)
    for k, side in enumerate((1.0, -1.0)):
        low = float(rng.uniform(2.0, 6.0)) + 3.0 * k
        x0, x1 = sorted((side * CLOSED[0], side * CLOSED[1]))
        outline = ((x0, low), (x1, low), (x1, low + 14.0), (x0, low + 14.0))
        hours = later_hours(clip) if open_ else ()
        clip.layout.zones.append(Zone(f"closed-{k}", "closed", outline, hours=hours))
        clip.layout.surfaces.append(Surface("concrete", rect(x0, low, x1, low + 14.0)))
        name = "enters a closed place" + (" outside its hours" if open_ else "")
        x = side * float(rng.uniform(CLOSED[0] + 1.2, CLOSED[1] - 0.6))
        if rng.random() < 0.7:
            way = (
                line((x, low - 18.0), (x, low + 32.0)) if rng.random() < 0.5 else line((x, low + 32.0), (x, low - 18.0))
            )
            walks(clip, way, name, breaks=not open_)
        else:
            way = line((side * OUTER, low - 30.0), (side * OUTER, low), (side * (HALF + 3.0), low + 7.0), radius_m=1.5)
            stop = where(way, x=side * (HALF + 2.6))

            def parks(way: np.ndarray = way, stop: float = stop) -> Course:
                return resting(way, float(rng.uniform(16, 24)), stop, float(rng.uniform(6.0, 16.0)))

            clip.add(clip.look(CARS), parks, name, breaks=not open_)
    for side in (1.0, -1.0):
        x = side * float(rng.uniform(HALF - 0.6, HALF - 0.2))
        walks(clip, line((x, -10.0), (x, 45.0)), "walks along its edge")
        x = side * float(rng.uniform(CLOSED[1] + 0.9, CLOSED[1] + 1.6))
        walks(clip, line((x, -10.0), (x, 45.0)), "passes behind it")
    drive(clip, north(OUTER), clip.look(MIXED), "drives past", kmh=(28, 45))
    around(clip, (INNER, OUTER, -INNER, -OUTER), 3)
    return clip


def crowd(condition: str, seed: int) -> Clip:
    """People gather; near: some wait in a row, some pass through one after the other, on the other side a few."""
    clip = clip_on_road("crowd", condition, seed, LONG)
    rng = clip.rng
    gathers = bool(rng.random() < 0.67)
    for k, side in enumerate((1.0, -1.0)):
        x0, x1 = sorted((side * (HALF + 0.5), side * (HALF + 7.0)))
        outline = ((x0, 1.0), (x1, 1.0), (x1, 18.0), (x0, 18.0))
        clip.layout.zones.append(Zone(f"square-{k}", "public_space", outline, grace_s=HOLD_S, people=PEOPLE))
        clip.layout.surfaces.append(Surface("pavement", rect(x0, 1.0, x1, 18.0)))
    clip.layout.props = [p for p in clip.layout.props if not (p.kind == "tree" and p.at[1] < 24)]
    side = float(rng.choice([-1, 1]))
    if gathers:
        clip.intents.append(Intent(0, True, "many gather"))
        _come(clip, side, int(rng.integers(PEOPLE + 3, PEOPLE + 7)), (4.0, 18.0))
        clip.intents.append(Intent(-1, False, "a few wait"))
        _come(clip, -side, int(rng.integers(3, PEOPLE - 2)), (4.0, 18.0))
    else:
        clip.intents += [Intent(-1, False, "a row waits"), Intent(-2, False, "people pass one after the other")]
        _row(clip, side, int(rng.integers(PEOPLE - 3, PEOPLE - 1)))
        for _ in range(9):
            walks(clip, along_walk(clip, -side), "", shown_s=3.0)
    clip.intents.append(Intent(-3, False, "people on the other pavement"))
    around(clip, (INNER, OUTER, -INNER, -OUTER), 4)
    return clip


def _come(clip: Clip, side: float, count: int, between: tuple[float, float]) -> None:
    """So many come from somewhere and stay, some metres apart."""
    rng = clip.rng
    made = 0
    for _ in range(count * 12):
        if made == count:
            return
        at = (side * float(rng.uniform(HALF + 1.0, HALF + 6.4)), float(rng.uniform(2.5, 16.5)))
        start = (side * float(rng.uniform(HALF + 1.0, HALF + 6.4)), float(rng.choice([-14.0, 34.0])))
        way = line(start, at, radius_m=0.4)
        course = to_the_end(clip, way, float(rng.uniform(*between)))
        made += clip.add(clip.look(kind="person"), partial(same, course), "", tries=1, ahead_m=0.0) is not None


def _row(clip: Clip, side: float, count: int) -> None:
    """So many stand in a row the whole time."""
    x, y = side * (HALF + 2.0), float(clip.rng.uniform(3.0, 8.0))
    for k in range(count):
        course = still((x + float(clip.rng.normal(0, 0.1)), y + 1.25 * k), np.pi / 2, -1.0)
        clip.add(clip.look(kind="person"), partial(same, course), "", tries=1, ahead_m=0.0)


def congestion(condition: str, seed: int) -> Clip:
    """Traffic crawls and stands; near: dense traffic that flows, a short queue, a slow one alone."""
    clip = clip_on_road("congestion", condition, seed, LONG)
    rng = clip.rng
    clip.layout.zones = [
        Zone(f"road-{'n' if half > 0 else 's'}", "carriageway",
             ((min(half * 0.2, half * HALF), -8.0), (max(half * 0.2, half * HALF), -8.0),
              (max(half * 0.2, half * HALF), 62.0), (min(half * 0.2, half * HALF), 62.0)), grace_s=JAM_HOLD_S)
        for half in (1.0, -1.0)
    ]  # fmt: skip
    jams = bool(rng.random() < 0.67)
    half = float(rng.choice([-1, 1]))
    if jams:
        clip.intents.append(Intent(0, True, "traffic crawls"))
        _jam(clip, half)
    else:
        clip.intents.append(Intent(-1, False, "a queue that soon drives on"))
        _queue(clip, half)
    near = int(rng.integers(2))
    clip.intents.append(Intent(-2, False, "dense traffic flows" if near else "a slow one alone"))
    if near:
        for _ in range(9):
            drive(clip, north(-half * float(rng.choice([INNER, OUTER]))), clip.look(MIXED), kmh=(24, 38))
    else:
        drive(clip, north(-half * OUTER), clip.look({"truck_tipper": 1.0}), kmh=(6, 9))
        around(clip, (-half * INNER,), 4)
    return clip


def _jam(clip: Clip, half: float) -> None:
    """Both lanes crawl and stand in turns."""
    rng = clip.rng
    for x in (INNER, OUTER):
        way, slow = north(half * x), float(rng.uniform(2.0, 5.0))
        front = float(rng.uniform(30.0, 44.0)) if half > 0 else float(rng.uniform(2.0, 8.0))
        for _ in range(7):
            look = clip.look(MIXED if rng.random() < 0.2 else CARS)
            place = front - half * look.spec.length / 2
            course = passing(way, slow, where(way, y=place), 6.0)
            if clip.add(look, partial(same, course), "", tries=1, ahead_m=0.4) is None:
                break
            front -= half * (look.spec.length + float(rng.uniform(2.0, 4.0)))


def _queue(clip: Clip, half: float) -> None:
    """A queue stands for some seconds and drives on."""
    rng = clip.rng
    t, leave = float(rng.uniform(8.0, 12.0)), 0.0
    leave = t + float(rng.uniform(5.0, 7.0))
    way, front = north(half * OUTER), (30.0 if half > 0 else 4.0)
    for _ in range(5):
        look = clip.look(CARS)
        place = where(way, y=front - half * look.spec.length / 2)
        course = resting(way, float(rng.uniform(26, 34)), place, t, leave - t)
        if clip.add(look, partial(same, course), "", tries=1, ahead_m=0.0) is None:
            break
        front -= half * (look.spec.length + float(rng.uniform(2.4, 3.4)))
        t, leave = t + 1.6, leave + 1.1
    around(clip, (half * INNER,), 3)
