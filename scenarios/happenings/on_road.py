"""Who or what is on a road and should not be: vehicles that stop, people, cyclists, animals, things, somebody who lies.

The road is the arterial of the other happenings, from the same cameras.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.acts_incidents import incident_acts
from scenarios.course import FOR_EVER, Course
from scenarios.happenings.clip import CARS, MIXED, Clip
from scenarios.happenings.moves import change, line, passing, resting, where
from scenarios.happenings.road import BEGIN, END, HALF, INNER, OUTER, around, drive, north, start_clip, strip
from scenarios.layout import Surface, Zone, rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.fleet import Look
    from scenarios.script import Actor

SHORT, LONG = 32.0, 44.0  # seconds of clips
WALK_KMH: Final = (3.8, 5.6)
SHOULDER_X: Final = HALF + 1.5
WALKS: Final = (HALF + 3.0, HALF + 5.0)
FALLS_S: Final = 0.6


def clip_on_road(kind: str, condition: str, seed: int, seconds: float, *, mast: int = 1) -> Clip:
    """The arterial, its acts those of incidents."""
    clip = start_clip(kind, condition, seed, side=mast, seconds=seconds)
    clip.account = incident_acts
    return clip


def still(at: tuple[float, float], heading: float, since_s: float, until_s: float = FOR_EVER) -> Course:
    """Rest at a place from one second to another."""
    return Course(
        np.array([at, at]), np.zeros(2), np.array([since_s, until_s]), np.zeros(2), np.array([heading, heading])
    )


def same(course: Course) -> Course:
    """A course for `Clip.add` that is drawn once."""
    return course


def walks(
    clip: Clip, way: NDArray[np.float64], name: str, *, breaks: bool = False, kind: str = "person",
    kmh: tuple[float, float] = WALK_KMH, shown_s: float = 6.0, look: Look | None = None,
) -> Actor | None:  # fmt: skip
    """Somebody walks a line, at its middle at some second."""
    length = float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())

    def make() -> Course:
        t = float(clip.rng.uniform(3.0, clip.scene.duration_s - shown_s))
        return passing(way, float(clip.rng.uniform(*kmh)), length / 2, t)

    return clip.add(look or clip.look(kind=kind), make, name, breaks=breaks, ahead_m=0.0)


def to_the_end(clip: Clip, way: NDArray[np.float64], t: float, hold_s: float = FOR_EVER) -> Course:
    """Somebody walks a line to its end, is there at second t and stays."""
    length = float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())
    return resting(way, float(clip.rng.uniform(*WALK_KMH)), length, t, hold_s)


def along_walk(clip: Clip, side: float) -> NDArray[np.float64]:
    """Along the pavement."""
    x = side * float(clip.rng.uniform(*WALKS))
    return line((x, -20.0), (x, 60.0)) if clip.rng.random() < 0.5 else line((x, 60.0), (x, -20.0))


def stopped_vehicle(condition: str, seed: int) -> Clip:
    """Stops in its lane and stays; near: a moment's halt, the shoulder, a bus at its stop, crawling, slowing down."""
    clip = clip_on_road("stopped_vehicle", condition, seed, LONG)
    rng = clip.rng
    clip.layout.surfaces.insert(3, Surface("asphalt", rect(HALF + 0.3, -40, HALF + 2.6, 60)))
    shoulder = ((HALF, -8.0), (HALF + 2.7, -8.0), (HALF + 2.7, 50.0), (HALF, 50.0))
    clip.layout.zones.append(Zone("shoulder", "shoulder", shoulder))
    bus_stop = ((-HALF, 6.0), (-3.6, 6.0), (-3.6, 26.0), (-HALF, 26.0))
    has_bus = bool(rng.random() < 0.5)
    if has_bus:
        clip.layout.zones.append(Zone("bus-stop", "bus_stop", bus_stop))
    for half in (1.0, -1.0):
        lanes = (INNER,) if half < 0 and has_bus else (INNER, OUTER)
        x, look = half * float(rng.choice(lanes)), clip.look(MIXED if rng.random() < 0.3 else CARS)
        way, low = north(x), (3.0 if half > 0 else 19.0)

        def make(way: NDArray[np.float64] = way, low: float = low) -> Course:
            y, t = float(rng.uniform(low, low + 8.0)), float(rng.uniform(5.0, 16.0))
            brake = float(rng.uniform(1.8, 4.0))
            return resting(way, float(rng.uniform(26, 45)), where(way, y=y), t, brake=brake)

        actor = clip.add(look, make, "stops in its lane and stays", breaks=True)
        if actor is not None and rng.random() < 0.5:
            rest = next((float(t) for t, v in zip(actor.course.t, actor.course.v, strict=True) if v == 0), 0.0)
            clip.actors[-1] = replace(actor, hazard_s=rest)
    for _ in range(2):
        x = float(rng.choice([INNER, OUTER, -INNER, -OUTER]))
        way = north(x)

        def halt(way: NDArray[np.float64] = way) -> Course:
            y, t = float(rng.uniform(4.0, 28.0)), float(rng.uniform(4.0, LONG - 14.0))
            return resting(way, float(rng.uniform(26, 42)), where(way, y=y), t, float(rng.uniform(2.0, 7.0)))

        clip.add(clip.look(CARS), halt, "halts in its lane for a moment")
    for _ in range(2):
        y = float(rng.uniform(4.0, 26.0))
        way = change((OUTER, SHOULDER_X), (y - 13.0, y - 4.0), BEGIN, END, 1.8)
        t = float(rng.uniform(5.0, 18.0))
        course = resting(way, float(rng.uniform(26, 38)), where(way, y=y), t)
        clip.add(clip.look(CARS), partial(same, course), "stands on the shoulder", tries=1)
    if has_bus:
        way = north(-OUTER)

        def calls(way: NDArray[np.float64] = way) -> Course:
            y, t = float(rng.uniform(13.0, 18.0)), float(rng.uniform(6.0, 16.0))
            return resting(way, float(rng.uniform(26, 36)), where(way, y=y), t, float(rng.uniform(13.0, 20.0)))

        clip.add(clip.look({"bus": 1.0}), calls, "a bus at its stop")
    else:
        way = north(-OUTER)
        drive(clip, way, clip.look({"truck_tipper": 1.0}), "crawls along", kmh=(5, 9), tries=20)
    around(clip, (INNER, OUTER, -INNER, -OUTER), 5)
    return clip


def pedestrian(condition: str, seed: int) -> Clip:
    """Walks on a carriageway where nobody may; near: the pavement beside, cyclists, cars, waiting at the edge."""
    clip = clip_on_road("pedestrian", condition, seed, SHORT)
    rng = clip.rng
    clip.layout.zones += [
        strip("no-walk-n", "no_pedestrians", 0.3, HALF),
        strip("no-walk-s", "no_pedestrians", -HALF, -0.3),
    ]
    for half in (1.0, -1.0):
        y = float(rng.uniform(3.0, 24.0))
        x = half * float(rng.uniform(1.2, 6.4))
        if rng.random() < 0.5:
            way = line((half * WALKS[0], y), (half * 0.6, y + float(rng.normal(0, 2.0))), radius_m=0.4)
            way = line((half * WALKS[0], y), (half * 1.4, y), (half * WALKS[0], y + 3.0), radius_m=0.8)
        else:
            way = line((x, y), (x, y + 30.0)) if rng.random() < 0.5 else line((x, y + 30.0), (x, y))
        walks(clip, way, "walks on the carriageway", breaks=True)
    for _ in range(2):
        walks(clip, along_walk(clip, float(rng.choice([-1, 1]))), "walks along the pavement")
    x, y = (HALF + 0.9) * float(rng.choice([-1, 1])), float(rng.uniform(4.0, 20.0))
    come = to_the_end(clip, line((x * 1.4, y), (x, y), radius_m=0.3), float(rng.uniform(4, 12)))
    clip.add(clip.look(kind="person"), partial(same, come), "waits at the edge", tries=1, ahead_m=0.0)
    for _ in range(2):
        drive(clip, north(float(rng.choice([OUTER, -OUTER]))), clip.look(kind="bicycle"), "cycles along",
              kmh=(12, 20))  # fmt: skip
    around(clip, (INNER, OUTER, -INNER, -OUTER), 4)
    return clip


def cyclist(condition: str, seed: int) -> Clip:
    """Cycles where nobody may; near: on the pavement, people on foot, motorcycles."""
    clip = clip_on_road("cyclist", condition, seed, SHORT)
    rng = clip.rng
    clip.layout.zones += [
        strip("no-bikes-n", "no_cyclists", 0.3, HALF),
        strip("no-bikes-s", "no_cyclists", -HALF, -0.3),
    ]
    for half in (1.0, -1.0):
        x = half * float(rng.uniform(4.2, 6.2))
        drive(clip, north(x), clip.look(kind="bicycle"), "cycles on the carriageway", breaks=True, kmh=(11, 24),
              shown_s=7.0)  # fmt: skip
    for _ in range(2):
        x = float(rng.choice([-1, 1])) * float(rng.uniform(*WALKS))
        way = line((x, -20.0), (x, 60.0)) if rng.random() < 0.5 else line((x, 60.0), (x, -20.0))
        drive(clip, way, clip.look(kind="bicycle"), "cycles along the pavement", kmh=(10, 18))
    y, side = float(rng.uniform(4.0, 22.0)), float(rng.choice([-1, 1]))
    walks(clip, line((side * 11.0, y), (-side * 11.0, y)), "walks across")
    drive(clip, north(float(rng.choice([INNER, OUTER, -INNER, -OUTER]))), clip.look(kind="motorcycle"),
          "a motorcycle", kmh=(30, 50))  # fmt: skip
    around(clip, (INNER, OUTER, -INNER, -OUTER), 4)
    return clip


def animal(condition: str, seed: int) -> Clip:
    """A dog, a cow or a horse on the road; near: a dog on the pavement, people and cyclists on the road, shadows."""
    clip = clip_on_road("animal", condition, seed, SHORT)
    rng = clip.rng
    for half in (1.0, -1.0):
        kind, y = str(rng.choice(["dog", "cow", "horse"])), float(rng.uniform(2.0, 22.0))
        name = "a dog on the road" if kind == "dog" else "cattle on the road"
        if rng.random() < 0.5:
            way = line((half * 10.0, y), (half * 1.5, y + float(rng.normal(0, 2.0))), (half * 1.2, y + 24.0))
        else:
            way = line((half * 5.0, y - 10.0), (half * 4.0, y + 20.0))
        walks(clip, way, name, breaks=True, kind=kind, kmh=(4.0, 9.0) if kind == "dog" else (2.5, 4.5))
    side = float(rng.choice([-1, 1]))
    walks(clip, along_walk(clip, side), "a dog on the pavement", kind="dog", kmh=(3.5, 7.0))
    y = float(rng.uniform(4.0, 22.0))
    walks(clip, line((side * 11.0, y), (-side * 11.0, y)), "somebody walks across")
    drive(clip, north(float(rng.choice([OUTER, -OUTER]))), clip.look(kind="bicycle"), "cycles along", kmh=(12, 20))
    drive(clip, north(INNER), clip.look({"truck_box": 1.0, "bus": 1.0}), "a lorry or bus", kmh=(28, 42))
    around(clip, (INNER, OUTER, -INNER, -OUTER), 4)
    return clip


def debris(condition: str, seed: int) -> Clip:
    """Lost cargo and things left on the road; near: the same beside the road, who stands for a while, parked cars."""
    clip = clip_on_road("debris", condition, seed, LONG)
    rng = clip.rng
    kinds = ["carton", "tyre", "bag", "pallet", "barrel"]
    for half in (1.0, -1.0):
        kind = str(rng.choice(kinds))
        lorry, x = clip.look({"truck_box": 1.0, "truck_tipper": 1.0}), half * float(rng.choice([INNER, OUTER]))
        y, t = float(rng.uniform(2.0, 20.0)), float(rng.uniform(6.0, 16.0))
        way = north(x)
        past = passing(way, float(rng.uniform(24, 38)), where(way, y=y + half * (lorry.spec.length / 2 + 1.5)), t)
        if clip.add(lorry, partial(same, past), "", tries=1, ahead_m=0.0) is None:
            pass  # then it lies there as if it had always fallen
        lies = still((x + float(rng.normal(0, 0.4)), y), float(rng.uniform(0, 3.14)), t)
        clip.add(clip.look(kind=kind), partial(same, lies), "something lies on the road", breaks=True, tries=1,
                 ahead_m=0.0)  # fmt: skip
    side = float(rng.choice([-1, 1]))
    for _ in range(2):
        at = (side * float(rng.uniform(HALF + 0.8, HALF + 5.0)), float(rng.uniform(3.0, 22.0)))
        lies = still(at, float(rng.uniform(0, 3.14)), float(rng.uniform(5.0, 16.0)))
        clip.add(clip.look(kind=str(rng.choice(kinds))), partial(same, lies), "lies beside the road", tries=1,
                 ahead_m=0.0)  # fmt: skip
    y = float(rng.uniform(4.0, 22.0))
    across = line((side * 10.0, y), (side * 5.0, y), (side * 10.0, y + 2.0), (side * 10.0, 60.0), radius_m=0.5)
    waits = resting(across, 4.6, where(across, x=side * 5.4), float(rng.uniform(6, 20)), float(rng.uniform(5, 9)))
    clip.add(clip.look(kind="person"), partial(same, waits), "stands on the road for a while", tries=1, ahead_m=0.0)
    way, hold = north(-side * OUTER), float(rng.uniform(4.0, 7.0))
    stands = resting(way, 32.0, where(way, y=float(rng.uniform(8, 24))), float(rng.uniform(5, 20)), hold)
    clip.add(clip.look(CARS), partial(same, stands), "a car stands for a while", tries=1)
    around(clip, (INNER, OUTER, -INNER, -OUTER), 6)
    return clip


def person_down(condition: str, seed: int) -> Clip:
    """Falls and stays down; near: stoops, stands still, passes behind a parked car, sets down a bag, lies no longer."""
    clip = clip_on_road("person_down", condition, seed, SHORT + 4)
    rng = clip.rng
    for half in (1.0, -1.0):
        look = clip.look(kind="person")
        if rng.random() < 0.6:
            x, y = half * float(rng.uniform(*WALKS)), float(rng.uniform(2.0, 20.0))
            way = line((x, y - 25.0), (x, y + 0.1)) if rng.random() < 0.5 else line((x, y + 25.0), (x, y - 0.1))
        else:
            x, y = half * float(rng.uniform(2.0, 6.0)), float(rng.uniform(3.0, 20.0))
            way = line((half * 11.0, y), (x, y), radius_m=0.5)
        t = float(rng.uniform(9.0, 20.0))
        course = to_the_end(clip, way, t)
        down = float(rng.choice([-1, 1])) * np.pi / 2
        changes = ((t, replace(look, pitch=down / 2)), (t + FALLS_S, replace(look, pitch=down)))
        clip.add(look, partial(same, course), "falls and stays down", breaks=True, tries=1, ahead_m=0.0,
                 changes=changes)  # fmt: skip
    for stoops in (True, False):
        look, x = clip.look(kind="person"), float(rng.choice([-1, 1])) * float(rng.uniform(*WALKS))
        way, t = line((x, -20.0), (x, 50.0)), float(rng.uniform(6.0, 18.0))
        hold = float(rng.uniform(2.0, 3.2)) if stoops else float(rng.uniform(6.0, 12.0))
        course = resting(way, float(rng.uniform(*WALK_KMH)), where(way, y=float(rng.uniform(2.0, 18.0))), t, hold)
        bent = ((t, replace(look, scale=0.62)), (t + hold, look)) if stoops else ()
        name = "stoops for a moment" if stoops else "stands still for a while"
        clip.add(look, partial(same, course), name, tries=1, ahead_m=0.0, changes=bent)
    car = clip.look(CARS)
    side = float(rng.choice([-1, 1]))
    x, y = side * (HALF + 1.4), float(rng.uniform(6.0, 16.0))
    clip.add(car, partial(same, still((x, y), np.pi / 2, -1.0)), "", tries=1, ahead_m=0.0)
    behind = line((side * (HALF + 3.2), -20.0), (side * (HALF + 3.2), 50.0))
    walks(clip, behind, "passes behind a parked car")
    lies = still((side * float(rng.uniform(*WALKS)), float(rng.uniform(3, 20))), 1.0, float(rng.uniform(5, 15)))
    clip.add(clip.look(kind="bag"), partial(same, lies), "a bag left on the pavement", tries=1, ahead_m=0.0)
    around(clip, (INNER, OUTER, -INNER, -OUTER), 3)
    return clip
