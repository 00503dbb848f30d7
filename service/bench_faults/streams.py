"""Streams that are damaged bit by bit, frozen, cut, resized or changed of codec in flight, and workers that are killed.

Between the camera and the real worker stands a proxy that knows RTP over RTSP's own connection: it flips bits of
payloads, stops passing anything on, hangs up, and connects the next caller to another camera.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import av

from qyran.errors import ConfigError
from qyran.roles import SYSTEM
from service import cameras as register
from service.bench_faults.cells import Cell, Ground, Missing, Outcome
from service.bench_faults.house import House, house
from service.bench_faults.killing import waiting
from service.bench_faults.ledger import account
from service.bench_faults.programs import Program, qyran
from service.bench_video import rtsp
from service.event import Event
from service.spool import Spool
from service.worker_status import status_of
from vision.camera import parse_camera
from vision.camera_toml import to_toml

CAMERA: Final = "fault-live"
FPS: Final = 10
SECONDS: Final = 6
SIZES: Final = {"plain": (640, 360), "small": (320, 180)}
FLIPPED: Final = 0.002
"""Share of the payload's bytes of which a bit is flipped: a few bits a packet."""
RTP_HEADER: Final = 12
SETUP_BYTES: Final = 100_000
"""Let through whole at first, so that a damaged stream begins as a sound one."""
STRUCK_S: Final = 6.0
AFTER: Final = 5
"""Looks after the fault is over that prove that the watch goes on."""
PATIENCE_S: Final = 120.0
OTHERS: Final = {"resized": ("small",), "codec changed": ("h265",)}
"""What else a camera can become, by what befalls it."""
LOST: Final = f"camera:{CAMERA}: stream_lost"


def cells() -> list[Cell]:
    """What can befall a stream and its watch."""
    streams: dict[str, Callable[[Proxy, dict[str, int]], Callable[[], None]]] = {
        "bits flipped": _flip, "frozen": _freeze, "hung up": _hang_up, "resized": partial(_other, "small"),
        "codec changed": partial(_other, "h265"), "damage only": _damage_only,
    }  # fmt: skip
    found = [
        Cell(
            "stream",
            name,
            partial(strike_stream, strike, OTHERS.get(name, ()), silent=name == "frozen"),
            quick=name == "bits flipped",
        )
        for name, strike in streams.items()
    ]
    found += [
        Cell("worker killed", name, partial(kill_worker, name), quick=name == "camera process")
        for name in ("camera process", "whole worker")
    ]
    return found


def strike_stream(
    strike: Callable[[Proxy, dict[str, int]], Callable[[], None]],
    others: Sequence[str],
    ground: Ground,
    *,
    silent: bool,
) -> Outcome:
    """Damage a stream under the real worker, mend it, and see that the watch goes on with nothing lost."""
    with _watched(ground, *others) as (home, worker, proxy, ports):
        seen = _analysed(home, 1)
        mend = strike(proxy, ports)
        time.sleep(STRUCK_S)
        mend()
        done = _looks(home)
        goes_on = _analysed(home, done + AFTER)
        process = status_of(home.settings.home, CAMERA)
        worker.end()
        outcome = _stored(home, struck=seen, goes_on=goes_on)
        if silent and LOST not in outcome.said:
            outcome.unsaid.append(LOST)
        outcome.notes |= {"connections": process.connections if process else None,
                          "corrupt packets": process.corrupt if process else None}  # fmt: skip
        restarts = home.folder.joinpath("worker.log").read_text(encoding="utf-8", errors="replace").count("ended with")
        if restarts:
            outcome.ledger.faults.append(f"the camera's process died {restarts} times of a damaged stream")
        return outcome


def kill_worker(name: str, ground: Ground) -> Outcome:
    """Kill the process of a camera, or the worker with all its processes; what it put is there, and it goes on."""
    with _watched(ground) as (home, worker, _, _):
        seen = _analysed(home, 1)
        status = status_of(home.settings.home, CAMERA)
        if name == "camera process" and status is not None:
            os.kill(status.process, signal.SIGKILL)
        else:
            worker.kill()
            worker.start()
        goes_on = _analysed(home, 1, other_than=status.process if status else 0)
        worker.end()
        return _stored(home, struck=seen, goes_on=goes_on)


def _stored(home: House, *, struck: bool, goes_on: bool) -> Outcome:
    """What the worker left in the spool is stored once."""
    home.happenings.put = _lying(home.happenings.spool)
    home.decisions = 0
    home.start()
    home.wait_until_healthy()
    settled = home.settle()
    left = [] if settled else waiting(home)
    said = home.outages()
    if home.serve is not None:
        home.serve.end()
    kinds = sorted(f"{event.type} {event.kind}" for event in home.happenings.put)
    notes = {"left": left, "the watch goes on": goes_on, "told": {one: kinds.count(one) for one in set(kinds)}}
    return Outcome(account(home), struck, settled and goes_on, said, notes=notes)


def _lying(spool: Spool) -> list[Event]:
    events = {item.event.id: item.event for item in spool.pending()}
    return list(events.values())


def _looks(home: House) -> int:
    status = status_of(home.settings.home, CAMERA)
    return status.analysed if status is not None else 0


def _analysed(home: House, count: int, other_than: int = 0) -> bool:
    """Wait until so many pictures were looked at, by another process than this one."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        status = status_of(home.settings.home, CAMERA)
        if status is not None and status.process != other_than and status.analysed >= count:
            return True
        time.sleep(0.2)
    return False


@contextmanager
def _watched(ground: Ground, *others: str) -> Iterator[tuple[House, Program, Proxy, dict[str, int]]]:
    with house(ground.model("sqlite"), ground.folder, number=ground.number) as home, ExitStack() as stack:
        ports = _cameras(home.folder, stack, ("plain", *others))
        proxy = stack.enter_context(proxying(ports["plain"]))
        camera = parse_camera(
            {"id": CAMERA, "name": CAMERA, "stream": f"rtsp://127.0.0.1:{proxy.port}/cam"}, source="the bench"
        )
        folder = home.folder / "cameras"
        folder.mkdir()
        (folder / f"{CAMERA}.toml").write_text(to_toml(camera), encoding="utf-8")
        with closing(home.store()) as store, store.write(SYSTEM) as work:
            register.register(work, camera)
        worker = qyran("worker", ["worker", "--cameras", str(folder)], home.environment, home.folder / "worker.log")
        worker.start()
        try:
            yield home, worker, proxy, ports
        finally:
            worker.kill()


def _cameras(folder: Path, stack: ExitStack, names: Collection[str]) -> dict[str, int]:
    """Cameras of several sizes and codecs, by name their ports."""
    ports = {}
    for name in names:
        codec = "libx265" if name == "h265" else "libx264"
        place = folder / f"source-{name}"
        place.mkdir()
        container = "hevc" if codec == "libx265" else "h264"
        clip = _draw(place / f"clip.{container}", codec, SIZES.get(name, SIZES["plain"]))
        try:
            url, _ = stack.enter_context(rtsp(clip, place, FPS, codec="h265" if codec == "libx265" else "h264"))
        except ConfigError as error:
            raise Missing(str(error)) from None
        ports[name] = int(url.split(":")[2].split("/")[0])
    return ports


def _draw(path: Path, codec: str, size: tuple[int, int]) -> Path:
    import numpy as np  # noqa: PLC0415

    options = {"preset": "ultrafast", "tune": "zerolatency"}
    options |= {"x265-params": "log-level=none:bframes=0"} if codec == "libx265" else {"bf": "0"}
    with av.open(str(path), "w") as out:
        track: Any = out.add_stream(codec, rate=FPS, options=options)
        track.width, track.height, track.pix_fmt = *size, "yuv420p"
        track.codec_context.gop_size = FPS
        texture = np.random.default_rng(1).integers(0, 255, (size[1] // 4, size[0] // 4, 3), np.uint8)
        picture = np.kron(texture, np.ones((4, 4, 1), np.uint8))
        for number in range(SECONDS * FPS):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.roll(picture, 4 * number, 1)), "bgr24")
            frame.pts = number
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return path


# -- the proxy ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Proxy:
    """Stands between a camera and who watches it.

    Attributes:
        port: it listens at.
        upstream: port of the camera that the next caller gets.
        flipped: share of the payload's bytes of which one bit is flipped.
        frozen: nothing is passed on, and no connection ends.
    """

    port: int
    upstream: int
    flipped: float = 0.0
    frozen: bool = False
    sockets: list[socket.socket] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311  damages, guards nothing

    def hang_up(self) -> None:
        """End every connection."""
        held, self.sockets = self.sockets, []
        for one in held:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def serve(self, caller: socket.socket) -> None:
        """Pass on what caller and camera say, until one hangs up."""
        with suppress(OSError):
            camera = socket.create_connection(("127.0.0.1", self.upstream), timeout=10)
            camera.settimeout(None)
            self.sockets += [caller, camera]
            threading.Thread(target=self._up, args=(caller, camera), daemon=True).start()
            self._down(camera, caller)
        caller.close()

    @staticmethod
    def _up(caller: socket.socket, camera: socket.socket) -> None:
        with suppress(OSError):
            while data := caller.recv(65_536):
                camera.sendall(data)
        with suppress(OSError):
            camera.shutdown(socket.SHUT_RDWR)

    def _down(self, camera: socket.socket, caller: socket.socket) -> None:
        """What the camera says: RTSP's words as they are, RTP's payloads damaged where that is asked for."""
        with camera.makefile("rb") as stream:
            passed = 0
            while first := stream.read(1):
                if first == b"$":
                    head = stream.read(3)
                    body = bytearray(stream.read(int.from_bytes(head[1:], "big")))
                    passed += len(body)
                    if self.flipped and head[0] % 2 == 0 and passed > SETUP_BYTES:
                        self._damage(body)
                    data = first + head + bytes(body)
                else:
                    data = first + _words(stream)
                while self.frozen:
                    time.sleep(0.05)
                caller.sendall(data)

    def _damage(self, body: bytearray) -> None:
        for _ in range(max(1, round(self.flipped * len(body)))):
            if len(body) > RTP_HEADER:
                body[self.chance.randrange(RTP_HEADER, len(body))] ^= 1 << self.chance.randrange(8)


def _words(stream: object) -> bytes:
    """An answer of RTSP: its head, and the body that the head tells of."""
    read = stream.read  # type: ignore[attr-defined]
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        one = read(1)
        if not one:
            return bytes(head)
        head += one
    length = re.search(rb"(?i)content-length:\s*(\d+)", head)
    return bytes(head) + (read(int(length.group(1))) if length else b"")


@contextmanager
def proxying(upstream: int) -> Iterator[Proxy]:
    """A proxy at work."""
    listening = socket.create_server(("127.0.0.1", 0))
    proxy = Proxy(int(listening.getsockname()[1]), upstream)

    def accept() -> None:
        with suppress(OSError):
            while True:
                caller, _ = listening.accept()
                threading.Thread(target=proxy.serve, args=(caller,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.frozen = False
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        proxy.hang_up()


def _flip(proxy: Proxy, _: dict[str, int]) -> Callable[[], None]:
    return _damaged(proxy, FLIPPED)


def _damage_only(proxy: Proxy, _: dict[str, int]) -> Callable[[], None]:
    return _damaged(proxy, 0.5)


def _damaged(proxy: Proxy, share: float) -> Callable[[], None]:
    proxy.flipped = share

    def mend() -> None:
        proxy.flipped = 0.0

    return mend


def _freeze(proxy: Proxy, _: dict[str, int]) -> Callable[[], None]:
    proxy.frozen = True

    def mend() -> None:
        time.sleep(STRUCK_S)  # a watch counts a stream as lost after five seconds without a picture
        proxy.frozen = False

    return mend


def _hang_up(proxy: Proxy, _: dict[str, int]) -> Callable[[], None]:
    proxy.hang_up()
    return lambda: None


def _other(name: str, proxy: Proxy, ports: dict[str, int]) -> Callable[[], None]:
    proxy.upstream = ports[name]
    proxy.hang_up()

    def mend() -> None:
        proxy.upstream = ports["plain"]
        proxy.hang_up()

    return mend
