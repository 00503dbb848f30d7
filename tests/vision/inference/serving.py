"""A real inference process for tests, that can be killed and begun anew on the same socket."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vision.inference.process import Plan, listen, serve
from vision.inference.ring import PAGE, Ring, Shape
from vision.inference.room import Room

SHAPE = Shape(slots=8, input_bytes=4096 * PAGE, output_bytes=1024 * PAGE)


class Served:
    """An inference process and the ways to it."""

    def __init__(self, how: Plan) -> None:
        self._how = how
        self.listener, self.address = listen()
        self._rooms: list[Room] = []
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=serve, args=(self.listener, self._how), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self._process.join()

    def room(self, camera: str = "camera", **named) -> Room:
        self._rooms.append(Room(self.address, camera, Ring(SHAPE), **named))
        return self._rooms[-1]

    def rings(self) -> int:
        """Rings that the process has in its memory."""
        return Path(f"/proc/{self.pid}/maps").read_text().count("memfd:qyran-ring")

    def end(self) -> None:
        for room in self._rooms:
            room.close()
        self.kill()
        self.listener.close()


@contextmanager
def served(how: Plan | None = None) -> Iterator[Served]:
    """An inference process for as long as it is wanted."""
    process = Served(how or Plan("cpu", 2))
    try:
        yield process
    finally:
        process.end()
