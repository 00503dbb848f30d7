"""The machine itself: Python, libraries, processor, memory, clock, time zones."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from service.doctor.findings import Finding, Patient, note, ok, wrong
from service.evidence_clock import measure
from service.evidence_settings import evidence_file

LEAST_PYTHON: Final = (3, 11)
NEEDED: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(?:>=\s*(?P<least>[0-9.]+))?")
CPUINFO: Final = Path("/proc/cpuinfo")
MEMINFO: Final = Path("/proc/meminfo")
CGROUP: Final = Path("/sys/fs/cgroup/memory.max")
LEAST_GIB: Final = 4.0
"""Eight cameras, the service and PostgreSQL on one machine, measured by `qyran bench latency`."""
UNSYNCHRONISED: Final = 0x40
"""STA_UNSYNC of adjtimex(2)."""
CLOCK_ERROR: Final = 5
"""TIME_ERROR of adjtimex(2)."""


class _Timex(ctypes.Structure):
    """The beginning of ``struct timex``; the kernel wants room for all of it."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("rest", ctypes.c_byte * 512),
    )  # fmt: skip


def python(_: Patient) -> Iterator[Finding]:
    """The interpreter."""
    here = ".".join(map(str, sys.version_info[:3]))
    found = ok if sys.version_info >= LEAST_PYTHON else wrong
    yield found("python", version=here, least=".".join(map(str, LEAST_PYTHON)))


def libraries(_: Patient) -> Iterator[Finding]:
    """What the distribution asks for, in the versions it asks for."""
    try:
        wanted = [one for one in requires("qyran") or () if "extra ==" not in one]
    except PackageNotFoundError:
        yield wrong("not_installed")
        return
    bad = 0
    for one in wanted:
        found = NEEDED.match(one)
        if found is None:
            continue
        try:
            here = version(found["name"])
        except PackageNotFoundError:
            bad += 1
            yield wrong("library_missing", name=found["name"])
            continue
        if found["least"] and _numbers(here) < _numbers(found["least"]):
            bad += 1
            yield wrong("library_old", name=found["name"], version=here, least=found["least"])
    if not bad:
        yield ok("libraries", n=len(wanted))


def processor(patient: Patient) -> Iterator[Finding]:
    """Cores, the instructions that fast engines need, and whether the engine that is set fits."""
    from vision.engine import (  # noqa: PLC0415 - slow, and a broken one must not stop the rest
        AUTO,
        ENGINES,
        EXTRAS,
        available,
        suiting,
    )

    text = CPUINFO.read_text(encoding="utf-8", errors="replace") if CPUINFO.exists() else ""
    flags = {word for line in text.splitlines() if line.startswith(("flags", "Features")) for word in line.split()}
    cores = len(os.sched_getaffinity(0))
    if flags and not flags & {"avx2", "asimd"}:
        yield wrong("no_avx2", cores=cores)
    else:
        vnni = bool(flags & {"avx512_vnni", "avx_vnni", "i8mm"})
        yield ok("processor_vnni" if vnni else "processor", cores=cores)
    if patient.settings is None:
        return
    engine = patient.settings.engine
    if engine not in ENGINES:
        yield wrong("engine_unknown", engine=engine, engines=", ".join(ENGINES))
    elif not available(engine):
        yield wrong("engine_missing", engine=engine, extra=EXTRAS.get(engine, ""))
    else:
        suits = suiting(bfloat16=True)
        shown = f"{AUTO} ({suits})" if engine == AUTO else engine
        faster = [one for one in ("tensorrt", "cuda") if available(one)]
        if engine == "cpu" and suits != "cpu":
            faster.append(AUTO)
        plain = engine in {"cpu", AUTO} and bool(faster)
        yield note("engine_faster", engine=shown, faster=faster[0]) if plain else ok("engine", engine=shown)


def memory(_: Patient) -> Iterator[Finding]:
    """How much there is, a container's limit counted."""
    found = re.search(r"MemTotal:\s+(\d+) kB", MEMINFO.read_text(encoding="ascii")) if MEMINFO.exists() else None
    if found is None:
        yield note("memory_unknown")
        return
    gib = int(found[1]) / (1 << 20)
    limit = CGROUP.read_text(encoding="ascii").strip() if CGROUP.exists() else "max"
    if limit.isdigit():
        gib = min(gib, int(limit) / (1 << 30))
    yield (ok if gib >= LEAST_GIB * 0.95 else wrong)("memory", gib=round(gib, 1), least=LEAST_GIB)


def time_zones(patient: Patient) -> Iterator[Finding]:
    """The city's zone, with the rule that Kazakhstan has had one time since March 2024."""
    almaty = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Almaty")).utcoffset()
    zone = "Asia/Almaty" if patient.settings is None else patient.settings.time_zone
    if almaty != timedelta(hours=5):
        yield wrong("zones_old", offset=str(almaty))
    else:
        yield ok("zones", zone=zone)


def clock(patient: Patient) -> Iterator[Finding]:
    """Whether something keeps the clock, and how far it is off where time servers are named."""
    timex = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if state == CLOCK_ERROR or timex.status & UNSYNCHRONISED:
        yield wrong("clock_free")
    else:
        yield ok("clock_kept")
    if patient.settings is None or not patient.network:
        return
    servers = evidence_file(patient.settings).clock.servers
    if not servers:
        yield note("clock_no_servers")
        return
    reading = measure(servers)
    if reading is None:
        yield wrong("clock_silent", servers=", ".join(servers))
        return
    far = abs(reading.offset_s) > patient.settings.clock_offset_s
    yield (wrong if far else ok)("clock_offset", seconds=round(reading.offset_s, 3), server=reading.server)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", text)[:4])
