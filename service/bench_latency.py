"""`qyran bench latency`: from the frame that decides to the operator's console and to the emergency service.

Rendered scenes play in a loop over real RTSP as pictures of 1080p at 25 a second. A worker process watches them, the
service takes their alarms, a console listens to the live list over HTTP and answers every alarm at once, so that the
next loop raises a new one, and a stand-in of a service takes CAP messages. All clocks are this machine's; a delay
begins at the moment that the deciding frame was dated with.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import av
import cv2
import httpx
import numpy as np

from qyran.errors import ConfigError
from qyran.roles import SYSTEM, Role
from scenarios.render import render
from service import auth, cameras
from service.bench_alerts_receiver import StandIn, alert_and_seq, receiving
from service.bench_video import FPS, SECRET, rtsp
from service.settings import load_settings
from service.store.database import open_store
from vision.camera import load_camera
from vision.camera_toml import to_toml

SCENES: Final = ("arterial", "quiet")
"""A wrong-way driver and a stopped vehicle; smoke and fire."""
SIZE: Final = (1920, 1080)
RATE: Final = 4_000_000
"""Bits a second, as a city's cameras are set."""
GOP: Final = 50
STREAMS: Final = 8
SECONDS: Final = 180
READY_S: Final = 60.0
CONSOLE_P95_S: Final = 2.0
CAP_P95_S: Final = 3.0
TICKS: Final = os.sysconf("SC_CLK_TCK")
ALARMS: Final = """
[sender]
id = "bench"

[[receivers]]
id = "fire-service"
channel = "cap"
service = "101"
url = "{url}"
steps = ["every"]
"""


@dataclass(slots=True)
class Console:
    """What an operator's page hears, and that it answers everything.

    Attributes:
        seen: seconds from a report's frame to its arrival here, by alert and moment of the frame.
        detected: when the first frame of an alert was, UTC seconds.
    """

    seen: dict[tuple[str, float], float] = field(default_factory=dict)
    detected: dict[str, float] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def hear(self, base: str, client: httpx.Client, stop: threading.Event) -> None:
        """Listen until told to stop."""
        csrf = _log_in(base, client)
        with client.stream("GET", f"{base}/api/v1/alerts/stream", timeout=None) as answer:
            for line in answer.iter_lines():
                if stop.is_set():
                    return
                if line.startswith("data:") and '"t_detect"' in line:
                    self._take(json.loads(line[5:]), time.time(), base, client, csrf)

    def _take(self, one: dict[str, Any], now: float, base: str, client: httpx.Client, csrf: str) -> None:
        alert, at = one["id"], datetime.fromisoformat(one["last_seen"]).timestamp()
        self.seen.setdefault((alert, at), now - at)
        self.kinds.setdefault(alert, one["kind"])
        if alert not in self.detected:
            self.detected[alert] = datetime.fromisoformat(one["t_detect"]).timestamp()
            threading.Thread(target=self._answer, args=(alert, base, client, csrf), daemon=True).start()

    def _answer(self, alert: str, base: str, client: httpx.Client, csrf: str) -> None:
        """Acknowledge, judge and close: what comes next is a new alarm."""
        steps: tuple[tuple[str, dict[str, str]], ...] = (
            ("acknowledge", {}),
            ("verdict", {"verdict": "false", "reason": "no_event"}),
            ("close", {"closing_code": "not_confirmed"}),
        )
        for step, body in steps:
            answer = client.post(
                f"{base}/api/v1/alerts/{alert}/{step}", json=body, headers={"x-csrf-token": csrf}, timeout=30
            )
            if answer.status_code >= httpx.codes.BAD_REQUEST:
                self.faults.append(f"{step}: {answer.status_code}")
                return


def bench_latency(
    streams: int = STREAMS,
    seconds: float = SECONDS,
    keep: Path | None = None,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure.

    Args:
        streams: cameras watched at once.
        seconds: of watching, after the worker has seen the first frame.
        keep: folder in which the drawn clips are kept and found again.
        tell: told what is being done.

    Raises:
        ConfigError: GStreamer's RTSP server is absent, or the service does not start.
    """
    with tempfile.TemporaryDirectory(prefix="qyran-") as folder, ExitStack() as stack:
        home = Path(folder)
        clips = [_clip(scene, keep or home / "clips", tell) for scene in SCENES]
        cameras_folder = home / "cameras"
        cameras_folder.mkdir()
        senders = []
        for number in range(streams):
            clip, camera_file = clips[number % len(clips)]
            place = home / f"camera-{number}"
            place.mkdir()
            url, _ = stack.enter_context(rtsp(clip, place))
            senders.append(url)
            camera = load_camera(camera_file).model_copy(update={"id": f"bench-{number}", "stream": url})
            (cameras_folder / f"bench-{number}.toml").write_text(to_toml(camera), encoding="utf-8")
        stand_in, console, stop = StandIn(), Console(), threading.Event()
        receiver = stack.enter_context(receiving(stand_in))
        with _installation(home, cameras_folder, receiver) as (base, environment):
            client = stack.enter_context(httpx.Client())
            ear = threading.Thread(target=_heard, args=(console, base, client, stop), daemon=True)
            ear.start()
            tell("watching")
            began = time.monotonic()
            worker = _program(["worker", "--cameras", str(cameras_folder)], environment)
            try:
                _analysed(base, client, streams)
                ready = time.monotonic()
                before = _cpu(os.getpid())
                time.sleep(seconds)
                used = {name: after - before.get(name, 0.0) for name, after in _cpu(os.getpid()).items()}
            finally:
                worker.terminate()
                worker.wait(30)
            stop.set()
        span = time.monotonic() - ready
    return _report(streams, span, ready - began, console, stand_in, used)


def _report(
    streams: int, span: float, start_s: float, console: Console, stand_in: StandIn, used: dict[str, float]
) -> dict[str, Any]:
    first: dict[str, float] = {}
    for key, _, _, at in stand_in.bodies:
        alert, _ = alert_and_seq(key)
        first.setdefault(alert, at)
    told = sorted(first[alert] - at for alert, at in console.detected.items() if alert in first)
    seen = sorted(console.seen.values())
    kinds = sorted(set(console.kinds.values()))
    return {
        "streams": streams, "size": list(SIZE), "fps": FPS, "seconds": round(span, 1), "cores": os.cpu_count(),
        "started_s": round(start_s, 1),
        "alerts": len(console.detected), "by_kind": {one: list(console.kinds.values()).count(one) for one in kinds},
        "frame_to_console_s": _quantiles(seen), "console_goal_p95_s": CONSOLE_P95_S,
        "frame_to_cap_s": _quantiles(told), "cap_goal_p95_s": CAP_P95_S,
        "cap_missing": len(set(console.detected) - set(first)), "cap_repeats": stand_in.repeats,
        "steps_refused": console.faults,
        "cpu_share": {name: round(value / span, 3) for name, value in used.items()},
    }  # fmt: skip


def _clip(scene: str, folder: Path, tell: Callable[[str], None]) -> tuple[Path, Path]:
    """A scene as a camera of 1080p sends it, drawn once, and its camera file."""
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


@contextmanager
def _installation(home: Path, cameras_folder: Path, receiver: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The service in a process of its own, with its cameras registered, an operator and a receiver."""
    settings = load_settings(home=home / "home")
    alarms = home / "alerts.toml"
    alarms.write_text(ALARMS.format(url=receiver), encoding="utf-8")
    store = open_store(settings, demo=True)
    with store.write(SYSTEM) as work:
        auth.add_user(work, "operator", SECRET, [Role.SITUATIONAL_OPERATOR])
        for file in sorted(cameras_folder.glob("*.toml")):
            cameras.register(work, load_camera(file))
    store.close()
    environment = {**os.environ, "QYRAN_HOME": str(settings.home), "QYRAN_ALERTS_FILE": str(alarms)}
    port = _free_port()
    service = _program(["serve", "--port", str(port)], environment)
    base = f"http://127.0.0.1:{port}"
    try:
        _until(lambda: httpx.get(f"{base}/healthz").status_code == httpx.codes.OK, "The service does not start.")
        yield base, environment
    finally:
        service.terminate()
        service.wait(30)


def _free_port() -> int:
    import socket  # noqa: PLC0415 - asked once

    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _program(arguments: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "service.cli", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603


def _until(true: Callable[[], bool], sentence: str) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        with suppress(httpx.HTTPError):
            if true():
                return
        time.sleep(0.2)
    raise ConfigError(sentence)


def _log_in(base: str, client: httpx.Client) -> str:
    answer = client.post(f"{base}/api/v1/session", json={"username": "operator", "password": SECRET})
    return str(answer.json()["csrf"])


def _heard(console: Console, base: str, client: httpx.Client, stop: threading.Event) -> None:
    with suppress(httpx.HTTPError):  # the service ends before its listeners
        console.hear(base, client, stop)


def _analysed(base: str, client: httpx.Client, streams: int) -> None:
    """Wait until every camera is up."""

    def up() -> bool:
        answer = client.get(f"{base}/api/v1/cameras")
        return answer.is_success and sum(one.get("status") == "up" for one in answer.json()) == streams

    _until(up, "Not every camera came up.")


def _cpu(pid: int) -> dict[str, float]:
    """CPU seconds of the processes below this one, by what they are for."""
    names = {"rtsp_camera": "load generator", "worker": "worker", "serve": "service"}
    children: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, IndexError, ValueError):
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            children.setdefault(int(fields[1]), []).append(int(entry.name))
            spent[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICKS
    found = dict.fromkeys((*names.values(), "console and receiver"), 0.0)
    found["console and receiver"] = spent.get(pid, 0.0)
    for child in children.get(pid, []):
        line = ""
        with suppress(OSError):
            line = Path(f"/proc/{child}/cmdline").read_text()
        name = next((name for word, name in names.items() if word in line), None)
        if name is None:
            continue
        waiting = [child]
        while waiting:
            one = waiting.pop()
            found[name] += spent.get(one, 0.0)
            waiting += children.get(one, [])
    return found


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    picked = {"p50": 0.5, "p95": 0.95}
    found = {name: round(values[min(len(values) - 1, int(len(values) * share))], 3) for name, share in picked.items()}
    return {"n": len(values), **found, "most": round(values[-1], 3)}
