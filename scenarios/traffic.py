"""Microscopic traffic: the Intelligent Driver Model on lane paths, signals, lane changes, walkers, placed vehicles.

IDM after Treiber, Hennecke, Helbing, Phys. Rev. E 62 (2000) 1805. Leaders are whatever stands in the corridor ahead,
so queues, stopped vehicles and crossing traffic are met alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from scenarios.fleet import Look, draw_look
from scenarios.layout import Layout, Path
from scenarios.scene import Placed, Scene
from scenarios.signals import SignalPlan

STEP_S = 0.08
WARM_UP_S = 34.0
ACCEL, BRAKE, HEADWAY_S, JAM_M = 2.0, 2.4, 1.15, 2.0  # usual urban values of the model
HARD_BRAKE = 3.2  # m/s2: a driver who would need more goes on at yellow
CHANGE_S = 3.2  # duration of a lane change


@dataclass(slots=True)
class Mover:
    """A vehicle in motion; `offset` metres left of its path decays to zero after a lane change."""

    id: int
    look: Look
    path: Path
    s: float
    v: float
    v0: float
    role: str = "flow"
    placed: Placed | None = None
    offset0: float = 0.0
    changed_at: float = -100.0
    accel: float = 0.0
    x: float = 0.0
    y: float = 0.0
    heading: float = 0.0
    committed: bool = False  # decided at yellow to go on
    rest_since: float | None = None
    phase: float = 0.0

    def offset(self, t: float) -> float:
        """Lateral offset from the path at time t."""
        u = min(1.0, max(0.0, (t - self.changed_at) / CHANGE_S))
        return self.offset0 * (1 - u * u * (3 - 2 * u))

    def may_change(self, t: float) -> bool:
        """Whether this driver chooses its lane and has kept the present one for a while."""
        chooses = self.role == "flow" or (self.role == "drive" and self.path.stop_s is None)
        return chooses and bool(self.path.left or self.path.right) and t - self.changed_at > CHANGE_S + 2

    def locate(self, t: float) -> None:
        """Refresh position and heading from path and arc length."""
        off = self.offset(t)
        self.x, self.y, base = self.path.at(self.s, off)
        rate = (self.offset(t + 0.1) - off) / 0.1
        self.heading = base + (float(np.arctan2(rate, max(self.v, 2.0))) if off else 0.0)


@dataclass(frozen=True, slots=True)
class ObjectState:
    """One object at one moment: road metres, radians from east to north, m/s."""

    id: int
    look: Look
    x: float
    y: float
    heading: float
    speed: float
    braking: bool = False
    indicator: int = 0  # 1 left, -1 right, 2 hazard lights
    phase: float = 0.0
    parked: bool = False


@dataclass(slots=True)
class _Walk:
    id: int
    look: Look
    path: Path
    start: float
    speed: float
    side: float


@dataclass(slots=True)
class World:
    """The simulation; `states(t)` must be asked in rising order of time."""

    scene: Scene
    layout: Layout
    rng: np.random.Generator
    plan: SignalPlan | None = None
    movers: list[Mover] = field(default_factory=list)
    walks: list[_Walk] = field(default_factory=list)
    parked: list[ObjectState] = field(default_factory=list)
    t: float = -WARM_UP_S
    _queue: list[tuple[float, Mover]] = field(default_factory=list)
    _next: int = 1

    def __post_init__(self) -> None:
        if self.scene.signals:
            self.plan = SignalPlan(**self.scene.signals.model_dump())
        for bay in self.layout.bays:
            if self.rng.random() < self.scene.parked_share:
                x, y, heading = bay
                look = draw_look(self.rng, mix={"sedan": 4, "hatch": 3, "suv": 3, "wagon": 1, "minivan": 1})
                self.parked.append(
                    ObjectState(
                        self._id(),
                        look,
                        x + self.rng.normal(0, 0.06),
                        y + self.rng.normal(0, 0.25),
                        heading + self.rng.normal(0, 0.012),
                        0.0,
                        parked=True,
                    )
                )
        self._plan_flows()
        self._plan_placed()
        self._plan_walks()
        self._queue.sort(key=lambda item: (item[0], item[1].id))

    def _id(self) -> int:
        self._next += 1
        return self._next - 1

    def _plan_flows(self) -> None:
        end = self.scene.duration_s + 1.0
        for flow in self.scene.flows:
            path = self.layout.paths[flow.path]
            v0 = flow.speed_kmh / 3.6
            t = -WARM_UP_S + self.rng.exponential(30.0 / max(flow.per_minute, 1e-3))
            while t < end:
                look = draw_look(self.rng, mix=flow.mix)
                own = v0 * self.rng.normal(1.0, 0.07) * (0.9 if look.spec.cls in ("bus", "truck") else 1.0)
                if look.kind == "bicycle":
                    own = self.rng.uniform(4.0, 6.0)
                if not self._kept_clear(path, t, own):
                    self._queue.append((t, Mover(self._id(), look, path, 0.0, own, own)))
                t += 1.6 + self.rng.exponential(max(60.0 / max(flow.per_minute, 1e-3) - 1.6, 0.2))

    def _entry(self, placed: Placed) -> float:
        path = self.layout.paths[placed.path]
        v = placed.speed_kmh / 3.6
        length = draw_look(np.random.default_rng(0), placed.vehicle).spec.length
        if placed.kind == "stopped_vehicle":
            # rolls at v, then brakes at 1.6 m/s2 down to rest
            return placed.at_s - (placed.stop_m - v * v / 3.2) / v - v / 1.6
        if path.stop_s is not None and placed.kind in ("red_light", "drive"):
            return placed.at_s - (path.stop_s - length / 2) / v
        return placed.at_s

    def _kept_clear(self, path: Path, t: float, v: float) -> bool:
        for placed in self.scene.placed:
            other = self.layout.paths[placed.path]
            if placed.path != path.name and not np.array_equal(other.points[0], path.points[0]):
                continue
            entry, speed = self._entry(placed), placed.speed_kmh / 3.6
            before, after = placed.clear_s
            if placed.kind == "wrong_way":
                if entry - path.length / v - before < t < entry + path.length / speed + after:
                    return True
            elif entry - before < t < entry + after:
                return True
        return False

    def _plan_placed(self) -> None:
        for placed in self.scene.placed:
            path = self.layout.paths[placed.path]
            if placed.kind == "wrong_way":
                path = path.reversed(f"{path.name}-reversed")
            v = placed.speed_kmh / 3.6
            look = draw_look(self.rng, placed.vehicle)
            self._queue.append((self._entry(placed), Mover(self._id(), look, path, 0.0, v, v, placed.kind, placed)))

    def _plan_walks(self) -> None:
        end = self.scene.duration_s
        for walkers in self.scene.walkers:
            path = self.layout.walks[walkers.walk]
            if walkers.when_red and self.plan:
                reds = [self.plan.red_at_s + k * self.plan.cycle_s for k in range(-3, 8)]
                starts = [
                    red + 2.2 + self.rng.uniform(0, 1.2)
                    for red in reds
                    if red < end
                    for _ in range(int(self.rng.poisson(walkers.per_minute * self.plan.cycle_s / 60)))
                ]
            else:
                n = self.rng.poisson(walkers.per_minute * (end + 90) / 60)
                starts = list(self.rng.uniform(-90, end, n))
            for start in sorted(starts):
                speed = 1.55 if walkers.when_red else float(np.clip(self.rng.normal(1.35, 0.15), 0.9, 1.8))
                self.walks.append(
                    _Walk(
                        self._id(),
                        draw_look(self.rng, "person"),
                        path,
                        float(start),
                        speed,
                        float(self.rng.normal(0, 0.45)),
                    )
                )

    # -- stepping

    def _along(self, path: Path, others: list[Mover]) -> tuple[np.ndarray, np.ndarray]:
        """Arc length and lateral distance of three points (rear, middle, front) of each mover, (n, 3) each."""
        middle = np.array([(m.x, m.y) for m in others])
        half = np.array([m.look.spec.length / 2 for m in others])[:, None]
        heading = np.array([m.heading for m in others])
        ahead = half * np.column_stack([np.cos(heading), np.sin(heading)])
        pts = np.stack([middle - ahead, middle, middle + ahead], 1).reshape(-1, 2)
        gaps = pts[:, None] - path.points[None]
        dist = np.hypot(gaps[..., 0], gaps[..., 1])
        near = dist.argmin(1)
        a = np.clip(near, 0, len(path.points) - 2)
        tangent = path.points[a + 1] - path.points[a]
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        rel = pts - path.points[a]
        s = path.s[a] + (rel * tangent).sum(1)
        lateral = tangent[:, 0] * rel[:, 1] - tangent[:, 1] * rel[:, 0]
        return s.reshape(-1, 3), lateral.reshape(-1, 3)

    def _free(self, m: Mover, s: np.ndarray, lateral: np.ndarray, others: list[Mover]) -> bool:
        """Whether the middle of a neighbouring lane is free for a change."""
        for k, o in enumerate(others):
            if o is m or np.abs(lateral[k]).min() > 2.2:
                continue
            lead, back = s[k].min() - m.s - m.look.spec.length / 2, m.s - m.look.spec.length / 2 - s[k].max()
            if lead < 6 + max(0.0, m.v - o.v) * 2.5 and back < 7 + max(0.0, o.v - m.v) * 3.0:
                return False
        return True

    def _step(self, dt: float) -> None:
        t = self.t
        live = self.movers
        grid = {p.name: self._along(p, live) for p in {m.path.name: m.path for m in live}.values()}
        widths = np.array([m.look.spec.width for m in live])
        for i, m in enumerate(live):
            s, lateral = grid[m.path.name]
            room = (m.look.spec.width + widths)[:, None] / 2 + 0.25
            close = np.minimum(np.abs(lateral - m.offset(t)), np.abs(lateral)) < room
            close[i] = False
            reach = np.where(close & (s > m.s), s, np.inf).min(1)
            k = int(reach.argmin())
            gap, lead_v = 400.0, m.v0
            if np.isfinite(reach[k]):
                o = live[k]
                gap = float(reach[k]) - m.s - m.look.spec.length / 2
                lead_v = max(0.0, o.v * float(np.cos(o.heading - m.heading)))
            self._drive(m, gap, lead_v, t)
            if m.may_change(t):
                self._maybe_change(m, gap, lead_v, t)
        for m in live:
            v = max(0.0, m.v + m.accel * dt)
            m.s += (m.v + v) / 2 * dt
            m.v = v
            m.phase += m.v * dt / 0.34 * 0.4
            m.locate(t + dt)
        self.t = t + dt
        self.movers = [m for m in live if m.s < m.path.length - 0.5]

    def _drive(self, m: Mover, gap: float, lead_v: float, t: float) -> None:
        accel = _idm(m.v, m.v0, gap, lead_v)
        if m.role == "stopped_vehicle" and m.placed is not None:
            accel = _come_to_rest(m, m.placed, accel, t)
        elif m.path.stop_s is not None and self.plan and m.role != "red_light":
            accel = self._obey(m, m.path.stop_s, self.plan.state(m.path.group, t), accel)
        if m.path.name == "n2e":  # slows down for the corner
            ahead = (m.path.stop_s or 0.0) + 9.0 - m.s
            if -16 < ahead < 30 and m.v > 6.0:
                accel = min(accel, -1.6)
        m.accel = max(accel, -7.0)

    def _obey(self, m: Mover, stop_s: float, state: str, accel: float) -> float:
        """Stop for red; for yellow too, unless that would take hard braking."""
        to_line = stop_s - (m.s + m.look.spec.length / 2)
        if state == "green" or to_line < 0:
            m.committed = False
            return accel
        if state == "yellow" and not m.committed:
            m.committed = m.role == "drive" or m.v * m.v / (2 * max(to_line - 1.0, 0.1)) > HARD_BRAKE
        return accel if m.committed else min(accel, _idm(m.v, m.v0, to_line + 0.6, 0.0))

    def _maybe_change(self, m: Mover, gap: float, lead_v: float, t: float) -> None:
        look_ahead = 32.0 if lead_v > 2.0 else 75.0
        if gap > look_ahead or lead_v > 0.82 * m.v0 or (m.path.stop_s is not None and m.s > m.path.stop_s - 45):
            return
        for name, sign in ((m.path.left, 1), (m.path.right, -1)):
            if not name or (sign < 0 and lead_v > 1.0):  # overtaking on the right only past a standing vehicle
                continue
            if any(p.path == name and p.kind != "wrong_way" and -10 < p.at_s - t < 14 for p in self.scene.placed):
                continue  # its lane is kept clear
            target = self.layout.paths[name]
            s, lateral = self._along(target, self.movers)
            if self._free(m, s, lateral, self.movers):
                old = np.array((m.x, m.y))
                m.path = target
                x, y, heading = target.at(m.s)
                m.offset0 = float(-(old[0] - x) * np.sin(heading) + (old[1] - y) * np.cos(heading))
                m.changed_at = t
                return

    def _admit(self) -> None:
        waiting: list[tuple[float, Mover]] = []
        for due, m in self._queue:
            if due > self.t:
                waiting.append((due, m))
                continue
            m.s = max(0.0, (self.t - due) * m.v0) if m.role != "flow" else 0.0
            m.locate(self.t)
            tail = [o for o in self.movers if np.hypot(o.x - m.x, o.y - m.y) < 60 and o.path.name == m.path.name]
            room = min((o.s - o.look.spec.length / 2 - m.look.spec.length / 2 for o in tail), default=400.0)
            if room > 4 + m.v0 * 0.8 or m.role != "flow":
                slow = min((o.v for o in tail if o.s < 40), default=m.v0)
                m.v = min(m.v0, slow + 2.0) if m.role == "flow" else m.v0
                self.movers.append(m)
            elif self.t - due < 12:
                waiting.append((due, m))
        self._queue = waiting

    def signals(self, t: float) -> dict[str, str]:
        """The state of each signal head at second t, by its id."""
        plan = self.plan
        return {} if plan is None else {h.id: plan.state(h.group, t) for h in self.layout.heads}

    def states(self, t: float) -> list[ObjectState]:
        """All objects at second t of the video."""
        while self.t < t - 1e-9:
            self._admit()
            self._step(min(STEP_S, t - self.t))
        out = list(self.parked)
        for m in self.movers:
            turning = 0
            if m.role == "stopped_vehicle" and m.placed and m.v < 5.0 and m.s < m.placed.stop_m + 0.5:
                turning = 2
            elif t - m.changed_at < CHANGE_S:
                turning = -1 if m.offset0 > 0 else 1
            elif m.path.name == "n2e" and m.s < (m.path.stop_s or 0) + 20:
                turning = -1
            out.append(
                ObjectState(
                    m.id,
                    m.look,
                    m.x,
                    m.y,
                    m.heading,
                    m.v,
                    m.accel < -0.6 or (m.v < 0.3 and m.rest_since is None),
                    turning,
                    m.phase,
                )
            )
        for w in self.walks:
            s = (t - w.start) * w.speed
            if 0 < s < w.path.length:
                x, y, heading = w.path.at(s, w.side)
                out.append(ObjectState(w.id, w.look, x, y, heading, w.speed, phase=s / 1.45 * 2 * np.pi))
        return out


def _come_to_rest(m: Mover, placed: Placed, accel: float, t: float) -> float:
    """Brake to the place where a stopped vehicle rests, stay, perhaps leave."""
    rest = placed.stop_m - m.s
    if m.rest_since is not None and t - m.rest_since > placed.hold_s:
        return min(accel, 1.2)
    if m.v < 0.45 and rest < 1.2:
        m.rest_since = t if m.rest_since is None else m.rest_since
        m.v = 0.0
        return 0.0
    if rest < m.v * m.v / 3.2 + 0.3:
        return min(accel, -m.v * m.v / (2 * max(rest, 0.15)))
    return accel


def _idm(v: float, v0: float, gap: float, lead_v: float) -> float:
    gap = max(gap, 0.3)
    wish = JAM_M + max(0.0, v * HEADWAY_S + v * (v - lead_v) / (2 * np.sqrt(ACCEL * BRAKE)))
    return float(ACCEL * (1 - (v / max(v0, 0.1)) ** 4 - (wish / gap) ** 2))
