"""What a page says of the process that watches a camera: how often it looks, what load made it leave out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.worker_status import status_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from service.web.words import Words
    from service.worker_status import WorkerStatus


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One sentence with its tone, and what is counted, each with its name."""

    tone: str
    text: str
    facts: tuple[tuple[str, str], ...]


def worker_view(w: Words, home: Path, camera: str, now: datetime) -> WorkerView | None:
    """How the watch of a camera goes; None where nobody watches it."""
    found = status_of(home, camera)
    if found is None or not found.is_fresh(now):
        return None
    return WorkerView(*_sentence(w, found), _facts(w, found))


def _sentence(w: Words, found: WorkerStatus) -> tuple[str, str]:
    if found.state != "up":
        return "warn", w.t(f"worker.{found.state}")
    if not found.live:
        return "good", w.t("worker.recording")
    numbers = {"had": w.num(found.rate_had_hz, 1), "wanted": w.num(found.rate_wanted_hz, 1)}
    if found.starves:
        return "bad", w.t("worker.starves", needed=w.num(found.rate_least_hz, 1), **numbers)
    if found.sheds:
        return "warn", w.t("worker.sheds", **numbers)
    return "good", w.t("worker.keeps_up", **numbers)


def _facts(w: Words, found: WorkerStatus) -> tuple[tuple[str, str], ...]:
    counts = {
        "analysed": found.analysed, "gated": found.gated, "shed": found.shed, "skipped": found.skipped,
        "corrupt": found.corrupt, "memory_waiting": found.memory_waiting, "spool_waiting": found.spool_waiting,
    }  # fmt: skip
    facts = [(w.t(f"worker.{name}"), w.num(value, 0)) for name, value in counts.items()]
    if found.latency_p95_s is not None:
        facts.append((w.t("worker.latency"), w.t("worker.seconds", value=w.num(found.latency_p95_s, 2))))
    facts.append((w.t("worker.gap"), w.t("worker.seconds", value=w.num(found.longest_gap_s, 1))))
    facts.append((w.t("worker.thrift"), w.t(f"worker.thrift_{found.thrift}")))
    return tuple(facts)
