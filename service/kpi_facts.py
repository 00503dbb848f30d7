"""The store as `kpi_catalog` wants to see it: cases, alerts, cameras and outside inputs as plain records.

`dated` gives what a value needs beside the tally of its period (`service.rollups`): registers, inputs, the cameras of
the last day. `city_facts` gives every single record too, for a store or a page that is small enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from incidents.alert import AlertState, Verdict
from kpi_catalog.period import Period
from kpi_catalog.records import (
    CASE_FIELDS,
    AlertFact,
    CaseFact,
    CityFacts,
    CityInputs,
    Dated,
    Decision,
    Definitions,
    FireCallLog,
    FireNorm,
    Import,
    Initiator,
    NotificationFact,
    ObjectRegister,
    Payment,
    Recipient,
    RoadRegister,
    SensorFact,
    Source,
    Survey,
)
from qyran.earth import Plane, plane_of
from service import city_inputs as given
from service.camera_roads import camera_roads
from service.camera_spans import LONGEST
from service.kpi_cameras import cameras_between, cameras_of_day, coverage_of
from service.kpi_journals import JOURNAL, PHONE, Covered, calls_of, covered, phoned
from service.passed_vehicles import passed_vehicles
from service.protected_objects.facts import objects_of, sensors_of
from service.store.alert_tables import Alert, AlertNotification
from service.store.database import Work
from service.store.tables import ViolationCase

LOOK_BACK = timedelta(days=100)  # a quarter (KPI 10.7) and the window of repeated calls before it (10.5)
FIRE_TYPE = "fire_alert"
NOT_RAISED = (AlertState.CANDIDATE, AlertState.SUPPRESSED)
VERDICTS = {Verdict.TRUE.value: True, Verdict.FALSE.value: False}
MANDATORY = CASE_FIELDS - {"measured_value"}  # no violation a plain camera finds is a measured one
DATED = (
    "registered_vehicles", "roads", "payments", "fire_norm", "objects", "sensors", "surveys",
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
        "id", "kind", "t_detect", "incident_id", "t_notify_sent", "t_ack", "t_dispatch", "verdict", "initiator",
        "object_id", "case_id", "is_drill", "state", "merged_into",
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
        cameras=tuple(cameras_between(work, since, work.now + LONGEST, _plane(work))),
        fire_calls=None if calls is None else FireCallLog(calls_of(calls), _import(calls)),
        notifications=(*_notifications(work, since), *phoned(work)),
    )


@dataclass(frozen=True, slots=True)
class Registers:
    """What others told, read once, whatever number of periods is asked for."""

    plane: Plane
    inputs: dict[str, given.Entry]
    roads: RoadRegister | None
    objects: ObjectRegister | None
    sensors: tuple[SensorFact, ...] | None
    surveys: tuple[Survey, ...] | None
    calls: Covered
    phone: Covered


def registers(work: Work) -> Registers:
    """The registers and journals as they stand, without the journal's calls."""
    inputs, plane = given.newest(work, DATED), _plane(work)
    found = {name: inputs.get(name) for name in ("roads", "objects", "sensors", "surveys")}
    roads, objects, sensors, surveys = found.values()
    return Registers(
        plane=plane,
        inputs=inputs,
        roads=None if roads is None else _roads(roads, plane),
        objects=objects_of(work, objects),
        sensors=sensors_of(work, sensors),
        surveys=None if surveys is None else _surveys(surveys),
        calls=covered(work, JOURNAL),
        phone=covered(work, PHONE),
    )


def dated(
    work: Work,
    period: Period,
    definitions: Definitions | None = None,
    *,
    known: Registers | None = None,
    cameras: bool = True,
    vehicles: bool = True,
) -> CityFacts:
    """Registers, inputs from outside and the cameras of the period's last day; no case, alert, notification or call.

    Args:
        work: the unit of work.
        period: of the value.
        definitions: choices of the city; None takes the defaults.
        known: the registers, where they were read already.
        cameras: whether cameras are wanted; only KPI 9.1 reads them, and of them when video came.
        vehicles: whether vehicles that passed are; only KPI 9.2 reads them.
    """
    known = known or registers(work)
    chosen = definitions or Definitions()
    # 10.5 looks back from the period's beginning, so the journal must reach there
    span = period.start - timedelta(days=chosen.repeat_window_days), period.close(work.now)
    log = known.calls.of(span)
    return CityFacts(
        as_of=work.now,
        cameras=cameras_of_day(work, *period.last_day(work.now), known.plane) if cameras else (),
        fire_calls=None if log is None else FireCallLog((), log),
        sensors=known.sensors,
        objects=known.objects,
        surveys=known.surveys,
        inputs=replace(
            _inputs(known.inputs, known.roads, passed_vehicles(work, period) if vehicles else None),
            phone_notifications=known.phone.of((period.start, span[1])),
        ),
        definitions=chosen,
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
        t_notify_sent=row.t_notify_sent,
        t_ack=row.t_ack,
        t_dispatch=row.t_dispatch,
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


def _inputs(inputs: dict[str, given.Entry], roads: RoadRegister | None, passed: Dated | None) -> CityInputs:
    vehicles, norm = inputs.get("registered_vehicles"), inputs.get("fire_norm")
    payments = inputs.get("payments")
    return CityInputs(
        registered_vehicles=None
        if vehicles is None
        else Dated(vehicles.shaped(given.Number).value, vehicles.as_of, vehicles.source),
        passed_vehicles=passed,
        roads=roads,
        payments=None if payments is None else _import(payments),
        fire_norm=None if norm is None else FireNorm(**norm.value, on=norm.as_of, source=norm.source),
    )


def _roads(entry: given.Entry, plane: Plane) -> RoadRegister:
    roads = entry.shaped(given.Roads)
    lines = tuple(plane.line(line) for line in roads.lines)
    return RoadRegister(on=entry.as_of, source=entry.source, length_km=roads.length_km, lines=lines)


def _import(entry: given.Entry) -> Import:
    span = given.Covers.model_validate({name: entry.value[name] for name in ("covers_from", "covers_until")})
    return Import(span.covers_from, span.covers_until, entry.source)


def _surveys(entry: given.Entry) -> tuple[Survey, ...]:
    return tuple(
        Survey(one.id, one.t_closed, one.question, one.scores, entry.source)
        for one in entry.shaped(given.Surveys).surveys
    )


def _plane(work: Work) -> Plane:
    """A plane about the middle of what is known of the city: its cameras' roads, else imported ones."""
    plane = camera_roads(work).plane
    if plane is not None:
        return plane
    drawn = given.newest(work, ("roads",))
    lines = [line for one in coverage_of(work).values() for line in (*one[0], one[1])]
    lines += drawn["roads"].value["lines"] if "roads" in drawn else []
    places = [point for line in lines for point in line]
    if not places:
        return Plane(0.0, 0.0)
    return plane_of((float(lat), float(lon)) for lon, lat in places)
