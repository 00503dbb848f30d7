"""`qyran cluster start-head|join|run|status|drain|resume|leave`: cameras on many machines, kept by Ray."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qyran.errors import ConfigError, NotFound, QyranError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction
    from collections.abc import Iterator

DRAINED_S: Final = 120.0
"""How long `drain` waits for a machine's cameras to be watched elsewhere."""
ASK_S: Final = 15.0


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("cluster", help="share cameras out over many machines with Ray (extra: cluster)")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    head = actions.add_parser("start-head", help="start the cluster's head on this machine")
    head.add_argument("--host", default="127.0.0.1", help="address on which other machines reach it")
    head.add_argument("--port", type=int, default=6379)
    head.add_argument("--watches", type=float, metavar="CORES", help="how much it watches itself; 0 for nothing")
    head.set_defaults(run=start_head)
    join = actions.add_parser("join", help="let this machine join a cluster")
    join.add_argument("address", metavar="HEAD:PORT")
    join.add_argument("--watches", type=float, metavar="CORES", help="how much it watches; its cores where not given")
    join.add_argument("--controller", action="store_true", help="the controller may live here too")
    join.set_defaults(run=join_cluster)
    run = actions.add_parser("run", help="place the cameras of a folder, or those of the service, on the machines")
    run.add_argument("--cameras", type=Path, metavar="DIR", help="folder of camera files; else those of the service")
    run.set_defaults(run=run_controller)
    status = actions.add_parser("status", help="machines and cameras, as JSON")
    status.set_defaults(run=show_status)
    drain = actions.add_parser("drain", help="have a machine's cameras watched elsewhere, and wait for it")
    drain.add_argument("machine", metavar="MACHINE")
    drain.set_defaults(run=drain_machine)
    resume = actions.add_parser("resume", help="let a machine that was drained watch again")
    resume.add_argument("machine", metavar="MACHINE")
    resume.set_defaults(run=resume_machine)
    leave = actions.add_parser("leave", help="end the cluster's programs on this machine; drain it first")
    leave.set_defaults(run=leave_cluster)


def start_head(arguments: Namespace) -> int:
    """Ray's own words tell how others join."""
    _require_ray()
    from service.cluster.ray_start import start_head as start  # noqa: PLC0415

    return start(host=arguments.host, port=arguments.port, watches=arguments.watches)


def join_cluster(arguments: Namespace) -> int:
    """Join."""
    _require_ray()
    from service.cluster.ray_start import join  # noqa: PLC0415

    return join(arguments.address, watches=arguments.watches, controls=arguments.controller)


def leave_cluster(arguments: Namespace) -> int:  # noqa: ARG001
    """Leave."""
    _require_ray()
    from service.cluster.ray_start import leave  # noqa: PLC0415

    return leave()


def run_controller(arguments: Namespace) -> int:
    """Hand the cameras over; the cluster goes on by itself."""
    cameras = _cameras(arguments.cameras)
    with _cluster():
        from service.cluster.ray_actors import controller  # noqa: PLC0415

        started = controller(cameras)
        sys.stdout.write(json.dumps(_ask(started.standing.remote()), ensure_ascii=False, indent=2) + "\n")
    return 0


def show_status(arguments: Namespace) -> int:  # noqa: ARG001
    """As the controller knows it."""
    with _cluster():
        from service.cluster.ray_actors import running_controller  # noqa: PLC0415

        said = _ask(running_controller().standing.remote())
    sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
    return 0


def drain_machine(arguments: Namespace) -> int:
    """Return once none of its cameras is its own any more."""
    with _cluster():
        from service.cluster.ray_actors import running_controller  # noqa: PLC0415

        controller = running_controller()
        if not _ask(controller.drain.remote(arguments.machine, True)):
            raise NotFound(f"There is no machine {arguments.machine} in the cluster; see `qyran cluster status`.")
        until = time.monotonic() + DRAINED_S
        while True:
            said = _ask(controller.standing.remote())["machines"].get(arguments.machine)
            if said is None or not said["cameras"]:
                break
            if time.monotonic() > until:
                raise QyranError(f"{arguments.machine} still has {len(said['cameras'])} cameras: no other has room.")
            time.sleep(0.5)
    sys.stdout.write(f"{arguments.machine} watches no camera any more; end it with `qyran cluster leave` there.\n")
    return 0


def resume_machine(arguments: Namespace) -> int:
    """It gets its share again within seconds."""
    with _cluster():
        from service.cluster.ray_actors import running_controller  # noqa: PLC0415

        if not _ask(running_controller().drain.remote(arguments.machine, False)):
            raise NotFound(f"There is no machine {arguments.machine} in the cluster; see `qyran cluster status`.")
    return 0


def _cameras(folder: Path | None) -> dict[str, str]:
    """The content of the camera files."""
    from service.settings import load_settings  # noqa: PLC0415
    from service.worker import camera_files  # noqa: PLC0415
    from vision.camera import load_camera  # noqa: PLC0415

    if folder is not None:
        return {load_camera(file).id: file.read_text(encoding="utf-8") for file in camera_files(folder)}
    settings = load_settings()
    if not settings.service_url:
        raise ConfigError("Name a folder with --cameras, or the service that has the cameras with QYRAN_SERVICE_URL.")
    from service.forwarding.client import ServiceClient  # noqa: PLC0415

    client = ServiceClient(settings)
    try:
        return {one.camera: client.camera_file(one.camera).decode() for one in client.cameras()}
    finally:
        client.close()


def _require_ray() -> None:
    from importlib.util import find_spec  # noqa: PLC0415

    if find_spec("ray") is None:
        raise ConfigError("Ray is not installed; install the extra `cluster` (pip install 'qyran[cluster]').")


@contextmanager
def _cluster() -> Iterator[None]:
    """Reach the cluster that runs on this machine, or at RAY_ADDRESS."""
    _require_ray()
    import ray  # noqa: PLC0415

    from service.cluster.ray_start import environment  # noqa: PLC0415

    os.environ.update(environment())
    try:
        ray.init(address=os.environ.get("RAY_ADDRESS", "auto"), log_to_driver=False, configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConfigError(f"No cluster runs here ({type(error).__name__}); start or join one first.") from None
    try:
        yield
    finally:
        ray.shutdown()


def _ask(answer: Any) -> Any:
    import ray  # noqa: PLC0415
    from ray.exceptions import RayError  # noqa: PLC0415

    try:
        return ray.get(answer, timeout=ASK_S)
    except (RayError, TimeoutError) as error:
        raise QyranError(f"The controller does not answer ({type(error).__name__}); look at its log.") from None
