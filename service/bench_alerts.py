"""`qyran bench alerts`: a storm of alerts to a receiver that fails half the time, and the way from frame to CAP.

The storm: alerts are raised as fast as the store takes them, each with further steps, while a receiver in a process of
its own answers 503, hangs, cuts the connection or loses its answer. Counted there: every message once by its key,
repetitions, order. The process's memory is sampled meanwhile. The way: events are put into the spool of a running
service, and a real HTTP server says when the CAP message of each arrived.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, select

from incidents.alert import AlertState
from incidents.severity import KINDS
from incidents.where.place import Place
from qyran.errors import InputError
from qyran.roles import SYSTEM, Actor, Role
from service import alerts, auth
from service.alert_taking import Device, Report, raise_alert
from service.event import Event
from service.jobs import Jobs
from service.notifying import Deliverer
from service.notifying.messages import State
from service.records import load
from service.settings import load_settings
from service.spool import Spool
from service.store.alert_tables import Alert
from service.store.database import Store, open_store
from service.store.notice_tables import AlertMessage

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
TIMEOUT_S: Final = 0.5
HANG_S: Final = 0.7
PARALLEL: Final = 32
CONFIRMED_EVERY: Final = 5
"""Of the alerts, one in so many is confirmed besides being acknowledged: three versions instead of two."""
SAMPLE_S: Final = 0.5
HOUR_S: Final = 3600.0
PUT_EVERY_S: Final = 0.35
WAIT_S: Final = 30.0  # for the last of the way
SECRET: Final = "QYRAN_BENCH_SECRET"  # noqa: S105  the name of a variable
STEP_DEG: Final = 0.02  # about two kilometres between happenings, so that none is taken for another
FILE: Final = """
[[receivers]]
id = "storm"
channel = "{channel}"
url = "{url}"
secret = "env:{secret}"
steps = ["every"]
timeout_s = {timeout}
parallel = {parallel}
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory of this process after so many messages: in all, and what Python's own objects take.

    The whole holds the page caches of SQLite's connections too, each up to its limit, which fill as the store grows.
    """

    handed: int
    mib: float
    blocks: int


def bench_alerts(
    *,
    count: int = 10_000,
    fails: float = 0.5,
    way: int = 200,
    database_url: str = "",
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure both.

    Args:
        count: alerts of the storm; 0 leaves it out.
        fails: share of requests that fail.
        way: events of the way; 0 leaves it out.
        database_url: an empty PostgreSQL database; SQLite where not given.
        tell: hears of the progress.

    Raises:
        InputError: a number that makes no sense.
    """
    if count < 0 or way < 0 or not 0 <= fails < 1:
        raise InputError("bench alerts takes numbers from 0 on, and a share of failures below 1.")
    report: dict[str, Any] = {"database": "postgresql" if database_url else "sqlite", "cpus": os.cpu_count()}
    with _secret():
        if count:
            report["storm"] = _storm(count, fails, database_url, tell)
        if way:
            report["way"] = _way(way, database_url, tell)
    return report


@contextmanager
def _secret() -> Iterator[None]:
    """The receivers' secret, for as long as the bench runs: who reads the environment later finds no word of it."""
    os.environ[SECRET] = "of-the-bench"
    try:
        yield
    finally:
        os.environ.pop(SECRET, None)


def _storm(count: int, fails: float, database_url: str, tell: Callable[[str], None]) -> dict[str, Any]:
    with _receiver(fails) as outside, _installation("webhook", outside.address, database_url) as store:
        stop, done = threading.Event(), threading.Event()
        deliverer = threading.Thread(target=Deliverer(store, stop).run, name="tell")
        samples: list[Sample] = []
        sampler = threading.Thread(target=_sample, args=(store, done, samples, tell), name="sample")
        began = monotonic()
        deliverer.start()
        sampler.start()
        try:
            ids = _raise(store, count)
            raised = monotonic() - began
            while _left(store):
                sleep(SAMPLE_S)
            took = monotonic() - began
        finally:
            done.set()
            stop.set()
            deliverer.join()
            sampler.join()
        told = _told(store)
        found = outside.end()
    return {
        "alerts": count,
        "messages": told["messages"],
        "handed": told["handed"],
        "delivered_once": found["delivered"],
        "lost": told["messages"] - found["delivered"],
        "repeated_by_key": found["repeats"],
        "overtakings": found["overtakings"],
        "alerts_missing": len(set(ids) - set(found["first_at"])),
        "requests": found["requests"],
        "failed_requests": found["failed"],
        "raised_in_s": round(raised, 1),
        "all_delivered_in_s": round(took, 1),
        "alerts_an_hour": round(count / took * HOUR_S),
        "memory": memory_of(samples),
    }


def memory_of(samples: Sequence[Sample]) -> dict[str, float]:
    """First, last and highest memory, and its slopes over the second half."""
    half = samples[len(samples) // 2 :]
    return {
        "first_mib": samples[0].mib if samples else math.nan,
        "half_mib": half[0].mib if half else math.nan,
        "last_mib": samples[-1].mib if samples else math.nan,
        "most_mib": max((one.mib for one in samples), default=math.nan),
        "slope_mib_per_1000_messages": round(_slope(half, [one.mib for one in half]), 4),
        "slope_python_blocks_per_message": round(_slope(half, [float(one.blocks) for one in half]) / 1000, 4),
    }


def _slope(samples: Sequence[Sample], values: Sequence[float]) -> float:
    """Least squares, a thousand messages."""
    x = [one.handed / 1000 for one in samples]
    mean_x, mean_y = sum(x) / max(1, len(x)), sum(values) / max(1, len(values))
    spread = sum((a - mean_x) ** 2 for a in x)
    if not spread:
        return 0.0
    return sum((a - mean_x) * (y - mean_y) for a, y in zip(x, values, strict=True)) / spread


def _raise(store: Store, count: int) -> list[str]:
    """Raise alerts and take their next steps, as fast as the store takes them."""
    operator = _operator(store)
    ids = [str(uuid4()) for _ in range(count)]
    for n in range(count):
        with store.write() as work:
            raise_alert(work, _report(n, ids[n], work.now))
        with store.write(operator) as work:
            alerts.moved(work, load(work, Alert, ids[n]), AlertState.ACKNOWLEDGED)
        if n % CONFIRMED_EVERY == 0:
            with store.write(operator) as work:
                alerts.moved(work, load(work, Alert, ids[n]), AlertState.VERIFYING)
                alerts.moved(work, load(work, Alert, ids[n]), AlertState.CONFIRMED)
    return ids


def _report(n: int, report_id: str, now: datetime) -> Report:
    kind = KINDS[n % len(KINDS)]
    return Report(
        id=report_id,
        type="fire_alert" if kind in {"fire", "smoke"} else "incident",
        kind=kind,
        device=Device("camera", f"bench-{n}"),
        t_detect=now,
        score=0.9,
        track=n,
        place=Place(30 + STEP_DEG * (n // 100), 60 + STEP_DEG * (n % 100), 20.0),
    )


def _operator(store: Store) -> Actor:
    with store.write(SYSTEM) as work:
        return auth.add_user(work, "bench-operator", uuid4().hex + uuid4().hex, [Role.SITUATIONAL_OPERATOR]).actor


def _left(store: Store) -> int:
    with store.read() as work:
        query = select(func.count()).select_from(AlertMessage).where(AlertMessage.state == State.QUEUED)
        return work.session.scalar(query) or 0


def _told(store: Store) -> dict[str, int]:
    with store.read() as work:
        table = AlertMessage
        every = work.session.scalar(select(func.count()).select_from(table)) or 0
        handed = work.session.scalar(select(func.count()).select_from(table).where(table.state == State.HANDED)) or 0
    return {"messages": every, "handed": handed}


def _sample(store: Store, done: threading.Event, samples: list[Sample], tell: Callable[[str], None]) -> None:
    rounds = 0
    while not done.wait(SAMPLE_S):
        told = _told(store)
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        samples.append(Sample(told["handed"], round(pages * PAGE / 2**20, 1), sys.getallocatedblocks()))
        rounds += 1
        if rounds % 20 == 0:
            tell(f"{told['handed']} of {told['messages']} delivered, {samples[-1].mib} MiB")


def _way(count: int, database_url: str, tell: Callable[[str], None]) -> dict[str, Any]:
    with _receiver(0.0) as outside, _installation("cap", outside.address, database_url) as store:
        spool, put = Spool(store.settings.spool_folder), dict[str, float]()
        jobs = Jobs(store)
        jobs.start()
        try:
            sleep(1.0)  # the first rounds of the jobs look at everything
            for n in range(count):
                event = _event(n)
                put[str(event.id)] = time()
                spool.put(event, None)
                sleep(PUT_EVERY_S)
            until = monotonic() + WAIT_S
            while (any(spool.pending()) or _left(store)) and monotonic() < until:
                sleep(SAMPLE_S)
        finally:
            jobs.stop()
        arrived: dict[str, float] = outside.end()["first_at"]
    spans = sorted(arrived[one] - put[one] for one in put if one in arrived)
    tell(f"{len(spans)} of {count} arrived")
    return {
        "events": count,
        "received": len(spans),
        "every_s": PUT_EVERY_S,
        "p50_s": round(_percentile(spans, 0.5), 3),
        "p95_s": round(_percentile(spans, 0.95), 3),
        "max_s": round(spans[-1], 3) if spans else math.nan,
    }


def _event(n: int) -> Event:
    kind = KINDS[n % len(KINDS)]
    return Event.model_validate(
        {
            "id": UUID(int=uuid4().int), "type": "fire_alert" if kind in {"fire", "smoke"} else "incident",
            "kind": kind, "camera": f"bench-{n}", "time": datetime.now(UTC), "video_s": 7.5, "onset_s": 6.0,
            "track": n, "class": "car", "score": 0.9,
        }
    )  # fmt: skip


def _percentile(spans: Sequence[float], share: float) -> float:
    return spans[min(len(spans) - 1, math.ceil(share * len(spans)) - 1)] if spans else math.nan


@contextmanager
def _installation(channel: str, address: str, database_url: str) -> Iterator[Store]:
    with tempfile.TemporaryDirectory(prefix="qyran-alerts-") as folder:
        home = Path(folder)
        text = FILE.format(channel=channel, url=address, secret=SECRET, timeout=TIMEOUT_S, parallel=PARALLEL)
        if channel == "cap":
            text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("secret"))
            text = text.replace(f"timeout_s = {TIMEOUT_S}", "timeout_s = 5")
        (home / "alerts.toml").write_text(text, encoding="utf-8")
        settings = load_settings(home=home, database_url=database_url, alerts_file=home / "alerts.toml")
        store = open_store(settings)
        try:
            yield store
        finally:
            store.close()


class _Outside:
    """The stand-in's process."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self._process, self.address = process, address

    def end(self) -> Any:
        """What arrived."""
        out, _ = self._process.communicate()
        return json.loads(out)


@contextmanager
def _receiver(fails: float) -> Iterator[_Outside]:
    command = [sys.executable, "-m", "service.bench_alerts_receiver", str(fails), str(HANG_S)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            if process.stdout is None:
                raise InputError("The stand-in of the receiver has no output.")
            yield _Outside(process, process.stdout.readline().strip())
        finally:
            if process.poll() is None:
                process.kill()
