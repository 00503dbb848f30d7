"""What happened on one local day, read from the store: grouped by the database where only numbers matter.

Grouping is all that SQL does; what a group counts as is the definitions' (`kpi_catalog.facts`). Every query runs over a
range of one index, so a day costs the same in a store of a month and in one of ten years.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from incidents.alert import AlertState
from kpi_catalog.happened import Called, Happened, called, camera_hours, incidents, items
from kpi_catalog.period import Period, midnight
from kpi_catalog.records import AlertFact, CaseFact, Initiator, NotificationFact, Recipient
from kpi_catalog.security import tally_of
from kpi_catalog.tally import Part, Tally, tally
from service.camera_spans import camera_spans
from service.kpi_facts import (
    ALERT_COLUMNS,
    CASE_COLUMNS,
    FIRE_TYPE,
    MANDATORY,
    NOT_RAISED,
    RECIPIENTS,
    VERDICTS,
    alert_fact,
    auto_filled,
    case_fact,
    decision_of,
    payment_of,
    source_of,
)
from service.kpi_journals import journal, phoned
from service.passed_vehicles import VEHICLES, distinct_vehicles
from service.store.alert_tables import Alert, AlertNotification
from service.store.database import Work
from service.store.spans import microseconds_between
from service.store.tables import ViolationCase

CHUNK: Final = 500
"""Ids asked for at once."""
GROUP: Final = "group"
RAISED: Final = Alert.state.not_in(NOT_RAISED)

Case = ViolationCase


@dataclass(slots=True)
class Days:
    """Counts days of one store; journals from outside are read once.

    Attributes:
        work: the unit of work.
        of_cameras: from which day to which cameras have one, once it was asked.
    """

    work: Work
    _calls: dict[date, list[Called]] | None = field(default=None)
    _phoned: dict[date, list[NotificationFact]] | None = field(default=None)
    of_cameras: tuple[date, date] | None = field(default=None)

    def beside(self, work: Work) -> Days:
        """The same journals for another unit of work."""
        _ = self.calls, self.phoned
        return Days(work, self._calls, self._phoned)

    @property
    def zone(self) -> str:
        """Of the city."""
        return self.work.store.settings.time_zone

    def day_of(self, moment: datetime) -> date:
        """The local day of a moment."""
        return moment.astimezone(self.work.store.settings.zone).date()

    def tally(self, part: Part, day: date, until: datetime | None = None) -> Tally:
        """What a day adds to one part; before `until`, where the day still runs."""
        since, end = midnight(day, self.zone), midnight(day + timedelta(days=1), self.zone)
        return tally_of(READING[part](self, since, end if until is None else min(end, until)), part)

    def vehicles(self, month: Period) -> Tally:
        """What a whole month says of distinct vehicles; nothing where it is not known."""
        return tally({VEHICLES: distinct_vehicles(self.work, month) or 0})

    @property
    def calls(self) -> Mapping[date, list[Called]]:
        """The fire service's journal by day."""
        if self._calls is None:
            self._calls = {}
            for one in called(journal(self.work)):
                self._calls.setdefault(self.day_of(one.call.t_call_received), []).append(one)
        return self._calls

    @property
    def phoned(self) -> Mapping[date, list[NotificationFact]]:
        """Notifications by telephone by day."""
        if self._phoned is None:
            self._phoned = {}
            for one in phoned(self.work):
                self._phoned.setdefault(self.day_of(one.t_sent), []).append(one)
        return self._phoned


def _cases(days: Days, since: datetime, until: datetime) -> Happened:
    return Happened(
        detected=_groups(days.work, since, until),
        decided=_decided(days.work, since, until),
        notified=_notified(days.work, since, until),
        signed=_signed(days.work, since, until),
    )


def _groups(work: Work, since: datetime, until: datetime, *where: ColumnElement[bool]) -> tuple[CaseFact, ...]:
    """Cases detected in a span, alike ones together."""
    merged = Case.merged_into.is_not(None)
    shape = (Case.verdict, Case.penalty_kind, merged)
    query = select(*shape, func.count()).where(Case.t_detect >= since, Case.t_detect < until, *where).group_by(*shape)
    rows = work.session.execute(query).all()
    return tuple(
        CaseFact(
            id=f"{GROUP}-{number}", t_detect=since, decision=decision_of(verdict, kind), merged=merged, times=times
        )
        for number, (verdict, kind, merged, times) in enumerate(rows)
    )


def _decided(work: Work, since: datetime, until: datetime) -> tuple[CaseFact, ...]:
    moment, merged, named = Case.t_officer_decision, Case.merged_into.is_not(None), Case.offence.is_not(None)
    shape = (Case.verdict, Case.penalty_kind, Case.plate_read, Case.owner_loaded, named, Case.edited, merged)
    query = select(*shape, func.count()).where(moment >= since, moment < until).group_by(*shape)
    return tuple(
        CaseFact(
            id=GROUP,
            t_detect=since,
            t_officer_decision=since,
            decision=decision_of(verdict, kind),
            mandatory_fields=MANDATORY,
            auto_filled=auto_filled(plate=plate, owner=owner, article=article),
            edited_fields=frozenset(edited),
            merged=is_merged,
            times=times,
        )
        for verdict, kind, plate, owner, article, edited, is_merged, times in work.session.execute(query)
    )


def _notified(work: Work, since: datetime, until: datetime) -> tuple[CaseFact, ...]:
    """Cases by their first notification; how long it took is asked of the database, moments need not be read."""
    moment = Case.t_first_notification_sent
    took, unseen = microseconds_between(Case.t_detect, moment), Case.t_officer_decision.is_(None)
    query = select(took, Case.merged_into.is_not(None), unseen)
    return tuple(
        CaseFact(
            id="",
            t_detect=since,
            t_officer_decision=None if nobody else since,
            t_first_notification_sent=since + timedelta(microseconds=us),
            merged=is_merged,
        )
        for us, is_merged, nobody in work.session.execute(query.where(moment >= since, moment < until))
    )


def _signed(work: Work, since: datetime, until: datetime) -> tuple[CaseFact, ...]:
    query = select(microseconds_between(Case.t_detect, Case.t_signed), Case.merged_into.is_not(None))
    query = query.where(Case.t_signed >= since, Case.t_signed < until)
    return tuple(
        CaseFact(id="", t_detect=since, t_signed=since + timedelta(microseconds=us), merged=merged)
        for us, merged in work.session.execute(query)
    )


def _terms(days: Days, since: datetime, until: datetime) -> Happened:
    """Terms that ended; one that ends at `until` itself has ended by then, yet counts in the day after."""
    moment = Case.payment_term_ends
    cancelled, merged = Case.t_cancelled.is_not(None), Case.merged_into.is_not(None)
    query = select(Case.payment, cancelled, merged, func.count()).where(moment >= since, moment < until)
    rows = days.work.session.execute(query.group_by(Case.payment, cancelled, merged))
    return Happened(
        due=tuple(
            CaseFact(
                id=GROUP,
                t_detect=since,
                payment=payment_of(payment),
                payment_term_end=since,
                cancelled=is_cancelled,
                merged=is_merged,
                times=times,
            )
            for payment, is_cancelled, is_merged, times in rows
        )
    )


def _items(days: Days, since: datetime, until: datetime) -> Happened:
    """Cases and alerts that stand alone grouped, those of one happening together, whatever day the others lie in."""
    work = days.work
    tied = select(Alert.id).where(Alert.case_id == Case.id).exists()
    alone = _groups(work, since, until, ~tied)
    within = Alert.t_detect >= since, Alert.t_detect < until
    ids = set(work.session.scalars(select(Case.id).where(Case.t_detect >= since, Case.t_detect < until, tied)))
    ids.update(
        one for one in work.session.scalars(select(Alert.case_id).where(*within, Alert.case_id.is_not(None))) if one
    )
    cases = [case_fact(row) for row in _by(work, CASE_COLUMNS, Case.id, ids)]
    alerts = [alert_fact(row) for row in _by(work, ALERT_COLUMNS, Alert.case_id, ids, RAISED)]
    found = items([*alone, *cases], [*_lone_alerts(work, since, *within), *alerts])
    return Happened(items=tuple(one for one in found if since <= one.moment < until))


def _lone_alerts(work: Work, since: datetime, *within: ColumnElement[bool]) -> Iterable[AlertFact]:
    # asked for in the groups, not as a condition: SQLite would take the index of all alerts without a case
    tied, merged = Alert.case_id.is_not(None), Alert.merged_into.is_not(None)
    shape = (Alert.verdict, Alert.initiator, Alert.is_drill, Alert.state, merged, tied)
    query = select(*shape, func.count()).where(*within, RAISED).group_by(*shape)
    for number, (verdict, initiator, drill, state, is_merged, is_tied, times) in enumerate(work.session.execute(query)):
        if is_tied:
            continue
        yield AlertFact(
            id=f"{GROUP}-{number}",
            kind=GROUP,
            t_detect=since,
            verdict=VERDICTS.get(verdict or ""),
            source=source_of(initiator),
            drill=drill,
            test=state == AlertState.TEST,
            merged=is_merged,
            times=times,
        )


def _alerts(days: Days, since: datetime, until: datetime) -> Happened:
    """Alerts of the day, and incidents first detected in it.

    Their alerts of later days belong to them; an incident that began on an earlier day is that day's.
    """
    there = select(Alert.incident_id).where(Alert.t_detect >= since, Alert.t_detect < until)
    query = select(*ALERT_COLUMNS).where(Alert.incident_id.in_(there), RAISED)
    alerts = [alert_fact(row) for row in days.work.session.execute(query)]
    return Happened(
        incidents=tuple(one for one in incidents(alerts) if since <= one.t_detect < until),
        alerts=tuple(one for one in alerts if since <= one.t_detect < until),
    )


def _notifications(days: Days, since: datetime, until: datetime) -> Happened:
    sent, placed = AlertNotification, Alert.object_id.is_not(None)
    merged = Alert.merged_into.is_not(None)
    shape = (sent.initiator, sent.recipient, placed, Alert.is_drill, Alert.state, merged)
    query = select(*shape, func.count()).join(Alert, Alert.id == sent.alert_id)
    query = query.where(Alert.type == FIRE_TYPE, sent.sent_at >= since, sent.sent_at < until).group_by(*shape)
    return Happened(
        notifications=tuple(
            NotificationFact(
                id=GROUP,
                t_sent=since,
                initiator=Initiator(initiator),
                recipient=RECIPIENTS.get(recipient, Recipient.OTHER),
                object_id=GROUP if is_placed else None,
                drill=drill,
                test=state == AlertState.TEST,
                merged=is_merged,
                times=times,
            )
            for initiator, recipient, is_placed, drill, state, is_merged, times in days.work.session.execute(query)
        )
        + tuple(days.phoned.get(days.day_of(since), ()))
    )


def _calls(days: Days, since: datetime, until: datetime) -> Happened:
    there = days.calls.get(days.day_of(since), ())
    return Happened(calls=tuple(one for one in there if since <= one.call.t_call_received < until))


def _cameras(days: Days, since: datetime, until: datetime) -> Happened:
    found = []
    for camera, (commission, up, analysed) in camera_spans(days.work, since, until).items():
        hours = camera_hours(commission, up, analysed, since, until)
        if hours is not None:
            found.append((camera, hours))
    return Happened(cameras=tuple(found))


def _by(
    work: Work, columns: Sequence[Any], key: InstrumentedAttribute[Any], ids: Iterable[str], *where: ColumnElement[bool]
) -> Iterable[Any]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), CHUNK):
        yield from work.session.execute(select(*columns).where(key.in_(wanted[start : start + CHUNK]), *where))


READING: Final[Mapping[Part, Callable[[Days, datetime, datetime], Happened]]] = {
    Part.CASES: _cases,
    Part.TERMS: _terms,
    Part.ITEMS: _items,
    Part.ALERTS: _alerts,
    Part.NOTIFICATIONS: _notifications,
    Part.CALLS: _calls,
    Part.CAMERAS: _cameras,
}
"""How each part of a day is read."""
