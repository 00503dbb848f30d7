"""What a run costs: cores by part, growth, log, checkpoints and dead rows of the database, and how long events wait."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from service.spool import Spool
    from service.store.database import Store

TICKS: Final = os.sysconf("SC_CLK_TCK")
MIB: Final = 1 << 20


class Cpu:
    """Seconds of a core that groups of processes spent; those of one that ended meanwhile stay counted."""

    def __init__(self, groups: Mapping[str, Iterable[int | None]]) -> None:
        self._groups = {name: {pid for pid in pids if pid is not None} for name, pids in groups.items()}
        self._first: dict[int, float] = {}
        self._last: dict[int, float] = {}
        self._name = {pid: name for name, pids in self._groups.items() for pid in pids}
        for pid in self._name:
            self._first[pid] = self._last[pid] = _seconds(pid)

    @staticmethod
    def servers(store: Store) -> set[int]:
        """Processes of the database, where it runs on this machine."""
        with store.engine.connect() as connection:
            found = set(connection.scalars(text("SELECT pid FROM pg_stat_activity")))
        return {pid for pid in found if Path(f"/proc/{pid}/stat").exists()}

    def look(self, servers: Iterable[int]) -> None:
        """Look at all of them; a process of the database that is new is counted from its beginning."""
        for pid in servers:
            if pid not in self._name:
                self._name[pid], self._first[pid] = "database", 0.0
        for pid in self._name:
            self._last[pid] = max(_seconds(pid), self._last.get(pid, 0.0))

    def cores(self, span_s: float) -> dict[str, float]:
        """Cores that each group kept busy on average."""
        found = dict.fromkeys(self._groups, 0.0)
        for pid, name in self._name.items():
            found[name] += self._last[pid] - self._first[pid]
        return {name: round(spent / span_s, 3) for name, spent in found.items()}


def oldest_s(spool: Spool) -> float:
    """How long the oldest waiting line has waited, 0 where nothing waits."""
    oldest = None
    for path in sorted((spool.folder / "segments").iterdir()):
        with suppress(OSError, ValueError, IndexError):
            with path.open("rb") as file:
                line = file.readline()
            number = int(line.split(b" ", 2)[1])
            oldest = number if oldest is None else min(oldest, number)
    return 0.0 if oldest is None else max(0.0, time.time() - oldest / 1e9)


def database_figures(store: Store) -> dict[str, float]:
    """Counters and sizes of the database as they stand."""
    asked = {
        "size_mib": "SELECT pg_database_size(current_database()) / 1048576.0",
        "wal_mib": "SELECT wal_bytes / 1048576.0 FROM pg_stat_wal",
        "checkpoints": "SELECT checkpoints_timed + checkpoints_req FROM pg_stat_bgwriter",
        "passages": "SELECT count(*) FROM passage",
        "dead_rows": "SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables",
        "rows": "SELECT coalesce(sum(n_live_tup), 0) FROM pg_stat_user_tables",
    }
    with store.engine.connect() as connection:
        return {name: round(float(connection.scalar(text(query)) or 0), 1) for name, query in asked.items()}


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS
