"""Availability of the public page (KPI 1.2): measured by probes, downtime is what lies between them.

The service makes the page's figures every `BEAT` and notes that they came. A probe that fails, a process that is gone
or a database that does not answer leaves no mark, and so becomes downtime by itself: nothing has to notice an outage to
record it. What was before the first probe ever is not counted, neither as up nor as down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.period import Period
from service.store.database import Store, Work
from service.store.public_tables import PublicUptime

BEAT: Final = timedelta(seconds=30)
GRACE: Final = 3 * BEAT
"""Two probes so close together are one span: a beat may be late without the page being down."""
KPI: Final = "1.2"
PERCENT: Final = 100.0
SHOWN: Final = 12
"""Outages that a page lists."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A span without an answered probe."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Availability:
    """How much of a period the page could be read.

    Attributes:
        percent: of the time measured; None where nothing was.
        up, measured: time answered, and time since the first probe, within the period and up to now.
        since: from when it is measured within the period.
        target: the order's, percent.
        outages: the newest first, `SHOWN` at most.
    """

    period: Period
    percent: float | None
    up: timedelta
    measured: timedelta
    since: datetime | None
    target: float
    outages: tuple[Outage, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it was measured from the period's beginning."""
        return self.since == self.period.start


def note(work: Work) -> None:
    """Note that the page answered just now."""
    now = work.now
    last = work.session.scalar(select(PublicUptime).order_by(PublicUptime.end.desc()).limit(1))
    if last is not None and now - last.end <= GRACE:
        last.end = max(last.end, now)
    else:
        work.session.add(PublicUptime(start=now, end=now))


def availability(store: Store, period: Period) -> Availability:
    """The availability of a period so far, in the time that was measured."""
    with store.read() as work:
        return availability_in(work, period)


def availability_in(work: Work, period: Period) -> Availability:
    """The same within a unit of work."""
    category = Category(work.store.settings.city_category)
    target = catalogue().kpis[KPI].targets[category].value or PERCENT
    nothing = Availability(period, None, timedelta(), timedelta(), None, target)
    now = work.now
    first = work.session.scalar(select(func.min(PublicUptime.start)))
    if first is None:
        return nothing
    since, until = max(period.start, first), period.close(now)
    if since >= until:
        return nothing
    rows = work.session.scalars(
        select(PublicUptime).where(PublicUptime.end >= since, PublicUptime.start < until).order_by(PublicUptime.start)
    ).all()
    newest = work.session.scalar(select(func.max(PublicUptime.end)))
    # The newest span runs on until a probe is overdue.
    spans = [(one.start, now if one.end == newest and now - one.end <= GRACE else one.end) for one in rows]
    clipped = [(max(start, since), min(end, until)) for start, end in spans]
    up = sum((end - start for start, end in clipped if end > start), timedelta())
    edges = [since, *(moment for span in clipped for moment in span), until]
    gaps = [Outage(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    return Availability(
        period=period,
        percent=PERCENT * (up / (until - since)),
        up=up,
        measured=until - since,
        since=since,
        target=target,
        outages=tuple(reversed(gaps))[:SHOWN],
    )
