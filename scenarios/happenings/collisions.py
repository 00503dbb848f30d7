"""Crashes: who runs into whom, how they come to rest after it, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.acts_incidents import incident_acts
from scenarios.course import FOR_EVER, Course
from scenarios.happenings.clip import CARS, MIXED, Clip
from scenarios.happenings.moves import KMH, change, line, passing, resting, where
from scenarios.happenings.road import BEGIN, END, HALF, INNER, OUTER, around, drive, start_clip
from scenarios.layout import Surface, rect

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from scenarios.fleet import Look
    from scenarios.script import Actor

SECONDS: Final = 34.0
TONNES: Final = {"car": 1.5, "truck": 9.0, "bus": 11.0, "motorcycle": 0.3}
GIVES: Final = 0.12  # share of the closing speed with which they part again
SLIDES: Final = (4.5, 7.0)  # m/s2, of locked or bent wheels and of sheet metal on asphalt
NODE_S: Final = 0.05
POST_X: Final = HALF + 2.0  # where the street lamps stand
ROLLS_S: Final = 0.9  # to overturn
PEOPLE_SHARE: Final = 0.5  # of crashes after which people get out


def struck(
    course: Course, t_hit: float, after: tuple[float, float], slide: float, spin: float = 0.0
) -> Course:  # fmt: skip
    """A course that is cut short at second `t_hit`: from there it slides to rest with velocity `after` (m/s).

    Args:
        course: what was planned.
        t_hit: second of the impact.
        after: velocity right after it, m/s east and north.
        slide: deceleration of the slide, m/s2.
        spin: radians that it turns meanwhile, to the left positive.
    """
    now = course.at(t_hit)
    if now is None:
        raise ValueError("nobody is there at the second of the impact")
    x, y, heading, speed, _ = now
    kept = course.t < t_hit
    fast = float(np.hypot(*after))
    steps = np.append(np.arange(0.0, fast / slide, NODE_S), fast / slide)
    way = fast * steps - slide * steps**2 / 2
    course_to = np.array(after) / max(fast, 1e-9)
    xy = np.array([x, y]) + way[:, None] * course_to
    turn = spin * (1 - (1 - steps / max(float(steps[-1]), 1e-9)) ** 2)
    s_hit = float(np.interp(t_hit, course.t, course.s))
    rest = len(steps) - 1
    return Course(
        np.vstack([course.xy[kept], [(x, y)], xy, xy[rest:]]),
        np.concatenate([course.s[kept], [s_hit], s_hit + way, [s_hit + way[rest]]]),
        np.concatenate([course.t[kept], [t_hit], t_hit + steps, [FOR_EVER]]),
        np.concatenate([course.v[kept], [speed], np.maximum(fast - slide * steps, 0.0), [0.0]]),
        np.concatenate([course.heading[kept], [heading], heading + turn, [heading + turn[rest]]]),
    )


def lane(x: float) -> NDArray[np.float64]:
    """Along the road at x, northwards on the right half."""
    return line((x, BEGIN), (x, END)) if x > 0 else line((x, END), (x, BEGIN))


def _put(clip: Clip, look: Look, course: Course, name: str, partners: tuple[int, ...] = (),
         changes: tuple[tuple[float, Look], ...] = (), *, breaks: bool = True) -> Actor | None:  # fmt: skip
    return clip.add(look, lambda: course, name, breaks=breaks, tries=1, ahead_m=0.0, meets=partners, changes=changes)


def _forget(clip: Clip, count: int) -> bool:
    """Take the last actors away again."""
    clip.forget(count)
    return False


def rear_end(clip: Clip, x: float, y: float, t: float) -> bool:
    """Runs into somebody who stands or crawls ahead."""
    rng, way = clip.rng, lane(x)
    front, rear = clip.look(CARS), clip.look(MIXED if rng.random() < 0.25 else CARS)
    apart = (front.spec.length + rear.spec.length) / 2
    sign = 1.0 if x > 0 else -1.0
    if rng.random() < 0.6:
        ahead, slow = resting(way, float(rng.uniform(28, 40)), where(way, y=y), t - float(rng.uniform(1.5, 4.0))), 0.0
    else:
        slow = float(rng.uniform(8, 14)) * KMH
        ahead = passing(way, slow / KMH, where(way, y=y), t)
    fast = float(rng.uniform(38, 62)) * KMH
    behind = passing(way, fast / KMH, where(way, y=y - sign * apart), t)
    m1, m2 = TONNES[rear.spec.cls], TONNES[front.spec.cls]
    common = (m1 * fast + m2 * slow) / (m1 + m2)
    v1 = common - GIVES * (fast - slow) * m2 / (m1 + m2)
    v2 = common + GIVES * (fast - slow) * m1 / (m1 + m2)
    turn = float(rng.normal(0, 0.10))
    pushed = float(rng.uniform(3.0, 5.0))
    brakes = max(float(rng.uniform(*SLIDES)), pushed * (v1 / v2) ** 2 * 1.05)  # or it would drive through
    one = _put(clip, rear, struck(behind, t, (0.0, sign * v1), brakes, turn), "runs into somebody ahead")
    if one is None:
        return False
    other = _put(clip, front, struck(ahead, t, (0.0, sign * v2), pushed, float(rng.normal(0, 0.15))),
                 "is run into", (one.id,))  # fmt: skip
    return True if other is not None else _forget(clip, 1)


def side(clip: Clip, x: float, y: float, t: float) -> bool:
    """Strikes somebody in the side who turns across its lane."""
    rng, sign = clip.rng, 1.0 if x > 0 else -1.0
    struck_look, striking = clip.look(CARS), clip.look(CARS)
    fast, slow = float(rng.uniform(40, 60)) * KMH, float(rng.uniform(12, 20)) * KMH
    from_yard = line((sign * 30.0, y), (sign * (HALF + 3), y), (x, y), (-x, y), radius_m=1.0)
    across = passing(from_yard, slow / KMH, where(from_yard, x=x), t)
    gap = striking.spec.length / 2 + struck_look.spec.width / 2
    way = lane(x)
    straight = passing(way, fast / KMH, where(way, y=y - sign * gap), t)
    v1, v2 = 0.42 * fast, 0.5 * fast
    v2_slide, v1_slide = float(rng.uniform(4.5, 5.5)), float(rng.uniform(6.0, 7.0))
    spin = float(rng.uniform(0.5, 1.4)) * float(rng.choice([-1, 1]))
    one = _put(clip, striking, struck(straight, t, (0.0, sign * v1), v1_slide, float(rng.normal(0, 0.25))),
               "strikes somebody in the side")  # fmt: skip
    if one is None:
        return False
    aside = -sign * slow * 0.6
    other = _put(clip, struck_look, struck(across, t, (aside, sign * v2), v2_slide, spin),
                 "is struck in the side", (one.id,))  # fmt: skip
    return True if other is not None else _forget(clip, 1)


def post(clip: Clip, x: float, y: float, t: float) -> bool:
    """Leaves its lane and runs into a post beside the road."""
    rng, sign = clip.rng, 1.0 if x > 0 else -1.0
    look = clip.look(CARS)
    fast = float(rng.uniform(38, 60)) * KMH
    reach = float(rng.uniform(9.0, 13.0))
    edge = sign * (HALF + 0.6)
    corners = [(x, BEGIN * sign if sign > 0 else END), (x, y - sign * reach), (edge, y)]
    out = corners[-1][0] + (edge - x) * 1.5
    way = line(*corners, (out, y + sign * reach * 1.5), radius_m=1.2)
    course = passing(way, fast / KMH, where(way, y=y), t)
    stop = 0.10 * fast
    spin = float(rng.uniform(0.2, 0.9)) * -sign
    put = _put(clip, look, struck(course, t, (0.0, sign * stop), 6.0, spin), "runs into a post")
    return put is not None


def overturn(clip: Clip, x: float, y: float, t: float) -> bool:
    """Loses its lane, overturns and slides on its side or roof."""
    rng, sign = clip.rng, 1.0 if x > 0 else -1.0
    look = clip.look(CARS)
    fast = float(rng.uniform(45, 65)) * KMH
    way = lane(x)
    course = passing(way, fast / KMH, where(way, y=y), t)
    roll = float(rng.choice([np.pi / 2, -np.pi / 2, np.pi]))
    steps = np.linspace(0.25, 1.0, 4)
    changes = tuple((t + float(k) * ROLLS_S, replace(look, roll=roll * float(k))) for k in steps)
    spin = float(rng.uniform(0.6, 2.0)) * float(rng.choice([-1, 1]))
    after = (float(rng.normal(0, 0.6)), sign * 0.72 * fast)
    put = _put(clip, look, struck(course, t, after, float(rng.uniform(5.5, 7.5)), spin), "overturns", (), changes)
    return put is not None


WAYS: Final[tuple[Callable[[Clip, float, float, float], bool], ...]] = (rear_end, side, post, overturn)


def crash(condition: str, seed: int) -> Clip:
    """Run-ins, side impacts, posts, cars overturned; near: hard braking, close passing, standing, turning round."""
    clip = start_clip("crash", condition, seed, seconds=SECONDS)
    clip.account = incident_acts
    clip.companions = ("stopped_vehicle",)
    rng = clip.rng
    clip.layout.surfaces.append(_mouth(float(rng.uniform(10.0, 16.0))))
    order = rng.permutation(len(WAYS))
    lanes = ((INNER, -OUTER), (OUTER, -INNER), (OUTER, -OUTER))[int(rng.integers(3))]
    for k, x in enumerate(lanes):  # far enough apart to be two crashes
        half = float(np.sign(x))
        for _ in range(20):
            t = float(rng.uniform(6.0, 11.0) if k == 0 else rng.uniform(14.0, 20.0))
            y = float(rng.uniform(4.0, 15.0)) if half > 0 else float(rng.uniform(14.0, 27.0))
            if WAYS[order[k]](clip, x, y, t):
                _onlookers(clip, x, y, t)
                break
    _near(clip)
    around(clip, (INNER, OUTER, -INNER, -OUTER), 4)
    return clip


def _mouth(y: float) -> Surface:
    """The asphalt of a side road."""
    return Surface("asphalt", rect(HALF, y - 3.0, 30.0, y + 3.0))


def _onlookers(clip: Clip, x: float, y: float, t: float) -> None:
    """People get out and stand about."""
    rng = clip.rng
    if rng.random() > PEOPLE_SHARE:
        return
    for _ in range(int(rng.integers(1, 4))):
        at = (x + float(rng.choice([-1, 1])) * float(rng.uniform(1.6, 2.6)), y + float(rng.uniform(-3.5, 6.0)))
        way = line((at[0], at[1] - 0.4), at, radius_m=0.2)
        begun = t + float(rng.uniform(3.5, 6.0))
        course = resting(way, 4.0, 0.4, begun + 0.4)
        clip.add(clip.look(kind="person"), partial(_same, course), "", tries=1, ahead_m=0.0)


def _same(course: Course) -> Course:
    return course


def _near(clip: Clip) -> None:
    """What only looks like a crash."""
    rng = clip.rng
    made = 0
    for _ in range(30):
        if made >= 2:
            break
        x = float(rng.choice([INNER, OUTER, -INNER, -OUTER]))
        way, sign = lane(x), 1.0 if x > 0 else -1.0
        y, t = float(rng.uniform(4, 26)), float(rng.uniform(5.0, SECONDS - 9.0))
        front, rear = clip.look(CARS), clip.look(CARS)
        gap = (front.spec.length + rear.spec.length) / 2 + float(rng.uniform(1.3, 2.2))
        hold = float(rng.uniform(2.0, 5.0))
        ahead = resting(way, float(rng.uniform(28, 38)), where(way, y=y), t - float(rng.uniform(0.8, 2.0)), hold + 1.0)
        behind = resting(way, float(rng.uniform(40, 55)), where(way, y=y - sign * gap), t + 0.6, hold + 2.0,
                         brake=float(rng.uniform(6.5, 8.3)))  # fmt: skip
        one = _put(clip, front, ahead, "brakes for something", breaks=False)
        if one is None:
            continue
        if _put(clip, rear, behind, "brakes hard behind somebody", (one.id,), breaks=False) is None:
            _forget(clip, 1)
            continue
        made += 1
    for x in (INNER, -INNER):
        way = (
            change((x, float(np.sign(x)) * 4.35), (2.0, 12.0) if x > 0 else (22.0, 12.0), BEGIN, END)
            if x > 0
            else (change((x, -4.35), (22.0, 12.0), END, BEGIN))
        )
        drive(clip, way, clip.look(CARS), "passes close by", kmh=(30, 48))
    drive(clip, lane(OUTER), clip.look({"truck_box": 1.0, "bus": 1.0}), "a lorry or bus before others", kmh=(28, 42))
