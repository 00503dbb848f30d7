"""A signalised junction for happenings, and what somebody may do there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from scenarios.crossroads import HALF, MID, NORTH, SOUTH, STOP_Y, crossroads
from scenarios.happenings.clip import CARS, MIXED, Clip, make_scene
from scenarios.happenings.moves import Lights, bend, creeping, line, passing, resting, where
from scenarios.layout import Zone
from scenarios.roadside import LANE
from scenarios.scene import CameraPose
from scenarios.signals import SignalPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from scenarios.course import Course
    from scenarios.fleet import Look
    from vision.camera_parts import Turn

INNER, OUTER = LANE / 2, LANE * 1.5
BEGIN, END, SIDE = -62.0, 95.0, 60.0
SECONDS: Final = 28.0
SHOWN_S: Final = 4.0
"""The last second at which somebody may cross the line, before the end of the clip;"""
TURN_SHOWN_S: Final = 8.0
"""of those who turn, so that the clip shows where they go."""
SHORT: Final = {**CARS, "van": 1.0, "truck_box": 1.0}


def pose(rng: np.random.Generator) -> CameraPose:
    """Behind and above the approach, as a city mounts it."""
    return CameraPose(
        position_m=(float(rng.uniform(7.5, 10.5)), float(rng.uniform(-26.0, -22.5)), float(rng.uniform(7.6, 9.2))),
        look_at_m=(float(rng.uniform(0.0, 1.6)), float(rng.uniform(1.5, 4.0)), 0.6),
        fov_deg=float(rng.uniform(58, 64)),
    )


def lights(rng: np.random.Generator, green_s: float, red_s: float) -> Lights:
    """A plan whose first red begins early in the clip."""
    return Lights(SignalPlan(float(rng.uniform(2.0, 4.0)), green_s, 3.0, red_s, 1.0))


def ways(x: float) -> dict[str, NDArray[np.float64]]:
    """Lines through the junction from the lane at x."""
    inner = x < LANE
    south = (x, BEGIN)
    right_to = MID - (INNER if inner else OUTER)
    left_to = MID + (INNER if inner else OUTER)
    radius = 8.0 if inner else 7.0
    sweep = 8.5 if inner else 9.5
    half = (x + OUTER) / 2
    return {
        "straight": line(south, (x, END)),
        "right": bend((x, right_to - radius), radius, -1, (SIDE, right_to), south),
        "left": bend((x, left_to - sweep), sweep, 1, (-SIDE, left_to), south),
        "back": line(
            south, *[(x - half * (1 - np.cos(a)), MID - 4 + half * np.sin(a)) for a in np.linspace(0, np.pi, 13)],
            (-OUTER, BEGIN), radius_m=0.8,
        ),
    }  # fmt: skip


def start_clip(
    rule: str, condition: str, seed: int, *, green_s: float = 5.0, red_s: float = 9.5,
    turns: tuple[tuple[Turn, ...], tuple[Turn, ...]] = (("straight",), ("straight", "right")),
) -> Clip:  # fmt: skip
    """A junction with nobody in it; the lanes' turns are drawn and, for the rule that needs them, in the file."""
    rng = np.random.default_rng(seed)
    scene = make_scene(rule, condition, seed, "crossroads", pose(rng), SECONDS)
    layout = crossroads(np.random.default_rng(seed + 1), turns)
    layout.heads = [replace(head, height=1.15) if head.in_camera_file else head for head in layout.heads]
    layout.zones += [
        Zone(
            "exit-west", "exit", ((-22.0, MID), (-HALF - 0.5, MID), (-HALF - 0.5, NORTH), (-22.0, NORTH)), (-1.0, 0.0)
        ),
        Zone("exit-east", "exit", ((HALF + 0.5, SOUTH), (22.0, SOUTH), (22.0, MID), (HALF + 0.5, MID)), (1.0, 0.0)),
        Zone("exit-north", "exit", ((0.2, NORTH + 0.5), (HALF, NORTH + 0.5), (HALF, 36.0), (0.2, 36.0)), (0.0, 1.0)),
        Zone("exit-south", "exit", ((-HALF, -18.0), (-0.3, -18.0), (-0.3, STOP_Y), (-HALF, STOP_Y)), (0.0, -1.0)),
    ]
    if rule == "lane_direction":
        layout.zones = [
            replace(z, turns=turns[z.id == "lane-n2"]) if z.id in ("lane-n1", "lane-n2") else z for z in layout.zones
        ]
    return Clip(rule, condition, scene, layout, rng, lights(rng, green_s, red_s))


def lights_of(clip: Clip) -> Lights:
    """Its lights, which `start_clip` sets."""
    return cast("Lights", clip.plan)


def over_line(
    clip: Clip, look: Look, way: NDArray[np.float64], t: float, kmh: tuple[float, float] = (28, 50)
) -> Course:
    """Drive through with the front on the stop line at second t."""
    return passing(way, float(clip.rng.uniform(*kmh)), where(way, y=STOP_Y - look.spec.length / 2), t)


def stop_at(clip: Clip, look: Look, way: NDArray[np.float64], beyond_m: float, t: float) -> Course:
    """Come to rest with the front so far beyond the line, leave a little after the next green."""
    leave = lights_of(clip).next_green(t) + float(clip.rng.uniform(0.9, 1.8))
    place = where(way, y=STOP_Y + beyond_m - look.spec.length / 2)
    return resting(way, float(clip.rng.uniform(28, 45)), place, t, leave - t)


def during(clip: Clip, state: str, after: float, before: float, shown_s: float = SHOWN_S) -> float:
    """A random second inside a random stretch of a state, so long before the end of the clip."""
    spans = [
        s for s in lights_of(clip).spans(state, clip.scene.duration_s) if s[1] - before > 2.0 and s[0] + after > 1.0
    ]
    spans = [s for s in spans if s[0] + after < clip.scene.duration_s - shown_s - 1.0]
    a, b = spans[int(clip.rng.integers(len(spans)))]
    return float(clip.rng.uniform(a + after, min(b - before, clip.scene.duration_s - shown_s)))


def lane(clip: Clip) -> float:
    """One of the two."""
    return float(clip.rng.choice([INNER, OUTER]))


def cross(
    clip: Clip,
    state: str,
    margins: tuple[float, float],
    name: str = "",
    *,
    way: str = "straight",
    x: float | None = None,
    mix: Mapping[str, float] = CARS,
    kmh: tuple[float, float] = (28, 50),
    breaks: bool = False,
) -> None:
    """Somebody's front passes the stop line in a state, so long after it began and before it ends, from lane x."""
    look = clip.look(mix)

    def make() -> Course:
        from_x = lane(clip) if x is None else x
        shown_s = SHOWN_S if way == "straight" else TURN_SHOWN_S
        return over_line(clip, look, ways(from_x)[way], during(clip, state, *margins, shown_s), kmh)

    clip.add(look, make, name, breaks=breaks)


def waiter(clip: Clip, name: str = "stops before the line") -> None:
    """Stops before the line and waits for green."""
    look = clip.look(MIXED)

    def make() -> Course:
        back = float(clip.rng.choice([0.0, 0.0, 7.5])) + float(clip.rng.uniform(0.8, 2.0))
        return stop_at(clip, look, ways(lane(clip))["straight"], -back, during(clip, "red", 0.3, 3.0))

    clip.add(look, make, name)


def over_waiter(clip: Clip, name: str, *, breaks: bool) -> None:
    """Stops over the line at red and waits there."""
    look = clip.look(CARS)

    def make() -> Course:
        beyond = float(clip.rng.uniform(1.2, 3.0))
        # The front passes the line up to a second before it rests: well after red came.
        return stop_at(clip, look, ways(lane(clip))["straight"], beyond, during(clip, "red", 2.4, 4.5))

    clip.add(look, make, name, breaks=breaks)


def creeper(clip: Clip, name: str = "creeps over the line and backs off") -> None:
    """Stops over the line at red for a moment, and backs off behind it."""
    look = clip.look(CARS)

    def make() -> Course:
        beyond, way = float(clip.rng.uniform(0.6, 1.3)), ways(lane(clip))["straight"]
        place = where(way, y=STOP_Y + beyond - look.spec.length / 2)
        hold_s, back_m = float(clip.rng.uniform(0.4, 0.9)), beyond + float(clip.rng.uniform(0.8, 1.6))
        t = during(clip, "red", 1.5, 5.5)
        leave_s = lights_of(clip).next_green(t) + float(clip.rng.uniform(0.9, 1.8))
        return creeping(way, float(clip.rng.uniform(22, 34)), place, t, hold_s, back_m, leave_s)

    clip.add(look, make, name)


def rester(
    clip: Clip,
    way: NDArray[np.float64],
    front_y: float,
    span: tuple[float, float],
    name: str = "",
    *,
    mix: Mapping[str, float] = CARS,
    breaks: bool = False,
    ahead_m: float = 0.0,
) -> None:
    """Comes to rest with its front at an ordinate and stays from one second to another."""
    look = clip.look(mix)
    place = where(way, y=front_y - look.spec.length / 2)
    begin, end = span
    clip.add(look, lambda: resting(way, 26.0, place, begin, end - begin), name, breaks=breaks, ahead_m=ahead_m)


def crosser(clip: Clip) -> None:
    """Traffic of the other street while it has green."""
    look = clip.look(MIXED)

    def make() -> Course:
        east = bool(clip.rng.random() < 0.5)
        y = MID + lane(clip) * (-1 if east else 1)
        way = line((-SIDE, y), (SIDE, y)) if east else line((SIDE, y), (-SIDE, y))
        return passing(way, float(clip.rng.uniform(32, 46)), where(way, x=0.0), during(clip, "red", 3.5, 3.5))

    clip.add(look, make, tries=12)


def oncoming(clip: Clip) -> None:
    """Traffic from the north on green."""
    look = clip.look(MIXED)

    def make() -> Course:
        x = -lane(clip)
        way = line((x, END), (x, BEGIN))
        return passing(way, float(clip.rng.uniform(32, 48)), where(way, y=NORTH), during(clip, "green", 1.0, 0.5))

    clip.add(look, make, tries=12)
