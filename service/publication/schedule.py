"""Which periods a day publishes, and which of the published it looks through again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from kpi_catalog.period import Period, PeriodKind
from qyran.errors import QyranError
from qyran.roles import SYSTEM
from service.publication.freeze import publish
from service.publication.revise import revise
from service.publication.rules import rules_of
from service.store.database import Store
from service.store.publication_tables import KpiPublication
from service.store.tables import StoreMeta

LATE_DAYS: Final = 31
"""A period whose day of publication was missed is still published within so many days; older ones by hand."""
PUBLISH_JOB: Final = "publish_period"
REVISE_JOB: Final = "revise_periods"

log = logging.getLogger(__name__)


def due(store: Store, day: date, as_of: datetime) -> tuple[Period, ...]:
    """The periods to publish on a day of the city, the shortest and oldest first; those published already left out."""
    with store.read(SYSTEM) as work:
        published = set(work.session.scalars(select(KpiPublication.period)))
        began = work.session.scalar(select(StoreMeta.created_at))
    found = [
        one
        for kind in PeriodKind
        for one in _ending(kind, store.settings.time_zone, day)
        if str(one) not in published and one.end <= as_of and (began is None or one.end > began)
    ]
    delays = store.settings.publish_after
    earliest = day - timedelta(days=LATE_DAYS)
    return tuple(one for one in found if earliest < rules_of(one).publish_on(one, delays) <= day)


def publish_due(store: Store, day: date, as_of: datetime, *, rehearsal: bool = False) -> dict[str, int]:
    """Publish what is due on a day; one that fails stops none of the others, and its failure is raised at the end."""
    account = {"due": 0, "published": 0}
    failed: QyranError | None = None
    for period in due(store, day, as_of):
        account["due"] += 1
        if rehearsal:
            continue
        try:
            publish(store, period, actor=SYSTEM)
        except QyranError as error:
            log.error("The period %s could not be published: %s", period, error)  # noqa: TRY400  one sentence says it
            failed = error
        else:
            account["published"] += 1
    if failed is not None:
        raise failed
    return account


def revise_due(store: Store, day: date) -> dict[str, int]:
    """Look through every published period that something may still revise on a day."""
    account = {"looked_at": 0, "revisions": 0}
    with store.read(SYSTEM) as work:
        rows = work.session.execute(select(KpiPublication.kind, KpiPublication.first, KpiPublication.zone)).all()
    for kind, first, zone in rows:
        period = Period(PeriodKind(kind), first, zone)
        if day > rules_of(period).last_term(period):
            continue
        account["looked_at"] += 1
        account["revisions"] += len(revise(store, period, actor=SYSTEM, job=REVISE_JOB, day=day, quick=True))
    return account


def _ending(kind: PeriodKind, zone: str, day: date) -> Iterator[Period]:
    """The periods of a kind that ended within a year before a day, the oldest first."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))
    length = {PeriodKind.DAY: 1, PeriodKind.WEEK: 7}.get(kind, 28)
    seen: dict[str, Period] = {}
    for back in range(-(-(2 * LATE_DAYS + 31) // length), -1, -1):
        one = Period.containing(noon - timedelta(days=back * length), kind, zone)
        seen[str(one)] = one
    return iter(seen.values())
