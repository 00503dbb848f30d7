"""Happenings at a signalised junction: red light, stop line, lane direction, turns, U-turns, a jammed junction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.crossroads import MID, STOP_Y
from scenarios.happenings.clip import CARS, MIXED, Clip, later_hours
from scenarios.happenings.junction import (
    INNER,
    OUTER,
    SHORT,
    creeper,
    cross,
    crosser,
    lights_of,
    oncoming,
    over_waiter,
    rester,
    start_clip,
    waiter,
    ways,
)
from scenarios.happenings.moves import resting, where
from scenarios.layout import Way

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from scenarios.course import Course
    from vision.camera_parts import Turn, VehicleClass

GREEN: Final = (0.8, 0.8)
YELLOW: Final = (0.3, 0.5)
RED: Final = (1.2, 1.6)
ARROW_SHARE: Final = 0.4
"""Seconds after a change of the lights and before the next one: a crossing nearer to one would be told by luck; and how
many heads have an arrow."""
CREEPER_SHARE: Final = 0.5
"""Of the clips with red lights, so many show somebody who creeps over the line and back."""
TURNS: Final[tuple[tuple[tuple[Turn, ...], tuple[Turn, ...]], ...]] = (
    (("straight",), ("straight", "right")), (("left", "straight"), ("straight", "right")), (("left",), ("straight",)),
    (("straight",), ("right",)), (("left",), ("straight", "right")),
)  # fmt: skip
"""What the inner and the outer lane may be for."""


def red_light(condition: str, seed: int) -> Clip:
    """Drives on at red; near: stops before or on the line, enters on yellow, turns right with the arrow."""
    clip = start_clip("red_light", condition, seed)
    arrow = bool(clip.rng.random() < ARROW_SHARE)
    if arrow:
        clip.layout.heads = [
            replace(head, arrow="right") if head.in_camera_file else head for head in clip.layout.heads
        ]
    if clip.rng.random() < CREEPER_SHARE:
        creeper(clip)
    for _ in range(3):
        cross(clip, "red", RED, "drives on at red", mix=SHORT, breaks=True)
    if not arrow:
        cross(clip, "red", RED, "turns right at red", way="right", kmh=(22, 34), breaks=True)
    over_waiter(clip, "stops on the line", breaks=False)
    for _ in range(2):
        cross(clip, "yellow", YELLOW, "enters on yellow", mix=MIXED)
    if arrow:
        for _ in range(2):
            cross(clip, "red", (2.2, 3.0), "turns right with the arrow", way="right", x=OUTER, kmh=(22, 32))
    for _ in range(4):
        waiter(clip)
    cross(clip, "green", GREEN, "crosses on green", mix=MIXED)
    for _ in range(3):
        crosser(clip)
    return clip


def stop_line(condition: str, seed: int) -> Clip:
    """Stops over the line at red; near: before it, on yellow, straight through at red (another offence)."""
    clip = start_clip("stop_line", condition, seed)
    creeper(clip)
    for _ in range(4):
        over_waiter(clip, "stops over the line", breaks=True)
    for _ in range(5):
        waiter(clip)
    cross(clip, "yellow", YELLOW, "enters on yellow", mix=MIXED)
    cross(clip, "red", RED, "drives on at red", mix=SHORT)
    for _ in range(2):
        cross(clip, "green", GREEN, "crosses on green", mix=MIXED)
    crosser(clip)
    return clip


def lane_direction(condition: str, seed: int) -> Clip:
    """Takes a way that the lane does not give; near: every way that it gives."""
    turns = TURNS[int(np.random.default_rng(seed + 3).integers(len(TURNS)))]
    clip = start_clip("lane_direction", condition, seed, green_s=15.0, red_s=6.0, turns=turns)
    options: tuple[Turn, ...] = ("left", "straight", "right")
    wrong = [(k, way) for k in (0, 1) for way in options if way not in turns[k]]
    right = [(k, way) for k in (0, 1) for way in turns[k]]

    def go(k: int, way: Turn, *, breaks: bool) -> None:
        name = f"{way} from a lane for {' and '.join(turns[k])}"
        mix = MIXED if way == "straight" else CARS
        cross(clip, "green", GREEN, name, way=way, x=(INNER, OUTER)[k], mix=mix, kmh=(24, 42), breaks=breaks)

    for i in range(4):
        go(*wrong[(i + seed) % len(wrong)], breaks=True)
    for i in range(8):
        go(*right[(i + seed) % len(right)], breaks=False)
    waiter(clip)
    return clip


def turn(condition: str, seed: int) -> Clip:
    """Turns where a sign forbids it; near: other ways, vehicles that the sign does not concern."""
    clip = start_clip("turn", condition, seed, green_s=15.0, red_s=6.0)
    sort = int(clip.rng.integers(3))
    left = sort < 2
    way, ends, x = ("left", "exit-west", INNER) if left else ("right", "exit-east", OUTER)
    only: tuple[VehicleClass, ...] = ("truck",) if sort == 1 else ()
    clip.layout.forbidden = [Way(f"no-{way}", "turn", "lane-n1" if left else "lane-n2", ends, classes=only)]
    slow = (24.0, 40.0)
    for _ in range(3):
        mix = {"truck_box": 1.0} if only else CARS
        cross(clip, "green", GREEN, f"turns {way} against the sign", way=way, x=x, mix=mix, kmh=slow, breaks=True)
    for _ in range(2 * len(only)):
        cross(clip, "green", GREEN, f"turns {way}, which only lorries may not", way=way, x=x, kmh=slow)
    for _ in range(2):
        other = "right" if left else "left"
        cross(clip, "green", GREEN, f"turns {other}", way=other, x=OUTER if left else INNER, kmh=slow)
    for _ in range(3):
        cross(clip, "green", GREEN, "drives straight on", x=x, mix=MIXED, kmh=slow)
    return clip


def u_turn(condition: str, seed: int) -> Clip:
    """Turns back where a sign forbids it; near: left turns, straight on, a U-turn when the ban is not in force."""
    clip = start_clip("u_turn", condition, seed, green_s=15.0, red_s=6.0)
    free = bool(clip.rng.random() < 0.25)
    hours = later_hours(clip) if free else ()
    clip.layout.forbidden = [Way("no-u-turn", "u_turn", "lane-n1", "exit-south", hours=hours)]
    name = "turns back" + (" outside the hours" if free else "")
    for _ in range(3):
        cross(clip, "green", (0.8, 4.0), name, way="back", x=INNER, kmh=(22, 32), breaks=not free)
    for way, x in (("left", INNER), ("left", INNER), ("straight", INNER), ("right", OUTER), ("straight", OUTER)):
        cross(clip, "green", GREEN, f"goes {way}", way=way, x=x, kmh=(24, 45))
    oncoming(clip)
    return clip


def junction_block(condition: str, seed: int) -> Clip:
    """Enters behind a jam and stands in the junction; near: waits before it, waits for a gap to turn left."""
    clip = start_clip("junction_block", condition, seed, green_s=14.0, red_s=7.0)
    rng = clip.rng
    green = next(s for s in lights_of(clip).spans("green", 30.0) if s[0] > 2.0)
    end = green[0] + float(rng.uniform(13.5, 16.5))
    jammed = [INNER, OUTER] if rng.random() < 0.6 else [float(rng.choice([INNER, OUTER]))]
    for x in jammed:
        way, rear, arrive = ways(x)["straight"], float(rng.uniform(14.5, 17.5)), green[0] + float(rng.uniform(2.5, 5.0))
        tail = clip.look(CARS)
        rest = where(way, y=rear + tail.spec.length / 2)
        clip.add(tail, _stays(way, rest, end))
        rester(
            clip, way, rear - float(rng.uniform(2.4, 3.2)), (arrive, end + 1.2), "enters behind the jam and stands",
            mix={**CARS, "van": 1.0}, breaks=True,
        )  # fmt: skip
        leave = lights_of(clip).next_green(end) + float(rng.uniform(1.0, 2.0))
        rester(clip, way, STOP_Y - 1.2, (arrive + 1.5, leave), "waits before the junction")
    if len(jammed) == 1:
        free = OUTER if jammed[0] == INNER else INNER
        for _ in range(2):
            cross(clip, "green", GREEN, "drives through in the free lane", x=free, kmh=(18, 30))
    if INNER not in jammed:
        t = green[0] + float(rng.uniform(2.0, 4.0))
        span = (t, t + float(rng.uniform(5.5, 7.0)))
        rester(clip, ways(INNER)["left"], MID - 0.5, span, "waits in the junction to turn left")
    crosser(clip)
    cross(clip, "green", GREEN, "crosses on green", mix=MIXED, kmh=(24, 45))
    return clip


def _stays(way: NDArray[np.float64], place: float, until: float) -> Callable[[], Course]:
    return lambda: resting(way, 30.0, place, -10.0, until + 10.0)
