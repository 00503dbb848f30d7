"""Happenings on a straight road: lines crossed, the oncoming lane, the wrong way, lanes and places for others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.course import Stop, plan_course
from scenarios.happenings.clip import CARS, MIXED, Clip, later_hours, make_scene
from scenarios.happenings.moves import change, line, passing, where
from scenarios.layout import Line, Marking, Surface, Zone, rect, stroke
from scenarios.roadside import LANE, LINE
from scenarios.scene import CameraPose
from scenarios.templates import TEMPLATES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.course import Course
    from scenarios.fleet import Look
    from vision.camera_parts import LineKind

BEGIN, END = -60.0, 110.0
INNER, OUTER = LANE / 2, LANE * 1.5
HALF = 2 * LANE
SECONDS: Final = 21.0
LOW, HIGH = -6.0, 44.0  # of the zones along the road
TRUCKS: Final = {"truck_box": 2.0, "truck_tipper": 2.0, "truck_semi": 0.5}
YARD_Y: Final = 17.0  # where the way into a yard leaves the road
YARD_CLEAR_M: Final = 5.0  # no tree stands nearer


def pose(rng: np.random.Generator, side: int = 1) -> CameraPose:
    """On a mast beside the road, on its right (1) or left side (-1)."""
    return CameraPose(
        position_m=(
            side * float(rng.uniform(8.6, 10.4)),
            float(rng.uniform(-14.5, -11.5)),
            float(rng.uniform(7.8, 9.2)),
        ),
        look_at_m=(float(rng.uniform(0.2, 1.6)) * (1 if side > 0 else 2), float(rng.uniform(9.0, 12.0)), 0.6),
        fov_deg=float(rng.uniform(58, 64)),
    )


def start_clip(rule: str, condition: str, seed: int, *, side: int = 1, seconds: float = SECONDS) -> Clip:
    """The arterial road with nobody on it and no lines or zones but its own control line and carriageway."""
    rng = np.random.default_rng(seed)
    scene = make_scene(rule, condition, seed, "arterial", pose(rng, side), seconds)
    layout = TEMPLATES["arterial"](np.random.default_rng(seed + 1))
    layout.zones = [zone for zone in layout.zones if zone.kind == "carriageway"]
    return Clip(rule, condition, scene, layout, rng)


def strip(
    name: str, kind: str, x0: float, x1: float, travel: tuple[float, float] | None = None, **terms: object
) -> Zone:
    """A zone along the road between two abscissas."""
    outline = ((x0, LOW), (x1, LOW), (x1, HIGH), (x0, HIGH))
    return Zone(name, kind, outline, travel, **terms)  # type: ignore[arg-type]


def north(x: float) -> NDArray[np.float64]:
    """Along the road at x, northwards on the right half, southwards on the left."""
    return line((x, BEGIN), (x, END)) if x > 0 else line((x, END), (x, BEGIN))


def moment(clip: Clip, before_end_s: float = 4.0) -> float:
    """Some second of the clip."""
    return float(clip.rng.uniform(1.5, clip.scene.duration_s - before_end_s))


def drive(
    clip: Clip, way: NDArray[np.float64], look: Look, name: str = "", *, breaks: bool = False,
    kmh: tuple[float, float] = (30, 55), at_y: float = 12.0, tries: int = 40, shown_s: float = 4.0,
) -> None:  # fmt: skip
    """Somebody drives a line, at some ordinate at some second, so long before the end of the clip."""

    def make() -> Course:
        return passing(way, float(clip.rng.uniform(*kmh)), where(way, y=at_y), moment(clip, shown_s))

    clip.add(look, make, name, breaks=breaks, tries=tries)


def around(clip: Clip, lanes: tuple[float, ...], count: int, mix: dict[str, float] = MIXED) -> None:
    """Traffic that does nothing special."""
    for _ in range(count):
        drive(clip, north(float(clip.rng.choice(lanes))), clip.look(mix), tries=15)


def over(clip: Clip, x0: float, x1: float, begin_y: tuple[float, float] = (4.0, 10.0)) -> NDArray[np.float64]:
    """From lane to lane in the direction of the first."""
    y = float(clip.rng.uniform(*begin_y))
    reach = float(clip.rng.uniform(12.0, 17.0))
    if x0 > 0:
        return change((x0, x1), (y, y + reach), BEGIN, END)
    return change((x0, x1), (y + reach, y), END, BEGIN)


def swerve(x0: float, x1: float, begin_y: float, over_m: float, reach: float = 12.0) -> NDArray[np.float64]:
    """Over to x1, there for `over_m` metres, and back."""
    y = [begin_y, begin_y + reach, begin_y + reach + over_m, begin_y + 2 * reach + over_m]
    if x0 > 0:
        return change((x0, x1, x0), tuple(y), BEGIN, END)
    return change((x0, x1, x0), tuple(y[::-1]), END, BEGIN)


def overtaking(x0: float, shift: float) -> NDArray[np.float64]:
    """Over to the oncoming side before the camera's eyes, and back far ahead or behind the camera."""
    if x0 > 0:
        return change((x0, -x0, x0), (5.0 + shift, 16.0 + shift, 34.0 + shift, 46.0 + shift), BEGIN, END)
    return change((x0, -x0, x0), (26.0 + shift, 15.0 + shift, -12.0, -24.0), END, BEGIN)


def solid_line(condition: str, seed: int) -> Clip:
    """Changes lanes over a solid line; near: along it, towards it and back, over the broken part, in its shadow."""
    clip = start_clip("solid_line", condition, seed)
    clip.layout.lines.append(Line("solid", "solid", ((LANE, -4.0), (LANE, 30.0))))
    clip.layout.markings.append(Marking(stroke((LANE, -14.0), (LANE, 30.0), LINE)))
    rng = clip.rng
    for k in range(4):
        x0, x1 = (INNER, OUTER) if k % 2 else (OUTER, INNER)
        look = clip.look(MIXED if k == 3 else CARS)
        drive(clip, over(clip, x0, x1), look, "changes lanes over the solid line", breaks=True, kmh=(28, 48))
    for k in range(2):
        sign = 1 if k else -1
        x = LANE + sign * float(rng.uniform(1.1, 1.3))
        drive(clip, line((x, BEGIN), (x, END)), clip.look(CARS), "drives along the line", kmh=(30, 50))
    for k in range(2):
        x0 = OUTER if k else INNER
        x1 = LANE + (1 if k else -1) * float(rng.uniform(1.1, 1.25))
        drive(clip, swerve(x0, x1, float(rng.uniform(2, 6)), 4.0), clip.look(CARS), "comes near the line and back")
    for x in (INNER, OUTER):
        drive(clip, north(x), clip.look({"truck_box": 1.0, "bus": 1.0}), "a lorry or bus beside the line", kmh=(28, 42))
    drive(
        clip, over(clip, INNER, OUTER, (34.0, 38.0)), clip.look(CARS), "changes lanes over the broken part", at_y=36.0
    )
    around(clip, (INNER, OUTER, -INNER, -OUTER), 4)
    return clip


def oncoming_lane(condition: str, seed: int) -> Clip:
    """Drives on the oncoming side over a double line; near: towards it and back, over a broken line."""
    clip = start_clip("oncoming_lane", condition, seed)
    rng = clip.rng
    broken = bool(rng.random() < 0.25)
    kind: LineKind = "broken" if broken else "double_solid"
    clip.layout.lines.append(Line("middle", kind, ((0.0, -8.0), (0.0, 50.0)), (0.0, 1.0)))
    if broken:
        clip.layout.markings = [m for m in clip.layout.markings if abs(m.points[:, 0].mean()) > 1.0]
        clip.layout.markings += [Marking(stroke((0, y), (0, y + 3.0), LINE)) for y in np.arange(-58.0, 200.0, 8.0)]
    name = "overtakes over the broken line" if broken else "overtakes on the oncoming side"
    for k in range(3):
        way = overtaking(INNER if k != 1 else -INNER, float(rng.uniform(-1.0, 2.0)))
        drive(clip, way, clip.look(CARS), name, breaks=not broken, kmh=(34, 52))
    for k in range(4):
        x0 = INNER if k % 2 else -INNER
        near = float(np.sign(x0)) * float(rng.uniform(1.1, 1.3))
        drive(
            clip,
            swerve(x0, near, float(rng.uniform(2, 6)), 8.0),
            clip.look(CARS),
            "comes near the line and back",
        )
    for x in (INNER, -INNER):
        drive(clip, north(x), clip.look({"truck_box": 1.0, "bus": 1.0}), "a lorry or bus beside the line", kmh=(28, 42))
    around(clip, (OUTER, -OUTER, INNER, -INNER), 4)
    return clip


def wrong_way(condition: str, seed: int) -> Clip:
    """Drives against the direction of a one-way road; near: reversing a little, traffic of the other road."""
    clip = start_clip("wrong_way", condition, seed)
    rng = clip.rng
    clip.layout.zones += [
        strip("one-way", "lane", 0.3, HALF, (0.0, 1.0)),
        strip("other-way", "lane", -HALF, -0.3, (0.0, -1.0)),
    ]
    for k in range(3):
        x = float(rng.choice([INNER, OUTER])) * (1 if k < 2 else -1)
        way = line((x, END), (x, BEGIN)) if x > 0 else line((x, BEGIN), (x, END))
        drive(
            clip, way, clip.look(MIXED if k == 1 else CARS), "drives against the direction", breaks=True, kmh=(22, 45)
        )
    look, y = clip.look(CARS), float(rng.uniform(12.0, 20.0))
    back = line((OUTER, y), (OUTER, y - float(rng.uniform(3.5, 5.0))), radius_m=0.4)
    clip.add(look, lambda: _reverses(clip, back), "reverses a little", backwards=True)
    for x in (INNER, OUTER, -INNER, -OUTER):
        drive(clip, north(x), clip.look(MIXED), "drives in the direction", kmh=(30, 50))
    drive(clip, over(clip, INNER, OUTER), clip.look(CARS), "changes lanes")
    drive(clip, swerve(-INNER, -1.2, 0.0, 8.0), clip.look(CARS), "comes near the middle and back")
    around(clip, (INNER, OUTER, -INNER, -OUTER), 3)
    return clip


def _reverses(clip: Clip, way: NDArray[np.float64]) -> Course:
    """Stands, reverses to the end of a short line, stands."""
    length = float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())
    t = float(clip.rng.uniform(6.0, clip.scene.duration_s - 6.0))
    return plan_course(way, 1.6, at=(length, t), stops=(Stop(0.0, 60.0), Stop(length)))


def yard(clip: Clip) -> None:
    """A way into a yard on the right."""
    clip.layout.surfaces.append(Surface("asphalt", rect(HALF, YARD_Y - 2.6, 30.0, YARD_Y + 2.6)))
    clip.layout.props = [
        p for p in clip.layout.props if not (p.kind == "tree" and p.at[0] > 0 and abs(p.at[1] - YARD_Y) < YARD_CLEAR_M)
    ]


def into_yard(x0: float) -> NDArray[np.float64]:
    """From a lane straight into the yard on the right."""
    return line(
        (x0, BEGIN), (x0, YARD_Y - 7.0), (x0 + 2.4, YARD_Y - 2.0), (x0 + 7.0, YARD_Y), (28.0, YARD_Y), radius_m=1.6
    )


def bus_lane(condition: str, seed: int) -> Clip:
    """Drives in the bus lane; near: buses in it, crossing it into a yard, beside it, outside its hours."""
    clip = start_clip("bus_lane", condition, seed)
    rng = clip.rng
    free = bool(rng.random() < 0.25)
    hours = later_hours(clip) if free else ()
    clip.layout.zones.append(strip("bus-lane", "bus_lane", LANE, HALF, (0.0, 1.0), hours=hours))
    clip.layout.markings.append(Marking(stroke((LANE, -14.0), (LANE, YARD_Y - 9.0), LINE)))
    yard(clip)
    for k in range(3):
        look = clip.look({"truck_box": 1.0, "van": 1.0} if k == 2 else CARS)
        name = "drives in the bus lane" + (" outside its hours" if free else "")
        drive(clip, north(OUTER), look, name, breaks=not free, kmh=(28, 50))
    for _ in range(2):
        drive(clip, north(OUTER), clip.look({"bus": 1.0}), "a bus in its lane", kmh=(25, 42))
    for _ in range(2):
        drive(
            clip,
            into_yard(INNER),
            clip.look(CARS),
            "crosses the bus lane into a yard",
            kmh=(25, 36),
            at_y=YARD_Y - 8,
        )
    for k in range(3):
        look = clip.look({"truck_box": 1.0, "bus": 1.0} if k == 2 else CARS)
        drive(clip, north(INNER), look, "drives beside the bus lane", kmh=(28, 50))
    around(clip, (-INNER, -OUTER), 2)
    return clip


def restricted_class(condition: str, seed: int) -> Clip:
    """A lorry where lorries may not drive; near: cars and buses there, lorries on the other half."""
    clip = start_clip("restricted_class", condition, seed)
    rng = clip.rng
    free = bool(rng.random() < 0.2)
    hours = later_hours(clip) if free else ()
    clip.layout.zones.append(strip("no-lorries", "no_vehicles", 0.3, HALF, None, classes=("truck",), hours=hours))
    name = "a lorry where none may drive" if not free else "a lorry outside the hours"
    for x in (INNER, OUTER, OUTER):
        drive(clip, north(x), clip.look(TRUCKS), name, breaks=not free, kmh=(26, 42))
    for x in (INNER, OUTER):
        drive(clip, north(x), clip.look(CARS), "a car", kmh=(30, 50))
    drive(clip, north(OUTER), clip.look({"bus": 1.0}), "a bus", kmh=(26, 42))
    drive(clip, north(INNER), clip.look({"minivan": 1.0, "suv": 1.0}), "a large car", kmh=(30, 50))
    for x in (-INNER, -OUTER):
        drive(clip, north(x), clip.look(TRUCKS), "a lorry on the other half", kmh=(26, 42))
    return clip


def pavement_driving(condition: str, seed: int) -> Clip:
    """Drives along the pavement or the shoulder; near: crossing it into a yard, walkers, cyclists, traffic beside."""
    clip = start_clip("pavement_driving", condition, seed, side=-1)
    rng = clip.rng
    yard(clip)
    shoulder = bool(rng.random() < 0.5)
    walk0, walk1 = HALF + 2.5, HALF + 5.5
    clip.layout.zones.append(strip("pavement", "pavement", walk0, walk1))
    if shoulder:
        clip.layout.surfaces.insert(2, Surface("dirt", rect(HALF + 0.35, -60, walk0, 300)))
        clip.layout.zones.append(strip("shoulder", "shoulder", HALF + 0.2, walk0))
    middle = (walk0 + walk1) / 2
    for k in range(3):
        x = HALF + 1.5 if shoulder and k else middle
        place = "shoulder" if shoulder and k else "pavement"
        # Who drives on a shoulder has not stopped there only once he has left it.
        shown_s = 9.0 if place == "shoulder" else 4.0
        drive(
            clip,
            line((x, BEGIN), (x, END)),
            clip.look(CARS),
            f"drives along the {place}",
            breaks=True,
            kmh=(16, 34),
            shown_s=shown_s,
        )
    for _ in range(3):
        drive(
            clip,
            into_yard(OUTER),
            clip.look(CARS),
            "crosses the pavement into a yard",
            kmh=(22, 34),
            at_y=YARD_Y - 8,
        )
    for _ in range(2):
        way = line((middle, BEGIN), (middle, END))
        drive(clip, way, clip.look(kind="bicycle"), "cycles along the pavement", kmh=(12, 18))
    for _ in range(2):
        x, towards = float(rng.uniform(walk0 + 0.5, walk1 - 0.5)), bool(rng.random() < 0.5)
        way = line((x, -20.0), (x, 60.0)) if towards else line((x, 60.0), (x, -20.0))
        drive(clip, way, clip.look(kind="person"), "walks along the pavement", kmh=(4.2, 5.6))
    for _ in range(3):
        drive(clip, north(OUTER + 0.2), clip.look(MIXED), "drives beside it", kmh=(28, 48))
    around(clip, (INNER, -INNER), 2)
    return clip
