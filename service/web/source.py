"""The source of the running version as an archive, so that the licence is kept without any host but this one."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from qyran import __version__

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDERS: Final = (
    "qyran", "vision", "evidence", "violations", "incidents", "fire_alerts", "models", "kpi_catalog", "scenarios",
    "service", "tests", "docs",
)  # fmt: skip
FILES: Final = (
    "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "Dockerfile", "compose.yaml", "package.json",
    "package-lock.json", "requirements.txt", "requirements-dev.txt", "requirements-train.txt",
)  # fmt: skip
LEFT_OUT: Final = frozenset({"__pycache__", "node_modules", "runs", "vendor"})

_one_at_a_time = threading.Lock()


def archive(home: Path) -> Path:
    """The archive in the installation's folder, made on the first request of a version."""
    path = home / f"qyran-{__version__}-source.tar.gz"
    with _one_at_a_time:
        if not path.is_file() or path.stat().st_mtime < _newest():
            part = path.with_suffix(".part")
            part.write_bytes(_packed())
            part.replace(path)
    return path


def _packed() -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for path in _paths():
            tar.add(path, f"qyran-{__version__}/{path.relative_to(ROOT).as_posix()}", recursive=False, filter=_plain)
    return buffer.getvalue()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _paths() -> Iterator[Path]:
    yield from (ROOT / name for name in FILES if (ROOT / name).is_file())
    for folder in FOLDERS:
        for base, names, files in os.walk(ROOT / folder):
            names[:] = sorted(name for name in names if name not in LEFT_OUT and not name.startswith("."))
            yield from (
                Path(base) / name for name in sorted(files) if not name.startswith(".") and not name.endswith(".pyc")
            )


def _newest() -> float:
    return max(path.stat().st_mtime for path in _paths())
