"""`qyran bench video`: what recording a camera costs, and how far behind real time a live view is.

Both for a camera of the service's machine and for one that another machine reads, whose video comes over its door.

The camera is a file of 1080p pictures, each with its number drawn as light and dark squares, served by a real RTSP
server. The browser is a real Chromium: it reads the number out of every picture it shows, so that a delay is the time
from the moment a picture left the camera to the moment it was shown.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import av
import cv2
import numpy as np
import uvicorn

from qyran import __version__
from qyran.errors import ConfigError
from qyran.roles import SYSTEM, Role
from service import auth, cameras
from service.app import create_app
from service.cluster.leases import Beat
from service.feeds import make_feed
from service.forwarding.client import ServiceClient
from service.forwarding.live_line import LiveLine
from service.screenshots import chromium, find_browser, log_in
from service.settings import Settings, load_settings
from service.store.database import Store, open_store
from service.video.reading import read_camera
from vision.archive import PacketRing
from vision.camera import parse_camera
from vision.recording import Recorder, RecordingTerms
from vision.stream import Stream, StreamSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Page

PYTHON: Final = "/usr/bin/python3"
CAMERA: Final = "bench"
MACHINE: Final = "elsewhere"
SIZE: Final = (1920, 1080)
FPS: Final = 25
LOOP_S: Final = 10
GOP: Final = 50
RATE: Final = 4_000_000
"""Bits a second of the drawn stream, as a city's cameras are set."""
SQUARE: Final = 60
BITS: Final = 9
WAIT_S: Final = 60.0
SECRET: Final = "orange tulips over Medeu"  # noqa: S105 - of an installation that lives for a minute

WATCH: Final = """
async (camera) => {
  const { live } = await import("/static/js/live.js");
  const video = document.createElement("video");
  document.body.prepend(video);
  const canvas = new OffscreenCanvas(BITS * 8, 8);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  window.shown = [];
  window.told = [];
  video.addEventListener("live", (event) => window.told.push(event.detail));
  const look = (now, frame) => {
    const share = SQUARE / SIZE;
    pen.drawImage(video, 0, 0, video.videoWidth * share * BITS, video.videoWidth * share, 0, 0, BITS * 8, 8);
    const data = pen.getImageData(0, 0, BITS * 8, 8).data;
    let number = 0;
    for (let bit = 0; bit < BITS; bit++) number |= (data[4 * (4 * BITS * 8 + bit * 8 + 4)] > 127) << bit;
    window.shown.push([number, (performance.timeOrigin + frame.expectedDisplayTime) / 1000]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  window.view = live(video, camera);
}
""".replace("SQUARE / SIZE", f"{SQUARE} / {SIZE[0]}").replace("BITS", str(BITS))


def bench_video(
    seconds: int = 30, *, keep: Path | None = None, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Measure recording and the live view.

    Args:
        seconds: of live view.
        keep: where the drawn clip is kept and found again.
        tell: told what is being done.

    Raises:
        ConfigError: Chromium, Playwright or GStreamer's RTSP server is absent.
    """
    program = find_browser()
    with tempfile.TemporaryDirectory(prefix="qyran-") as folder:
        home = Path(folder)
        clip = (keep or home) / "bench-video.h264"
        if not clip.is_file():
            tell("drawing the camera's pictures")
            clip.parent.mkdir(parents=True, exist_ok=True)
            draw(clip)
        tell("recording")
        report: dict[str, Any] = {"recording": cost(clip, home / "archive")}
        for name, elsewhere in (("live", False), ("live_elsewhere", True)):
            tell("watching live" + elsewhere * " a camera that another machine reads")
            place = home / name
            place.mkdir()
            with rtsp(clip, place) as (url, sent), watched(url, place, elsewhere=elsewhere) as base:
                report[name] = _watch(base, program, sent, seconds)
    return report


def _watch(base: str, program: Path, sent: Path, seconds: int) -> dict[str, Any]:
    with chromium(program) as opened:
        page = opened.new_context().new_page()
        log_in(page, base, "operator", SECRET)
        page.evaluate(WATCH, CAMERA)
        until = time.monotonic() + WAIT_S
        while not page.evaluate("window.shown.length"):  # the pages' policy forbids Playwright's own waiting
            if time.monotonic() > until:
                raise ConfigError(f"No live picture came in time: {page.evaluate('window.told')}.")
            page.wait_for_timeout(100)
        page.wait_for_timeout(1000 * seconds)
        return _live(page, sent)


@contextmanager
def watched(url: str, place: Path, *, elsewhere: bool) -> Iterator[str]:
    """The service and a camera's process, on this machine or as one without the service's disk; the address."""
    settings = load_settings(home=place / "home", public_url="http://127.0.0.1:8000")
    with service(settings) as (base, store), ExitStack() as stack:
        if elsewhere:
            settings = stack.enter_context(_machine(store, base, place / "machine"))
        stack.enter_context(camera_process(url, settings))
        yield base


@contextmanager
def _machine(store: Store, base: str, home: Path) -> Iterator[Settings]:
    """A machine that holds the camera and gives the service what somebody watches; its settings."""
    home.mkdir()
    token = home / "token"
    with store.write(SYSTEM) as work:
        token.write_text(make_feed(work, MACHINE, ["worker"]))
    token.chmod(0o600)
    settings = load_settings(home=home, service_url=base, service_token=f"file:{token}")
    client = ServiceClient(settings)
    client.beat(
        Beat(session=str(uuid4()), at=datetime.now(UTC), wants={CAMERA: None}, term_s=WAIT_S, version=__version__)
    )
    line = LiveLine(settings.live_folder, client)
    thread = threading.Thread(target=line.run)
    thread.start()
    try:
        yield settings
    finally:
        line.stop.set()
        thread.join()
        client.close()


def draw(path: Path) -> Path:
    """`LOOP_S` seconds of numbered pictures in which much moves."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 255, (SIZE[1] // 8, SIZE[0] // 4, 3), np.uint8)
    texture = np.asarray(cv2.resize(coarse, (2 * SIZE[0], SIZE[1])), np.uint8)
    with av.open(str(path), "w") as out:
        options = {"preset": "veryfast", "bf": "0", "tune": "zerolatency"}
        track = out.add_stream("libx264", rate=FPS, options=options)
        track.width, track.height, track.pix_fmt, track.bit_rate = *SIZE, "yuv420p", RATE
        track.codec_context.gop_size = GOP
        for number in range(LOOP_S * FPS):
            frame = av.VideoFrame.from_ndarray(numbered(texture, number), "bgr24")
            frame.pts = number
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return path


def numbered(texture: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """One picture with its number in squares."""
    picture = np.ascontiguousarray(np.roll(texture, -4 * number, axis=1)[:, : SIZE[0]])
    for bit in range(BITS):
        picture[:SQUARE, bit * SQUARE : (bit + 1) * SQUARE] = 255 if number >> bit & 1 else 0
    return picture


def cost(clip: Path, archive: Path) -> dict[str, Any]:
    """Seconds of a core that recording takes for a second of video, beyond reading it."""

    def pushed(*taps: Any) -> tuple[float, float]:
        before = resource.getrusage(resource.RUSAGE_SELF)
        began = time.perf_counter()
        for packet in packets:
            for tap in taps:
                tap.push(packet)
        for recorder in recorders:
            recorder.close()
        after = resource.getrusage(resource.RUSAGE_SELF)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return used, time.perf_counter() - began

    class Kept:
        def __init__(self) -> None:
            self.packets: list[Any] = []
            self.header: Any = None

        def begin(self, header: Any) -> None:
            self.header = header

        def push(self, packet: Any) -> None:
            self.packets.append(packet)

    kept = Kept()
    start = datetime.now(UTC)
    with Stream(clip, StreamSettings(start_time=start), ring=PacketRing(taps=[kept])) as stream:
        frames = sum(1 for _ in stream.frames(rate_hz=0.1))
    assert frames  # noqa: S101 - the clip was just drawn
    packets, recorders = kept.packets, [Recorder(archive, CAMERA, RecordingTerms(reserve=0.0, live=False))]
    recorders[0].queue.begin(kept.header)
    used, took = pushed(recorders[0].queue)
    seconds = len(packets) / FPS
    size = sum(len(packet.data) for packet in packets)
    state = recorders[0].state
    return {
        "width": SIZE[0], "height": SIZE[1], "fps": FPS, "bits_a_second": round(8 * size / seconds),
        "video_s": seconds, "core_share": round(used / seconds, 5), "took_s": round(took, 3),
        "segments": state.segments, "bytes": state.bytes, "packets_lost": state.lost,
        "gigabytes_a_day": round(state.bytes / seconds * 86_400 / 1e9, 1),
    }  # fmt: skip


@contextmanager
def rtsp(
    clip: Path, folder: Path, fps: int = FPS, *, shared: bool = False, codec: str = "h264"
) -> Iterator[tuple[str, Path]]:
    """The camera, and the file that tells when each picture left it; `shared`, all clients see the same moment."""
    units, sent = folder / "units", folder / "sent"
    with av.open(str(clip)) as container:
        data = [bytes(packet) for packet in container.demux() if packet.size]
    body = b"".join(len(one).to_bytes(4, "big") + one for one in data)
    units.write_bytes(f"{codec} {fps}\n".encode() + body)
    script = Path(__file__).parent / "video" / "rtsp_camera.py"
    try:
        process = subprocess.Popen(  # noqa: S603 - our own script
            [PYTHON, str(script), str(units), str(sent), *(["shared"] if shared else [])],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except OSError as error:
        raise ConfigError(f"{PYTHON} cannot be run: {error.strerror}.") from None
    try:
        assert process.stdout is not None  # noqa: S101 - asked for
        word, _, port = process.stdout.readline().strip().partition(" ")
        if word != "ready":
            raise ConfigError("GStreamer's RTSP server is absent; install gstreamer1.0-rtsp and its plugins.")
        yield f"rtsp://127.0.0.1:{port}/cam", sent
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def camera_process(url: str, settings: Settings) -> Iterator[None]:
    """A process that reads, decodes, records and gives the camera live, without looking for anything in it."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=read_camera, args=(CAMERA, url, settings), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


@contextmanager
def service(settings: Settings) -> Iterator[tuple[str, Store]]:
    """The service with an operator and the camera: its address and store."""
    store: Store = open_store(settings, demo=True)
    with store.write(SYSTEM) as work:
        auth.add_user(work, "operator", SECRET, [Role.SITUATIONAL_OPERATOR])
        camera = parse_camera({"id": CAMERA, "name": CAMERA, "stream": "rtsp://camera/1"}, source="the bench")
        cameras.register(work, camera)
    config = uvicorn.Config(create_app(store=store, jobs=False), host="127.0.0.1", port=0, log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + WAIT_S
    while not server.started and time.monotonic() < until:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", store
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        store.close()


def _live(page: Page, sent: Path) -> dict[str, Any]:
    """Delays of the pictures that were shown; those of the first two seconds count apart."""
    shown = page.evaluate("window.shown")
    told = page.evaluate("window.told")
    left: dict[int, list[float]] = {}
    for line in sent.read_text().splitlines():
        with suppress(ValueError):
            number, at = line.split()
            left.setdefault(int(number), []).append(float(at))
    delays: list[tuple[float, float]] = []
    for number, at in shown:
        before = [one for one in left.get(number, []) if one <= at]
        if before:
            delays.append((at, at - before[-1]))
    began = shown[0][1]
    steady = sorted(delay for at, delay in delays if at - began > 2)
    early = sorted(delay for at, delay in delays if at - began <= 2)
    span = shown[-1][1] - began
    own = [one["behind"] for one in told if one.get("behind") is not None]
    return {
        "pictures": len(shown), "seconds": round(span, 1), "pictures_a_second": round(len(shown) / max(span, 1e-9), 1),
        "delay_s": _quantiles(steady), "delay_first_2_s": _quantiles(early),
        "delay_as_told_s": _quantiles(sorted(own)),
        "states": json.loads(json.dumps(list(dict.fromkeys(one["state"] for one in told)))),
    }  # fmt: skip


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    picked = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    found = {name: round(values[min(len(values) - 1, int(len(values) * share))], 3) for name, share in picked.items()}
    return found | {"most": round(values[-1], 3)}
