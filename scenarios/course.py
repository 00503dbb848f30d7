"""A way that is driven by plan: a smoothed line over the road, a speed along it, stops on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scenarios.layout import Point

NODE_M: Final = 0.2  # spacing of the nodes of a course
ACCEL: Final = 1.8  # m/s2, usual urban acceleration
BRAKE: Final = 2.6  # m/s2, usual urban braking
SIDEWAYS: Final = 2.8  # m/s2, what drivers accept in a bend
FOR_EVER: Final = 1e6  # s, a stop that is not left


@dataclass(frozen=True, slots=True)
class Stop:
    """Come to rest with the middle at arc length `s_m` and stay for `hold_s` seconds."""

    s_m: float
    hold_s: float = FOR_EVER


@dataclass(frozen=True, slots=True)
class Course:
    """Where something is at each moment; between two nodes the acceleration is constant.

    Attributes:
        xy: nodes [N, 2], road metres.
        s: arc length of each node [N], metres.
        t: second at which each node is reached [N] and, for stops, left.
        v: speed at each node [N], m/s.
        heading: radians from east to north [N].
    """

    xy: NDArray[np.float64]
    s: NDArray[np.float64]
    t: NDArray[np.float64]
    v: NDArray[np.float64]
    heading: NDArray[np.float64]

    def at(self, t: float) -> tuple[float, float, float, float, float] | None:
        """x, y, heading, speed and acceleration at second t; None before the course begins and after it ends."""
        if not self.t[0] <= t <= self.t[-1]:
            return None
        i = max(0, min(int(self.t.searchsorted(t, side="right")) - 1, len(self.t) - 2))
        (x, y), heading, v = self.xy[i].tolist(), float(self.heading[i]), float(self.v[i])
        step_s, step_m = float(self.t[i + 1] - self.t[i]), float(self.s[i + 1] - self.s[i])
        if step_m <= 0 or step_s <= 0:  # at rest
            return x, y, heading, 0.0, 0.0
        after = t - float(self.t[i])
        accel = (float(self.v[i + 1]) ** 2 - v * v) / (2 * step_m)
        share = max(0.0, min(1.0, (v * after + accel * after * after / 2) / step_m))
        to_x, to_y = self.xy[i + 1].tolist()
        turn = float(self.heading[i + 1]) - heading
        return x + (to_x - x) * share, y + (to_y - y) * share, heading + turn * share, v + accel * after, accel

    def over(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for many seconds [T, 5], NaN where it is not there."""
        i = np.clip(self.t.searchsorted(times, side="right") - 1, 0, len(self.t) - 2)
        step_s, step_m = self.t[i + 1] - self.t[i], self.s[i + 1] - self.s[i]
        moves = (step_m > 0) & (step_s > 0)  # between the two nodes of a rest nothing does
        length = np.where(moves, step_m, 1.0)
        accel = np.where(moves, (self.v[i + 1] ** 2 - self.v[i] ** 2) / (2 * length), 0.0)
        after = times - self.t[i]
        speed = np.where(moves, self.v[i] + accel * after, 0.0)
        share = np.where(moves, np.clip((self.v[i] * after + accel * after * after / 2) / length, 0, 1), 0.0)
        place = self.xy[i] + (self.xy[i + 1] - self.xy[i]) * share[:, None]
        heading = self.heading[i] + (self.heading[i + 1] - self.heading[i]) * share
        out = np.column_stack([place, heading, speed, accel])
        out[(times < self.t[0]) | (times > self.t[-1])] = np.nan
        return np.asarray(out)


def smooth(corners: list[Point], radius_m: float = 2.0) -> NDArray[np.float64]:
    """A polyline with its corners rounded: nodes [N, 2] every `NODE_M` metres; its ends stay where they are."""
    corner = np.asarray(corners, float)
    reach = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corner, axis=0), axis=1))])
    s = np.arange(0.0, reach[-1], NODE_M)
    line = np.column_stack([np.interp(s, reach, corner[:, k]) for k in (0, 1)])
    n = max(1, round(3 * radius_m / NODE_M))
    kernel = np.exp(-0.5 * (np.arange(-n, n + 1) * NODE_M / radius_m) ** 2)
    kernel /= kernel.sum()
    back, ahead = line[0] - line[1], line[-1] - line[-2]
    steps = np.arange(n, 0, -1)[:, None]
    padded = np.vstack([line[0] + back * steps, line, line[-1] + ahead * steps[::-1]])
    return np.column_stack([np.convolve(padded[:, k], kernel, "valid") for k in (0, 1)])


def place_on(xy: NDArray[np.float64], *, x: float | None = None, y: float | None = None, after_m: float = 0.0) -> float:
    """Arc length at which a line first crosses an abscissa or an ordinate.

    Raises:
        ValueError: it never does.
    """
    s = _arc(xy)
    value = xy[:, 0] - x if x is not None else xy[:, 1] - (y or 0.0)
    crossed = np.nonzero((np.sign(value[:-1]) != np.sign(value[1:])) & (s[1:] >= after_m))[0]
    if not len(crossed):
        raise ValueError(f"the line never comes to x={x}, y={y}")
    i = int(crossed[0])
    return float(s[i] + (s[i + 1] - s[i]) * value[i] / (value[i] - value[i + 1]))


def _arc(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(xy, axis=0), axis=1))])


def plan_course(
    xy: NDArray[np.float64],
    speed_ms: float,
    *,
    at: tuple[float, float],
    stops: tuple[Stop, ...] = (),
    slow: tuple[tuple[float, float, float], ...] = (),
    brake: float = BRAKE,
) -> Course:
    """Drive a line.

    Args:
        xy: from `smooth`.
        speed_ms: where nothing slows.
        at: arc length and the second at which it is reached.
        stops: in order of their arc length.
        slow: stretches (from, to, m/s) driven more slowly.
        brake: deceleration, m/s2.
    """
    s = _arc(xy)
    step = np.gradient(xy, axis=0)
    heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    bend = np.abs(np.gradient(heading, s))
    v = np.minimum(speed_ms, np.sqrt(SIDEWAYS / np.maximum(bend, 1e-6)))
    for begin, end, slower in slow:
        v[(s >= begin) & (s <= end)] = np.minimum(v[(s >= begin) & (s <= end)], slower)
    rests = {int(np.abs(s - stop.s_m).argmin()): stop.hold_s for stop in stops}
    for node in rests:
        v[node] = 0.0
    v = _within_reach(v, np.diff(s), ACCEL)
    v = _within_reach(v[::-1], np.diff(s)[::-1], brake)[::-1]
    steps = 2 * np.diff(s) / np.maximum(v[:-1] + v[1:], 1e-3)
    t = np.concatenate([[0.0], np.cumsum(steps)])
    here = [node for node in rests if abs(s[node] - at[0]) <= NODE_M]  # near a rest, interpolation is no use
    t += at[1] - (float(t[here[0]]) if here else float(np.interp(at[0], s, t)))
    held_before = sum(hold for node, hold in rests.items() if s[node] < at[0] - NODE_M)
    holds = np.zeros(len(s))
    holds[list(rests)] = list(rests.values())
    index = np.repeat(np.arange(len(s)), 1 + (holds > 0))  # a node of rest is there twice: reached, and left
    left = np.concatenate([[False], index[1:] == index[:-1]])
    waited = (np.cumsum(holds) - holds)[index] + np.where(left, holds[index], 0.0)
    return Course(xy[index], s[index], t[index] + waited - held_before, v[index], heading[index])


def _within_reach(v: NDArray[np.float64], steps: NDArray[np.float64], accel: float) -> NDArray[np.float64]:
    """Speeds that can be reached from node to node."""
    out = v.tolist()
    for i, step in enumerate(steps.tolist()):
        out[i + 1] = min(out[i + 1], (out[i] * out[i] + 2 * accel * step) ** 0.5)
    return np.array(out)
