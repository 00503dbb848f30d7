"""`qyran soak`: the real service, worker, streams and receivers for hours, and whether anything grows."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import av
import httpx
import numpy as np
from av.bitstream import BitStreamFilterContext
from sqlalchemy import func, select

from qyran.errors import InputError
from qyran.roles import SYSTEM, Role
from scenarios.render import render
from service import auth
from service import cameras as register
from service.bench_alerts_receiver import StandIn, receiving
from service.bench_faults import happenings
from service.bench_faults.happenings import Happenings
from service.bench_faults.programs import Program, free_port, qyran, until
from service.bench_video import rtsp
from service.ingest import ingest
from service.settings import Settings, load_settings
from service.soak.load import SECRET, Load, user_of
from service.soak.sampling import QUANTITIES, Holding, family, folder_mib, holding
from service.soak.slopes import Slope, slope
from service.spool import Spool
from service.store.database import CACHE_KIB, Store, open_store
from service.store.ledger import check_store
from service.store.tables import Ingested
from vision.camera import load_camera
from vision.camera_toml import to_toml

SAMPLE_S: Final = 5.0
DISK_EVERY: Final = 12
"""Samples between two looks at the disk."""
WARM_UP: Final = 0.2
"""Share of the time that is not judged: what a program keeps once it has seen everything."""
MOST_WARM_UP_S: Final = 900.0
STREAMS: Final = 2
SCENES: Final = ("arterial", "quiet")
"""One in which something happens again and again, and one in which nothing does."""
SIZE: Final = (640, 360)
FPS: Final = 10
LOOP_S: Final = 40.0
FAMILY_CONFIDENCE: Final = 0.95
"""That no flat series is called rising, all series together; each is held to its share of the rest (Bonferroni)."""
SPOOL_WAIT_S: Final = 120.0
ALERTS: Final = """
[sender]
id = "soak"

[[receivers]]
id = "steady"
channel = "webhook"
url = "{steady}"
secret = "env:SOAK_SECRET"
steps = ["every"]

[[receivers]]
id = "failing"
channel = "cap"
service = "101"
url = "{failing}"
steps = ["every"]
timeout_s = 2
"""
FAILS: Final = 0.1
FILL: Final = 1.2
"""Times SQLite's page cache that the store has before anything is measured."""
AT_ONCE: Final = 1000


@dataclass(slots=True)
class Samples:
    """What was read of one process by name.

    Attributes:
        seconds: since the beginning, one a sample.
        held: one a sample.
    """

    seconds: list[float] = field(default_factory=list)
    held: list[Holding] = field(default_factory=list)

    @property
    def lives(self) -> int:
        """Processes that bore the name one after another."""
        pids = [one.pid for one in self.held]
        return sum(a != b for a, b in itertools.pairwise(pids)) + bool(pids)


def soak(
    hours: float,
    *,
    streams: int = STREAMS,
    database_url: str = "",
    nice: int = 0,
    keep: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run the load and judge.

    Args:
        hours: how long.
        streams: cameras over real RTSP.
        database_url: an empty PostgreSQL database; SQLite where not given.
        nice: priority of the programs.
        keep: folder that gets the samples and the programs' logs.
        tell: hears of the progress.

    Raises:
        InputError: a number that makes no sense.
        ConfigError: a program does not start.
    """
    if not 0 < hours <= 24 * 14 or streams < 0:
        raise InputError("A soak lasts more than 0 hours and at most two weeks, over 0 streams or more.")
    with tempfile.TemporaryDirectory(prefix="qyran-soak-") as folder, ExitStack() as stack:
        place = Path(folder)
        place.chmod(0o755)
        steady, failing = StandIn(keep=False), StandIn(keep=False, fails=FAILS, hang_s=3.0)
        urls = {
            "steady": stack.enter_context(receiving(steady)), "failing": stack.enter_context(receiving(failing)),
        }  # fmt: skip
        files = [_camera(number, place, stack, tell) for number in range(streams)]
        settings, environment = _installation(place, files, urls, database_url)
        logs = keep or place
        logs.mkdir(parents=True, exist_ok=True)
        with _programs(environment, place, streams, logs, nice) as (programs, base):
            load = Load(base, Happenings(settings.home, Spool(settings.spool_folder)))
            load.start()
            tell(f"soaking {hours:g} hours")
            samples, disk = _watch(hours * 3600, programs, settings, tell)
            load.end()
            alive = {program.name: program.alive for program in programs}
            _settled(settings)
        report = _judge(samples, hours)
        store = open_store(settings)
        try:
            counts = _counts(store)
            chains = [str(one) for one in check_store(store)]
        finally:
            store.close()
        if keep is not None:
            _keep(keep, samples)
        found = {name: one.summary() | {"first_at": None} for name, one in (("steady", steady), ("failing", failing))}
    return {
        "hours": hours, "streams": streams, "database": "postgresql" if database_url else "sqlite",
        "cores": os.cpu_count(), **report, "running_at_the_end": alive, "counts": counts, "chain_faults": chains,
        "waiting_in_spool": len(Spool(settings.spool_folder)) if settings.spool_folder.exists() else 0,
        "disk": disk, "pages": dict(sorted(load.pages.items())), "steps": dict(sorted(load.steps.items())),
        "receivers": found,
    }  # fmt: skip


def _camera(number: int, place: Path, stack: ExitStack, tell: Callable[[str], None]) -> Path:
    """A camera over real RTSP that shows a rendered scene in a loop: ordinary traffic, or one with happenings."""
    drawn = place / f"drawn-{number}"
    tell(f"drawing camera {number}")
    made = render(SCENES[number % len(SCENES)], drawn, size=SIZE, fps=float(FPS), duration_s=LOOP_S)
    clip = drawn / "clip.h264"
    with av.open(str(made.video)) as source:
        start_codes = BitStreamFilterContext("h264_mp4toannexb", source.streams.video[0])
        packets = [out for packet in source.demux(video=0) if packet.size for out in start_codes.filter(packet)]
        clip.write_bytes(b"".join(bytes(packet) for packet in packets))
    url, _ = stack.enter_context(rtsp(clip, drawn, FPS))
    folder = place / "cameras"
    folder.mkdir(exist_ok=True)
    file = folder / f"soak-{number}.toml"
    changed = load_camera(made.camera).model_copy(update={"id": f"soak-{number}", "stream": url})
    file.write_text(to_toml(changed), encoding="utf-8")
    return file


def _installation(
    place: Path, files: list[Path], urls: dict[str, str], database_url: str
) -> tuple[Settings, dict[str, str]]:
    alerts = place / "alerts.toml"
    alerts.write_text(ALERTS.format(**urls), encoding="utf-8")
    settings = load_settings(home=place / "home", database_url=database_url)
    store = open_store(settings, demo=True)
    try:
        with store.write(SYSTEM) as work:
            for role in (Role.SITUATIONAL_OPERATOR, Role.POLICE_OFFICER, Role.ADMINISTRATOR, Role.EVALUATOR):
                auth.add_user(work, user_of(role), SECRET, [role])
            for camera in (*happenings.cameras(), *(load_camera(file) for file in files)):
                register.register(work, camera)
        if not database_url:
            _fill(store)
    finally:
        store.close()
    environment = {
        "QYRAN_HOME": str(settings.home), "QYRAN_ALERTS_FILE": str(alerts), "SOAK_SECRET": "of-the-soak",
        "QYRAN_DATABASE_URL": database_url, "QYRAN_SECOND_LOOK_SHARE": "0", "QYRAN_VIDEO_KEEP_FREE": "0.02",
        "QYRAN_VIDEO_RESERVE": "0.01",
    }  # fmt: skip
    return settings, environment


def _fill(store: Store) -> None:
    """Passages of before, more than is kept of a store in memory: what grows later is not its cache filling up."""
    spool = Spool(store.settings.spool_folder)
    past = Happenings(store.settings.home, spool)
    while (store.settings.home / "qyran.db").stat().st_size < FILL * CACHE_KIB * 1024:
        for _ in range(AT_ONCE):
            past.tell("passage")
        ingest(spool, store)


@contextmanager
def _programs(
    environment: dict[str, str], place: Path, streams: int, logs: Path, nice: int
) -> Iterator[tuple[list[Program], str]]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    serve = qyran("serve", ["serve", "--port", str(port)], environment, logs / "serve.log", nice=nice)
    worker = qyran(
        "worker", ["worker", "--cameras", str(place / "cameras")], environment, logs / "worker.log", nice=nice
    )
    programs = [serve, worker] if streams else [serve]
    try:
        for program in programs:
            program.start()
        until(lambda: _healthy(base), "The service does not start.")
        yield programs, base
    finally:
        for program in reversed(programs):
            program.end()


def _healthy(base: str) -> bool:
    try:
        return httpx.get(f"{base}/healthz", timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _watch(
    span_s: float, programs: list[Program], settings: Settings, tell: Callable[[str], None]
) -> tuple[dict[str, Samples], list[dict[str, float]]]:
    samples: dict[str, Samples] = {}
    disk: list[dict[str, float]] = []
    began, rounds, wait = time.monotonic(), 0, threading.Event()
    while (now := time.monotonic() - began) < span_s:
        roots = {one.name: one.process.pid for one in programs if one.process is not None}
        for name, pid in family(roots).items():
            held = holding(pid)
            if held is not None:
                own = samples.setdefault(name, Samples())
                own.seconds.append(now)
                own.held.append(held)
        if rounds % DISK_EVERY == 0:
            disk.append({"second": round(now)} | _disk(settings))
            newest = {name: round(one.held[-1].pss_mib) for name, one in samples.items()}
            tell(f"{now / 60:.0f} min: {newest} MiB")
        rounds += 1
        try:
            wait.wait(max(0.0, began + rounds * SAMPLE_S - time.monotonic()))
        except KeyboardInterrupt:  # whoever ends it early gets what was seen
            break
    return samples, [disk[0], disk[len(disk) // 2], disk[-1]] if disk else []


def _disk(settings: Settings) -> dict[str, float]:
    home = settings.home
    found = {one.name: folder_mib(one) for one in home.iterdir() if one.is_dir()}
    found |= {"store": sum(one.stat().st_size for one in home.glob("qyran.db*")) / 2**20}
    found["waiting"] = float(len(Spool(settings.spool_folder)))
    found["free_gib"] = shutil.disk_usage(home).free / 2**30
    return {name: round(value, 2) for name, value in sorted(found.items())}


def _settled(settings: Settings) -> None:
    """Let the service take what still waits."""
    end = time.monotonic() + SPOOL_WAIT_S
    while len(Spool(settings.spool_folder)) and time.monotonic() < end:
        time.sleep(1.0)


def _judge(samples: dict[str, Samples], hours: float) -> dict[str, Any]:
    warm_s = min(MOST_WARM_UP_S, WARM_UP * hours * 3600)
    judged = [(name, quantity) for name in samples for quantity in QUANTITIES]
    confidence = 1 - (1 - FAMILY_CONFIDENCE) / max(1, len(judged))
    slopes: dict[str, dict[str, Any]] = {}
    rising, falling, short = [], [], []
    for name, quantity in judged:
        one = samples[name]
        seconds = np.array(one.seconds)
        values = np.array([getattr(held, quantity) for held in one.held], float)
        warm = seconds >= warm_s
        found = slope(seconds[warm], values[warm], confidence=confidence)
        if found is None:
            short.append(f"{name} {quantity}")
            continue
        slopes.setdefault(name, {})[quantity] = _told(found, values)
        if found.low > 0:
            rising.append(f"{name} {quantity}")
        elif found.high < 0:
            falling.append(f"{name} {quantity}")
    return {
        "warm_up_s": round(warm_s), "confidence_each": round(confidence, 5),
        "verdict": "flat" if not rising and slopes else "rising" if rising else "too short",
        "rising": rising, "falling": falling, "too_short": short,
        "restarts": {name: one.lives - 1 for name, one in samples.items() if one.lives > 1}, "slopes": slopes,
    }  # fmt: skip


def _told(found: Slope, values: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
    told = {name: round(value, 3) for name, value in asdict(found).items()}
    return told | {"flat": found.flat, "first": round(float(values[0]), 1), "last": round(float(values[-1]), 1)}


def _counts(store: Store) -> dict[str, int]:
    with store.read() as work:
        query = select(Ingested.type, func.count()).group_by(Ingested.type)
        return {str(type_): int(count) for type_, count in work.session.execute(query)}


def _keep(folder: Path, samples: dict[str, Samples]) -> None:
    """All samples, for whoever wants to draw them."""
    whole = {
        name: [{"second": round(second, 1), **asdict(held)} for second, held in zip(one.seconds, one.held, strict=True)]
        for name, one in samples.items()
    }
    (folder / "samples.json").write_text(json.dumps(whole), encoding="utf-8")


def table(report: dict[str, Any]) -> str:
    """The slopes as a table."""
    lines = [f"{'process':<12}{'what':<10}{'level':>9}{'per hour':>12}   interval"]
    for name, every in report["slopes"].items():
        for quantity, one in every.items():
            span = f"[{one['low']:+.2f}, {one['high']:+.2f}]"
            lines.append(
                f"{name:<12}{quantity:<10}{one['level']:>9.1f}{one['per_hour']:>+12.2f}   {span:<22}"
                f"{'flat' if one['flat'] else 'RISING' if one['low'] > 0 else 'falling'}"
            )
    lines.append(f"verdict: {report['verdict']}")
    return "\n".join(lines)
