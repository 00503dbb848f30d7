"""Many cameras: one process each, started again when it dies, and one process that runs the networks of all.

Processes are forked from one that has the program loaded: eight cameras start in the time of one and share the pages
of the program, and a process that died is back without loading it again.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from qyran.errors import InputError, QyranError
from service.allocator import give_back, settle
from service.evidence_clock import ClockWatch
from service.evidence_settings import evidence_file
from service.inference import InferenceKeeper, end_with_supervisor, kill_left, room_for
from service.logs import hold, set_up
from service.metrics.instruments import RESTARTS
from service.objects_store import ObjectStore
from service.objects_store.folders import objects_of
from service.video.storing import Storing
from vision.camera import load_camera

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, ForkServerProcess
    from pathlib import Path

    from service.settings import Settings

BACKOFF_FIRST_S: Final = 1.0
BACKOFF_MAX_S: Final = 60.0
"""Delay before a dead camera process is started again; it doubles up to the maximum."""
STEADY_S: Final = 60.0
"""A process that lived so long begins again at the first delay."""
POLL_S: Final = 0.5
"""How often the supervisor looks at its processes."""
PRELOADED: Final = ["service.camera_watch", "service.inference", "vision.inference.server"]
"""What the process has loaded from which the others are forked."""
GRACE_S: Final = 10.0
"""How long a process may take to end when told to."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Camera:
    file: Path
    process: ForkServerProcess | None = None
    started: float = 0.0
    delay_s: float = BACKOFF_FIRST_S
    start_at: float = 0.0
    done: bool = False


@dataclass(slots=True)
class Worker:
    """Watches every camera of a folder, each in a process of its own that can be killed without harm to the others.

    Attributes:
        settings: of the installation.
        files: the camera files it begins with.
        stop: set to end.
        lasting: go on when there is no camera left to watch; others may come.
    """

    settings: Settings
    files: list[Path]
    stop: threading.Event = field(default_factory=threading.Event)
    lasting: bool = False
    _cameras: dict[Path, _Camera] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def run(self) -> None:
        """Watch until told to stop, or until every recorded stream has ended.

        Raises:
            ConfigError: video goes into an object store whose address or secrets are badly formed.
        """
        objects = objects_of(self.settings) if self.settings.video_objects else None
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        inference = InferenceKeeper(self.settings, context) if self.settings.inference == "shared" else None
        if inference is not None:
            inference.start()
        for file in self.files:
            self.watch(file)
        self._begin_beside(objects)
        try:
            while not self.stop.is_set() and self._has_work():
                now = time.monotonic()
                if inference is not None:
                    inference.tend(now)
                with self._lock:
                    for camera in self._cameras.values():
                        self._tend(camera, context, now, None if inference is None else inference.address)
                self._wait(inference)
        finally:
            with self._lock:
                cameras = list(self._cameras.values())
            for camera in cameras:
                if camera.process is not None:
                    camera.process.terminate()
            for camera in cameras:
                _end(camera)
            if inference is not None:
                inference.end()

    def _begin_beside(self, objects: ObjectStore | None) -> None:
        """What a machine does for all its cameras, in threads that end with it."""
        wish = evidence_file(self.settings).clock
        ClockWatch(self.settings.home, wish.servers, timedelta(minutes=wish.every_minutes), self.stop).start()
        if objects is not None:
            Storing(self.settings, objects, self.stop).start()

    def watch(self, file: Path) -> None:
        """Watch a camera from now on, too; a recorded one that had ended begins anew."""
        with self._lock:
            known = self._cameras.get(file)
            if known is None or known.done:
                self._cameras[file] = _Camera(file)

    def leave(self, file: Path) -> None:
        """Watch a camera no longer; its process has ended in good order, or was killed, when this returns."""
        with self._lock:
            camera = self._cameras.pop(file, None)
        if camera is not None and camera.process is not None:
            camera.process.terminate()
            _end(camera)

    def ended(self, file: Path) -> bool:
        """Whether a camera's recorded stream has come to its end."""
        with self._lock:
            camera = self._cameras.get(file)
            return camera is not None and camera.done

    def pids(self) -> dict[Path, int]:
        """The processes of the cameras that have one."""
        with self._lock:
            found = {file: camera.process for file, camera in self._cameras.items()}
        return {file: one.pid for file, one in found.items() if one is not None and one.pid is not None}

    def _has_work(self) -> bool:
        with self._lock:
            return self.lasting or not all(camera.done for camera in self._cameras.values())

    def _wait(self, inference: InferenceKeeper | None) -> None:
        """Until it is time to look at the processes again, at the latest when the one that all need has died."""
        if inference is None or inference.process is None:
            self.stop.wait(POLL_S)
        elif not self.stop.is_set():
            multiprocessing.connection.wait([inference.process.sentinel], POLL_S)

    def _tend(self, camera: _Camera, context: ForkServerContext, now: float, inference: str | None) -> None:
        process = camera.process
        if process is not None and not process.is_alive():
            camera.process = None
            kill_left(process)
            if process.exitcode == 0:
                camera.done = True
                return
            camera.delay_s = BACKOFF_FIRST_S if now - camera.started > STEADY_S else camera.delay_s
            RESTARTS.labels(camera.file.stem).inc()
            log.warning(
                "camera process %s ended with %s; again in %.0f s", camera.file.stem, process.exitcode, camera.delay_s
            )
            camera.start_at = now + camera.delay_s
            camera.delay_s = min(2 * camera.delay_s, BACKOFF_MAX_S)
        if camera.process is None and not camera.done and now >= camera.start_at:
            camera.process = context.Process(
                target=_child, args=(camera.file, self.settings, inference, dict(os.environ)),
                name=f"camera {camera.file.stem}", daemon=True,
            )  # fmt: skip
            camera.process.start()
            camera.started = now


def _end(camera: _Camera) -> None:
    """Wait for a process that was told to end, not for ever."""
    if camera.process is not None:
        camera.process.join(GRACE_S)
        camera.process.kill()
        camera.process.join()


def camera_files(folder: Path) -> list[Path]:
    """The camera files of a folder, each checked, no id twice.

    Raises:
        InputError: the folder is absent or empty, a file is wrong, or two cameras share an id.
    """
    if not folder.is_dir():
        raise InputError(f"The folder of camera files {folder} does not exist.")
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise InputError(f"The folder {folder} holds no camera file (*.toml).")
    seen: dict[str, Path] = {}
    for file in files:
        camera = load_camera(file)
        if camera.id in seen:
            raise InputError(f"The camera files {seen[camera.id].name} and {file.name} share the id {camera.id}.")
        seen[camera.id] = file
    return files


def _child(file: Path, settings: Settings, inference: str | None, environment: dict[str, str]) -> None:
    """Body of a camera's process; ends in good order on SIGTERM and when the supervisor is gone."""
    from service.camera_watch import watch_camera  # noqa: PLC0415 - loaded already there, and never needed here

    os.environ.update(environment)  # what forks it has that of its own first moment
    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=end_with_supervisor, args=(stop,), daemon=True).start()
    set_up(serves=True)
    settle()
    give_back(gc.collect)
    hold(camera=file.stem)
    try:
        models = replace(settings.model_choice, room=room_for(inference, file.stem))
        watch_camera(file, settings, stop=stop, models=models)
    except QyranError as error:
        log.error("camera %s: %s", file.stem, error)  # noqa: TRY400 - one sentence says it all
        raise SystemExit(2) from None
    if stop.is_set():
        raise SystemExit(128 + signal.SIGTERM)  # not at its end: a supervisor that goes on starts it again
