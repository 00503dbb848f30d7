"""How the watch of cameras goes, from what their processes write down (`service.worker_status`)."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from prometheus_client.core import CounterMetricFamily, Metric

from service.metrics.collected import Look, gauge
from service.worker_status import WorkerStatus, all_statuses, now

MOST: Final = 500
"""Cameras told one by one; a worker has some dozens, and labels shall not grow without end."""

GAUGES: Final[tuple[tuple[str, str, Callable[[WorkerStatus], float | None]], ...]] = (
    ("qyran_camera_up", "Whether pictures come.", lambda one: float(one.state == "up" and one.is_fresh(now()))),
    ("qyran_camera_rate_hz", "Looks a second that were had.", lambda one: one.rate_had_hz),
    ("qyran_camera_rate_wanted_hz", "Looks a second while the machine keeps up.", lambda one: one.rate_wanted_hz),
    ("qyran_camera_rate_least_hz", "Looks a second that the rules need.", lambda one: one.rate_least_hz),
    ("qyran_camera_latency_p95_seconds", "From a picture's arrival to its look.", lambda one: one.latency_p95_s),
    ("qyran_camera_memory_bytes", "Resident memory of the camera's process.", lambda one: float(one.memory_bytes)),
    ("qyran_camera_memory_waiting_items", "Events the disk refused.", lambda one: float(one.memory_waiting)),
)
COUNTERS: Final[tuple[tuple[str, str, Callable[[WorkerStatus], int]], ...]] = (
    ("qyran_camera_decoded", "Pictures decoded.", lambda one: one.decoded),
    ("qyran_camera_analysed", "Pictures looked at.", lambda one: one.analysed),
    ("qyran_camera_gated", "Of these, pictures where nothing stirred.", lambda one: one.gated),
    ("qyran_camera_shed", "Pictures that load forbade.", lambda one: one.shed),
    ("qyran_camera_corrupt", "Damaged packets.", lambda one: one.corrupt),
    ("qyran_camera_connections", "Times the stream was connected.", lambda one: one.connections),
)


def totals_of(home: Path) -> dict[str, Look]:
    """All cameras of a home together, for the service."""
    return {"watched": lambda: watched(all_statuses(home))}


def each_of(home: Path) -> dict[str, Look]:
    """Camera by camera and process by process, for a worker."""
    return {
        "watched": lambda: watched(all_statuses(home)),
        "each": lambda: each(all_statuses(home)),
        "processes": processes,
    }


def watched(statuses: Iterable[WorkerStatus]) -> Iterable[Metric]:
    """Cameras that are watched now, and those among them that load keeps short."""
    fresh = [one for one in statuses if one.is_fresh(now())]
    counts = {
        ("up",): sum(one.state == "up" for one in fresh),
        ("down",): sum(one.state == "down" for one in fresh),
        ("starting",): sum(one.state == "starting" for one in fresh),
        ("shedding",): sum(one.sheds for one in fresh),
        ("starving",): sum(one.starves for one in fresh),
    }
    given: dict[tuple[str, ...], float] = {key: float(value) for key, value in counts.items()}
    yield gauge("qyran_watched_cameras", "Cameras whose process reports; shedding ones are up too.", given, ("state",))
    yield gauge("qyran_watched_rate_hz", "Looks a second of all of them.", {(): sum(one.rate_had_hz for one in fresh)})


def each(statuses: Iterable[WorkerStatus]) -> Iterable[Metric]:
    """Each camera's own figures, those of the first `MOST` by id."""
    shown = [one for one in statuses if one.state != "ended"][:MOST]
    for name, text, of in GAUGES:
        values = {(one.camera,): value for one in shown if (value := of(one)) is not None}
        yield gauge(name, text, values, ("camera",))
    for name, text, count in COUNTERS:
        family = CounterMetricFamily(name, text, labels=("camera",))
        for one in shown:
            family.add_metric((one.camera,), count(one), created=one.since.timestamp())
        yield family


def processes() -> Iterable[Metric]:
    """Processes this worker has started, by what they are for: the first word of their name."""
    counts: dict[tuple[str, ...], float] = {("camera",): 0.0}
    for child in multiprocessing.active_children():
        kind = (child.name.partition(" ")[0].partition("-")[0].lower(),)
        counts[kind] = counts.get(kind, 0.0) + 1
    yield gauge("qyran_worker_processes", "Processes that live, by kind.", counts, ("kind",))
