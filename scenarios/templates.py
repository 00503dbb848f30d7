"""The road layouts a scene file can name: crossroads, arterial, street."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scenarios.crossroads import crossroads
from scenarios.layout import Layout, Line, Marking, Path, Prop, Surface, Zone, dashes, rect, stroke
from scenarios.roadside import LANE, LINE, lamp_row, tree_row


def arterial(rng: np.random.Generator) -> Layout:
    """A straight road along y, two lanes each way, a double line in the middle, control line at y = 4."""
    out = Layout()
    half = 2 * LANE
    add = out.surfaces.append
    add(Surface("grass", rect(-260, -60, 260, 400)))
    for sx in (-1, 1):
        add(
            Surface(
                "pavement",
                rect(min(sx * (half + 2.5), sx * (half + 5.5)), -60, max(sx * (half + 2.5), sx * (half + 5.5)), 300),
            )
        )
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
    for name, x, y0, y1 in (
        ("right_up", half + 3.8, -30, 120),
        ("right_down", half + 4.6, 120, -30),
        ("left_up", -half - 4.0, -30, 120),
    ):
        out.walks[name] = Path.through(name, [(float(x), float(y0)), (float(x), float(y1))])
    line_y = 4.0
    out.lines = [Line("count", "control", ((-half + 0.1, line_y), (half - 0.1, line_y)))]
    low, high = -8.0, 62.0
    out.zones = [
        Zone("carriageway", "carriageway", ((-half, low), (half, low), (half, high), (-half, high))),
        Zone("lanes-north", "lane", ((0.3, low), (half, low), (half, high), (0.3, high)), (0.0, 1.0)),
        Zone("lanes-south", "lane", ((-half, low), (-0.3, low), (-0.3, high), (-half, high)), (0.0, -1.0)),
    ]
    lamp_row(out, half + 2.0, np.arange(14.0, 160.0, 30.0), -2.6)
    lamp_row(out, -half - 2.0, np.arange(28.0, 160.0, 30.0), 2.6)
    out.props.append(Prop("sign", (half + 1.5, 22.0), (0.7, 0.0, 2.6), 3))
    out.props.append(Prop("manhole", (-half - 1.6, 20.0), (0.7, 0.7, 0.0)))
    for sx in (-1, 1):
        for y in np.arange(10, 240, 40.0):
            h = float(rng.choice([14, 16, 28, 28, 34]))
            out.props.append(
                Prop(
                    "building",
                    (sx * rng.uniform(27, 33), float(y + rng.normal(0, 3))),
                    (18, rng.uniform(24, 34), h),
                    int(rng.integers(1 << 30)),
                )
            )
        tree_row(out, sx * (half + 8.0), np.arange(2, 170, 9.0), rng)
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
    for name, x, y0, y1 in (
        ("right_up", edge + 1.6, -30, 120),
        ("right_down", edge + 2.8, 120, -30),
        ("left_up", -half - 2.0, -30, 120),
        ("left_down", -half - 3.2, 120, -30),
    ):
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
        out.props.append(
            Prop(
                "building",
                (right + 7.0, y + w / 2),
                (14, w, h),
                int(rng.integers(1 << 30)),
                "burning" if i == 0 else "",
            )
        )
        y += w + float(rng.choice([0.5, 4.0]))
    y = 0.0
    for _ in range(8):
        w, h = float(rng.uniform(22, 32)), float(rng.choice([9, 12, 15]))
        out.props.append(Prop("building", (-half - 17.0, y + w / 2), (14, w, h), int(rng.integers(1 << 30))))
        y += w + float(rng.choice([2.0, 6.0]))
    tree_row(out, -half - 7.0, np.arange(10, 150, 9.0), rng, 6.0)
    tree_row(out, right - 1.0, np.arange(46, 150, 12.0), rng, 5.0)
    lamp_row(out, -half - 1.0, np.arange(16.0, 150.0, 28.0), 2.2)
    return out


TEMPLATES: dict[str, Callable[[np.random.Generator], Layout]] = {
    "crossroads": crossroads,
    "arterial": arterial,
    "street": street,
}
