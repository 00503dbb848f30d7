"""The store as `kpi_catalog` wants to see it: cases, alerts, cameras and outside inputs as plain records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from incidents.alert import AlertState, Verdict
from kpi_catalog.period import Period, PeriodKind
from kpi_catalog.records import (
    CASE_FIELDS,
    AlertFact,
    CameraFact,
    CaseFact,
    CityFacts,
    CityInputs,
    Dated,
    Decision,
    Definitions,
    FireCall,
    FireCallLog,
    FireNorm,
    Import,
    Initiator,
    Interval,
    NotificationFact,
    ObjectRegister,
    Payment,
    Polyline,
    ProtectedObject,
    Recipient,
    RoadRegister,
    SensorFact,
    Source,
    Survey,
)
from service import city_inputs as given
from service.passage_retention import month_token
from service.store.database import Work
from service.store.passage_tables import PassageTombstone, VehicleMonth
from service.store.tables import Alert, AlertNotification, Camera, CameraLog, Passage, ViolationCase

LOOK_BACK = timedelta(days=100)  # a quarter (KPI 10.7) and the window of repeated calls before it (10.5)
EQUATOR_M = 6_378_137.0  # WGS 84, semi-major axis
FIRST_ECCENTRICITY_2 = 0.00669437999014  # WGS 84
NOT_RAISED = (AlertState.CANDIDATE, AlertState.SUPPRESSED)
RECIPIENTS = {"101": Recipient.FIRE_SERVICE, "object_staff": Recipient.OBJECT_STAFF}


def city_facts(work: Work, period: Period, definitions: Definitions | None = None) -> CityFacts:
    """Everything the store knows that the KPIs of a period may need."""
    since = period.start - LOOK_BACK
    inputs = given.newest(work)
    calls, objects = inputs.get("fire_calls"), inputs.get("objects")
    sensors, surveys = inputs.get("sensors"), inputs.get("surveys")
    plane = _plane(work)
    return CityFacts(
        as_of=work.now,
        cases=tuple(_case(row) for row in _cases(work, since, period)),
        alerts=tuple(_alert(row) for row in _alerts(work, since)),
        cameras=tuple(_cameras(work, since, plane)),
        fire_calls=None if calls is None else _calls(calls),
        notifications=tuple(_notifications(work, since)),
        sensors=None if sensors is None else _sensors(sensors),
        objects=None if objects is None else _objects(objects),
        surveys=None if surveys is None else _surveys(surveys),
        inputs=_inputs(work, inputs, period, plane),
        definitions=definitions or Definitions(),
    )


def _cases(work: Work, since: datetime, period: Period) -> Sequence[ViolationCase]:
    return work.session.scalars(
        select(ViolationCase)
        .where(
            or_(
                ViolationCase.changed_at >= since,
                ViolationCase.t_detect >= since,
                ViolationCase.payment_term_ends.between(period.start, period.end),
            )
        )
        .order_by(ViolationCase.id)
    ).all()


def _case(row: ViolationCase) -> CaseFact:
    filled = {"place", "time"}
    if row.plate_read:
        filled.add("plate")
    if row.owner_loaded:
        filled.add("owner")
    if row.offence is not None:
        filled.add("article")  # proposed by the rule's kind; the officer's other choice stands among the edits
    return CaseFact(
        id=row.id,
        t_detect=row.t_detect,
        t_screened=row.t_screened,
        t_officer_decision=row.t_officer_decision,
        decision=_decision(row),
        mandatory_fields=CASE_FIELDS - {"measured_value"},  # no violation a plain camera finds is a measured one
        auto_filled=frozenset(filled),
        edited_fields=frozenset(row.edited),
        t_signed=row.t_signed,
        t_first_notification_sent=row.t_first_notification_sent,
        payment=Payment(row.payment) if row.payment not in {None, "none_due"} else None,
        payment_term_end=row.payment_term_ends,
        cancelled=row.t_cancelled is not None,
        merged=row.merged_into is not None,
    )


def _decision(row: ViolationCase) -> Decision | None:
    if row.verdict == "false":
        return Decision.REJECTED
    if row.verdict != "true":
        return None
    return Decision.NON_PAYABLE if row.penalty_kind == "non_payable" else Decision.CONFIRMED


def _alerts(work: Work, since: datetime) -> Sequence[Alert]:
    held = or_(Alert.t_detect >= since, Alert.changed_at >= since)
    return work.session.scalars(select(Alert).where(held, Alert.state.not_in(NOT_RAISED)).order_by(Alert.id)).all()


def _alert(row: Alert) -> AlertFact:
    verdicts = {Verdict.TRUE.value: True, Verdict.FALSE.value: False}
    return AlertFact(
        id=row.id,
        kind=row.kind,
        t_detect=row.t_detect,
        incident_id=row.incident_id,
        t_onset=row.t_onset,
        t_notify_sent=row.t_notify_sent,
        t_ack=row.t_ack,
        t_dispatch=row.t_dispatch,
        t_depart=row.t_depart,
        verdict=verdicts.get(row.verdict or ""),
        source=Source.CAMERA if row.initiator == "system" else Source.OPERATOR,
        object_id=row.object_id,
        linked_case_id=row.case_id,
        drill=row.is_drill,
        test=row.state == AlertState.TEST,
        merged=row.merged_into is not None,
    )


def _notifications(work: Work, since: datetime) -> Iterable[NotificationFact]:
    query = (
        select(AlertNotification, Alert)
        .join(Alert, Alert.id == AlertNotification.alert_id)
        .where(Alert.type == "fire_alert", AlertNotification.sent_at >= since)
    )
    for sent, alert in work.session.execute(query.order_by(AlertNotification.id)):
        yield NotificationFact(
            id=str(sent.id),
            t_sent=sent.sent_at,
            initiator=Initiator(sent.initiator),
            recipient=RECIPIENTS.get(sent.recipient, Recipient.OTHER),
            object_id=alert.object_id,
            drill=alert.is_drill,
            test=alert.state == AlertState.TEST,
            merged=alert.merged_into is not None,
        )


def _cameras(work: Work, since: datetime, plane: Plane) -> Iterable[CameraFact]:
    zone = work.store.settings.zone
    logs: dict[str, list[CameraLog]] = {}
    query = select(CameraLog).where(CameraLog.end >= since).order_by(CameraLog.end, CameraLog.event_id)
    for entry in work.session.scalars(query):
        logs.setdefault(entry.camera_id, []).append(entry)
    for row in work.session.scalars(select(Camera).order_by(Camera.id)):
        entries = [*_standing(work, row.id, since), *logs.get(row.id, [])]
        up = [entry for entry in entries if entry.kind in {"up", "down"}]
        analysed = [entry for entry in entries if entry.kind == "analysed"]
        yield CameraFact(
            id=row.id,
            # Without a commissioning date its hours count (9.7), its roads do not (9.1).
            commissioned_at=_midnight(row.commissioned, zone) if row.commissioned else row.registered_at,
            decommissioned_at=_midnight(row.retired, zone) if row.retired else None,
            up=_spans_up(up) if up else None,
            analysed=tuple((entry.start, entry.end) for entry in analysed) if analysed else None,
            covered_road=(plane.line(row.covers),) if row.commissioned and len(row.covers) > 1 else (),
        )


def _standing(work: Work, camera_id: str, since: datetime) -> list[CameraLog]:
    """The last up or down before the span, which still held when it began."""
    query = select(CameraLog).where(
        CameraLog.camera_id == camera_id, CameraLog.kind.in_(("up", "down")), CameraLog.end < since
    )
    last = work.session.scalar(query.order_by(CameraLog.end.desc()).limit(1))
    return [] if last is None else [last]


def _spans_up(entries: Sequence[CameraLog]) -> tuple[Interval, ...]:
    spans: list[Interval] = []
    began: datetime | None = None
    for entry in entries:
        if entry.kind == "up" and began is None:
            began = entry.end
        elif entry.kind == "down" and began is not None:
            spans.append((began, entry.end))
            began = None
    if began is not None:
        spans.append((began, None))
    return tuple(spans)


def _inputs(work: Work, inputs: dict[str, given.Entry], period: Period, plane: Plane) -> CityInputs:
    vehicles, roads, norm = inputs.get("registered_vehicles"), inputs.get("roads"), inputs.get("fire_norm")
    payments, phone = inputs.get("payments"), inputs.get("phone_notifications")
    return CityInputs(
        registered_vehicles=None
        if vehicles is None
        else Dated(vehicles.shaped(given.Number).value, vehicles.as_of, vehicles.source),
        passed_vehicles=_passed(work, period),
        roads=None if roads is None else _roads(roads, plane),
        payments=None if payments is None else _import(payments),
        phone_notifications=None if phone is None else _import(phone),
        fire_norm=None if norm is None else FireNorm(**norm.value, on=norm.as_of, source=norm.source),
    )


def _passed(work: Work, period: Period) -> Dated | None:
    """Distinct vehicles whose plate was read at a control line; None where no plate was, or where it is not known.

    Retention leaves a month's vehicles countable (`passage_retention`), not those of other periods.
    """
    inside = Passage.time >= period.start, Passage.time < period.end
    swept = work.session.scalar(
        select(PassageTombstone.number)
        .where(PassageTombstone.first < period.end, PassageTombstone.last >= period.start)
        .limit(1)
    )
    if swept is None:
        number = work.session.scalar(select(func.count(Passage.plate_token.distinct())).where(*inside))
    elif period.kind is PeriodKind.MONTH:
        month = f"{period.first:%Y-%m}"
        known = set(work.session.scalars(select(VehicleMonth.token).where(VehicleMonth.month == month)))
        there = work.session.scalars(select(Passage.plate_token).where(*inside).distinct())
        number = len(known | {month_token(work, month, token) for token in there if token is not None})
    else:
        number = None
    return Dated(float(number), work.now.date(), "passages") if number else None


def _roads(entry: given.Entry, plane: Plane) -> RoadRegister:
    roads = entry.shaped(given.Roads)
    lines = tuple(plane.line(line) for line in roads.lines)
    return RoadRegister(on=entry.as_of, source=entry.source, length_km=roads.length_km, lines=lines)


def _import(entry: given.Entry) -> Import:
    span = given.Covers.model_validate({name: entry.value[name] for name in ("covers_from", "covers_until")})
    return Import(span.covers_from, span.covers_until, entry.source)


def _calls(entry: given.Entry) -> FireCallLog:
    calls = entry.shaped(given.Calls).calls
    return FireCallLog(tuple(FireCall(**call.model_dump()) for call in calls), _import(entry))


def _sensors(entry: given.Entry) -> tuple[SensorFact, ...]:
    return tuple(SensorFact(one.id, one.object_id, one.working) for one in entry.shaped(given.Sensors).sensors)


def _objects(entry: given.Entry) -> ObjectRegister:
    objects = entry.shaped(given.Objects).objects
    known = tuple(ProtectedObject(one.id, one.since, one.until) for one in objects)
    return ObjectRegister(known, entry.as_of, entry.source)


def _surveys(entry: given.Entry) -> tuple[Survey, ...]:
    return tuple(
        Survey(one.id, one.t_closed, one.question, one.scores, entry.source)
        for one in entry.shaped(given.Surveys).surveys
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


class Plane:
    """One plane in metres for the whole city: the sinusoidal projection about its middle (Snyder 1987, p. 243).

    It keeps areas, and over a city's width lengths to a few parts in a million.
    """

    def __init__(self, longitude: float, latitude: float) -> None:
        self.longitude, self.latitude = longitude, latitude
        bend = 1.0 - FIRST_ECCENTRICITY_2 * math.sin(math.radians(latitude)) ** 2
        self._meridian_m = EQUATOR_M * (1.0 - FIRST_ECCENTRICITY_2) / bend**1.5  # a radian of latitude

    def line(self, points: Iterable[Sequence[Any]]) -> Polyline:
        """(longitude, latitude) pairs to metres east and north of the middle."""
        return tuple(self._point(float(lon), float(lat)) for lon, lat in points)

    def _point(self, longitude: float, latitude: float) -> tuple[float, float]:
        bend = 1.0 - FIRST_ECCENTRICITY_2 * math.sin(math.radians(latitude)) ** 2
        parallel_m = EQUATOR_M / math.sqrt(bend) * math.cos(math.radians(latitude))  # a radian of longitude
        east = math.radians(longitude - self.longitude) * parallel_m
        return east, math.radians(latitude - self.latitude) * self._meridian_m


def _plane(work: Work) -> Plane:
    places = [point for covers in work.session.scalars(select(Camera.covers)) for point in covers]
    if not places:
        return Plane(0.0, 0.0)
    return Plane(sum(float(lon) for lon, _ in places) / len(places), sum(float(lat) for _, lat in places) / len(places))
