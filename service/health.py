"""Whether this service can do its work now: what a balancer, an orchestrator and an administrator ask.

*Live* says only that the process answers; whoever restarts it for a database that is away makes things worse. *Ready*
looks at what a request needs. Answers are kept for a second and given within `DEADLINE_S`, however long a database
hangs.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Literal

from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from service.metrics.place_figures import folders_of, nearest
from service.metrics.store_figures import newest_revision
from service.store.database import Store

KEPT_S: Final = 1.0
"""An answer stays so long; the doors are open, and nobody shall keep the database busy through them."""
DEADLINE_S: Final = 3.0
"""A check that has not answered by then has failed."""
MIB: Final = 1 << 20

Verdict = Literal["ok", "failed"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `reason` says in a word why it failed, naming no host, path or person."""

    ok: bool
    reason: str | None = None


@dataclass(slots=True)
class Readiness:
    """Asks the checks of one store; `closing` is set when the service is told to stop.

    Attributes:
        store: what is looked at.
        closing: from then on it is not ready, so that nobody sends new requests.
    """

    store: Store
    closing: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: Mapping[str, Check] = field(default_factory=dict)
    _until: float = 0.0
    _asked: dict[str, Future[Check]] = field(default_factory=dict)

    def look(self) -> Mapping[str, Check]:
        """Every check by name."""
        with self._lock:
            if monotonic() >= self._until:
                self._kept = self._look()
                self._until = monotonic() + KEPT_S
            closing = {"running": Check(ok=False, reason="stopping")} if self.closing.is_set() else {}
            return {**self._kept, **closing}

    def _look(self) -> Mapping[str, Check]:
        wanted: dict[str, Callable[[], Check]] = {
            "database": lambda: _database(self.store),
            "migrations": lambda: _migrations(self.store),
            "spool": lambda: _spool(self.store),
            "disk": lambda: _disk(self.store),
        }
        until = monotonic() + DEADLINE_S
        for name, check in wanted.items():
            if name not in self._asked or self._asked[name].done():  # one that hangs is asked no second time
                self._asked[name] = _asked(name, check)
        return {name: _answer(self._asked[name], max(0.0, until - monotonic())) for name in wanted}


def _asked(name: str, check: Callable[[], Check]) -> Future[Check]:
    """Ask in a thread that keeps nobody from leaving, should it hang."""
    future: Future[Check] = Future()

    def ask() -> None:
        try:
            future.set_result(check())
        except Exception as error:  # noqa: BLE001 - whatever fails, it is not ready
            future.set_exception(error)

    threading.Thread(target=ask, name=f"health-{name}", daemon=True).start()
    return future


def _answer(asked: Future[Check], seconds: float) -> Check:
    try:
        return asked.result(seconds)
    except TooLate:
        return Check(ok=False, reason="no_answer")
    except Exception as error:  # noqa: BLE001 - whatever fails, it is not ready
        return Check(ok=False, reason=type(error).__name__)


def _database(store: Store) -> Check:
    with store.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return Check(ok=True)


def _migrations(store: Store) -> Check:
    with store.engine.connect() as connection:
        known = MigrationContext.configure(connection).get_current_revision()
    return Check(ok=True) if known == newest_revision() else Check(ok=False, reason="another_revision")


def _spool(store: Store) -> Check:
    probe = store.settings.spool_folder / "making" / f".done-ready-{os.getpid()}"
    try:
        probe.write_bytes(b"ready")
        probe.unlink()
    except OSError as error:
        return Check(ok=False, reason=f"not_writable_{error.__class__.__name__}")
    return Check(ok=True)


def _disk(store: Store) -> Check:
    least = store.settings.disk_reserve_mb * MIB
    short = [
        name for name, folder in folders_of(store.settings).items() if shutil.disk_usage(nearest(folder)).free < least
    ]
    return Check(ok=False, reason=f"below_reserve_{'_'.join(short)}") if short else Check(ok=True)
