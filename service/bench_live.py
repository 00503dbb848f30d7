"""Real cameras, a real worker and a real service on this machine, for benches: `qyran bench latency` and `streams`.

Rendered scenes play in a loop over real RTSP as pictures of 1080p at 25 a second, as a city's cameras send them. Worker
and service are programs of their own; what each takes of processors and memory is read from the system.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import cv2
import httpx
import numpy as np

from qyran.errors import ConfigError
from qyran.roles import SYSTEM, Role
from scenarios.render import render
from service import auth, cameras
from service.bench_video import FPS, SECRET, rtsp
from service.settings import Settings, load_settings
from service.store.database import open_store
from vision.camera import load_camera
from vision.camera_toml import to_toml

SCENES: Final = ("arterial", "quiet")
"""A wrong-way driver and a stopped vehicle; smoke and fire."""
SIZE: Final = (1920, 1080)
RATE: Final = 4_000_000
"""Bits a second, as a city's cameras are set."""
GOP: Final = 50
READY_S: Final = 120.0
TICKS: Final = os.sysconf("SC_CLK_TCK")
PARTS: Final = {"rtsp_camera": "load generator", "worker": "worker", "serve": "service"}
"""Words in the command lines of the programs that a bench starts, and what they are."""
BENCH: Final = "bench itself"


@dataclass(frozen=True, slots=True)
class Site:
    """What runs.

    Attributes:
        home: folder of everything that the bench makes.
        settings: of the installation.
        base: address of the service.
        environment: of its programs.
        ids: of the cameras.
        cameras: folder of the camera files.
    """

    home: Path
    settings: Settings
    base: str
    environment: dict[str, str]
    ids: tuple[str, ...]
    cameras: Path


@contextmanager
def site(home: Path, streams: int, clips: Sequence[tuple[Path, Path]], environment: dict[str, str]) -> Iterator[Site]:
    """Cameras that send and a service that waits for what a worker finds.

    Args:
        home: an empty folder.
        streams: number of cameras.
        clips: what they send, in turns, each with its camera file (`clip`).
        environment: of the service and the worker beside this process's own.

    Raises:
        ConfigError: GStreamer's RTSP server is absent, or the service does not start.
    """
    folder = home / "cameras"
    folder.mkdir()
    ids = tuple(f"bench-{number}" for number in range(streams))
    with ExitStack() as stack:
        for number, one in enumerate(ids):
            video, camera_file = clips[number % len(clips)]
            place = home / f"camera-{number}"
            place.mkdir()
            url, _ = stack.enter_context(rtsp(video, place))
            camera = load_camera(camera_file).model_copy(update={"id": one, "stream": url})
            (folder / f"{one}.toml").write_text(to_toml(camera), encoding="utf-8")
        settings = load_settings(home=home / "home")
        store = open_store(settings, demo=True)
        with store.write(SYSTEM) as work:
            auth.add_user(work, "operator", SECRET, [Role.SITUATIONAL_OPERATOR])
            for file in sorted(folder.glob("*.toml")):
                cameras.register(work, load_camera(file))
        store.close()
        environment = {**os.environ, "QYRAN_HOME": str(settings.home), **environment}
        port = free_port()
        service = program(["serve", "--port", str(port)], environment)
        base = f"http://127.0.0.1:{port}"
        try:
            until(lambda: httpx.get(f"{base}/healthz").is_success, "The service does not start.")
            yield Site(home, settings, base, environment, ids, folder)
        finally:
            service.terminate()
            service.wait(30)


@contextmanager
def worker(at: Site, client: httpx.Client) -> Iterator[float]:
    """A worker that watches all of them; gives the seconds until every camera was up.

    Raises:
        ConfigError: not every camera came up in time.
    """
    began = time.monotonic()
    process = program(["worker", "--cameras", str(at.cameras)], at.environment)

    def up() -> bool:
        answer = client.get(f"{at.base}/api/v1/cameras")
        return answer.is_success and sum(one.get("status") == "up" for one in answer.json()) == len(at.ids)

    try:
        until(up, "Not every camera came up.")
        yield time.monotonic() - began
    finally:
        process.terminate()
        process.wait(30)


def log_in(base: str, client: httpx.Client) -> str:
    """Log in as the operator; the token that every change needs."""
    answer = client.post(f"{base}/api/v1/session", json={"username": "operator", "password": SECRET})
    return str(answer.json()["csrf"])


def clip(scene: str, folder: Path, tell: Callable[[str], None]) -> tuple[Path, Path]:
    """A scene as a camera of 1080p sends it, drawn once into `folder`, and its camera file."""
    place, size = folder / scene, f"{SIZE[0]}x{SIZE[1]}"
    clip = place / f"{size}.h264"
    camera = place / "camera.toml"
    if not clip.exists():
        tell(f"drawing {scene}")
        place.mkdir(parents=True, exist_ok=True)
        drawn = render(scene, place)
        camera.write_bytes(drawn.camera.read_bytes())
        _as_a_camera_sends(drawn.video, clip.with_suffix(".part"))
        clip.with_suffix(".part").rename(clip)
    return clip, camera


def _as_a_camera_sends(video: Path, clip: Path) -> None:
    """The same pictures at `SIZE` and `FPS`, without pictures that wait for later ones."""
    with av.open(str(video)) as source, av.open(str(clip), "w", format="h264") as out:
        track = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "bf": "0", "tune": "zerolatency"})
        track.width, track.height, track.pix_fmt, track.bit_rate = *SIZE, "yuv420p", RATE
        track.codec_context.gop_size = GOP
        number = 0
        for frame in source.decode(video=0):
            large = cv2.resize(frame.to_ndarray(format="bgr24"), SIZE, interpolation=cv2.INTER_CUBIC)
            picture = np.asarray(large, np.uint8)
            while number / FPS <= (frame.time or 0.0):
                shown = av.VideoFrame.from_ndarray(picture, "bgr24")
                shown.pts = number
                out.mux(track.encode(shown))
                number += 1
        out.mux(track.encode(None))


def program(arguments: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start `qyran` with these arguments."""
    command = [sys.executable, "-m", "service.cli", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603


def until(true: Callable[[], bool], sentence: str) -> None:
    """Wait until something is true.

    Raises:
        ConfigError: it did not come true in time; with the sentence.
    """
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        with suppress(httpx.HTTPError):
            if true():
                return
        time.sleep(0.2)
    raise ConfigError(sentence)


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Of sorted values; nothing of none."""
    if not values:
        return {}
    picked = {"p50": 0.5, "p95": 0.95}
    found = {name: round(values[min(len(values) - 1, int(len(values) * share))], 3) for name, share in picked.items()}
    return {"n": len(values), **found, "most": round(values[-1], 3)}


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def cpu_seconds() -> dict[str, float]:
    """CPU seconds of the programs that this process started, by what they are, and its own."""
    families, spent = _families(), _spent()
    return {name: sum(spent.get(pid, 0.0) for pid in family) for name, family in families.items()}


def memory_bytes() -> dict[str, int]:
    """Memory of the same: a page that several of them share counts once (PSS, proc(5): smaps_rollup)."""
    return {name: sum(_pss(pid) for pid in family) for name, family in _families().items()}


def _families() -> dict[str, list[int]]:
    """Processes of each program, its children's children among them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: dict[str, list[int]] = {name: [] for name in PARTS.values()} | {BENCH: [os.getpid()]}
    for child in children.get(os.getpid(), []):
        line = ""
        with suppress(OSError):
            line = Path(f"/proc/{child}/cmdline").read_text()
        name = next((name for word, name in PARTS.items() if word in line), None)
        waiting = [] if name is None else [child]
        while waiting and name is not None:
            one = waiting.pop()
            found[name].append(one)
            waiting += children.get(one, [])
    return found


def _spent() -> dict[int, float]:
    spent: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                spent[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICKS
    return spent


def _pss(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
