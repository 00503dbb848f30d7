"""The history of benchmark figures: one JSON line a run, with the machine it ran on; `qyran bench history`."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qyran import __version__
from qyran.errors import InputError
from service.settings import home

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE: Final = "bench-history.jsonl"
"""Under the installation's home."""
CHECKOUT: Final = Path(__file__).resolve().parents[1]
GIT_WITHIN_S: Final = 5.0


def history_file(file: Path | None = None) -> Path:
    """The file of the history: the one given, else that of this installation."""
    return file or home() / FILE


def note(part: str, figures: Mapping[str, Any], report: Mapping[str, Any], file: Path | None = None) -> Path:
    """Append one run; returns the file.

    Args:
        part: of the bench: ``clock``, ``peers``...
        figures: the numbers whose course is shown, by name.
        report: the whole report, kept beside them.
        file: of the history; by default that of this installation.

    Raises:
        InputError: the file cannot be written.
    """
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "part": part,
        "version": __version__,
        "commit": commit(),
        "machine": report.get("machine") or machine(),
        "figures": dict(figures),
        "report": dict(report),
    }
    target = history_file(file)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line, ensure_ascii=False) + "\n")
    except OSError as error:
        raise InputError(f"The bench history {target} cannot be written: {error.strerror}.") from None
    return target


def course(file: Path | None = None, part: str | None = None) -> dict[str, Any]:
    """Every run noted so far, oldest first, without the whole reports.

    Args:
        file: of the history; by default that of this installation.
        part: only runs of this part.

    Raises:
        InputError: there is no such file, or a line of it is no run.
    """
    source = history_file(file)
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(
            f"The bench history {source} cannot be read: {error.strerror}; `qyran bench` begins one."
        ) from None
    runs = []
    for number, line in enumerate(lines, start=1):
        try:
            run = json.loads(line)
            kept = {name: run[name] for name in ("at", "part", "version", "commit", "machine", "figures")}
        except (ValueError, KeyError, TypeError):
            raise InputError(f"Line {number} of the bench history {source} is no run; remove it.") from None
        if part is None or kept["part"] == part:
            runs.append(kept)
    return {"file": str(source), "runs": runs}


def table(told: Mapping[str, Any]) -> str:
    """The course as a table for a person, newest last."""
    rows = [("when", "part", "commit", "machine", "cores", "figures")]
    for run in told["runs"]:
        figures = ", ".join(f"{name} {value}" for name, value in run["figures"].items())
        place = run["machine"]
        rows.append((run["at"][:16], run["part"], run["commit"][:9] or run["version"], str(place.get("name", "")),
                     str(place.get("cores_used", "")), figures))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    )


def machine(cores_used: int | None = None) -> dict[str, Any]:
    """Which machine this is: its name, processor, cores."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "name": platform.node(),
        "processor": processor(),
        "python": platform.python_version(),
        "cores": os.cpu_count() or 1,
        "cores_used": cores_used or allowed,
    }


def processor() -> str:
    """Name of the processor."""
    info = Path("/proc/cpuinfo")
    names = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    return next(
        (line.split(":", 1)[1].strip() for line in names if line.startswith("model name")), platform.processor()
    )


def commit() -> str:
    """The commit of this checkout, with ``+`` where files differ from it; empty where it is none."""
    told = _git("rev-parse", "HEAD")
    return told if not told or not _git("status", "--porcelain", "--untracked-files=no") else f"{told[:12]}+"


def _git(*words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            ("git", "-C", str(CHECKOUT), *words),  # noqa: S607 - the system's own
            capture_output=True,
            text=True,
            timeout=GIT_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
