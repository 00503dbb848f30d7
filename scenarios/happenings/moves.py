"""Courses that happenings share, and the lights they obey or do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.course import FOR_EVER, NODE_M, Course, Stop, place_on, plan_course, smooth
from scenarios.layout import Point, arc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.signals import SignalPlan

KMH: Final = 1 / 3.6
BACK_MS, BACK_ACCEL = 1.2, 0.6  # m/s and m/s2, of who backs off


@dataclass(frozen=True, slots=True)
class Lights:
    """A fixed-time plan whose arrow, where there is one, is lit while its head is red and free to turn."""

    plan: SignalPlan
    arrow_after_s: float = 0.8
    arrow_until_s: float = 1.5  # before red ends

    def state(self, group: str, t: float) -> str:
        """The state of a group, or of the section of one (``ns/right``)."""
        whole, _, arrow = group.partition("/")
        state = self.plan.state(whole, t)
        if not arrow:
            return state
        since = (t - self.plan.red_at_s) % self.plan.cycle_s
        lit = self.arrow_after_s <= since <= self.plan.red_s - self.arrow_until_s
        return "green" if state == "green" or (state == "red" and lit) else "off"

    def spans(self, state: str, until: float) -> list[tuple[float, float]]:
        """Stretches of a state of group ``ns`` that begin within the clip."""
        plan = self.plan
        begin = {
            "red": 0.0, "red_yellow": plan.red_s, "green": plan.red_s + plan.red_yellow_s,
            "yellow": plan.red_s + plan.red_yellow_s + plan.green_s,
        }[state]  # fmt: skip
        length = {"red": plan.red_s, "red_yellow": plan.red_yellow_s, "green": plan.green_s, "yellow": plan.yellow_s}
        first = plan.red_at_s + begin - 3 * plan.cycle_s
        starts = [first + k * plan.cycle_s for k in range(12)]
        return [(a, a + length[state]) for a in starts if -length[state] < a < until]

    def next_green(self, t: float) -> float:
        """When the next green begins."""
        return next(a for a, _ in self.spans("green", t + 3 * self.plan.cycle_s) if a >= t)


@dataclass(frozen=True, slots=True)
class Flashing:
    """A railway signal: red flashes once a second during `spans`, else it is dark."""

    spans: tuple[tuple[float, float], ...]

    def state(self, group: str, t: float) -> str:
        """Red in the light half of a flash."""
        del group
        on = any(a <= t < b for a, b in self.spans)
        return "red" if on and t % 1.0 < 0.5 else "off"


def line(*corners: Point, radius_m: float = 2.0) -> NDArray[np.float64]:
    """A smoothed line through corners."""
    return smooth(list(corners), radius_m)


def change(
    xs: tuple[float, ...], ys: tuple[float, ...], begin: float, end: float, radius_m: float = 4.0
) -> NDArray[np.float64]:
    """A line along y that lies at xs[0] to ys[0], at xs[1] from ys[1] to ys[2], and so on."""
    corners: list[Point] = [(xs[0], begin)]
    for k in range(len(xs) - 1):
        corners += [(xs[k], ys[2 * k]), (xs[k + 1], ys[2 * k + 1])]
    return smooth([*corners, (xs[-1], end)], radius_m)


def bend(start: Point, corner_radius: float, towards: int, out_to: Point, begin: Point) -> NDArray[np.float64]:
    """From `begin` north to `start`, a quarter circle to the left (1) or right (-1), then straight to `out_to`."""
    x, y = start
    centre = (x - towards * corner_radius, y)
    bow = arc(centre, corner_radius, 0.0 if towards > 0 else 180.0, 90.0)
    return smooth([begin, *bow, out_to], 1.2)


def passing(xy: NDArray[np.float64], speed_kmh: float, at_m: float, t: float) -> Course:
    """Drive through, at arc length `at_m` at second t."""
    return plan_course(xy, speed_kmh * KMH, at=(at_m, t))


def resting(
    xy: NDArray[np.float64], speed_kmh: float, at_m: float, t: float, hold_s: float = FOR_EVER, brake: float = 2.6
) -> Course:
    """Drive, come to rest at `at_m` at second t and stay."""
    return plan_course(xy, speed_kmh * KMH, at=(at_m, t), stops=(Stop(at_m, hold_s),), brake=brake)


def creeping(
    xy: NDArray[np.float64], speed_kmh: float, at_m: float, t: float, hold_s: float, back_m: float, leave_s: float
) -> Course:  # fmt: skip
    """Come to rest at `at_m` at second t, back off so far after `hold_s` seconds, wait there, leave at `leave_s`."""
    there, away = (resting(xy, speed_kmh, at, second, 0.1) for at, second in ((at_m, t), (at_m - back_m, leave_s)))
    rest, start = (int(np.flatnonzero(one.v == 0)[k]) for one, k in ((there, 0), (away, -1)))
    steps = np.arange(0.0, there.s[rest] - away.s[start] + NODE_M / 2, NODE_M)
    behind = there.s[rest] - steps
    v = np.minimum(np.sqrt(2 * BACK_ACCEL * np.minimum(steps, steps[-1] - steps)), BACK_MS)
    seconds = np.concatenate([[0.0], np.cumsum(2 * np.diff(steps) / np.maximum(v[:-1] + v[1:], 0.2))])
    on_line = [np.interp(behind, there.s, there.xy[:, k]) for k in (0, 1)]
    upto, on = slice(0, rest + 1), slice(start, None)
    return Course(
        np.concatenate([there.xy[upto], np.column_stack(on_line), away.xy[on]]),
        np.concatenate([there.s[upto], there.s[rest] + steps, away.s[on] - away.s[start] + there.s[rest] + steps[-1]]),
        np.concatenate([there.t[upto], there.t[rest] + hold_s + seconds, away.t[on]]),
        np.concatenate([there.v[upto], v, away.v[on]]),
        np.concatenate([there.heading[upto], np.interp(behind, there.s, there.heading), away.heading[on]]),
    )


def where(xy: NDArray[np.float64], *, x: float | None = None, y: float | None = None) -> float:
    """Arc length at which a line comes to an abscissa or ordinate."""
    return place_on(xy, x=x, y=y)
