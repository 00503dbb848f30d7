"""The store as `kpi_catalog` wants to see it: cases, alerts, cameras and outside inputs as plain records.

`dated` gives what a value needs beside the tally of its period (`service.rollups`): registers, inputs, the cameras of
the last day. `city_facts` gives every single record too, for a store or a page that is small enough.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
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
from kpi_catalog.tally import Part
from service import city_inputs as given
from service.passage_retention import month_token
from service.store.database import Work
from service.store.passage_tables import PassageTombstone, VehicleMonth
from service.store.rollup_tables import KpiTally
from service.store.tables import Alert, AlertNotification, Camera, CameraLog, CityInput, Passage, ViolationCase

LOOK_BACK = timedelta(days=100)  # a quarter (KPI 10.7) and the window of repeated calls before it (10.5)
EQUATOR_M = 6_378_137.0  # WGS 84, semi-major axis
FIRST_ECCENTRICITY_2 = 0.00669437999014  # WGS 84
FIRE_TYPE = "fire_alert"
NOT_RAISED = (AlertState.CANDIDATE, AlertState.SUPPRESSED)
VERDICTS = {Verdict.TRUE.value: True, Verdict.FALSE.value: False}
MANDATORY = CASE_FIELDS - {"measured_value"}  # no violation a plain camera finds is a measured one
JOURNAL = "fire_calls"
VEHICLES = "vehicles.distinct"
DATED = (
    "registered_vehicles", "roads", "payments", "phone_notifications", "fire_norm", "objects", "sensors", "surveys",
)  # fmt: skip
CASE_COLUMNS = tuple(
    getattr(ViolationCase, name)
    for name in (
        "id", "t_detect", "t_screened", "t_officer_decision", "verdict", "penalty_kind", "plate_read", "owner_loaded",
        "offence", "edited", "t_signed", "t_first_notification_sent", "payment", "payment_term_ends", "t_cancelled",
        "merged_into",
    )
)  # fmt: skip
ALERT_COLUMNS = tuple(
    getattr(Alert, name)
    for name in (
        "id", "kind", "t_detect", "incident_id", "t_onset", "t_notify_sent", "t_ack", "t_dispatch", "t_depart",
        "verdict", "initiator", "object_id", "case_id", "is_drill", "state", "merged_into",
    )
)  # fmt: skip
RECIPIENTS = {"101": Recipient.FIRE_SERVICE, "object_staff": Recipient.OBJECT_STAFF}


def city_facts(work: Work, period: Period, definitions: Definitions | None = None) -> CityFacts:
    """Everything the store knows that the KPIs of a period may need, record by record."""
    since = period.start - LOOK_BACK
    inputs = given.newest(work)
    calls = inputs.get("fire_calls")
    return replace(
        dated(work, period, definitions),
        cases=tuple(case_fact(row) for row in _cases(work, since, period)),
        alerts=tuple(alert_fact(row) for row in _alerts(work, since)),
        cameras=tuple(_cameras(work, since, _plane(work))),
        fire_calls=None if calls is None else FireCallLog(_calls(calls), _import(calls)),
        notifications=tuple(_notifications(work, since)),
    )


def dated(work: Work, period: Period, definitions: Definitions | None = None) -> CityFacts:
    """Registers, inputs from outside and the cameras of the period's last day; no case, alert, notification or call."""
    inputs = given.newest(work, DATED)
    objects, sensors, surveys = inputs.get("objects"), inputs.get("sensors"), inputs.get("surveys")
    plane = _plane(work)
    since, _ = period.last_day(work.now)
    log = _journal_import(work)
    return CityFacts(
        as_of=work.now,
        cameras=tuple(_cameras(work, since, plane)),
        fire_calls=None if log is None else FireCallLog((), log),
        sensors=None if sensors is None else _sensors(sensors),
        objects=None if objects is None else _objects(objects),
        surveys=None if surveys is None else _surveys(surveys),
        inputs=_inputs(work, inputs, period, plane),
        definitions=definitions or Definitions(),
    )


def journal(work: Work) -> tuple[FireCall, ...]:
    """Every call of the fire service's journal as it stands."""
    calls = given.newest(work, (JOURNAL,)).get(JOURNAL)
    return () if calls is None else _calls(calls)


def _journal_import(work: Work) -> Import | None:
    """What span the journal covers, without reading its calls."""
    covers = [CityInput.value[name].as_string() for name in ("covers_from", "covers_until")]
    newest = select(*covers, CityInput.source).where(CityInput.name == JOURNAL).order_by(CityInput.id.desc()).limit(1)
    row = work.session.execute(newest).first()
    if row is None:
        return None
    span = given.Covers.model_validate({"covers_from": row[0], "covers_until": row[1]})
    return Import(span.covers_from, span.covers_until, row[2])


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


def case_fact(row: Any) -> CaseFact:
    """A case from its row, or from its `CASE_COLUMNS`."""
    return CaseFact(
        id=row.id,
        t_detect=row.t_detect,
        t_screened=row.t_screened,
        t_officer_decision=row.t_officer_decision,
        decision=decision_of(row.verdict, row.penalty_kind),
        mandatory_fields=MANDATORY,
        auto_filled=auto_filled(plate=row.plate_read, owner=row.owner_loaded, article=row.offence is not None),
        edited_fields=frozenset(row.edited),
        t_signed=row.t_signed,
        t_first_notification_sent=row.t_first_notification_sent,
        payment=payment_of(row.payment),
        payment_term_end=row.payment_term_ends,
        cancelled=row.t_cancelled is not None,
        merged=row.merged_into is not None,
    )


def auto_filled(*, plate: bool, owner: bool, article: bool) -> frozenset[str]:
    """The fields that the system filled.

    The article is the one proposed by the rule's kind; the officer's other choice stands among the edits.
    """
    named = {"plate": plate, "owner": owner, "article": article}
    return frozenset({"place", "time"} | {name for name, filled in named.items() if filled})


def decision_of(verdict: str | None, penalty_kind: str | None) -> Decision | None:
    """What an officer decided, from a case's columns."""
    if verdict == "false":
        return Decision.REJECTED
    if verdict != "true":
        return None
    return Decision.NON_PAYABLE if penalty_kind == "non_payable" else Decision.CONFIRMED


def payment_of(payment: str | None) -> Payment | None:
    """The payment attribute; None where nothing is to be paid."""
    return None if payment in {None, "none_due"} else Payment(payment)


def _alerts(work: Work, since: datetime) -> Sequence[Alert]:
    held = or_(Alert.t_detect >= since, Alert.changed_at >= since)
    return work.session.scalars(select(Alert).where(held, Alert.state.not_in(NOT_RAISED)).order_by(Alert.id)).all()


def source_of(initiator: str) -> Source:
    """What raised an alert."""
    return Source.CAMERA if initiator == "system" else Source.OPERATOR


def alert_fact(row: Any) -> AlertFact:
    """An alert from its row, or from its `ALERT_COLUMNS`."""
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
        verdict=VERDICTS.get(row.verdict or ""),
        source=source_of(row.initiator),
        object_id=row.object_id,
        linked_case_id=row.case_id,
        drill=row.is_drill,
        test=row.state == AlertState.TEST,
        merged=row.merged_into is not None,
    )


def _notifications(work: Work, since: datetime) -> Iterable[NotificationFact]:
    query = select(AlertNotification, Alert).join(Alert, Alert.id == AlertNotification.alert_id)
    query = query.where(Alert.type == FIRE_TYPE, AlertNotification.sent_at >= since).order_by(AlertNotification.id)
    for sent, alert in work.session.execute(query):
        yield notification_fact(sent, alert)


def notification_fact(sent: Any, alert: Any) -> NotificationFact:
    """A notification from its row and its alert's."""
    return NotificationFact(
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
            commissioned_at=(commission := commission_of(row, zone))[0],
            decommissioned_at=commission[1],
            up=up_spans((entry.kind, entry.end) for entry in up) if up else None,
            analysed=tuple((entry.start, entry.end) for entry in analysed) if analysed else None,
            covered_road=(plane.line(row.covers),) if row.commissioned and len(row.covers) > 1 else (),
        )


def commission_of(row: Any, zone: ZoneInfo) -> Interval:
    """The span in which a camera's hours count: from its day of commissioning, or else its registration."""
    since = _midnight(row.commissioned, zone) if row.commissioned else row.registered_at
    return since, _midnight(row.retired, zone) if row.retired else None


def _standing(work: Work, camera_id: str, since: datetime) -> list[CameraLog]:
    """The last up or down before the span, which still held when it began."""
    query = select(CameraLog).where(
        CameraLog.camera_id == camera_id, CameraLog.kind.in_(("up", "down")), CameraLog.end < since
    )
    last = work.session.scalar(query.order_by(CameraLog.end.desc()).limit(1))
    return [] if last is None else [last]


def up_spans(entries: Iterable[tuple[str, datetime]]) -> tuple[Interval, ...]:
    """When video came, from the words up and down in their order; an open end still runs."""
    spans: list[Interval] = []
    began: datetime | None = None
    for kind, moment in entries:
        if kind == "up" and began is None:
            began = moment
        elif kind == "down" and began is not None:
            spans.append((began, moment))
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

    Of several months the mean of the months' counts, all of them known. Retention leaves a month's vehicles countable
    (`passage_retention`), not those of a day or a week.
    """
    months = period.whole_months
    if len(months) < 2:  # a day, a week or a month
        number = _of_month(work, period) if months else distinct_vehicles(work, period)
        return Dated(float(number), work.now.date(), "passages") if number else None
    numbers = [_of_month(work, month) for month in months if month.start < work.now]
    if not numbers or not all(numbers):
        return None
    return Dated(sum(one or 0 for one in numbers) / len(numbers), work.now.date(), "passages")


def _of_month(work: Work, month: Period) -> int | None:
    """A month's vehicles: counted when it ended, or else now."""
    kept = work.session.scalar(
        select(KpiTally.content).where(
            KpiTally.part == Part.VEHICLES, KpiTally.kind == PeriodKind.MONTH, KpiTally.first == month.first
        )
    )
    return distinct_vehicles(work, month) if kept is None else json.loads(kept)["counts"].get(VEHICLES)


def distinct_vehicles(work: Work, period: Period) -> int | None:
    """Vehicles whose plate was read at a control line in a period; None where passages of it have been forgotten."""
    inside = Passage.time >= period.start, Passage.time < period.end
    swept = work.session.scalar(
        select(PassageTombstone.number)
        .where(PassageTombstone.first < period.end, PassageTombstone.last >= period.start)
        .limit(1)
    )
    if swept is None:
        return work.session.scalar(select(func.count(Passage.plate_token.distinct())).where(*inside))
    if period.kind is not PeriodKind.MONTH:
        return None
    month = f"{period.first:%Y-%m}"
    known = set(work.session.scalars(select(VehicleMonth.token).where(VehicleMonth.month == month)))
    there = work.session.scalars(select(Passage.plate_token).where(*inside).distinct())
    return len(known | {month_token(work, month, token) for token in there if token is not None})


def _roads(entry: given.Entry, plane: Plane) -> RoadRegister:
    roads = entry.shaped(given.Roads)
    lines = tuple(plane.line(line) for line in roads.lines)
    return RoadRegister(on=entry.as_of, source=entry.source, length_km=roads.length_km, lines=lines)


def _import(entry: given.Entry) -> Import:
    span = given.Covers.model_validate({name: entry.value[name] for name in ("covers_from", "covers_until")})
    return Import(span.covers_from, span.covers_until, entry.source)


def _calls(entry: given.Entry) -> tuple[FireCall, ...]:
    return tuple(FireCall(**call.model_dump()) for call in entry.shaped(given.Calls).calls)


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
