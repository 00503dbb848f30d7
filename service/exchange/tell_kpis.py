"""KPIs for the feed: provisional values as they stand, published ones as frozen, revisions with their cause."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from kpi_catalog.period import Period, PeriodKind
from qyran.roles import SYSTEM
from service.exchange.drafts import Category, Draft, utc
from service.exchange.shapes import Kind
from service.exchange.waiting import Waiting
from service.kpi import security_report
from service.store.database import Store, Work
from service.store.publication_tables import KpiPublication, KpiPublished, KpiRevision

CATEGORIES: Final[Mapping[str, Category]] = {
    "security": "security",
    "housing_utilities": "utilities",
    "ecology": "ecology",
}
"""Categories whose update frequency the order sets (KPI 1.4), by sphere; every other sphere is `other`."""
EVERY: Final = timedelta(hours=1)


def provisional(store: Store) -> tuple[Draft, ...]:
    """The security KPIs of the present month, and of the one before while it is not published."""
    with store.read(SYSTEM) as work:
        now = work.now
        present = Period.containing(now, PeriodKind.MONTH, store.settings.time_zone)
        before = Period.containing(present.start - timedelta(days=1), PeriodKind.MONTH, store.settings.time_zone)
        held = set(work.session.scalars(select(KpiPublication.period).where(KpiPublication.period.in_(
            [str(present), str(before)]))))  # fmt: skip
    found: list[Draft] = []
    for period in (before, present):
        if str(period) not in held:
            report = security_report(store, None, period, actor=SYSTEM).as_dict()
            found += [_draft(report, row, now) for row in report["kpis"]]
    return tuple(found)


def tell_publications(work: Work, waiting: Mapping[str, Waiting]) -> Iterator[Draft]:
    """Every KPI of each publication."""
    query = (
        select(KpiPublication, KpiPublished)
        .join(KpiPublished, KpiPublished.publication_id == KpiPublication.id)
        .where(KpiPublication.id.in_(waiting))
        .order_by(KpiPublication.published_at, KpiPublication.id, KpiPublished.kpi_id)
    )
    for one, kpi in work.session.execute(query):
        said = json.loads(kpi.content)
        data = _said(said, one.period, one.category) | {
            "stage": "published",
            "as_of": utc(one.published_at),
            "publication": one.id,
        }
        yield _told(data, said, one.published_at, waiting[one.id].origin)


def tell_revisions(work: Work, waiting: Mapping[str, Waiting]) -> Iterator[Draft]:
    """Each revision that the recorded rules admit, with its chief cause; others are recorded and revise nothing."""
    for subject, wait in waiting.items():
        publication_id, _, number = subject.partition("/")
        row = work.session.get(KpiRevision, (publication_id, int(number)))
        one = work.session.get(KpiPublication, publication_id)
        frozen = None if row is None else work.session.get(KpiPublished, (publication_id, row.kpi_id))
        if row is None or one is None or frozen is None:
            continue
        changed = json.loads(row.content)
        if not changed.get("admitted", True):
            continue
        said = json.loads(frozen.content) | changed["new"]
        causes: Mapping[str, int] = changed.get("causes", {})
        data = _said(said, one.period, one.category) | {
            "stage": "revised",
            "as_of": utc(row.found_at),
            "publication": one.id,
            "correction": row.number,
            "reason": max(sorted(causes), key=lambda cause: causes[cause], default=None),
        }
        yield _told(data, said, row.found_at, wait.origin)


def _draft(report: Mapping[str, Any], row: Mapping[str, Any], now: datetime) -> Draft:
    data = _said(row, report["period"], report["category"]) | {"stage": "provisional", "as_of": utc(now)}
    return _told(data, {**row, "sphere": "security"}, now, "live")


def _told(data: Mapping[str, Any], said: Mapping[str, Any], at: datetime, origin: Any) -> Draft:
    return Draft(
        kind=Kind.KPI_VALUE,
        subject=f"kpi/{data['kpi']}/{data['period']}",
        data=data,
        occurred_at=at,
        received_at=at,
        measured=False,
        origin=origin,
        category=CATEGORIES.get(str(said.get("sphere")), "other"),
    )


def _said(said: Mapping[str, Any], period: str, category: str) -> dict[str, Any]:
    """What is told of a KPI, whatever told it here; sources and names of inputs stay inside."""
    return {
        "kpi": said["id"],
        "period": period,
        "city_category": category,
        "status": said["status"],
        "value": said["value"],
        "unit": said["unit"],
        "numerator": said["numerator"],
        "denominator": said["denominator"],
        "rows": said["n"],
        "missing": list(said["missing"]),
        "score": said["score"],
        "uncapped": said["uncapped"],
        "definition_version": said["definition_version"],
        "publication": None,
        "correction": None,
        "reason": None,
    }
