"""Happenings at a signalised junction: red light, stop line, lane direction, turns, U-turns, a jammed junction."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.crossroads import HALF, MID, NORTH, SOUTH, STOP_Y, crossroads
from scenarios.happenings.clip import CARS, MIXED, Clip, make_scene
from scenarios.happenings.moves import Lights, bend, line, passing, resting, where
from scenarios.layout import Way, Zone
from scenarios.roadside import LANE
from scenarios.scene import CameraPose
from scenarios.signals import SignalPlan
from vision.camera_parts import Hours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.course import Course
    from scenarios.fleet import Look
    from vision.camera_parts import Turn

INNER, OUTER = LANE / 2, LANE * 1.5
BEGIN, END, SIDE = -62.0, 95.0, 60.0
SECONDS: Final = 34.0
TRUCKS: Final = {"truck_box": 2.0, "truck_tipper": 1.0}
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
    return Lights(SignalPlan(float(rng.uniform(3.0, 6.0)), green_s, 3.0, red_s, 1.0))


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
    rule: str, condition: str, seed: int, *, green_s: float = 7.0, red_s: float = 11.0,
    turns: tuple[tuple[Turn, ...], tuple[Turn, ...]] = (("straight",), ("straight", "right")), hour: float | None = None,
) -> Clip:  # fmt: skip
    """A junction with nobody in it; the lanes' turns are drawn and, for the rule that needs them, in the file."""
    rng = np.random.default_rng(seed)
    scene = make_scene(rule, condition, seed, "crossroads", pose(rng), SECONDS)
    if hour is not None:
        scene = scene.model_copy(update={"start": scene.start.replace(hour=int(hour))})
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


def _lights(clip: Clip) -> Lights:
    assert isinstance(clip.plan, Lights)
    return clip.plan


def over_line(
    clip: Clip, look: Look, way: NDArray[np.float64], t: float, kmh: tuple[float, float] = (28, 50)
) -> Course:
    """Drive through with the front on the stop line at second t."""
    return passing(way, float(clip.rng.uniform(*kmh)), where(way, y=STOP_Y - look.spec.length / 2), t)


def stop_at(clip: Clip, look: Look, way: NDArray[np.float64], beyond_m: float, t: float) -> Course:
    """Come to rest with the front so far beyond the line, leave a little after the next green."""
    leave = _lights(clip).next_green(t) + float(clip.rng.uniform(0.9, 1.8))
    place = where(way, y=STOP_Y + beyond_m - look.spec.length / 2)
    return resting(way, float(clip.rng.uniform(28, 45)), place, t, leave - t)


def during(clip: Clip, state: str, after: float, before: float) -> float:
    """A random second inside a random stretch of a state."""
    spans = [s for s in _lights(clip).spans(state, clip.scene.duration_s) if s[1] - before > 2.0 and s[0] + after > 1.0]
    spans = [s for s in spans if s[0] + after < clip.scene.duration_s - 5.0]
    a, b = spans[int(clip.rng.integers(len(spans)))]
    return float(clip.rng.uniform(a + after, min(b - before, clip.scene.duration_s - 4.0)))


def lane(clip: Clip) -> float:
    """One of the two."""
    return float(clip.rng.choice([INNER, OUTER]))


def runner(clip: Clip, way: str = "straight", name: str = "drives on at red", *, breaks: bool = True) -> None:
    """Crosses at red and drives on."""
    look = clip.look(SHORT)
    clip.add(
        look, lambda: over_line(clip, look, ways(lane(clip))[way], during(clip, "red", 1.2, 1.6)), name, breaks=breaks
    )


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
        return stop_at(clip, look, ways(lane(clip))["straight"], beyond, during(clip, "red", 1.5, 4.5))

    clip.add(look, make, name, breaks=breaks)


def late(clip: Clip, name: str = "enters on yellow") -> None:
    """Crosses at yellow."""
    look = clip.look(MIXED)
    clip.add(look, lambda: over_line(clip, look, ways(lane(clip))["straight"], during(clip, "yellow", 0.3, 0.5)), name)


def on_green(clip: Clip, way: str = "straight", name: str = "crosses on green") -> None:
    """Crosses at green."""
    look = clip.look(MIXED if way == "straight" else CARS)
    at = INNER if way in ("left", "back") else OUTER if way == "right" else None
    clip.add(
        look,
        lambda: over_line(
            clip, look, ways(lane(clip) if at is None else at)[way], during(clip, "green", 1.0, 0.5), (24, 45)
        ),
        name,
    )


def crosser(clip: Clip) -> None:
    """Traffic of the other street while it has green."""
    look = clip.look(MIXED)

    def make() -> Course:
        east = bool(clip.rng.random() < 0.5)
        y = MID + float(clip.rng.choice([INNER, OUTER])) * (-1 if east else 1)
        way = line((-SIDE, y), (SIDE, y)) if east else line((SIDE, y), (-SIDE, y))
        return passing(way, float(clip.rng.uniform(32, 46)), where(way, x=0.0), during(clip, "red", 3.5, 3.5))

    clip.add(look, make, tries=12)


def oncoming(clip: Clip) -> None:
    """Traffic from the north on green."""
    look = clip.look(MIXED)

    def make() -> Course:
        way = line((-lane(clip), END), (-lane(clip), BEGIN))
        way = line((way[0, 0], END), (way[0, 0], BEGIN))
        return passing(way, float(clip.rng.uniform(32, 48)), where(way, y=NORTH), during(clip, "green", 1.0, 0.5))

    clip.add(look, make, tries=12)


def red_light(condition: str, seed: int) -> Clip:
    """Drives on at red; near: stops before or on the line, enters on yellow, turns right with the arrow."""
    clip = start_clip("red_light", condition, seed)
    arrow = bool(clip.rng.random() < 0.4)
    if arrow:
        clip.layout.heads = [
            replace(head, arrow="right") if head.in_camera_file else head for head in clip.layout.heads
        ]
    for k in range(4):
        runner(clip, "right" if k == 3 and not arrow else "straight")
    over_waiter(clip, "stops on the line", breaks=False)
    late(clip)
    late(clip)
    if arrow:
        for _ in range(2):
            look = clip.look(CARS)
            clip.add(
                look, lambda look=look: over_line(clip, look, ways(OUTER)["right"], during(clip, "red", 2.2, 3.0), (22, 32)),
                "turns right with the arrow",
            )  # fmt: skip
    for _ in range(4):
        waiter(clip)
    on_green(clip)
    for _ in range(3):
        crosser(clip)
    return clip


def stop_line(condition: str, seed: int) -> Clip:
    """Stops over the line at red; near: before it, on yellow, straight through at red (another offence)."""
    clip = start_clip("stop_line", condition, seed)
    for _ in range(4):
        over_waiter(clip, "stops over the line", breaks=True)
    for _ in range(5):
        waiter(clip)
    late(clip)
    runner(clip, name="drives on at red", breaks=False)
    on_green(clip)
    on_green(clip)
    crosser(clip)
    return clip


TURNS: Final[tuple[tuple[tuple[Turn, ...], tuple[Turn, ...]], ...]] = (
    (("straight",), ("straight", "right")), (("left", "straight"), ("straight", "right")), (("left",), ("straight",)),
    (("straight",), ("right",)), (("left",), ("straight", "right")),
)  # fmt: skip


def lane_direction(condition: str, seed: int) -> Clip:
    """Takes a way that the lane does not give; near: every way that it gives."""
    turns = TURNS[int(np.random.default_rng(seed + 3).integers(len(TURNS)))]
    clip = start_clip("lane_direction", condition, seed, green_s=15.0, red_s=6.0, turns=turns)
    wrong = [(k, way) for k in (0, 1) for way in ("left", "straight", "right") if way not in turns[k]]
    right = [(k, way) for k in (0, 1) for way in turns[k]]

    def go(k: int, way: str, *, breaks: bool) -> None:
        look = clip.look(CARS if way != "straight" else MIXED)
        name = f"{way} from a lane for {' and '.join(turns[k])}"
        clip.add(
            look,
            lambda: over_line(clip, look, ways((INNER, OUTER)[k])[way], during(clip, "green", 0.8, 1.0), (24, 42)),
            name, breaks=breaks,
        )  # fmt: skip

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
    way, exit_, lanes_x = ("left", "exit-west", INNER) if sort < 2 else ("right", "exit-east", OUTER)
    only = ("truck",) if sort == 1 else ()
    lane_id = "lane-n1" if way == "left" else "lane-n2"
    clip.layout.forbidden = [Way(f"no-{way}", "turn", lane_id, exit_, classes=only)]  # type: ignore[arg-type]
    other = "right" if way == "left" else "left"

    def go(way: str, x: float, mix: dict[str, float], name: str, *, breaks: bool = False) -> None:
        look = clip.look(mix)
        clip.add(
            look,
            lambda: over_line(clip, look, ways(x)[way], during(clip, "green", 0.8, 1.0), (24, 40)),
            name,
            breaks=breaks,
        )

    for _ in range(3):
        go(way, lanes_x, {"truck_box": 1.0} if only else CARS, f"turns {way} against the sign", breaks=True)
    if only:
        go(way, lanes_x, CARS, f"turns {way}, which only lorries may not")
        go(way, lanes_x, CARS, f"turns {way}, which only lorries may not")
    for _ in range(2):
        go(other, OUTER if other == "right" else INNER, CARS, f"turns {other}")
    for _ in range(3):
        go("straight", lanes_x, MIXED, "drives straight on")
    return clip


def u_turn(condition: str, seed: int) -> Clip:
    """Turns back where a sign forbids it; near: left turns, straight on, a U-turn when the ban is not in force."""
    clip = start_clip("u_turn", condition, seed, green_s=15.0, red_s=6.0)
    free = bool(clip.rng.random() < 0.25)
    local = (clip.scene.start.hour + 5) % 24
    hours = (Hours(start=time((local + 3) % 24), end=time((local + 5) % 24)),) if free else ()
    clip.layout.forbidden = [Way("no-u-turn", "u_turn", "lane-n1", "exit-south", hours=hours)]
    for _ in range(3):
        look = clip.look(CARS)
        clip.add(
            look,
            lambda look=look: over_line(clip, look, ways(INNER)["back"], during(clip, "green", 0.8, 4.0), (22, 32)),
            "turns back" + (" outside the hours" if free else ""), breaks=not free,
        )  # fmt: skip
    for way in ("left", "left", "straight", "right", "straight"):
        on_green(clip, way, f"goes {way}")
    oncoming(clip)
    return clip


def junction_block(condition: str, seed: int) -> Clip:
    """Enters behind a jam and stands in the junction; near: waits before it, waits for a gap to turn left."""
    clip = start_clip("junction_block", condition, seed, green_s=14.0, red_s=7.0)
    rng = clip.rng
    green = [s for s in _lights(clip).spans("green", 30.0) if s[0] > 2.0][0]
    begin, end = -10.0, green[0] + float(rng.uniform(14.0, 17.0))
    jammed = [INNER, OUTER] if rng.random() < 0.6 else [float(rng.choice([INNER, OUTER]))]
    for x in jammed:
        way = ways(x)["straight"]
        tail = clip.look(CARS)
        rear = float(rng.uniform(14.5, 17.5))
        rest = where(way, y=rear + tail.spec.length / 2)
        clip.add(tail, lambda: resting(way, 30.0, rest, begin, end - begin))
        look = clip.look({**CARS, "van": 1.0})
        place = where(way, y=rear - float(rng.uniform(2.4, 3.2)) - look.spec.length / 2)
        arrive = float(rng.uniform(green[0] + 2.5, green[0] + 5.0))
        clip.add(
            look, lambda: resting(way, 26.0, place, arrive, end + 1.2 - arrive), "enters behind the jam and stands",
            breaks=True, ahead_m=0.0,
        )  # fmt: skip
        behind = clip.look(CARS)
        stop = where(way, y=STOP_Y - 1.2 - behind.spec.length / 2)
        clip.add(
            behind,
            lambda: resting(way, 30.0, stop, arrive + 1.5, end + 2.6 - arrive - 1.5),
            "waits before the junction",
        )
    if len(jammed) == 1:
        free = OUTER if jammed[0] == INNER else INNER
        for _ in range(2):
            look = clip.look(CARS)
            clip.add(
                look, lambda look=look: over_line(clip, look, ways(free)["straight"], during(clip, "green", 0.8, 1.0), (18, 30)),
                "drives through in the free lane",
            )  # fmt: skip
    if INNER not in jammed:
        look = clip.look(CARS)
        way = ways(INNER)["left"]
        place = where(way, y=MID - 2.5)
        t = float(rng.uniform(green[0] + 2.0, green[0] + 4.0))
        clip.add(
            look,
            lambda: resting(way, 24.0, place, t, float(rng.uniform(5.5, 7.0))),
            "waits in the junction to turn left",
        )
    crosser(clip)
    on_green(clip)
    return clip
