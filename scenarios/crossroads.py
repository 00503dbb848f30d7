"""Two 2x2-lane streets that cross; the camera's approach comes from the south, its stop line lies at y = -3."""

from __future__ import annotations

import numpy as np

from scenarios.layout import Head, Layout, Line, Marking, Path, Prop, Surface, Zone, arc, dashes, rect, stroke
from scenarios.roadside import FAR, LANE, LINE, lamp_row, tree_row
from vision.camera_parts import Turn

HALF = 2 * LANE
MID = 10.0  # y of the crossing street's middle
SOUTH, NORTH = MID - HALF, MID + HALF
STOP_Y, FAR_STOP_Y = SOUTH - 6.0, NORTH + 6.0
CORNER = 6.0  # m, radius of the kerbs
BEGIN, END = -95.0, 150.0  # where paths along y enter and leave
SIDE = 110.0  # the same along x
HOUSES = (
    # x, y, width, depth, height
    (-30, 42, 28, 16, 16), (-66, 44, 30, 18, 28), (32, 44, 30, 18, 16), (72, 46, 34, 18, 28), (-34, 86, 30, 18, 28),
    (34, 92, 30, 18, 16), (-32, 130, 34, 18, 28), (36, 138, 34, 18, 28), (-42, -12, 28, 18, 16), (44, -10, 28, 16, 16),
    (-110, 44, 40, 18, 16), (118, 46, 40, 18, 16),
)  # fmt: skip


def crossroads(
    rng: np.random.Generator, lanes: tuple[tuple[Turn, ...], tuple[Turn, ...]] = (("straight",), ("straight", "right"))
) -> Layout:
    """The layout; `rng` varies houses and trees, `lanes` says where the arrows of the inner and outer lane point."""
    out = Layout()
    _surfaces(out)
    marks = _along() + _across() + _zebras()
    for x, turns in zip((LANE / 2, LANE * 1.5), lanes, strict=True):
        marks += _lane_arrow(x, STOP_Y - 9, turns)
    out.markings = [Marking(m) for m in marks]
    _paths(out)
    _rules(out)
    _signals(out)
    _roadside(out, rng)
    return out


def _surfaces(out: Layout) -> None:
    add = out.surfaces.append
    add(Surface("grass", rect(-220, -60, 220, 320)))
    for sx in (-1, 1):
        inner, outer = sorted((sx * HALF, sx * (HALF + 5.0)))
        for y0, y1 in ((-60.0, SOUTH), (NORTH, FAR)):
            add(Surface("pavement", rect(inner, y0, outer, y1)))
        inner, outer = sorted((sx * HALF, sx * 220.0))
        for y0, y1 in ((SOUTH - 5.0, SOUTH), (NORTH, NORTH + 5.0)):
            add(Surface("pavement", rect(inner, y0, outer, y1)))
    add(Surface("asphalt", rect(-HALF, -60, HALF, FAR + 80)))
    add(Surface("asphalt", rect(-220, SOUTH, 220, NORTH)))
    for sx in (-1, 1):
        for edge, sy in ((SOUTH, -1), (NORTH, 1)):
            begin = {(1, -1): 90, (1, 1): 180, (-1, -1): 0, (-1, 1): 270}[sx, sy]
            bow = arc((sx * (HALF + CORNER), edge + sy * CORNER), CORNER, begin, begin + 90)
            add(Surface("asphalt", np.array([(sx * HALF, edge), *bow])))
            out.kerbs.append(np.array(bow))
            out.kerbs.append(np.array([(sx * (HALF + CORNER), edge), (sx * 200, edge)]))
        for y0, y1 in ((-60, SOUTH - CORNER), (NORTH + CORNER, FAR)):
            out.kerbs.append(np.array([(sx * HALF, y0), (sx * HALF, y1)]))


def _along() -> list[np.ndarray]:
    """Markings of the street along y."""
    marks = []
    for dx in (-0.15, 0.15):
        marks.append(stroke((dx, -60), (dx, STOP_Y), 0.12))
        marks.append(stroke((dx, FAR_STOP_Y), (dx, FAR), 0.12))
    for x in (-LANE, LANE):
        marks.append(stroke((x, STOP_Y - 20), (x, STOP_Y), LINE))
        marks += dashes((x, -60), (x, STOP_Y - 20), LINE, 3.0, 5.0)
        marks += dashes((x, FAR_STOP_Y), (x, FAR), LINE, 3.0, 5.0)
    marks.append(stroke((0.3, STOP_Y), (HALF - 0.2, STOP_Y), 0.45))
    marks.append(stroke((-HALF + 0.2, FAR_STOP_Y), (-0.3, FAR_STOP_Y), 0.45))
    return marks


def _across() -> list[np.ndarray]:
    """Markings of the street along x."""
    marks = []
    for sx in (-1, 1):
        for y in (MID - LANE, MID + LANE):
            marks += dashes((sx * (HALF + 9), y), (sx * 180, y), LINE, 3.0, 5.0)
        marks += [stroke((sx * (HALF + 6), MID + dy), (sx * 180, MID + dy), 0.12) for dy in (-0.15, 0.15)]
    marks.append(stroke((-HALF - 6, SOUTH + 0.2), (-HALF - 6, MID - 0.3), 0.45))
    marks.append(stroke((HALF + 6, MID + 0.3), (HALF + 6, NORTH - 0.2), 0.45))
    return marks


def _zebras() -> list[np.ndarray]:
    """Bars 0.5 m wide, 0.5 m apart."""
    marks = []
    for x in np.arange(-HALF + 0.5, HALF - 0.4, 1.0):
        marks.append(rect(x, SOUTH - 4.5, x + 0.5, SOUTH - 0.8))
        marks.append(rect(x, NORTH + 0.8, x + 0.5, NORTH + 4.5))
    for y in np.arange(SOUTH + 0.5, NORTH - 0.4, 1.0):
        marks.append(rect(-HALF - 4.5, y, -HALF - 0.8, y + 0.5))
        marks.append(rect(HALF + 0.8, y, HALF + 4.5, y + 0.5))
    return marks


def _lane_arrow(x: float, y: float, turns: tuple[Turn, ...]) -> list[np.ndarray]:
    """Arrows of a lane that points north."""
    marks = [rect(x - 0.08, y, x + 0.08, y + (2.4 if "straight" in turns else 1.4))]
    if "straight" in turns:
        marks.append(np.array([(x - 0.32, y + 2.4), (x + 0.32, y + 2.4), (x, y + 3.6)]))
    for turn, sign in (("right", 1), ("left", -1)):
        if turn in turns:
            marks.append(stroke((x + sign * 0.08, y + 1.3), (x + sign * 0.6, y + 1.3), 0.2))
            marks.append(np.array([(x + sign * 0.6, y + 0.9), (x + sign * 1.1, y + 1.3), (x + sign * 0.6, y + 1.7)]))
    return marks


def _paths(out: Layout) -> None:
    def add(name: str, corners: list[tuple[float, float]], stop_s: float, group: str, **beside: str) -> None:
        out.paths[name] = Path.through(name, corners, stop_s=stop_s, group=group, **beside)

    stop = STOP_Y - BEGIN
    add("n1", [(LANE / 2, BEGIN), (LANE / 2, END)], stop, "ns", right="n2")
    add("n2", [(LANE * 1.5, BEGIN), (LANE * 1.5, END)], stop, "ns", left="n1")
    add("s1", [(-LANE / 2, END), (-LANE / 2, BEGIN)], END - FAR_STOP_Y, "ns")
    add("s2", [(-LANE * 1.5, END), (-LANE * 1.5, BEGIN)], END - FAR_STOP_Y, "ns")
    for number, offset in (("1", LANE / 2), ("2", LANE * 1.5)):
        add("e" + number, [(-SIDE, MID - offset), (SIDE, MID - offset)], SIDE - HALF - 6, "ew")
        add("w" + number, [(SIDE, MID + offset), (-SIDE, MID + offset)], SIDE - HALF - 6, "ew")
    turn_x, turn_y = LANE * 1.5, MID - LANE * 1.5
    add("n2e", [(turn_x, BEGIN), *arc((turn_x + 8, turn_y - 8), 8, 180, 90), (SIDE, turn_y)], stop, "ns")
    walk = SOUTH - 2.6
    for name, corners in (
        ("cross_w", [(HALF + 4, walk), (-HALF - 6, walk), (-HALF - 2.5, walk + 30)]),
        ("cross_e", [(-HALF - 4, walk - 0.8), (HALF + 4, walk - 0.8), (HALF + 3.4, walk - 30)]),
        ("north_left", [(-HALF - 2.5, -30.0), (-HALF - 2.8, SOUTH - 3), (-60.0, SOUTH - 2.5)]),
        ("east_far", [(60.0, NORTH + 2.6), (HALF + 2, NORTH + 2.6), (HALF + 2.4, 90.0)]),
        ("west_far", [(-50.0, NORTH + 2.2), (-HALF - 2.2, NORTH + 2.0), (-HALF - 2.4, 80.0)]),
    ):
        out.walks[name] = Path.through(name, corners)


def _rules(out: Layout) -> None:
    """Lines and zones of the camera file, for the approach from the south."""
    north = (0.0, 1.0)
    out.lines = [
        Line("stop-n", "stop", ((0.3, STOP_Y), (HALF - 0.2, STOP_Y)), north),
        Line("count", "control", ((0.1, STOP_Y - 4.0), (HALF - 0.1, STOP_Y - 4.0)), north),
    ]
    low, high = SOUTH - 4.5, SOUTH - 0.8
    out.zones = [
        Zone("junction", "junction", ((-HALF, SOUTH), (HALF, SOUTH), (HALF, NORTH), (-HALF, NORTH))),
        Zone("crossing", "crosswalk", ((-HALF, low), (HALF, low), (HALF, high), (-HALF, high))),
        Zone("approach", "carriageway", ((0.2, -18.0), (HALF, -18.0), (HALF, STOP_Y), (0.2, STOP_Y))),
        Zone("lane-n1", "lane", ((0.2, -16.0), (LANE, -16.0), (LANE, STOP_Y), (0.2, STOP_Y)), north),
        Zone("lane-n2", "lane", ((LANE, -16.0), (HALF, -16.0), (HALF, STOP_Y), (LANE, STOP_Y)), north),
    ]


def _signals(out: Layout) -> None:
    """Heads for the approach above the road and beside it, and the backs and sides of some others."""
    arm_y = STOP_Y + 6.2
    out.heads = [
        Head("north-over", "ns", (LANE, arm_y - 0.2, 5.7), -90.0, "stop-n"),
        Head("north-right", "ns", (HALF + 0.9, arm_y - 0.25, 3.1), -90.0, "", in_camera_file=False),
        Head("south-left", "ns", (-HALF - 1.2, NORTH + 4.5, 3.1), 90.0, "", in_camera_file=False),
        Head("east", "ew", (-HALF - 6.5, SOUTH - 1.0, 3.1), 180.0, "", in_camera_file=False),
    ]
    out.props += [
        Prop("mast", (HALF + 1.2, arm_y), (-(HALF + 1.2 - LANE * 0.9), 0.0, 6.0)),
        Prop("pole", (-HALF - 1.2, NORTH + 4.4), (0.12, 0.12, 3.8)),
        Prop("pole", (-HALF - 6.4, SOUTH - 1.0), (0.12, 0.12, 3.8)),
        Prop("sign", (HALF + 1.4, STOP_Y - 3.5), (0.7, 0.0, 2.6), 1),
        Prop("sign", (-HALF - 1.4, FAR_STOP_Y + 1.5), (0.7, 0.0, 2.6), 2),
    ]


def _roadside(out: Layout, rng: np.random.Generator) -> None:
    lamp_row(out, HALF + 2.0, np.array([30.0, 62.0, 95.0]), -3.0)
    lamp_row(out, -HALF - 2.0, np.array([24.0, 52.0, 85.0]), 3.0)
    for x, y, width, depth, height in HOUSES:
        out.props.append(Prop("building", (x, y), (width, depth, height), int(rng.integers(1 << 30))))
    tree_row(out, -HALF - 6.5, np.arange(30, 150, 8.5), rng)
    tree_row(out, HALF + 6.5, np.arange(30, 150, 8.0), rng)
    for row in (SOUTH - 8.5, NORTH + 9.0):
        for x in (*np.arange(-80, -16, 8.0), *np.arange(18, 84, 8.0)):
            if row > MID or abs(x) > 24:  # nothing in front of the camera
                place = (float(x + rng.normal(0, 1)), row)
                size = (3.6, 3.6, float(rng.uniform(4.5, 7)))
                out.props.append(Prop("tree", place, size, int(rng.integers(1 << 30))))
