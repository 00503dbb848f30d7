"""A cluster of two machines on this one, for the bench and the test: Ray, a service, cameras that send, and a kill.

Each machine has a home, a spool and a token of its own and reaches the service over HTTP alone, as one elsewhere would.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import ray
from ray.cluster_utils import Cluster
from sqlalchemy import select

from qyran.errors import ConfigError
from qyran.roles import SYSTEM
from service import cameras
from service.bench_live import free_port, program
from service.cluster.ray_actors import controller
from service.cluster.ray_start import HEALTH, QUIET
from service.feeds import make_feed
from service.settings import Settings, load_settings
from service.store.database import Store, open_store
from service.store.lease_tables import CameraLease
from vision.camera import parse_camera

MACHINES: Final = ("east", "west")
"""The head, which watches too, and the one that is killed."""
POLL_S: Final = 0.1
START_S: Final = 120.0
STORE_BYTES: Final = 100 * 1024 * 1024


@dataclass(slots=True)
class Trial:
    """What runs.

    Attributes:
        store: the service's.
        base: its address.
        placer: the controller's actor.
        cluster: Ray's.
        nodes: its nodes by machine.
        homes: of the machines.
        environments: of the machines.
    """

    store: Store
    base: str
    cluster: Any
    nodes: dict[str, Any]
    homes: dict[str, Path]
    environments: dict[str, dict[str, str]]
    placer: Any = None
    killed_at: datetime | None = field(default=None)

    def standing(self) -> dict[str, Any]:
        """What the controller knows."""
        said: dict[str, Any] = ray.get(self.placer.standing.remote(), timeout=30)
        return said

    def leases(self) -> dict[str, CameraLease]:
        """The leases in force by camera."""
        with self.store.read(SYSTEM) as work:
            rows = list(work.session.scalars(select(CameraLease).where(CameraLease.ended.is_(None))))
            work.session.expunge_all()
        return {row.camera_id: row for row in rows if not row.released}

    def until(self, true: Any, sentence: str, most_s: float = START_S) -> float:
        """Wait until something is true; the seconds it took.

        Raises:
            ConfigError: it did not come true in time; with the sentence.
        """
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > most_s:
                raise ConfigError(f"{sentence} {self.standing() if self.placer is not None else ''}")
            time.sleep(POLL_S)
        return time.monotonic() - began

    def kill(self, machine: str) -> None:
        """As a power cut: every process of the machine, at once."""
        pids = _family(self.nodes[machine])
        self.killed_at = datetime.now(UTC)
        for pid in pids:
            _kill(pid)
        self.cluster.remove_node(self.nodes.pop(machine), allow_graceful=False)


@contextmanager
def trial(home: Path, files: Mapping[str, str], *, lease_s: float = 30.0, engine: str | None = None) -> Iterator[Trial]:
    """Two machines that share these cameras out.

    Args:
        home: an empty folder.
        files: content of the camera file by camera.
        lease_s: how long leases last without a word.
        engine: what runs the models.

    Raises:
        ConfigError: a part does not start.
    """
    settings = load_settings(home=home / "service")
    port = free_port()
    with ExitStack() as stack:
        store = open_store(settings, demo=True)
        stack.callback(store.close)
        environments = {name: _machine(store, home, name, port, lease_s, engine) for name in MACHINES}
        with store.write(SYSTEM) as work:
            for camera, content in files.items():
                cameras.register(work, parse_camera_text(content, camera))
        service = program(["serve", "--port", str(port)], {**os.environ, "QYRAN_HOME": str(settings.home)})
        stack.callback(service.wait, 30)
        stack.callback(service.terminate)
        base = f"http://127.0.0.1:{port}"
        _wait_for(base)
        cluster = stack.enter_context(_ray(environments))
        nodes = dict(zip(MACHINES, cluster.list_all_nodes(), strict=True))
        made = Trial(store, base, cluster, nodes, {name: home / name for name in MACHINES}, environments)
        made.placer = controller(dict(files))
        yield made


def parse_camera_text(content: str, camera: str) -> Any:
    """A camera file's content, read."""
    import tomllib  # noqa: PLC0415

    return parse_camera(tomllib.loads(content), source=camera)


@contextmanager
def _ray(environments: Mapping[str, dict[str, str]]) -> Iterator[Any]:
    """A head that watches too, and one machine more."""
    before = dict(os.environ)
    os.environ.update(HEALTH | QUIET)
    cluster: Any = None
    try:
        common = {"num_gpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
        head, *others = environments
        cluster = Cluster(
            initialize_head=True, connect=False, shutdown_at_exit=False,
            head_node_args={
                **common, "num_cpus": 2, "env_vars": environments[head],
                "resources": {"qyran_watch": 2, "qyran_controller": 1},
            },
        )  # fmt: skip
        for name in others:
            cluster.add_node(**common, num_cpus=2, env_vars=environments[name], resources={"qyran_watch": 2})
        ray.init(address=cluster.address, log_to_driver=False, namespace="qyran")
        yield cluster
    finally:
        pids = [pid for node in cluster.list_all_nodes() for pid in _family(node)] if cluster is not None else []
        ray.shutdown()
        if cluster is not None:
            cluster.shutdown()
        for pid in pids:
            _kill(pid)
        os.environ.clear()
        os.environ.update(before)


def _machine(store: Store, home: Path, name: str, port: int, lease_s: float, engine: str | None) -> dict[str, str]:
    """The environment of a machine with a token of its own."""
    place = home / name
    place.mkdir(parents=True)
    with store.write(SYSTEM) as work:
        token = make_feed(work, name, ["controller", "worker"] if name == MACHINES[0] else ["worker"])
    (place / "token").write_text(token, encoding="ascii")
    (place / "token").chmod(0o600)
    return {
        "QYRAN_HOME": str(place), "QYRAN_MACHINE": name, "QYRAN_SERVICE_URL": f"http://127.0.0.1:{port}",
        "QYRAN_SERVICE_TOKEN": f"file:{place / 'token'}", "QYRAN_LEASE_SECONDS": str(lease_s), "OMP_NUM_THREADS": "1",
        "QYRAN_VIDEO_ARCHIVE": "false", "PYTHONPATH": str(Path(__file__).parents[2]),
        **({"QYRAN_ENGINE": engine} if engine else {}),
    }  # fmt: skip


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings of a machine."""
    names = {"home", "machine", "service_url", "service_token"}
    return load_settings(**{name: environment[f"QYRAN_{name.upper()}"] for name in names})


def _wait_for(base: str) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        try:
            if httpx.get(f"{base}/healthz").is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(POLL_S)
    raise ConfigError("The service does not start.")


def _family(node: Any) -> list[int]:
    """The processes of one of Ray's nodes and all that they started, as a power cut takes them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    waiting = [one.process.pid for several in node.all_processes.values() for one in several]
    found = []
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
