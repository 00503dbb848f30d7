"""A world in which everybody follows a plan: the traffic of rendered happenings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from scenarios.course import Course
from scenarios.fleet import WALKING, Look
from scenarios.layout import Layout
from scenarios.traffic import ObjectState

STRIDE_M: Final = 1.45  # of a walking person: two steps
PEDAL_M: Final = 4.5  # that a bicycle covers in a turn of its pedals
LIGHTS_OUT_S: Final = 6.0  # a vehicle at rest for longer has its foot off the brake
TURN_AHEAD_S: Final = 2.5  # how long before a turn drivers show it
TURN_RAD: Final = 0.5  # and what they take for one


class Signals(Protocol):
    """Shows a state for each group of signals at each moment."""

    def state(self, group: str, t: float) -> str:
        """The state of a group at second t."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody with a plan.

    Attributes:
        backwards: drives the course in reverse gear, its nose pointing back.
        parked: stands the whole time without lights.
        changes: second from which it looks otherwise, and how: who falls, what is overturned.
        hazard_s: second from which its hazard lights blink.
    """

    id: int
    look: Look
    course: Course
    backwards: bool = False
    parked: bool = False
    changes: tuple[tuple[float, Look], ...] = ()
    hazard_s: float | None = None

    def state(self, t: float) -> ObjectState | None:
        """Where it is at second t, None where it is not there."""
        now = self.course.at(t)
        if now is None:
            return None
        x, y, heading, speed, accel = now
        if self.backwards:
            heading += np.pi
        walks = self.look.kind in WALKING
        covered = float(np.interp(t, self.course.t, self.course.s)) if walks else 0.0
        per_turn = STRIDE_M if self.look.kind == "person" else PEDAL_M
        stands = speed < 0.3 and not walks
        lately = self.course.at(t - LIGHTS_OUT_S) if stands else None
        braking = not walks and (accel < -0.6 or (stands and (lately is None or lately[3] > 0.3)))
        phase = covered / per_turn * 2 * np.pi
        turning = 2 if self.hazard_s is not None and t >= self.hazard_s else self._turning(t, heading)
        return ObjectState(
            self.id, self.look_at(t), x, y, heading, speed, braking, turning, phase, parked=self.parked
        )  # fmt: skip

    def look_at(self, t: float) -> Look:
        """How it looks at second t."""
        return next((look for since, look in reversed(self.changes) if t >= since), self.look)

    def _turning(self, t: float, heading: float) -> int:
        if self.backwards or self.look.kind in WALKING:
            return 0
        soon = self.course.at(t + TURN_AHEAD_S)
        if soon is None:
            return 0
        turn = (soon[2] - heading + np.pi) % (2 * np.pi) - np.pi
        return int(np.sign(turn)) if abs(turn) > TURN_RAD else 0


@dataclass(slots=True)
class Script:
    """The world of `scenarios.render.Show` made of actors."""

    layout: Layout
    actors: list[Actor] = field(default_factory=list)
    plan: Signals | None = None

    def states(self, t: float) -> list[ObjectState]:
        """Everybody who is there at second t."""
        return [state for actor in self.actors if (state := actor.state(t)) is not None]

    def signals(self, t: float) -> dict[str, str]:
        """The state of each signal head, and of its section, at second t."""
        out: dict[str, str] = {}
        if self.plan is None:
            return out
        for head in self.layout.heads:
            out[head.id] = self.plan.state(head.group, t)
            if head.arrow:
                out[f"{head.id}/{head.arrow}"] = self.plan.state(f"{head.group}/{head.arrow}", t)
        return out


def body(actor: Actor, times: NDArray[np.float64], ahead_m: float = 0.0) -> NDArray[np.float64]:
    """Points along an actor's axis at some moments [T, P, 2], NaN where it is not there; `ahead_m` lengthens it."""
    spec = actor.look.spec
    along = np.linspace(-spec.length / 2, spec.length / 2 + ahead_m, max(2, int((spec.length + ahead_m) / 0.9) + 1))
    poses = actor.course.over(times)[:, :3]
    poses[:, 2] += np.pi if actor.backwards else 0.0
    ways = np.stack([np.cos(poses[:, 2]), np.sin(poses[:, 2])], 1)
    return np.asarray(poses[:, None, :2] + along[None, :, None] * ways[:, None])
