"""`qyran bench kpi`: a synthetic year of a republican city, its days counted, refreshed and reported.

What is measured is what an evaluator and the service wait for: all days from nothing, the days of a thousand late
changes, the report of a year and of a month, a series of months, one page of events. The numbers of the report are held
against plain counts of the database (`checks`); the tests hold every value against an independent reckoning.
"""

from __future__ import annotations

import os
import platform
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy import func, select

from kpi_catalog.period import Period
from kpi_catalog.security import SecurityReport
from qyran import __version__
from qyran.errors import ConfigError
from service.bench_kpi_fill import Size, fill
from service.bench_kpi_pages import time_pages
from service.kpi import kpi_series, security_report
from service.rollups import rebuild, refresh
from service.rollups.events import events_of
from service.settings import load_settings
from service.store.alert_tables import Alert
from service.store.database import Store, open_store
from service.store.tables import ViolationCase

YEAR: Final = 2026
CHANGES: Final = 1000
REPEATED: Final = 5
"""Times each question is asked; the median counts."""
SERIES: Final = 13
"""Months of a trend: the present one and the year before it."""
CATEGORY: Final = "republican"
LATER: Final = timedelta(days=40)
"""How long after the year's end it is asked for."""


def bench_kpi(
    *, cases: int = 1_000_000, alerts: int = 300_000, database_url: str = "", seed: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Fill a store with a year and measure.

    Args:
        cases: violation cases of the year.
        alerts: alerts of the year.
        database_url: of an empty PostgreSQL database; empty means SQLite in a temporary folder.
        seed: of the year.
        tell: is told what goes on.

    Raises:
        ConfigError: the database is not empty.
    """
    with tempfile.TemporaryDirectory(prefix="qyran-bench-") as folder:
        settings = load_settings(
            home=Path(folder) / "home", database_url=database_url, city_category=CATEGORY, secure_cookies=False
        )
        now = Period.parse(str(YEAR), settings.time_zone).end + LATER
        store = open_store(settings, demo=True, clock=lambda: now)
        try:
            return _measured(store, cases, alerts, seed, tell)
        finally:
            store.close()


def _measured(store: Store, cases: int, alerts: int, seed: int, tell: Callable[[str], None]) -> dict[str, Any]:
    with store.read() as work:
        if work.session.scalar(select(ViolationCase.id).limit(1)) is not None:
            raise ConfigError("bench kpi fills an empty database; the one given holds cases.")
    size = Size(cases=cases, alerts=alerts)
    year, month = Period.parse(str(YEAR)), Period.parse(f"{YEAR}-10")
    filled, _ = _timed(lambda: fill(store, year.first, year.after, size, seed=seed))
    tell(f"filled {cases} cases and {alerts} alerts in {filled:.0f} s")
    load = os.getloadavg()
    began = time.process_time()
    rebuilt, counted = _timed(lambda: rebuild(store))
    rebuilt_cpu = time.process_time() - began
    tell(f"counted {counted} days of parts from nothing in {rebuilt:.1f} s")
    cold, first = _timed(lambda: security_report(store, CATEGORY, year))
    checks = _checks(store, year, first)
    months = [Period.parse(f"{YEAR - 1}-12"), *year.whole_months]
    figures = {
        "rebuild_s": round(rebuilt, 2),
        "rebuild_cpu_s": round(rebuilt_cpu, 2),
        "year_first_ms": round(cold * 1000, 1),
        "year_ms": _asked(lambda: security_report(store, CATEGORY, year)),
        "month_ms": _asked(lambda: security_report(store, CATEGORY, month)),
        "series_13_months_ms": _asked(lambda: kpi_series(store, "9.4", CATEGORY, months[-SERIES:])),
        "events_page_ms": _asked(lambda: events_of(store, "9.9", year)),
        "events_deep_page_ms": _asked(lambda: events_of(store, "9.9", year, after=_middle(year))),
    }
    pages = time_pages(store, YEAR, CATEGORY)
    changed, _ = _timed(lambda: _change(store, seed))
    figures["changes_s"] = round(changed, 2)
    figures["refresh_after_1000_changes_s"] = round(_timed(lambda: refresh(store))[0], 2)
    followed = security_report(store, CATEGORY, year).as_dict()
    rebuild(store)
    checks["incremental_equals_rebuild"] = followed == security_report(store, CATEGORY, year).as_dict()
    return {
        "version": __version__,
        "machine": {"processors": os.cpu_count(), "python": platform.python_version(), "load_before": load[0],
                    "load_after": os.getloadavg()[0]},
        "database": store.engine.dialect.name,
        "store": {"cases": cases, "alerts": alerts, "cameras": size.cameras, "calls": size.calls,
                  "passages": size.passages, "seed": seed},
        "fill_s": round(filled, 1),
        **figures,
        "pages": pages,
        "checks": checks,
    }  # fmt: skip


def _timed(step: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = step()
    return time.perf_counter() - began, result


def _asked(step: Callable[[], Any]) -> float:
    return round(median(_timed(step)[0] for _ in range(REPEATED)) * 1000, 1)


def _middle(period: Period) -> str:
    at = period.start + (period.end - period.start) / 2
    return f"{at.astimezone(UTC).isoformat()}|case|0"


def _change(store: Store, seed: int) -> None:
    """Late verdicts and payments, a case or an alert a transaction, as people make them."""
    dice = random.Random(seed)  # noqa: S311 - draws a benchmark's rows
    with store.read() as work:
        found = [
            list(work.session.scalars(select(table.id).order_by(table.id).limit(CHANGES // 2)))
            for table in (ViolationCase, Alert)
        ]
    for case_id, alert_id in zip(*found, strict=False):
        with store.write() as work:
            case = work.session.get_one(ViolationCase, case_id)
            case.payment, case.verdict = dice.choice(("full", "due")), dice.choice(("true", "false"))
            case.t_officer_decision = case.t_officer_decision or case.t_detect + timedelta(days=33)
        with store.write() as work:
            work.session.get_one(Alert, alert_id).verdict = dice.choice(("true", "false"))


def _checks(store: Store, year: Period, report: SecurityReport) -> dict[str, bool]:
    """Numbers of the report against counts that the database gives at once, without days and without definitions."""
    got = {one.kpi.id: one.value for one in report.kpis}
    case, alert = ViolationCase, Alert

    def number(column: Any, *where: Any) -> int:
        query = select(func.count()).where(column >= year.start, column < year.end, *where)
        with store.read() as work:
            return work.session.scalar(query) or 0

    whole = case.merged_into.is_(None)
    confirmed = whole, case.verdict == "true", case.penalty_kind != "non_payable"
    due = whole, case.t_cancelled.is_(None), case.payment != "none_due", case.payment_term_ends <= _now(store)
    fire = (
        alert.kind.in_(("fire", "smoke")), alert.merged_into.is_(None), alert.is_drill.is_(False),
        alert.state.not_in(("test", "candidate", "suppressed")),
    )  # fmt: skip
    return {
        "9.2": got["9.2"].numerator == number(case.t_detect, *confirmed),
        "9.3": got["9.3"].denominator == number(case.t_officer_decision, whole, case.verdict.is_not(None)),
        "9.4": got["9.4"].denominator
        == number(case.t_first_notification_sent, whole, case.t_first_notification_sent >= case.t_detect),
        "9.5": got["9.5"].denominator == number(case.payment_term_ends, *due),
        "10.3": got["10.3"].denominator == number(alert.t_detect, *fire, alert.verdict.in_(("true", "false"))),
        "events_9.9": events_of(store, "9.9", year, limit=1).totals["denominator"] == got["9.9"].denominator,
    }


def _now(store: Store) -> datetime:
    return store.clock()
