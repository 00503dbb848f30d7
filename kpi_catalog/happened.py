"""What happened in a span of time, each record under the moment by which it counts; distinct happenings told apart.

An incident belongs to the moment of its first detection, whatever midnight its later alerts cross, and so does a
happening that is both a case and an alert. Hence neither is split between two days, and days add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kpi_catalog.facts.spans import common, joined, service_time
from kpi_catalog.records import AlertFact, CaseFact, CityFacts, FireCall, Interval, NotificationFact, Source
from kpi_catalog.tally import CameraHours, microseconds


@dataclass(frozen=True, slots=True)
class Incident:
    """One happening of the video system: the first of each moment over its alerts; true if any of them is.

    Attributes:
        alert_id: its first alert.
    """

    id: str
    alert_id: str
    t_detect: datetime
    t_ack: datetime | None
    t_dispatch: datetime | None
    verdict: bool | None


@dataclass(frozen=True, slots=True)
class Item:
    """One happening of KPI 9.9: a case, an alert, or a case and the alerts that are linked to it.

    Attributes:
        kind, id: case or alert, the first detected of them.
        times: how many alike it stands for.
    """

    kind: str
    id: str
    moment: datetime
    verdict: bool | None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Called:
    """A call with the time since the call before it to the same object, microseconds; None without one."""

    call: FireCall
    since_last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """The records of a span.

    Attributes:
        detected, decided, notified, signed: cases by each of these moments.
        due: cases whose term of payment ended.
        items: happenings first detected in it (9.9).
        incidents: first detected in it (9.6, 9.8).
        alerts: detected in it.
        notifications: sent in it.
        calls: received in it, those that count nowhere too.
        cameras: times within it, of cameras in commission.
    """

    detected: tuple[CaseFact, ...] = ()
    decided: tuple[CaseFact, ...] = ()
    notified: tuple[CaseFact, ...] = ()
    signed: tuple[CaseFact, ...] = ()
    due: tuple[CaseFact, ...] = ()
    items: tuple[Item, ...] = ()
    incidents: tuple[Incident, ...] = ()
    alerts: tuple[AlertFact, ...] = ()
    notifications: tuple[NotificationFact, ...] = ()
    calls: tuple[Called, ...] = ()
    cameras: tuple[tuple[str, CameraHours], ...] = ()


def happened(facts: CityFacts, since: datetime, until: datetime) -> Happened:
    """Everything of [since, until); cameras and terms of payment up to `CityFacts.as_of` at most."""

    def within(moment: datetime | None) -> bool:
        return moment is not None and since <= moment < until

    calls = called(facts.fire_calls.calls) if facts.fire_calls is not None else []
    return Happened(
        detected=tuple(one for one in facts.cases if within(one.t_detect)),
        decided=tuple(one for one in facts.cases if within(one.t_officer_decision)),
        notified=tuple(one for one in facts.cases if within(one.t_first_notification_sent)),
        signed=tuple(one for one in facts.cases if within(one.t_signed)),
        due=tuple(one for one in facts.cases if within(one.payment_term_end) and _ended(one, facts.as_of)),
        items=tuple(one for one in items(facts.cases, facts.alerts) if within(one.moment)),
        incidents=tuple(one for one in incidents(facts.alerts) if within(one.t_detect)),
        alerts=tuple(one for one in facts.alerts if within(one.t_detect)),
        notifications=tuple(one for one in facts.notifications if within(one.t_sent)),
        calls=tuple(one for one in calls if within(one.call.t_call_received)),
        cameras=_cameras(facts, since, min(until, facts.as_of)),
    )


def _ended(case: CaseFact, as_of: datetime) -> bool:
    return case.payment_term_end is not None and case.payment_term_end <= as_of


def incidents(alerts: Iterable[AlertFact]) -> list[Incident]:
    """Distinct incidents of the video system, fire and smoke included, in order of their detection."""
    groups: dict[str, list[AlertFact]] = defaultdict(list)
    for alert in alerts:
        if alert.counts and alert.source is Source.CAMERA:
            groups[alert.incident_id or alert.id].append(alert)
    found = (_incident(key, group) for key, group in groups.items())
    return sorted(found, key=lambda one: (one.t_detect, one.id))


def joint_verdict(verdicts: Iterable[bool | None]) -> bool | None:
    """One verdict of several on the same happening: true if any says so, else false if any does."""
    given = {one for one in verdicts if one is not None}
    return None if not given else True in given


def _incident(key: str, alerts: list[AlertFact]) -> Incident:
    first = min(alerts, key=lambda one: (one.t_detect, one.id))
    return Incident(
        id=key,
        alert_id=first.id,
        t_detect=first.t_detect,
        t_ack=_first(one.t_ack for one in alerts),
        t_dispatch=_first(one.t_dispatch for one in alerts),
        verdict=joint_verdict(one.verdict for one in alerts),
    )


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((one for one in moments if one is not None), default=None)


def items(cases: Iterable[CaseFact], alerts: Iterable[AlertFact]) -> list[Item]:
    """Happenings that 9.9 counts once: cases and the alerts of cameras, those of one happening together."""
    found: dict[tuple[str, str], list[Item]] = {}
    for case in cases:
        if case.counts:
            found["case", case.id] = [Item("case", case.id, case.t_detect, case.verdict, case.times)]
    for alert in alerts:
        if alert.counts and alert.source is Source.CAMERA:
            linked = ("case", alert.linked_case_id or "")
            own = Item("alert", alert.id, alert.t_detect, alert.verdict, alert.times)
            found.setdefault(linked if linked in found else ("alert", alert.id), []).append(own)
    return [one[0] if len(one) == 1 else _item(one) for one in found.values()]


def _item(parts: list[Item]) -> Item:
    first = min(parts, key=lambda one: (one.moment, one.kind != "case", one.id))
    return Item(first.kind, first.id, first.moment, joint_verdict(one.verdict for one in parts))


def called(calls: Iterable[FireCall]) -> list[Called]:
    """Calls in order, each with the time since the one before it to the same object; uncounted ones have none."""
    last: dict[str, datetime] = {}
    found = []
    for call in sorted(calls, key=lambda one: (one.t_call_received, one.id)):
        before = None
        if call.counts and call.object_id is not None:
            before = last.get(call.object_id)
            last[call.object_id] = call.t_call_received
        gap = None if before is None else microseconds(call.t_call_received - before)
        found.append(Called(call, gap))
    return found


def _cameras(facts: CityFacts, since: datetime, until: datetime) -> tuple[tuple[str, CameraHours], ...]:
    found = []
    for camera in facts.cameras:
        commission = (camera.commissioned_at, camera.decommissioned_at)
        hours = camera_hours(commission, camera.up, camera.analysed, since, until)
        if hours is not None:
            found.append((camera.id, hours))
    return tuple(found)


def camera_hours(
    commission: Interval,
    up: tuple[Interval, ...] | None,
    analysed: tuple[Interval, ...] | None,
    since: datetime,
    until: datetime,
) -> CameraHours | None:
    """A camera's times within [since, until); None where it was not in commission.

    Analytics cannot have seen more than was received, and nothing counts outside the commission.
    """
    service = service_time(commission, since, until)
    if not service:
        return None
    video = common(joined(up or (), since, until), service)
    seen = common(joined(analysed or (), since, until), video)
    return CameraHours(_length(service), _length(video), _length(seen), up is not None, analysed is not None)


def _length(spans: Iterable[tuple[datetime, datetime]]) -> int:
    return microseconds(sum((b - a for a, b in spans), timedelta()))
