"""`qyran bench streams`: how many cameras one machine carries, and what each of them gets.

Cameras of 1080p at 25 a second over real RTSP, a real worker, a real service (`service.bench_live`). Rates, gaps and
shedding are what each camera's process says of itself (`service.worker_status`); a delay is from the moment of the
frame that decides to the transaction that stores the finding.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
from sqlalchemy import select

from qyran.roles import DETECTOR
from service.bench_live import SCENES, SIZE, Site, clip, cpu_seconds, log_in, memory_bytes, quantiles, site, worker
from service.bench_video import FPS
from service.store.alert_tables import Alert
from service.store.database import open_store
from service.store.tables import Ingested, Passage, ViolationCase
from service.worker_status import EVERY_S, WorkerStatus, status_of
from vision.load import LASTING_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import InstrumentedAttribute

STREAMS: Final = 8
SECONDS: Final = 120
WARM_S: Final = LASTING_S
"""Watched before it is measured: what a status tells of the last seconds then leaves out the start."""
WINDOW_S: Final = 5.0
"""Over which a rate is taken."""
MEMORY_EACH: Final = 10
"""Of so many samples one asks for memory: going through the pages of all programs takes the system 0.1 s and more."""
STEP: Final = 2
MOST_STREAMS: Final = 64
SHEDS: Final = 0.02
"""Share of the wanted looks from which a stream counts as shed: less is a hiccup."""
RATE_GOAL_HZ: Final = 3.0
STORED_P95_GOAL_S: Final = 2.0
MEMORY_GOAL_BYTES: Final = 4 << 30


@dataclass(frozen=True, slots=True)
class _Sample:
    """Every camera's status at one moment, and the memory of each program where it was asked."""

    at: float
    statuses: dict[str, WorkerStatus]
    memory: dict[str, int]


def bench_streams(
    streams: int | None = None,
    seconds: float = SECONDS,
    keep: Path | None = None,
    *,
    until_shed: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure.

    Args:
        streams: cameras watched at once; with `until_shed` the most that are tried.
        seconds: of watching, after a warm-up of `WARM_S`.
        keep: folder in which the drawn clips are kept and found again.
        until_shed: begin with two cameras and add two at a time until the first look is shed.
        tell: told what is being done.

    Raises:
        ConfigError: GStreamer's RTSP server is absent, or service or worker do not start.
    """
    if not until_shed:
        return _measure(streams or STREAMS, seconds, keep, tell)
    steps: list[dict[str, Any]] = []
    for count in range(STEP, (streams or MOST_STREAMS) + 1, STEP):
        steps.append(_measure(count, seconds, keep, tell))
        if steps[-1]["sheds"]:
            break
    begins = next((one["streams"] for one in steps if one["sheds"]), None)
    return {"begins_to_shed_at": begins, "carried_whole": steps[-2]["streams"] if begins and len(steps) > 1 else (
        None if begins else steps[-1]["streams"]), "steps": steps}  # fmt: skip


def _measure(streams: int, seconds: float, keep: Path | None, tell: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="qyran-") as folder, httpx.Client() as client:
        home = Path(folder)
        clips = [clip(scene, keep or home / "clips", tell) for scene in SCENES]
        tell(f"{streams} streams: starting")
        with site(home, streams, clips, {}) as at, _logged_in(at, client), worker(at, client) as start_s:
            tell(f"{streams} streams: warming up")
            time.sleep(WARM_S)
            tell(f"{streams} streams: measuring")
            samples, before, from_ = [_sample(at, memory_bytes())], cpu_seconds(), time.time()
            while time.time() - from_ < seconds:
                time.sleep(EVERY_S)
                samples.append(_sample(at, memory_bytes() if len(samples) % MEMORY_EACH == 0 else {}))
            span = time.time() - from_
            used = {name: after - before.get(name, 0.0) for name, after in cpu_seconds().items()}
            stored = _stored(at, from_)
    return _report(samples, stored, used, span, start_s)


@contextmanager
def _logged_in(at: Site, client: httpx.Client) -> Iterator[None]:
    log_in(at.base, client)
    yield


def _sample(at: Site, memory: dict[str, int]) -> _Sample:
    found = {one: status_of(at.settings.home, one) for one in at.ids}
    return _Sample(time.time(), {one: status for one, status in found.items() if status is not None}, memory)


def _stored(at: Site, from_: float) -> dict[str, list[float]]:
    """Seconds from frame to stored, by what was stored; alarms leave at once, the others wait on purpose."""
    store = open_store(at.settings, demo=True)
    out: dict[str, list[float]] = {}
    with store.read(DETECTOR) as work:
        kinds: Sequence[tuple[str, InstrumentedAttribute[str], InstrumentedAttribute[datetime]]] = (
            ("alarms", Alert.id, Alert.t_detect),
            ("violations_after_their_clip", ViolationCase.id, ViolationCase.t_detect),
            ("passages_after_their_plate", Passage.id, Passage.time),
        )
        for name, key, moment in kinds:
            rows = work.session.execute(select(moment, Ingested.at).join(Ingested, Ingested.event_id == key)).all()
            delays = [(stored - seen).total_seconds() for seen, stored in rows if seen.timestamp() >= from_]
            out[name] = sorted(delays)
    store.close()
    return out


def _report(
    samples: Sequence[_Sample], stored: dict[str, list[float]], used: dict[str, float], span: float, start_s: float
) -> dict[str, Any]:
    ids = sorted(samples[-1].statuses, key=lambda one: int(one.rpartition("-")[2]))
    each = [_stream([s.statuses[one] for s in samples if one in s.statuses]) for one in ids]
    memory = {name: max(s.memory.get(name, 0) for s in samples) for name in samples[0].memory}
    alarms = quantiles(stored["alarms"])
    met = {
        "rate": all(one["rate_hz"]["least"] >= RATE_GOAL_HZ for one in each),
        "stored": bool(alarms) and alarms["p95"] <= STORED_P95_GOAL_S,
        "memory": memory["worker"] <= MEMORY_GOAL_BYTES,
    }
    return {
        "streams": len(each), "size": list(SIZE), "fps": FPS, "seconds": round(span, 1), "cores": os.cpu_count(),
        "started_s": round(start_s, 1), "sheds": any(one["shed_share"] > SHEDS for one in each),
        "rate_hz": {
            "least": min(one["rate_hz"]["least"] for one in each),
            "median": round(statistics.median(one["rate_hz"]["median"] for one in each), 2),
        },
        "longest_gap_s": max(one["longest_gap_s"] for one in each),
        "frame_to_stored_s": {name: quantiles(delays) for name, delays in stored.items()},
        "worker_memory_mib": round(memory["worker"] / 2**20), "service_memory_mib": round(memory["service"] / 2**20),
        "cpu_share": {name: round(value / span, 3) for name, value in used.items()},
        "goals": {"rate_hz": RATE_GOAL_HZ, "stored_p95_s": STORED_P95_GOAL_S, "memory_mib": MEMORY_GOAL_BYTES >> 20},
        "met": met, "each": each,
    }  # fmt: skip


def _stream(told: Sequence[WorkerStatus]) -> dict[str, Any]:
    """One camera over the samples."""
    first, last = told[0], told[-1]
    rates: list[float] = []
    begin = first
    for one in told[1:]:
        if (one.at - begin.at).total_seconds() >= WINDOW_S:
            rates.append((one.analysed - begin.analysed) / (one.at - begin.at).total_seconds())
            begin = one
    analysed, shed = last.analysed - first.analysed, last.shed - first.shed
    return {
        "camera": last.camera,
        "rate_hz": {
            "least": round(min(rates, default=0.0), 2), "median": round(statistics.median(rates or [0.0]), 2),
            "asked": last.rate_asked_hz, "wanted": last.rate_wanted_hz, "needed": last.rate_least_hz,
        },
        "longest_gap_s": max(one.longest_gap_s for one in told),
        "look_s": {"p50": last.latency_p50_s, "p95": last.latency_p95_s},
        "analysed": analysed, "gated": last.gated - first.gated, "shed": shed,
        "thrift": last.thrift, "shed_share": round(shed / max(1, analysed + shed), 3),
        "skipped": last.skipped - first.skipped, "corrupt": last.corrupt - first.corrupt,
        "connections": last.connections, "memory_mib": round(last.memory_bytes / 2**20),
    }  # fmt: skip
