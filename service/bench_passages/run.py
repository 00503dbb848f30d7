"""Runs the measurement: starts the database and the processes, samples once a second, judges, and tells as JSON."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from qyran.errors import InputError
from service.bench_faults.postgres import Postgres
from service.bench_passages import city
from service.bench_passages.asking import ask
from service.bench_passages.feeding import Feed, feed
from service.bench_passages.sampling import Cpu, database_figures, oldest_s
from service.bench_passages.taking import take
from service.settings import load_settings
from service.spool import Spool
from service.store.database import Store, open_store

LEAST_WORKERS: Final = 2
CAMERAS: Final = 10_000
VEHICLES: Final = 700_000
RATE: Final = 2500
SECONDS: Final = 600
SAMPLE_S: Final = 1.0
DRAIN_S: Final = 60.0
"""What waits at the end is waited for so long."""
LAG_S: Final = 5.0
"""The oldest waiting event may be so old at the end."""
SHARE: Final = 0.99
"""Of the wanted rate, reached."""
P95_MS: Final = 500.0
SHARES: Final = {"p50": 0.5, "p95": 0.95}
LOADED_S: Final = 5.0
"""By then each process has loaded its libraries."""
TELL_EVERY: Final = 30
TELL_S: Final = 0.2
CONFIGURED: Final = (
    "shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=15min", "checkpoint_completion_target=0.9",
    "wal_compression=on", "wal_buffers=32MB", "effective_cache_size=4GB", "work_mem=32MB", "jit=off",
    "max_parallel_workers_per_gather=1", "random_page_cost=1.1", "autovacuum_naptime=30s",
)  # fmt: skip
"""Of the database that the bench starts, as docs/sizing.md recommends it; fsync and synchronous_commit stay on."""


def bench_passages(
    rate: float = RATE,
    seconds: int = SECONDS,
    *,
    database_url: str = "",
    cameras: int = CAMERAS,
    workers: int = 2,
    feeders: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Feed passages at a fixed rate, ask the consoles' questions meanwhile, and say how both went.

    Args:
        rate: passages a second of all cameras together; reports, cases and alarms come besides.
        seconds: how long.
        database_url: an empty PostgreSQL database; without it one is started, durable, with `CONFIGURED`.
        cameras: of the city.
        workers: processes that take: one what has files or an order, the others passages.
        feeders: processes that put.
        tell: is told how it goes.

    Raises:
        InputError: fewer than two processes take.
    """
    if workers < LEAST_WORKERS:
        raise InputError("Two processes take at least: one cases and alarms, one passages.")
    with tempfile.TemporaryDirectory(prefix="qyran-bench-") as folder, _database(database_url, Path(folder)) as url:
        home = Path(folder) / "home"
        settings = load_settings(home=home, database_url=url, city_category="republican")
        tell("Writing the city: cameras, a month of cases and alarms, watch lists ...")
        people = city.build(settings, cameras, VEHICLES)
        store = open_store(settings)
        try:
            with store.engine.connect() as connection:
                alone = connection.execution_options(isolation_level="AUTOCOMMIT")
                alone.execute(text("ANALYZE"))
                alone.execute(text("CHECKPOINT"))
            before = database_figures(store)
            programs = _Programs(settings.home, url, workers, feeders)
            feeds = [Feed(str(home), n, feeders, cameras, VEHICLES, rate / feeders, seconds) for n in range(feeders)]
            programs.start(feeds, people, cameras)
            measured = programs.measure(store, Spool(settings.spool_folder), tell)
            after = database_figures(store)
        finally:
            store.close()
    report = {
        "cameras": cameras,
        "wanted": {"passages_per_s": rate, "seconds": seconds},
        "processes": {"ingest": workers, "generator": feeders, "consoles": 1},
        "cpus": os.cpu_count(),
        "started_database": not database_url,
        "passages_stored": int(after["passages"] - before["passages"]),
        **measured,
        "database": {name: round(after[name] - before[name], 1) for name in ("size_mib", "wal_mib", "checkpoints")}
        | {name: after[name] for name in ("dead_rows", "rows")},
    }
    return report | _verdict(report)


class _Programs:
    """The processes of a run."""

    def __init__(self, home: Path, url: str, workers: int, feeders: int) -> None:
        self._home, self._url = str(home), url
        self._context = context = multiprocessing.get_context("spawn")
        self._go, self._stop, self._enough = context.Event(), context.Event(), context.Event()
        self._stored = [context.Value("q", 0) for _ in range(workers)]
        self._put = [context.Value("q", 0) for _ in range(feeders)]
        self._late = [context.Value("d", 0.0) for _ in range(feeders)]
        self._told: Any = context.SimpleQueue()
        self._asked = list[tuple[str, float, int]]()
        self._takers, self._feeders, self._askers = list[Any](), list[Any](), list[Any]()

    def start(self, feeds: Sequence[Feed], people: city.People, cameras: int) -> None:
        """Start them all; the feeders wait for the clock."""
        make = self._context.Process
        for number, stored in enumerate(self._stored):
            given = (self._home, self._url, number, self._stop, stored)
            self._takers.append(make(target=take, args=given, daemon=True))
        for number, one in enumerate(feeds):
            given_feed = (one, self._go, self._put[number], self._late[number])
            self._feeders.append(make(target=feed, args=given_feed, daemon=True))
        asks = (self._home, self._url, people, cameras, VEHICLES, self._enough, self._told)
        self._askers.append(make(target=ask, args=asks, daemon=True))
        for process in (*self._takers, *self._feeders, *self._askers):
            process.start()
        time.sleep(LOADED_S)

    def measure(self, store: Store, spool: Spool, tell: Callable[[str], None]) -> dict[str, Any]:
        """Start the clock, look once a second until nobody feeds any more, then wait for what is left."""
        groups = {"ingest": self._takers, "generator": self._feeders, "consoles": self._askers}
        cpu = Cpu(
            {name: [process.pid for process in found] for name, found in groups.items()}
            | {"database": Cpu.servers(store)}
        )
        started, samples = time.monotonic(), list[dict[str, Any]]()
        self._go.set()
        while any(process.is_alive() for process in self._feeders):
            time.sleep(SAMPLE_S)
            cpu.look(Cpu.servers(store))
            samples.append(self._sample(started, spool))
            self._drain()
            if len(samples) % TELL_EVERY == 0:
                tell(_line(samples[-1], self._asked))
        fed_s, spent = time.monotonic() - started, cpu.cores(time.monotonic() - started)
        self._end()
        end = samples[-1]
        return {
            "put": sum(one.value for one in self._put),
            "stored": sum(one.value for one in self._stored),
            "put_per_s": round(sum(one.value for one in self._put) / fed_s, 1),
            "stored_per_s": round(end["stored"] / fed_s, 1),
            "fed_s": round(fed_s, 1),
            "drained_s": round(time.monotonic() - started - fed_s, 1),
            "lag_s": _spread([one["lag_s"] for one in samples]),
            "lag_of_last_third_s": statistics.median(one["lag_s"] for one in samples[-(len(samples) // 3 + 1) :]),
            "lag_at_end_s": end["lag_s"],
            "generator_late_s": max(one["late_s"] for one in samples),
            "queries_ms": _queries(self._asked),
            "cores": spent,
        }

    def _end(self) -> None:
        self._stop.set()
        until = time.monotonic() + DRAIN_S
        while any(process.is_alive() for process in self._takers) and time.monotonic() < until:
            time.sleep(TELL_S)
            self._drain()
        self._enough.set()
        for process in (*self._takers, *self._askers):
            process.join(timeout=DRAIN_S / 6)
            if process.is_alive():
                process.kill()
        self._drain()

    def _sample(self, started: float, spool: Spool) -> dict[str, Any]:
        return {
            "at_s": round(time.monotonic() - started, 1),
            "put": sum(one.value for one in self._put),
            "stored": sum(one.value for one in self._stored),
            "lag_s": round(oldest_s(spool), 2),
            "late_s": round(max(one.value for one in self._late), 2),
        }

    def _drain(self) -> None:
        while not self._told.empty():
            self._asked.append(self._told.get())


def _verdict(report: Mapping[str, Any]) -> dict[str, Any]:
    """Whether it held, and what did not."""
    faults = []
    wanted = report["wanted"]
    if report["stored"] != report["put"]:
        faults.append(f"{report['put'] - report['stored']} of {report['put']} events were not stored")
    if report["passages_stored"] < SHARE * wanted["passages_per_s"] * wanted["seconds"]:
        faults.append(f"{report['passages_stored']} passages were stored, fewer than were wanted")
    if report["fed_s"] > wanted["seconds"] / SHARE + SAMPLE_S:
        faults.append(f"the generator took {report['fed_s']} s: this machine cannot make so many events beside")
    if max(report["lag_at_end_s"], report["lag_of_last_third_s"]) > LAG_S:
        faults.append(f"ingest fell behind: the oldest event waited {report['lag_at_end_s']} s at the end")
    faults += [
        f"{name} took {one['p95']} ms (p95)" for name, one in report["queries_ms"].items() if one["p95"] > P95_MS
    ]
    return {"holds": not faults, "faults": faults}


def _queries(asked: Sequence[tuple[str, float, int]]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(name for name, _, _ in asked):
        spread = _spread([seconds * 1000 for one, seconds, _ in asked if one == name])
        found[name] = spread | {"rows": statistics.median(rows for one, _, rows in asked if one == name)}
    return found


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {"count": 0, "p50": 0.0, "p95": 0.0, "max": 0.0}
    at = {
        name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for name, share in (("p50", 0.5), ("p95", 0.95))
    }
    return {"count": len(ordered), **{name: round(one, 2) for name, one in at.items()}, "max": round(ordered[-1], 2)}


def _line(sample: Mapping[str, Any], asked: Sequence[tuple[str, float, int]]) -> str:
    slow = max((seconds for _, seconds, _ in asked[-40:]), default=0.0)
    return (
        f"{sample['at_s']:.0f} s: {sample['put']} put, {sample['stored']} stored, lag {sample['lag_s']} s,"
        f" slowest question of late {slow * 1000:.0f} ms"
    )


@contextmanager
def _database(url: str, folder: Path) -> Iterator[str]:
    if url:
        yield url
        return
    place = folder / "pg"
    place.mkdir()
    folder.chmod(0o755)  # PostgreSQL does not run as root, and has to reach its folder
    server = Postgres(place, options=CONFIGURED)
    server.start()
    try:
        yield server.make("bench")
    finally:
        server.kill()
        shutil.rmtree(place, ignore_errors=True)
