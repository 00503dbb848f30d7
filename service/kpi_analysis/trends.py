"""The sphere through several periods: the newest as it stands, those before it no older than a minute."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from kpi_catalog.period import Period
from kpi_catalog.security import SecurityKpi, SecurityReport
from qyran.roles import Actor, Role
from service.access import KPI_READERS, require
from service.kpi import security_reports
from service.store.database import Store

PERIODS: Final = 13
"""Periods of a trend: the present one and a year of months before it."""
KEPT: Final = timedelta(minutes=1)
"""How long the periods before the newest are kept: who walks from page to page waits for them once."""
MOST: Final = 500
"""Reports kept at most."""

_lock = threading.Lock()
_shelves: Final[WeakKeyDictionary[Engine, dict[tuple[str, Period], tuple[datetime, SecurityReport]]]] = (
    WeakKeyDictionary()
)


def history(store: Store, category: str, periods: Sequence[Period], *, actor: Actor) -> tuple[SecurityReport, ...]:
    """The reports of several periods in their order; the last one is computed now.

    Raises:
        AccessError: the actor reads no KPIs.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    now, newest = store.clock(), periods[-1]
    with _lock:
        shelf = dict(_shelves.get(store.engine, {}))
    held = {one: shelf[category, one][1] for one in periods[:-1] if _fresh(shelf.get((category, one)), now)}
    wanted = [one for one in periods if one not in held]
    made = dict(zip(wanted, security_reports(store, category, wanted, actor=actor), strict=True))
    with _lock:
        kept = _shelves.setdefault(store.engine, {})
        kept.update({(category, one): (now, report) for one, report in made.items() if one != newest})
        while len(kept) > MOST:
            del kept[next(iter(kept))]
    return tuple(made.get(one) or held[one] for one in periods)


def _fresh(found: tuple[datetime, SecurityReport] | None, now: datetime) -> bool:
    return found is not None and timedelta() <= now - found[0] < KEPT


def series_of(kpi_id: str, found: Sequence[SecurityReport]) -> tuple[SecurityKpi, ...]:
    """One KPI through the reports."""
    return tuple(next(one for one in report.kpis if one.kpi.id == kpi_id) for report in found)
