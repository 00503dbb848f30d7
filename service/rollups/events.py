"""The single events behind a security KPI's value: their counts equal its numerator and denominator exactly.

Each record is judged by the very function of its definition that the tally counts by. A happening of several records
(an incident and its alerts, a case and the alerts tied to it) counts once: at its first record, and the others say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, String, and_, cast, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from kpi_catalog.definition import Judged, excluded, uncounted
from kpi_catalog.facts.durations import US_PER_MINUTE
from kpi_catalog.facts.fire_satisfaction import surveys_of
from kpi_catalog.facts.objects_equipped import state
from kpi_catalog.facts.road_coverage import METRES_PER_KM, Device, own_m
from kpi_catalog.facts.spans import was_up
from kpi_catalog.facts.video_analysed_share import US_PER_HOUR
from kpi_catalog.happened import called, incidents, items
from kpi_catalog.period import Period
from kpi_catalog.records import FIRE_KINDS, AlertFact, CaseFact, CityFacts, Source
from kpi_catalog.security import DEFINITIONS
from kpi_catalog.tally import Part
from qyran.errors import InputError, NotFound
from qyran.roles import SYSTEM, Actor, Role
from service.access import KPI_READERS, require
from service.kpi_facts import (
    ALERT_COLUMNS,
    CASE_COLUMNS,
    FIRE_TYPE,
    NOT_RAISED,
    alert_fact,
    case_fact,
    dated,
    notification_fact,
)
from service.kpi_journals import journal, phoned
from service.rollups.kept import total_of
from service.rollups.refreshing import refresh
from service.store.alert_tables import Alert, AlertNotification
from service.store.database import Store, Work
from service.store.tables import ViolationCase

Kind = Literal["case", "alert", "call", "notification", "object", "camera", "survey"]
Counts = Literal["numerator", "denominator", "both", "excluded"]
MOST: Final = 1000
"""Events on one page at most."""
BATCH: Final = 5000
"""Events read at once where all are wanted: their ids are named in one statement, which takes some 30,000 at most."""


@dataclass(frozen=True, slots=True)
class Event:
    """One record behind a value.

    Attributes:
        kind: of record.
        id: its id.
        at: the moment by which it belongs to the period.
        counted: what it counts in.
        value: of a mean its summand (9.4, 9.8, 10.1: minutes; 9.7: hours analysed; 10.7: sum of scores), of 9.1 the
            kilometres it sees alone; None where it counts as one.
        reason: a code: why it counts so, or not.
        base: what it adds to the denominator where it does not count as one (9.7: hours of video; 10.7: answers).
    """

    kind: Kind
    id: str
    at: datetime
    counted: Counts
    value: float | None
    reason: str
    base: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some events in order of their moments.

    Attributes:
        after: the cursor of the next page; None at the end.
        totals: on the first page, the value's numerator and denominator, and how many records bear each reason where
            the days tell.
    """

    events: tuple[Event, ...]
    after: str | None
    totals: Mapping[str, float] = field(default_factory=dict)


Cursor = tuple[datetime, str, str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One page that is asked for.

    Attributes:
        after: moment, kind and id of the last event of the page before.
        limit: events wanted, one more than the page holds.
    """

    work: Work
    kpi_id: str
    period: Period
    facts: CityFacts
    after: Cursor | None
    limit: int

    def judge(self, record: Any) -> Judged:
        """How a record counts, by the definition."""
        return DEFINITIONS[self.kpi_id].judge(record, self.facts)

    def beyond(self, at: InstrumentedAttribute[Any], key: Any, kind: Kind) -> ColumnElement[bool]:
        """That a record lies in the period, after the cursor."""
        within = and_(at >= self.period.start, at < self.period.end)
        if self.after is None:
            return within
        moment, last_kind, last = self.after
        tie = at == moment
        if kind == last_kind:
            return and_(within, at >= moment, or_(at > moment, and_(tie, key > last)))
        return and_(within, at >= moment if kind > last_kind else at > moment)


def events_of(
    store: Store, kpi_id: str, period: Period, *, actor: Actor = SYSTEM, after: str | None = None, limit: int = 200
) -> Page:
    """A page of the events behind a KPI's value.

    Args:
        store: the store.
        kpi_id: one of the 16, e.g. "9.8".
        period: of the value.
        actor: who asks.
        after: `Page.after` of the page before; None begins.
        limit: events on the page, 1 to 1000.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: the cursor is none of ours, or the limit is out of range.
        NotFound: there is no such security KPI.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    source = SOURCES.get(kpi_id)
    if source is None:
        raise NotFound(f"There is no security KPI {kpi_id}.")
    if not 1 <= limit <= MOST:
        raise InputError(f"A page holds 1 to {MOST} events, not {limit}.")
    refresh(store)
    with store.read() as work:
        facts = dated(work, period, cameras=kpi_id == "9.1", vehicles=kpi_id == "9.2")
        found = source(_Asked(work, kpi_id, period, facts, _read(after), limit + 1))
        totals = _totals(work, kpi_id, period, facts) if after is None else {}
    more = len(found) > limit
    return Page(tuple(found[:limit]), _written(found[limit - 1]) if more else None, totals)


def every_event(store: Store, kpi_id: str, period: Period, *, actor: Actor = SYSTEM) -> Iterator[Event]:
    """All events behind a KPI's value in order of their moments, read at one moment of the store.

    What all of them share is read once, so that a million of them cost little more than themselves.

    Raises:
        AccessError: the actor reads no KPIs.
        NotFound: there is no such security KPI.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    source = SOURCES.get(kpi_id)
    if source is None:
        raise NotFound(f"There is no security KPI {kpi_id}.")
    refresh(store)
    with store.read() as work:
        facts = dated(work, period)
        after: Cursor | None = None
        while True:
            found = source(_Asked(work, kpi_id, period, facts, after, BATCH + 1))
            yield from found[:BATCH]
            if len(found) <= BATCH:
                return
            last = found[BATCH - 1]
            after = (last.at.astimezone(UTC), last.kind, last.id)


def _totals(work: Work, kpi_id: str, period: Period, facts: CityFacts) -> dict[str, float]:
    definition = DEFINITIONS[kpi_id]
    total = total_of(work, period, {*definition.tallies, Part.CAMERAS})
    value = definition.value(total, facts, period)
    named = {"numerator": value.numerator, "denominator": value.denominator}
    reasons = {name.removeprefix(f"{kpi_id}."): number for name, number in total.counts.items()
               if name.startswith(f"{kpi_id}.")}  # fmt: skip
    return reasons | {name: number for name, number in named.items() if number is not None}


def _event(
    kind: Kind, key: str, at: datetime, judged: Judged, value: float | None = None, base: float | None = None
) -> Event:
    return Event(kind, key, at, judged.counted.value, value, judged.reason, base)


def _minutes(judged: Judged) -> float | None:
    return None if judged.us is None else judged.us / US_PER_MINUTE


def _cases(moment: InstrumentedAttribute[Any], *, timed: bool = False) -> Callable[[_Asked], list[Event]]:
    """Cases by a moment of theirs."""

    def read(asked: _Asked) -> list[Event]:
        query = select(*CASE_COLUMNS).where(asked.beyond(moment, ViolationCase.id, "case"))
        if moment.key == "payment_term_ends":  # a term that still runs has not ended
            query = query.where(moment <= asked.work.now)
        found = []
        for row in asked.work.session.execute(query.order_by(moment, ViolationCase.id).limit(asked.limit)):
            judged = asked.judge(case_fact(row))
            at: datetime = getattr(row, moment.key)
            found.append(_event("case", row.id, at, judged, _minutes(judged) if timed else None))
        return found

    return read


def _alerts_asked(asked: _Asked, *where: ColumnElement[bool]) -> list[AlertFact]:
    query = select(*ALERT_COLUMNS).where(
        asked.beyond(Alert.t_detect, Alert.id, "alert"), Alert.state.not_in(NOT_RAISED), *where
    )
    rows = asked.work.session.execute(query.order_by(Alert.t_detect, Alert.id).limit(asked.limit))
    return [alert_fact(row) for row in rows]


def _incidents(asked: _Asked) -> list[Event]:
    """Alerts of cameras; each incident counts at its first one."""
    there = _alerts_asked(asked)
    whole = _where(asked.work, ALERT_COLUMNS, Alert.incident_id, {one.incident_id for one in there if one.incident_id})
    first = {one.alert_id: one for one in incidents(alert_fact(row) for row in whole if row.state not in NOT_RAISED)}
    found = []
    for alert in there:
        incident = first.get(alert.id)
        judged = asked.judge(incident) if incident is not None else _no_camera(alert) or excluded("same_incident")
        found.append(_event("alert", alert.id, alert.t_detect, judged, _minutes(judged)))
    return found


def _no_camera(alert: AlertFact) -> Judged | None:
    """Why an alert is none of the video system's that counts; None where it is."""
    apart = uncounted(alert)
    if apart is not None:
        return apart
    return None if alert.source is Source.CAMERA else excluded("raised_by_a_person")


def _items(asked: _Asked) -> list[Event]:
    """Cases and alerts of cameras; a case and the alerts tied to it count at the first of them."""
    work = asked.work
    query = select(*CASE_COLUMNS).where(asked.beyond(ViolationCase.t_detect, ViolationCase.id, "case"))
    rows = work.session.execute(query.order_by(ViolationCase.t_detect, ViolationCase.id).limit(asked.limit))
    cases, alerts = [case_fact(row) for row in rows], _alerts_asked(asked)
    named = {one.id for one in cases} | {one.linked_case_id for one in alerts if one.linked_case_id}
    others = [case_fact(row) for row in _where(work, CASE_COLUMNS, ViolationCase.id, named - {one.id for one in cases})]
    tied = [alert_fact(row) for row in _where(work, ALERT_COLUMNS, Alert.case_id, named) if row.state not in NOT_RAISED]
    every = {one.id: one for one in (*alerts, *tied)}
    counted = {(one.kind, one.id): one for one in items([*cases, *others], every.values())}
    found = [_item(asked, "case", one, counted.get(("case", one.id)), uncounted(one)) for one in cases]
    found += [_item(asked, "alert", one, counted.get(("alert", one.id)), _no_camera(one)) for one in alerts]
    found.sort(key=_place)
    return found[: asked.limit]


def _item(asked: _Asked, kind: Kind, record: CaseFact | AlertFact, item: Any, apart: Judged | None) -> Event:
    judged = apart or (excluded("same_happening") if item is None else asked.judge(item))
    return _event(kind, record.id, record.t_detect, judged)


def _fires(asked: _Asked) -> list[Event]:
    alerts = _alerts_asked(asked, Alert.kind.in_(sorted(FIRE_KINDS)))
    return [_event("alert", one.id, one.t_detect, asked.judge(one)) for one in alerts]


def _notifications(asked: _Asked) -> list[Event]:
    sent, key = AlertNotification, cast(AlertNotification.id, String)
    query = select(sent, Alert).join(Alert, Alert.id == sent.alert_id).where(
        Alert.type == FIRE_TYPE, asked.beyond(sent.sent_at, key, "notification")
    )  # fmt: skip
    rows = asked.work.session.execute(query.order_by(sent.sent_at, key).limit(asked.limit))
    facts = [notification_fact(one, alert) for one, alert in rows]
    told = [one for one in phoned(asked.work) if asked.period.holds(one.t_sent)]
    found = [_event("notification", one.id, one.t_sent, asked.judge(one)) for one in facts]
    return _page(asked, [*found, *(_event("notification", one.id, one.t_sent, asked.judge(one)) for one in told)])


def _calls(asked: _Asked) -> list[Event]:
    found = []
    for one in called(journal(asked.work)):
        if asked.period.holds(one.call.t_call_received):
            judged = asked.judge(one)
            minutes = _minutes(judged) if asked.kpi_id == "10.1" else None
            found.append(_event("call", one.call.id, one.call.t_call_received, judged, minutes))
    return _page(asked, found)


def _cameras(asked: _Asked) -> list[Event]:
    total = total_of(asked.work, asked.period, (Part.CAMERAS,))
    return _page(
        asked,
        (
            _event(
                "camera",
                name,
                asked.period.start,
                asked.judge(one),
                one.analysed / US_PER_HOUR,
                one.received / US_PER_HOUR,
            )
            for name, one in total.cameras.items()
        ),
    )


def _devices(asked: _Asked) -> list[Event]:
    since, until = asked.period.last_day(asked.facts.as_of)
    found = []
    for camera in asked.facts.cameras:
        judged = asked.judge(Device(camera, was_up(camera, since, until)))
        alone = own_m(camera, asked.facts.inputs.roads) / METRES_PER_KM if judged.counted == "numerator" else None
        found.append(_event("camera", camera.id, since, judged, alone))
    return _page(asked, found)


def _objects(asked: _Asked) -> list[Event]:
    since, until = asked.period.last_day(asked.facts.as_of)
    registered, sensed = state(asked.facts, since, until)
    return _page(asked, (_event("object", one, since, asked.judge(one in sensed)) for one in registered))


def _surveys(asked: _Asked) -> list[Event]:
    found = []
    for one in surveys_of(asked.facts, asked.period):
        total = sum(score * number for score, number in one.scores.items())
        answers = sum(one.scores.values())
        found.append(_event("survey", one.id, one.t_closed, asked.judge(one), float(total), float(answers)))
    return _page(asked, found)


def _page(asked: _Asked, found: Iterable[Event]) -> list[Event]:
    there = sorted(found, key=_place)
    return [one for one in there if asked.after is None or _place(one) > asked.after][: asked.limit]


def _place(one: Event) -> Cursor:
    return one.at, one.kind, one.id


def _where(work: Work, columns: Iterable[Any], key: InstrumentedAttribute[Any], values: set[str]) -> list[Any]:
    # a page holds no more than `MOST` records, so the list stays short
    return list(work.session.execute(select(*columns).where(key.in_(sorted(values))))) if values else []


def _written(one: Event) -> str:
    return f"{one.at.astimezone(UTC).isoformat(timespec='microseconds')}|{one.kind}|{one.id}"


def _read(after: str | None) -> Cursor | None:
    if after is None:
        return None
    moment, _, rest = after.partition("|")
    kind, _, key = rest.partition("|")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = datetime.min  # noqa: DTZ901 - naive, and so refused below
    if at.tzinfo is None or not kind or not key:
        raise InputError("The cursor is not one that this page gave.")
    return at.astimezone(UTC), kind, key


SOURCES: Final[Mapping[str, Callable[[_Asked], list[Event]]]] = {
    "9.1": _devices,
    "9.2": _cases(ViolationCase.t_detect),
    "9.3": _cases(ViolationCase.t_officer_decision),
    "9.4": _cases(ViolationCase.t_first_notification_sent, timed=True),
    "9.5": _cases(ViolationCase.payment_term_ends),
    "9.6": _incidents,
    "9.7": _cameras,
    "9.8": _incidents,
    "9.9": _items,
    "10.1": _calls,
    "10.2": _calls,
    "10.3": _fires,
    "10.4": _notifications,
    "10.5": _calls,
    "10.6": _objects,
    "10.7": _surveys,
}
"""Where the events of each KPI are read."""
