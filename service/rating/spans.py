"""Incidents of a span for KPIs outside the security sphere; months that are over are kept and counted anew on change.

A kept month bears a stamp of the alerts it was counted from: how many they are and the sum of their versions, which
every change of an alert raises. So a year is twelve kept tallies and twelve looks at an index, and nothing that changed
is ever missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from incidents.alert import AlertState
from kpi_catalog.other_facts.incidents import Alerted, tally_of
from kpi_catalog.other_facts.records import CONGESTION, IncidentTally, incidents_together
from kpi_catalog.period import Period, PeriodKind
from service.alerts import SITUATION_ROOM
from service.kpi_facts import NOT_RAISED, VERDICTS
from service.store.alert_tables import Alert, AlertNotification
from service.store.counter import lock_series
from service.store.database import Store, Work
from service.store.rating_tables import RatingTally
from service.store.tables import CameraLog

PART: Final = "incidents"
VERSION: Final = 1
"""Of `kpi_catalog.other_facts.incidents`; raised whenever it counts otherwise."""
BEYOND: Final = timedelta(days=2)
"""Alerts of an incident that began in a month may come so long after it; no congestion lasts longer."""
COUNTED: Final = (
    Alert.is_drill.is_(False),
    Alert.merged_into.is_(None),
    Alert.state.not_in((*NOT_RAISED, AlertState.TEST)),
)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open span of time."""

    start: datetime
    end: datetime


def incidents_of(work: Work, span: Span, known: dict[date, IncidentTally] | None = None) -> IncidentTally:
    """The tally of a span: kept months where it has whole ones that are over, the rest counted from the alerts.

    Args:
        work: the unit of work.
        span: of time.
        known: months that were looked at in this unit of work; those of this span are added.
    """
    known = {} if known is None else known
    months, rest = _months(work, span)
    wanted = [month for month in months if month.first not in known]
    firsts = RatingTally.first.in_([month.first for month in wanted])
    rows = work.session.scalars(select(RatingTally).where(RatingTally.part == PART, firsts))
    kept = {row.first: row for row in rows}
    for month in wanted:
        row = kept.get(month.first)
        if row is not None and (row.version, row.stamp) == (VERSION, _stamp(work, month)):
            known[month.first] = IncidentTally(**row.content)
        else:
            known[month.first] = _count(work, Span(month.start, month.end))
    return incidents_together([*(known[month.first] for month in months), *(_count(work, one) for one in rest)])


def keep_months(store: Store, spans: Iterable[Span]) -> int:
    """Keep the tallies of whole months of these spans that are over and are not kept as they stand; how many."""
    with store.read() as work:
        months = {month.first: month for span in spans for month in _months(work, span)[0]}
        rows = work.session.scalars(select(RatingTally).where(RatingTally.part == PART, RatingTally.first.in_(months)))
        kept = {row.first: (row.version, row.stamp) for row in rows}
        stamps = {first: _stamp(work, month) for first, month in months.items()}
        stale = [month for first, month in months.items() if kept.get(first) != (VERSION, stamps[first])]
        found = [(month, stamps[month.first], _count(work, Span(month.start, month.end))) for month in stale]
    if found:
        with store.write() as work:
            lock_series(work, RatingTally.__tablename__)  # two reports at once keep the same spans
            for month, stamp, tally in found:
                row = work.session.get(RatingTally, (PART, month.first)) or RatingTally(part=PART, first=month.first)
                row.version, row.stamp, row.content, row.counted_at = VERSION, stamp, tally.as_dict(), work.now
                work.session.add(row)
    return len(found)


def known_since(work: Work) -> datetime | None:
    """The first moment of which the store tells incidents: since analytics were at work, or else the first alert.

    One alert with a clock at fault does not make a year that nobody watched into one without incidents.
    """
    begun = select(CameraLog.end).where(CameraLog.kind == "analysed").order_by(CameraLog.end).limit(1)
    return work.session.scalar(begun) or work.session.scalar(select(func.min(Alert.t_detect)))


def kinds_seen(work: Work, kinds: Sequence[str], until: datetime) -> frozenset[str]:
    """Which of these kinds were ever raised before a moment."""
    found = set()
    for kind in kinds:
        query = select(Alert.id).where(Alert.kind == kind, Alert.t_detect < until, *COUNTED).limit(1)
        if work.session.scalar(query) is not None:
            found.add(kind)
    return frozenset(found)


def _months(work: Work, span: Span) -> tuple[list[Period], list[Span]]:
    """The whole months of a span that are over, and what of it they leave."""
    zone = work.store.settings.time_zone
    months: list[Period] = []
    rest: list[Span] = []
    at = span.start
    while at < span.end:
        month = Period.containing(at, PeriodKind.MONTH, zone)
        until = min(span.end, month.end)
        if at == month.start and until == month.end and month.end + BEYOND <= work.now:
            months.append(month)
        else:
            rest.append(Span(at, until))
        at = until
    return months, rest


def _stamp(work: Work, month: Period) -> str:
    within = Alert.t_detect >= month.start - BEYOND, Alert.t_detect < month.end + BEYOND
    number, versions = work.session.execute(select(func.count(), func.sum(Alert.version)).where(*within)).one()
    return f"{number}/{versions or 0}"


def _count(work: Work, span: Span) -> IncidentTally:
    columns = (
        Alert.id, Alert.incident_id, Alert.camera_id, Alert.kind, Alert.t_detect, Alert.verdict, Alert.initiator,
        Alert.t_onset, Alert.last_seen, Alert.t_ack, Alert.t_dispatch,
    )  # fmt: skip
    within = Alert.t_detect >= span.start, Alert.t_detect < span.end
    there = select(Alert.incident_id).where(*within)
    rows = {row.id: row for row in work.session.execute(select(*columns).where(Alert.incident_id.in_(there), *COUNTED))}
    jams = (Alert.kind == CONGESTION, Alert.t_detect >= span.start - BEYOND, Alert.t_detect < span.start)
    for row in work.session.execute(select(*columns).where(*jams, Alert.last_seen > span.start, *COUNTED)):
        rows.setdefault(row.id, row)
    told = _told(work, span)
    alerts = (
        Alerted(
            id=row.id,
            incident_id=row.incident_id,
            camera_id=row.camera_id,
            kind=row.kind,
            t_detect=row.t_detect,
            verdict=VERDICTS.get(row.verdict or ""),
            by_camera=row.initiator == "system",
            t_onset=row.t_onset,
            last_seen=row.last_seen,
            t_ack=row.t_ack,
            t_dispatch=row.t_dispatch,
            first_service=_by_itself(told.get(row.id), row.t_ack),
        )
        for row in rows.values()
    )
    return tally_of(alerts, span.start, span.end)


def _told(work: Work, span: Span) -> dict[str, tuple[datetime, str]]:
    """When and by whom a service was first told of each alert; the situational centre's console is no service."""
    sent = AlertNotification
    query = select(sent.alert_id, sent.sent_at, sent.initiator).join(Alert, Alert.id == sent.alert_id)
    query = query.where(Alert.t_detect >= span.start, Alert.t_detect < span.end + BEYOND)
    found: dict[str, tuple[datetime, str]] = {}
    for alert, at, initiator in work.session.execute(query.where(sent.recipient != SITUATION_ROOM)):
        found[alert] = min(found.get(alert, (at, initiator)), (at, initiator))
    return found


def _by_itself(told: tuple[datetime, str] | None, acknowledged: datetime | None) -> bool | None:
    """Whether the system told a service before any person had taken the alert up; None where nobody told one."""
    if told is None:
        return None
    at, initiator = told
    return initiator == "system" and (acknowledged is None or at <= acknowledged)
