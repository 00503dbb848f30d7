"""How the exchange does, for the people who watch over it: what waits, how late and how often it tells, who reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from kpi_catalog.period import Period, PeriodKind
from service.access import require
from service.exchange import feed
from service.exchange.measures import Delay, UpdateGaps, delays_in, update_gaps_in
from service.exchange.readers import WATCHERS, Reader, readers
from service.exchange.reconcile import Kept, reconciliations
from service.exchange.shapes import Kind
from service.store.database import Work
from service.store.exchange_tables import (
    ExchangeDay,
    ExchangeDeadLetter,
    ExchangeManifest,
    ExchangePending,
    ExchangePush,
    ExchangeRecord,
)

DAYS: Final = 14
"""Days the page lists."""
OUTAGES: Final = 10


@dataclass(frozen=True, slots=True)
class DayRow:
    """One local day; `sha256` is its manifest's, None until it is signed."""

    day: date
    records: int
    delay: Delay
    gaps: UpdateGaps
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Outage:
    """The feed stood still."""

    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that is pushed to: how far it has taken the feed, and what it refused."""

    name: str
    seq: int
    attempts: int
    error: str | None
    pushed_at: datetime | None
    next_attempt: datetime
    dead: int


@dataclass(frozen=True, slots=True)
class State:
    """Everything the page shows."""

    records: int
    last_at: datetime | None
    waiting: int
    oldest: datetime | None
    today: DayRow
    month: tuple[Delay, UpdateGaps]
    days: tuple[DayRow, ...]
    kinds: dict[str, int]
    outages: tuple[Outage, ...]
    readers: tuple[Reader, ...]
    reconciliations: tuple[Kept, ...]
    endpoints: tuple[Endpoint, ...]


def state(work: Work) -> State:
    """How the exchange does.

    Raises:
        AccessError: the actor watches over no exchange.
    """
    require(work.actor, WATCHERS)
    zone = work.store.settings.time_zone
    today = work.now.astimezone(work.store.settings.zone).date()
    month = Period.containing(work.now, PeriodKind.MONTH, zone)
    waiting, oldest = work.session.execute(select(func.count(ExchangePending.id), func.min(ExchangePending.at))).one()
    last, _ = feed.head(work)
    days = _days(work, today)
    return State(
        records=last,
        last_at=work.session.scalar(select(ExchangeRecord.published_at).order_by(ExchangeRecord.seq.desc()).limit(1)),
        waiting=int(waiting),
        oldest=oldest,
        today=days[0],
        month=(delays_in(work, month), update_gaps_in(work, month)),
        days=tuple(one for one in days if one.records or one.gaps.n),
        kinds=_kinds(work, today),
        outages=_outages(work),
        readers=readers(work),
        reconciliations=reconciliations(work, DAYS),
        endpoints=_endpoints(work),
    )


def _days(work: Work, today: date) -> list[DayRow]:
    first = today - timedelta(days=DAYS - 1)
    table = ExchangeDay
    counted = select(table.day, func.sum(table.records)).where(table.day >= first).group_by(table.day)
    records = {day: int(n) for day, n in work.session.execute(counted)}
    signed = {
        row.day: row.sha256
        for row in work.session.execute(
            select(ExchangeManifest.day, ExchangeManifest.sha256).where(ExchangeManifest.day >= first)
        )
    }
    found = []
    for back in range(DAYS):
        day = today - timedelta(days=back)
        period = Period(PeriodKind.DAY, day, work.store.settings.time_zone)
        found.append(DayRow(day, records.get(day, 0), delays_in(work, period), update_gaps_in(work, period),
                            signed.get(day)))  # fmt: skip
    return found


def _kinds(work: Work, today: date) -> dict[str, int]:
    table = ExchangeDay
    query = select(table.kind, table.records).where(table.day == today).order_by(table.kind)
    return {kind: int(n) for kind, n in work.session.execute(query)}


def _outages(work: Work) -> tuple[Outage, ...]:
    table = ExchangeRecord
    query = (
        select(table.line)
        .where(table.kind == Kind.DATA_QUALITY, table.subject.startswith("outage/"))
        .order_by(table.seq.desc())
        .limit(OUTAGES)
    )
    told = (json.loads(line)["data"] for line in work.session.scalars(query))
    return tuple(
        Outage(datetime.fromisoformat(one["began_at"]), datetime.fromisoformat(one["ended_at"])) for one in told
    )


def _endpoints(work: Work) -> tuple[Endpoint, ...]:
    open_letters = select(ExchangeDeadLetter.endpoint, func.count()).where(ExchangeDeadLetter.settled_at.is_(None))
    dead = {name: int(n) for name, n in work.session.execute(open_letters.group_by(ExchangeDeadLetter.endpoint))}
    return tuple(
        Endpoint(row.endpoint, row.seq, row.attempts, row.error, row.pushed_at, row.next_attempt,
                 dead.get(row.endpoint, 0))
        for row in work.session.scalars(select(ExchangePush).order_by(ExchangePush.endpoint))
    )  # fmt: skip
