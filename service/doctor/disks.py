"""Folders of the installation: room, speed, and who may read what."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from qyran.errors import ConfigError
from service.doctor.findings import Finding, Patient, note, ok, wrong
from service.metrics.place_figures import folders_of, nearest
from service.settings import Settings, read_secret

GIB: Final = 1 << 30
LEAST_GIB: Final = 10.0
"""A day of evidence of a dozen cameras, and the store's own growth; below this somebody should know."""
PROBE_BYTES: Final = 8 << 20
SYNCS: Final = 20
SLOW_SYNC_MS: Final = 20.0
"""Of one durable write: at 50 a second a spool of a few busy cameras falls behind."""
SLOW_MIB_S: Final = 20.0
SECRETS: Final = ("database_password", "metrics_token", "service_token")


def room(patient: Patient) -> Iterator[Finding]:
    """Free room under each folder; folders on one disk are told once."""
    settings = _settings(patient)
    told: set[int] = set()
    for name, folder in folders_of(settings).items():
        place = nearest(folder)
        device = place.stat().st_dev
        if device in told:
            continue
        told.add(device)
        free = shutil.disk_usage(place).free
        values = {"folder": name, "path": str(place), "gib": round(free / GIB, 1)}
        if free < settings.disk_reserve_mb << 20:
            yield wrong("disk_full", reserve=settings.disk_reserve_mb, **values)
        elif free < LEAST_GIB * GIB:
            yield note("disk_low", least=LEAST_GIB, **values)
        else:
            yield ok("disk", **values)


def writable(patient: Patient) -> Iterator[Finding]:
    """Whether this user may write into each folder, and whether others may read in it."""
    settings, bad = _settings(patient), 0
    for name, folder in folders_of(settings).items():
        place = nearest(folder)
        if not os.access(place, os.W_OK | os.X_OK):
            bad += 1
            yield wrong("folder_not_writable", folder=name, path=str(place), user=str(os.geteuid()))
        elif folder.exists() and stat.S_IMODE(folder.stat().st_mode) & 0o007:
            bad += 1
            yield wrong("folder_open", folder=name, path=str(folder))
    if not bad:
        yield ok("folders")


def speed(patient: Patient) -> Iterator[Finding]:
    """How fast the spool's disk takes a durable write."""
    place = nearest(_settings(patient).spool_folder)
    probe = place / f".doctor-{os.getpid()}"
    try:
        handle = os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        yield wrong("disk_refuses", path=str(place), reason=str(error.strerror))
        return
    try:
        began = time.perf_counter()
        left = PROBE_BYTES
        while left:  # a disk with a little room takes a part first
            left -= os.write(handle, bytes(left))
        os.fsync(handle)
        rate = PROBE_BYTES / (1 << 20) / max(time.perf_counter() - began, 1e-6)
        took = []
        for _ in range(SYNCS):
            began = time.perf_counter()
            os.pwrite(handle, b"x" * 512, 0)
            os.fsync(handle)
            took.append(1000 * (time.perf_counter() - began))
    except OSError as error:
        yield wrong("disk_refuses", path=str(place), reason=str(error.strerror))
        return
    finally:
        os.close(handle)
        probe.unlink(missing_ok=True)
    values = {"mib": round(rate), "ms": round(sorted(took)[SYNCS // 2], 2)}
    slow = rate < SLOW_MIB_S or values["ms"] > SLOW_SYNC_MS
    yield (wrong("disk_slow", path=str(place), **values) if slow else ok("disk_speed", **values))


def secrets(patient: Patient) -> Iterator[Finding]:
    """Files of secrets: there, not empty, and nobody else's to read."""
    settings, bad = _settings(patient), 0
    for name in SECRETS:
        where = getattr(settings, name, None)
        if not isinstance(where, str):
            continue
        variable, path = f"QYRAN_{name.upper()}", Path(where.removeprefix("file:"))
        if where.startswith("file:") and path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o007:
            bad += 1
            yield wrong("secret_open", variable=variable, path=str(path))
            continue
        try:
            read_secret(where)
        except ConfigError as error:
            bad += 1
            yield wrong("secret_unreadable", variable=variable, fault=str(error))
    for path in _private(settings.home):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            bad += 1
            yield wrong("key_open", path=str(path))
    if not bad:
        yield ok("secrets")


def _private(home: Path) -> Iterator[Path]:
    """Files under the folder of keys that are nobody else's; what is trusted is public."""
    folder = home / "keys"
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        public = "trusted" in path.relative_to(folder).parts or path.suffix in {".crt", ".cer", ".pub", ".lock"}
        if path.is_file() and not public:
            yield path


def _settings(patient: Patient) -> Settings:
    """The settings of a check that is only run where there are some."""
    if patient.settings is None:
        raise ConfigError("The settings cannot be read.")
    return patient.settings
