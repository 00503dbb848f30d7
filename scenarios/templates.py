"""The road layouts a scene file can name: crossroads, arterial, street."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scenarios.layout import Head, Layout, Line, Marking, Path, Prop, Surface, Zone, arc, dashes, rect, stroke

LANE = 3.5  # m, usual width of an urban lane
LINE = 0.15  # m, width of a marking drawn a little bolder than the 0.10 m of GOST 51256, as worn paint looks
FAR = 160.0  # m, how far a road is drawn


def _trees(layout: Layout, x: float, ys: np.ndarray, rng: np.random.Generator, tall: float = 7.0) -> None:
    for y in ys:
        size = tall * rng.uniform(0.75, 1.25)
        layout.props.append(Prop("tree", (x + rng.normal(0, 0.4), float(y + rng.normal(0, 1.0))), (size * 0.6, size * 0.6, size),
                                 int(rng.integers(1 << 30))))


def _lamp_row(layout: Layout, x: float, ys: np.ndarray, reach: float) -> None:
    for y in ys:
        layout.props.append(Prop("lamp", (x, float(y)), (reach, 0.0, 9.0)))
        layout.lamps.append((x + reach, float(y), 8.8))


def _arrow(x: float, y: float, right: bool) -> list[np.ndarray]:
    """A lane arrow that points north."""
    out = [rect(x - 0.08, y, x + 0.08, y + 2.4), np.array([(x - 0.32, y + 2.4), (x + 0.32, y + 2.4), (x, y + 3.6)])]
    if right:
        out += [rect(x + 0.08, y + 1.2, x + 0.6, y + 1.4), np.array([(x + 0.6, y + 0.9), (x + 1.1, y + 1.3), (x + 0.6, y + 1.7)])]
    return out


def crossroads(rng: np.random.Generator) -> Layout:
    """Two 2x2-lane streets; the camera's approach comes from the south, its stop line lies at y = -3."""
    out = Layout()
    half, mid, reach = 2 * LANE, 10.0, FAR
    south, north = mid - half, mid + half
    add = out.surfaces.append
    add(Surface("grass", rect(-220, -60, 220, 320)))
    for sx in (-1, 1):
        for y0, y1 in ((-60, south), (north, reach)):
            add(Surface("pavement", rect(min(sx * half, sx * (half + 5)), y0, max(sx * half, sx * (half + 5)), y1)))
        for yy in ((south - 5.0, south), (north, north + 5.0)):
            add(Surface("pavement", rect(min(sx * half, sx * 220), yy[0], max(sx * half, sx * 220), yy[1])))
    add(Surface("asphalt", rect(-half, -60, half, reach + 80)))
    add(Surface("asphalt", rect(-220, south, 220, north)))
    radius = 6.0
    for sx in (-1, 1):
        for edge, sy in ((south, -1), (north, 1)):
            centre = (sx * (half + radius), edge + sy * radius)
            begin = {(1, -1): 90, (1, 1): 180, (-1, -1): 0, (-1, 1): 270}[sx, sy]
            bow = arc(centre, radius, begin, begin + 90)
            add(Surface("asphalt", np.array([(sx * half, edge), *bow])))
            out.kerbs.append(np.array(bow))
        for y0, y1 in ((-60, south - radius), (north + radius, reach)):
            out.kerbs.append(np.array([(sx * half, y0), (sx * half, y1)]))
        for yy in (south, north):
            out.kerbs.append(np.array([(sx * (half + radius), yy), (sx * 200, yy)]))
    marks: list[np.ndarray] = []
    stop_y, far_stop = south - 6.0, north + 6.0
    for dx in (-0.15, 0.15):
        marks.append(stroke((dx, -60), (dx, stop_y), 0.12))
        marks.append(stroke((dx, far_stop), (dx, reach), 0.12))
    for x in (-LANE, LANE):
        marks.append(stroke((x, stop_y - 20), (x, stop_y), LINE))
        marks += dashes((x, -60), (x, stop_y - 20), LINE, 3.0, 5.0)
        marks += dashes((x, far_stop), (x, reach), LINE, 3.0, 5.0)
    for y in (mid - LANE, mid + LANE):
        for sx in (-1, 1):
            marks += dashes((sx * (half + 9), y), (sx * 180, y), LINE, 3.0, 5.0)
    for sx in (-1, 1):
        for dy in (-0.15, 0.15):
            marks.append(stroke((sx * (half + 6), mid + dy), (sx * 180, mid + dy), 0.12))
    marks.append(stroke((0.3, stop_y), (half - 0.2, stop_y), 0.45))
    marks.append(stroke((-half + 0.2, far_stop), (-0.3, far_stop), 0.45))
    marks.append(stroke((-half - 6, mid - half + 0.2), (-half - 6, mid - 0.3), 0.45))
    marks.append(stroke((half + 6, mid + 0.3), (half + 6, mid + half - 0.2), 0.45))
    for x in np.arange(-half + 0.5, half - 0.4, 1.0):  # zebras, 0.5 m bars
        marks.append(rect(x, south - 4.5, x + 0.5, south - 0.8))
        marks.append(rect(x, north + 0.8, x + 0.5, north + 4.5))
    for y in np.arange(south + 0.5, north - 0.4, 1.0):
        marks.append(rect(-half - 4.5, y, -half - 0.8, y + 0.5))
        marks.append(rect(half + 0.8, y, half + 4.5, y + 0.5))
    for x, right in ((LANE / 2, False), (LANE * 1.5, True)):
        marks += _arrow(x, stop_y - 9, right)
    out.markings = [Marking(m) for m in marks]

    begin, end = -95.0, 150.0
    stop = stop_y - begin
    for name, x, left, right in (("n1", LANE / 2, "", "n2"), ("n2", LANE * 1.5, "n1", "")):
        out.paths[name] = Path.through(name, [(x, begin), (x, end)], stop_s=stop, group="ns", left=left, right=right)
    for name, x in (("s1", -LANE / 2), ("s2", -LANE * 1.5)):
        out.paths[name] = Path.through(name, [(x, end), (x, begin)], stop_s=end - far_stop, group="ns")
    for name, y, sign in (("e1", mid - LANE / 2, 1), ("e2", mid - LANE * 1.5, 1), ("w1", mid + LANE / 2, -1), ("w2", mid + LANE * 1.5, -1)):
        out.paths[name] = Path.through(name, [(-sign * 110, y), (sign * 110, y)], stop_s=110 - half - 6, group="ew")
    turn_x, turn_y = LANE * 1.5, mid - LANE * 1.5
    bow = arc((turn_x + 8, turn_y - 8), 8, 180, 90)
    out.paths["n2e"] = Path.through("n2e", [(turn_x, begin), *bow, (110, turn_y)], stop_s=stop, group="ns")
    walk_y = south - 2.6
    for name, pts in (("cross_w", [(half + 4, walk_y), (-half - 6, walk_y), (-half - 2.5, walk_y + 30)]),
                      ("cross_e", [(-half - 4, walk_y - 0.8), (half + 4, walk_y - 0.8), (half + 3.4, walk_y - 30)]),
                      ("north_left", [(-half - 2.5, -30), (-half - 2.8, south - 3), (-60, south - 2.5)]),
                      ("east_far", [(60, north + 2.6), (half + 2, north + 2.6), (half + 2.4, 90)]),
                      ("west_far", [(-50, north + 2.2), (-half - 2.2, north + 2.0), (-half - 2.4, 80)])):
        out.walks[name] = Path.through(name, [(float(a), float(b)) for a, b in pts])
    out.lines = [
        Line("stop-n", "stop", ((0.3, stop_y), (half - 0.2, stop_y)), (0.0, 1.0)),
        Line("count", "control", ((0.1, stop_y - 4.0), (half - 0.1, stop_y - 4.0)), (0.0, 1.0)),
    ]
    out.zones = [
        Zone("junction", "junction", ((-half, south), (half, south), (half, north), (-half, north))),
        Zone("crossing", "crosswalk", ((-half, south - 4.5), (half, south - 4.5), (half, south - 0.8), (-half, south - 0.8))),
        Zone("approach", "carriageway", ((0.2, -18.0), (half, -18.0), (half, stop_y), (0.2, stop_y))),
        Zone("lane-n1", "lane", ((0.2, -16.0), (LANE, -16.0), (LANE, stop_y), (0.2, stop_y)), (0.0, 1.0)),
        Zone("lane-n2", "lane", ((LANE, -16.0), (half, -16.0), (half, stop_y), (LANE, stop_y)), (0.0, 1.0)),
    ]
    arm_y = stop_y + 6.2
    out.props.append(Prop("mast", (half + 1.2, arm_y), (-(half + 1.2 - LANE * 0.9), 0.0, 6.0)))
    out.heads = [
        Head("north-over", "ns", (LANE * 1.0, arm_y - 0.2, 5.7), -90.0, "stop-n"),
        Head("north-right", "ns", (half + 0.9, arm_y - 0.25, 3.1), -90.0, "", False),
        Head("south-left", "ns", (-half - 1.2, north + 4.5, 3.1), 90.0, "", False),
        Head("east", "ew", (-half - 6.5, south - 1.0, 3.1), 180.0, "", False),
    ]
    out.props.append(Prop("pole", (-half - 1.2, north + 4.4), (0.12, 0.12, 3.8)))
    out.props.append(Prop("pole", (-half - 6.4, south - 1.0), (0.12, 0.12, 3.8)))
    out.props.append(Prop("sign", (half + 1.4, stop_y - 3.5), (0.7, 0.0, 2.6), 1))
    out.props.append(Prop("sign", (-half - 1.4, far_stop + 1.5), (0.7, 0.0, 2.6), 2))
    _lamp_row(out, half + 2.0, np.array([30.0, 62.0, 95.0]), -3.0)
    _lamp_row(out, -half - 2.0, np.array([24.0, 52.0, 85.0]), 3.0)
    for bx, by, w, d, h in ((-30, 42, 28, 16, 16), (-66, 44, 30, 18, 28), (32, 44, 30, 18, 16), (72, 46, 34, 18, 28), (-34, 86, 30, 18, 28),
                            (34, 92, 30, 18, 16), (-32, 130, 34, 18, 28), (36, 138, 34, 18, 28), (-42, -12, 28, 18, 16), (44, -10, 28, 16, 16),
                            (-110, 44, 40, 18, 16), (118, 46, 40, 18, 16)):
        out.props.append(Prop("building", (bx, by), (w, d, h), int(rng.integers(1 << 30))))
    _trees(out, -half - 6.5, np.arange(30, 150, 8.5), rng)
    _trees(out, half + 6.5, np.arange(30, 150, 8.0), rng)
    for y in (south - 8.5, north + 9.0):
        for x in (*np.arange(-80, -16, 8.0), *np.arange(18, 84, 8.0)):
            if y > mid or abs(x) > 24:
                out.props.append(Prop("tree", (float(x + rng.normal(0, 1)), y), (3.6, 3.6, rng.uniform(4.5, 7)), int(rng.integers(1 << 30))))
    return out


def arterial(rng: np.random.Generator) -> Layout:
    """A straight road along y, two lanes each way, a double line in the middle, control line at y = 4."""
    out = Layout()
    half = 2 * LANE
    add = out.surfaces.append
    add(Surface("grass", rect(-260, -60, 260, 400)))
    for sx in (-1, 1):
        add(Surface("pavement", rect(min(sx * (half + 2.5), sx * (half + 5.5)), -60, max(sx * (half + 2.5), sx * (half + 5.5)), 300)))
        out.kerbs.append(np.array([(sx * (half + 0.35), -60), (sx * (half + 0.35), 260)]))
    add(Surface("asphalt", rect(-half - 0.35, -60, half + 0.35, 330)))
    marks = [stroke((dx, -60), (dx, 300), 0.12) for dx in (-0.16, 0.16)]
    for x in (-LANE, LANE):
        marks += dashes((x, -60), (x, 200), LINE, 3.0, 6.0)
    for x in (-half + 0.05, half - 0.05):
        marks.append(stroke((x, -60), (x, 300), 0.12))
    out.markings = [Marking(m) for m in marks]
    begin, end = -75.0, 190.0
    for name, x, left, right in (("n1", LANE / 2, "", "n2"), ("n2", LANE * 1.5, "n1", "")):
        out.paths[name] = Path.through(name, [(x, begin), (x, end)], left=left, right=right)
    for name, x, left, right in (("s1", -LANE / 2, "", "s2"), ("s2", -LANE * 1.5, "s1", "")):
        out.paths[name] = Path.through(name, [(x, end), (x, begin)], left=left, right=right)
    for name, x, y0, y1 in (("right_up", half + 3.8, -30, 120), ("right_down", half + 4.6, 120, -30), ("left_up", -half - 4.0, -30, 120)):
        out.walks[name] = Path.through(name, [(float(x), float(y0)), (float(x), float(y1))])
    line_y = 4.0
    out.lines = [Line("count", "control", ((-half + 0.1, line_y), (half - 0.1, line_y)))]
    low, high = -8.0, 62.0
    out.zones = [
        Zone("carriageway", "carriageway", ((-half, low), (half, low), (half, high), (-half, high))),
        Zone("lanes-north", "lane", ((0.3, low), (half, low), (half, high), (0.3, high)), (0.0, 1.0)),
        Zone("lanes-south", "lane", ((-half, low), (-0.3, low), (-0.3, high), (-half, high)), (0.0, -1.0)),
    ]
    _lamp_row(out, half + 2.0, np.arange(14.0, 160.0, 30.0), -2.6)
    _lamp_row(out, -half - 2.0, np.arange(28.0, 160.0, 30.0), 2.6)
    out.props.append(Prop("sign", (half + 1.5, 22.0), (0.7, 0.0, 2.6), 3))
    out.props.append(Prop("manhole", (-half - 1.6, 20.0), (0.7, 0.7, 0.0)))
    for sx in (-1, 1):
        for y in np.arange(10, 240, 40.0):
            h = float(rng.choice([14, 16, 28, 28, 34]))
            out.props.append(Prop("building", (sx * rng.uniform(27, 33), float(y + rng.normal(0, 3))), (18, rng.uniform(24, 34), h), int(rng.integers(1 << 30))))
        _trees(out, sx * (half + 8.0), np.arange(2, 170, 9.0), rng)
    return out


def street(rng: np.random.Generator) -> Layout:
    """A street along y, one lane each way, a parking bay on the right, houses close by."""
    out = Layout()
    half, bay = LANE, 2.4
    add = out.surfaces.append
    add(Surface("dirt", rect(-260, -60, 260, 400)))
    add(Surface("pavement", rect(-half - 5.0, -60, -half, 300)))
    add(Surface("pavement", rect(half + bay, -60, half + bay + 5.0, 300)))
    add(Surface("grass", rect(-half - 9.0, -60, -half - 5.0, 300)))
    add(Surface("asphalt", rect(-half, -60, half, 330)))
    add(Surface("concrete", rect(half, -60, half + bay, 300)))
    out.kerbs = [np.array([(-half, -60), (-half, 260)]), np.array([(half + bay, -60), (half + bay, 260)])]
    marks = dashes((0, -60), (0, 200), LINE, 2.0, 4.0)
    marks += dashes((half - 0.05, -60), (half - 0.05, 200), 0.12, 1.0, 0.8)
    marks += [stroke((half, float(y)), (half + bay, float(y)), 0.10) for y in np.arange(-16, 120, 6.2)]
    out.markings = [Marking(m) for m in marks]
    out.paths["n1"] = Path.through("n1", [(LANE / 2, -75.0), (LANE / 2, 190.0)])
    out.paths["s1"] = Path.through("s1", [(-LANE / 2, 190.0), (-LANE / 2, -75.0)])
    edge = half + bay
    for name, x, y0, y1 in (("right_up", edge + 1.6, -30, 120), ("right_down", edge + 2.8, 120, -30), ("left_up", -half - 2.0, -30, 120),
                            ("left_down", -half - 3.2, 120, -30)):
        out.walks[name] = Path.through(name, [(float(x), float(y0)), (float(x), float(y1))])
    out.bays = [(half + bay / 2, float(y + 3.1), np.pi / 2) for y in np.arange(-16, 110, 6.2)]
    out.lines = [Line("count", "control", ((-half + 0.1, 3.0), (half - 0.1, 3.0)))]
    low, high = -6.0, 45.0
    out.zones = [
        Zone("carriageway", "carriageway", ((-half, low), (half - 0.2, low), (half - 0.2, high), (-half, high))),
        Zone("lane-north", "lane", ((0.2, low), (half - 0.2, low), (half - 0.2, high), (0.2, high)), (0.0, 1.0)),
        Zone("lane-south", "lane", ((-half, low), (-0.2, low), (-0.2, high), (-half, high)), (0.0, -1.0)),
        Zone("parking", "parking", ((half, low), (edge, low), (edge, high), (half, high))),
    ]
    y = 6.0
    right = edge + 5.0
    for i in range(8):
        w, h = float(rng.uniform(20, 28)), float(rng.choice([9, 12, 15, 15]))
        if i == 0:
            w, h = 27.0, 15.0
        out.props.append(Prop("building", (right + 7.0, y + w / 2), (14, w, h), int(rng.integers(1 << 30)), "burning" if i == 0 else ""))
        y += w + float(rng.choice([0.5, 4.0]))
    y = 0.0
    for _ in range(8):
        w, h = float(rng.uniform(22, 32)), float(rng.choice([9, 12, 15]))
        out.props.append(Prop("building", (-half - 17.0, y + w / 2), (14, w, h), int(rng.integers(1 << 30))))
        y += w + float(rng.choice([2.0, 6.0]))
    _trees(out, -half - 7.0, np.arange(10, 150, 9.0), rng, 6.0)
    _trees(out, right - 1.0, np.arange(46, 150, 12.0), rng, 5.0)
    _lamp_row(out, -half - 1.0, np.arange(16.0, 150.0, 28.0), 2.2)
    return out


TEMPLATES: dict[str, Callable[[np.random.Generator], Layout]] = {
    "crossroads": crossroads, "arterial": arterial, "street": street,
}
