"""The actors: one a machine, which supervises its camera processes, and one controller, which places cameras on them.

Ray starts them, keeps them, and starts them again elsewhere; what they do stands in `machine` and `controller`. Only
small plain values travel between them, so that machines of two versions understand each other.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from qyran.errors import QyranError
from service.cluster.controller import STEP_S, Controller, Said
from service.cluster.desk import LeaseDesk, StoreDesk
from service.cluster.machine import Machine
from service.forwarding.client import ServiceClient
from service.logs import set_up
from service.settings import load_settings
from service.store.database import open_store

NAMESPACE: Final = "qyran"
CONTROLLER: Final = "controller"
PLACE: Final = "qyran_controller"
"""The Ray resource of machines that a controller may live on: those whose token lets them speak for all."""
WATCHES: Final = "qyran_watch"
"""The Ray resource of machines that watch cameras."""
ANSWER_S: Final = 1.0
"""How long the controller waits for a machine's report."""
NAME_S: Final = 10.0
CALLS: Final = 8
"""Calls a machine's actor answers beside each other: one that takes a camera back must not hold up its report."""

log = logging.getLogger(__name__)


class Supervisor:
    """A machine's supervisor; reads its settings from the environment that `ray start` had there."""

    def __init__(self, room: float) -> None:
        set_up(serves=True)
        self._room, self._draining = room, False
        self._machine = Machine(load_settings())
        self._machine.start()

    def report(self) -> dict[str, Any]:
        """How the machine is; see `service.cluster.machine.Report`."""
        found = dataclasses.asdict(self._machine.report())
        return {**found, "room": self._room, "draining": self._draining}

    def take_on(self, camera: str, content: str) -> None:
        """See `Machine.take_on`."""
        self._machine.take_on(camera, content)

    def leave(self, camera: str) -> None:
        """See `Machine.leave`."""
        self._machine.leave(camera)

    def drain(self, *, draining: bool) -> None:
        """Give the cameras to other machines, or take some again."""
        self._draining = draining

    def end(self) -> None:
        """Stop every camera, release the leases, send what is left."""
        self._machine.end()


class RayMachines:
    """The machines of the Ray cluster (`service.cluster.controller.Machines`)."""

    def __init__(self, desk: LeaseDesk) -> None:
        self._desk = desk
        self._actors: dict[str, Any] = {}
        self._names: dict[str, str] = {}

    def reports(self) -> Mapping[str, Said | None]:
        """What each machine says; a machine that is new to Ray gets its actor first."""
        nodes = {one["NodeID"]: one for one in _nodes() if one["Alive"] and one["Resources"].get(WATCHES)}
        for node_id, node in nodes.items():
            if node_id not in self._actors:
                self._actors[node_id] = _machine_actor(node_id, node["Resources"])
        for node_id in set(self._actors) - set(nodes):
            del self._actors[node_id]
        asked = {node_id: actor.report.remote() for node_id, actor in self._actors.items()}
        if asked:
            ray.wait(list(asked.values()), num_returns=len(asked), timeout=ANSWER_S)
        found: dict[str, Said | None] = {}
        for node_id, answer in asked.items():
            try:
                said: dict[str, Any] = ray.get(answer, timeout=0)
            except (RayError, QyranError, TimeoutError) as error:
                log.info("The machine %s does not answer: %s.", self._names.get(node_id, node_id), type(error).__name__)
                continue
            self._names[node_id] = said["machine"]
            found[said["machine"]] = said
        return found

    def take_on(self, machine: str, camera: str, content: str) -> None:
        """Have a machine make ready for a camera."""
        self._tell(machine, "take_on", camera, content)

    def leave(self, machine: str, camera: str) -> None:
        """Have a machine let go of a camera."""
        self._tell(machine, "leave", camera)

    def bequeath(self, heirs: Mapping[str, str | None]) -> None:
        """Note who may follow at once."""
        self._desk.bequeath(heirs)

    def drain(self, machine: str, *, draining: bool) -> bool:
        """Have a machine give its cameras away; False where there is no such machine."""
        actor = self._actor_of(machine)
        if actor is not None:
            ray.get(actor.drain.remote(draining=draining), timeout=10)
        return actor is not None

    def _actor_of(self, machine: str) -> Any:
        return next((actor for node, actor in self._actors.items() if self._names.get(node) == machine), None)

    def _tell(self, machine: str, what: str, *given: str) -> None:
        actor = self._actor_of(machine)
        if actor is not None:
            getattr(actor, what).remote(*given)


class Placer:
    """Places cameras; started again on another machine when its own dies."""

    def __init__(self, cameras: dict[str, str]) -> None:
        set_up(serves=True)
        settings = load_settings()
        desk: LeaseDesk
        if settings.service_url:
            desk = ServiceClient(settings)
        else:
            desk = StoreDesk(open_store(settings), settings.machine_name, controller=True)
        self._machines = RayMachines(desk)
        self._controller = Controller(self._machines, cameras)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="controller", daemon=True).start()

    def standing(self) -> dict[str, Any]:
        """What it knows."""
        with self._lock:
            return self._controller.standing()

    def drain(self, machine: str, draining: bool) -> bool:  # noqa: FBT001 - Ray calls by position
        """See `RayMachines.drain`."""
        return self._machines.drain(machine, draining=draining)

    def _run(self) -> None:
        while not self._stop.wait(STEP_S):
            try:
                with self._lock:
                    self._controller.step()
            except Exception:
                log.exception("A step of the controller failed.")  # the next one begins with what is then


_remote: Any = ray.remote  # its stubs know no actors made of plain classes, which each machine's own version gives
MachineActor: Any = _remote(max_restarts=-1, max_concurrency=CALLS)(Supervisor)
ControllerActor: Any = _remote(max_restarts=-1, num_cpus=0, max_concurrency=4)(Placer)


def controller(cameras: dict[str, str]) -> Any:
    """Start the controller with these cameras, in the place of one that runs; the machines go on meanwhile."""
    with contextlib.suppress(ValueError):
        ray.kill(ray.get_actor(CONTROLLER, namespace=NAMESPACE), no_restart=True)
    options = {"name": CONTROLLER, "namespace": NAMESPACE, "lifetime": "detached", "resources": {PLACE: 0.001}}
    until = time.monotonic() + NAME_S
    while True:
        try:
            return ControllerActor.options(**options).remote(cameras)
        except ValueError:  # the one before still has the name
            if time.monotonic() > until:
                raise QyranError("The controller before does not end; look at its log.") from None
            time.sleep(0.1)


def running_controller() -> Any:
    """The controller that runs.

    Raises:
        QyranError: none does.
    """
    try:
        return ray.get_actor(CONTROLLER, namespace=NAMESPACE)
    except ValueError:
        raise QyranError("No controller runs in this cluster; start one with `qyran cluster run`.") from None


def _machine_actor(node_id: str, resources: Mapping[str, float]) -> Any:
    """The supervisor of one machine, which claims its processors and its GPUs for its cameras."""
    cpus, gpus = resources.get("CPU", 0.0), resources.get("GPU", 0.0)
    return MachineActor.options(
        name=f"machine-{node_id}", namespace=NAMESPACE, lifetime="detached", get_if_exists=True,
        scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False),
        num_cpus=cpus, num_gpus=gpus, resources={WATCHES: resources[WATCHES]},
    ).remote(resources[WATCHES])  # fmt: skip


def _nodes() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return found
