"""Places cameras on machines, again and again: what is, compared with what shall be, and one step nearer each time.

It remembers nothing that it could not ask: who watches what is told by the machines and the store. So it may die at any
moment, and another goes on. It is never what keeps two machines from writing of one camera (the leases are), and
cameras go on being watched while there is none.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from qyran.errors import QyranError
from service.cluster.placing import place

STEP_S: Final = 0.5
SILENT_S: Final = 2.0
"""A machine that does not answer for so long gets its cameras watched elsewhere. Where it lives after all, nothing is
lost and nothing doubled: the heir takes over in one moment, and the machine hears of it."""
COMES_S: Final = 3.0
"""How long a machine has to answer for before it gets cameras of others that live."""
MOVES_AT_ONCE: Final = 8
"""Cameras that move at once where nothing is wrong; each is looked at twice for some seconds."""

log = logging.getLogger(__name__)

Said = Mapping[str, Any]
"""A machine's report, as `service.cluster.machine.Report` has it, as plain values: versions may differ."""


class Machines(Protocol):
    """The machines of a cluster, as a controller reaches them."""

    def reports(self) -> Mapping[str, Said | None]:
        """What each machine that should answer says now; None where it does not answer."""

    def take_on(self, machine: str, camera: str, content: str) -> None:
        """Have a machine make ready for a camera; does not wait."""

    def leave(self, machine: str, camera: str) -> None:
        """Have a machine let go of a camera; does not wait."""

    def bequeath(self, heirs: Mapping[str, str | None]) -> None:
        """Note in the store who may follow at once on which camera.

        Raises:
            QyranError: the store does not answer.
        """


@dataclass(slots=True)
class Controller:
    """See the module's docstring.

    Attributes:
        machines: those there are.
        cameras: content of the camera file by camera.
        monotonic: seconds of a steady clock.
    """

    machines: Machines
    cameras: dict[str, str]
    monotonic: Callable[[], float] = time.monotonic
    _heard: dict[str, float] = field(default_factory=dict)
    _first: dict[str, float] = field(default_factory=dict)
    _last: dict[str, Said] = field(default_factory=dict)
    _placed: dict[str, str] = field(default_factory=dict)
    _problem: str | None = None
    _moved: int = 0

    def step(self) -> None:
        """Bring what is one step nearer to what shall be."""
        now = self.monotonic()
        alive = self._listen(now)
        has = self._who_has(alive)
        self._placed = self._wanted(alive, has, now)
        heirs: dict[str, str | None] = {}
        for camera, machine in self._placed.items():
            state = alive[machine]["cameras"].get(camera)
            if state is None:
                self.machines.take_on(machine, camera, self.cameras[camera])
                self._moved += 1
                log.info("The camera %s goes to %s.", camera, machine)
            if state != "held":
                heirs[camera] = machine
        for machine, said in alive.items():
            for camera, state in said["cameras"].items():
                to = self._placed.get(camera)
                taken_over = to is not None and to != machine and alive[to]["cameras"].get(camera) == "held"
                if camera not in self.cameras or taken_over or (to not in {None, machine} and state != "held"):
                    self.machines.leave(machine, camera)
        self._bequeath(heirs)

    def standing(self) -> dict[str, Any]:
        """What it knows, for people."""
        now = self.monotonic()
        return {
            "machines": {
                machine: {
                    "silent_s": round(now - self._heard[machine], 1),
                    "version": said.get("version"),
                    "cpus": said.get("cpus"),
                    "draining": bool(said.get("draining")),
                    "cameras": dict(said["cameras"]),
                    "waiting_events": said.get("spool"),
                    "problem": said.get("problem"),
                }
                for machine, said in sorted(self._last.items())
            },
            "cameras": {camera: self._placed.get(camera) for camera in sorted(self.cameras)},
            "moved": self._moved,
            "problem": self._problem,
        }

    def _listen(self, now: float) -> dict[str, Said]:
        """The machines that live, with what they said last."""
        for machine, said in self.machines.reports().items():
            if said is not None:
                if now - self._heard.get(machine, float("-inf")) > SILENT_S:
                    self._first[machine] = now
                self._heard[machine], self._last[machine] = now, said
        gone = [machine for machine, at in self._heard.items() if now - at > SILENT_S]
        for machine in gone:
            log.warning("The machine %s is silent; its cameras are watched elsewhere.", machine)
            for known in (self._heard, self._first, self._last):
                known.pop(machine, None)
        return dict(self._last)

    @staticmethod
    def _who_has(alive: Mapping[str, Said]) -> dict[str, str]:
        """Which machine watches each camera, or is nearest to it."""
        rank = {"starting": 0, "waiting": 1, "held": 2}
        best: dict[str, tuple[int, str]] = {}
        for machine, said in sorted(alive.items()):
            for camera, state in said["cameras"].items():
                best[camera] = max(best.get(camera, (-1, "")), (rank.get(state, 0), machine))
        return {camera: machine for camera, (_, machine) in best.items()}

    def _wanted(self, alive: Mapping[str, Said], has: Mapping[str, str], now: float) -> dict[str, str]:
        """Who shall watch what; of moves that nothing forces, a few at a time."""
        costs = dict.fromkeys(self.cameras, 0.2)
        for said in alive.values():
            costs |= {camera: cost for camera, cost in said.get("costs", {}).items() if camera in costs}
        room = {
            machine: 0.0 if said.get("draining") else float(said.get("room") or said.get("cpus") or 1)
            for machine, said in alive.items()
        }
        if not any(room.values()):
            return {camera: machine for camera, machine in has.items() if camera in self.cameras}
        before = {camera: self._going_to(camera, alive) or has.get(camera, "") for camera in self.cameras}
        settled = {m: size for m, size in room.items() if now - self._first.get(m, now) >= COMES_S or m in has.values()}
        wished = place(costs, settled if any(settled.values()) else room, before)
        moving = sum(1 for camera, machine in wished.items() if has.get(camera) not in {None, machine})
        for camera, machine in wished.items():
            free = has.get(camera) in room and room[has[camera]] > 0 and before[camera] == has[camera]
            if free and machine != has[camera] and moving > MOVES_AT_ONCE:
                wished[camera] = has[camera]
                moving -= 1
        return wished

    def _going_to(self, camera: str, alive: Mapping[str, Said]) -> str | None:
        """The machine that makes ready for a camera already, so that no plan changes in the middle of a move."""
        to = self._placed.get(camera)
        return to if to is not None and to in alive and camera in alive[to]["cameras"] else None

    def _bequeath(self, heirs: dict[str, str | None]) -> None:
        if not heirs:
            self._problem = None
            return
        try:
            self.machines.bequeath(heirs)
        except QyranError as error:
            self._problem = str(error)
            log.warning("Nobody can follow on %d cameras: %s", len(heirs), error)
        else:
            self._problem = None
