"""Reading alerts: the list, what changed, one alert with everything about it. A service sees its own only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Select, func, or_, select

from incidents.alert import OPEN, REASONS, SERVICES, TRANSITIONS, AlertState, AlertStep, check
from qyran.errors import AccessError, TransitionError
from qyran.roles import MACHINE_ROLES, Actor, Role
from service.access import ALERT_READERS, log_access, require
from service.alerting.moving import told_services, view_of
from service.alerting.services import responses
from service.auth import names
from service.records import camera_names, evidence_of, evidence_views, history_of, load, name_of, still_of, trace_of
from service.records import evidence_file as record_file
from service.sensors.registry import names_of
from service.store.alert_stream import last_number
from service.store.alert_tables import Alert, AlertNotification
from service.store.database import Work
from service.store.response_tables import AlertService
from service.views import (
    AlertDetail,
    AlertPage,
    AlertSummary,
    MergedAlertView,
    NotificationView,
    ResponseView,
    TimeSource,
)

SEE_ALL: Final = ALERT_READERS - {Role.SERVICE_DISPATCHER}


def listing(
    work: Work,
    *,
    state: AlertState | None = None,
    kind: str | None = None,
    camera: str | None = None,
    open_only: bool = True,
    limit: int = 100,
    offset: int = 0,
) -> AlertPage:
    """A page of alerts, the newest first. A dispatcher sees those sent to his service only.

    Raises:
        AccessError: the actor's roles see no alerts.
    """
    require(work.actor, ALERT_READERS)
    wanted = visible(work.actor, select(Alert))
    if state is not None:
        wanted = wanted.where(Alert.state == state)
    elif open_only:
        wanted = wanted.where(Alert.state.in_(OPEN))
    if kind:
        wanted = wanted.where(Alert.kind == kind)
    if camera:
        wanted = wanted.where(Alert.camera_id == camera)
    rows = work.session.scalars(wanted.order_by(Alert.t_detect.desc(), Alert.id).limit(limit).offset(offset)).all()
    total = work.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    return AlertPage(items=summaries(work, rows), counts=counts(work), total=total)


def counts(work: Work) -> dict[str, int]:
    """How many alerts the actor sees in each state."""
    require(work.actor, ALERT_READERS)
    seen = visible(work.actor, select(Alert)).subquery()
    found = work.session.execute(select(seen.c.state, func.count()).group_by(seen.c.state))
    return dict(found.all())


def changed_after(work: Work, number: int | None) -> tuple[list[tuple[int, AlertSummary]], int]:
    """Alerts that changed after a number of the stream, in its order, and the number up to which all is told.

    Args:
        work: the unit of work.
        number: up to which the listener knows everything; None, or one that is not reached yet (of another store),
            gives every open alert.
    """
    require(work.actor, ALERT_READERS)
    last = last_number(work.session)
    if number == last:
        return [], last
    query = visible(work.actor, select(Alert)).where(Alert.stream_seq <= last)
    if number is None or number > last:
        query = query.where(Alert.state.in_(OPEN))
    else:
        query = query.where(Alert.stream_seq > number)
    rows = work.session.scalars(query.order_by(Alert.stream_seq, Alert.id)).all()
    return [(row.stream_seq, one) for row, one in zip(rows, summaries(work, rows), strict=True)], last


def open_alert(work: Work, alert_id: str) -> AlertDetail:
    """An alert with evidence, trace, notifications and history; the look is logged.

    Raises:
        NotFound: there is no such alert.
        AccessError: the actor may not see it.
    """
    role = require(work.actor, ALERT_READERS)
    row = load(work, Alert, alert_id, lock=False)
    _in_sight(work, row)
    log_access(work, role, "alert_opened", alert_id)
    return _detail(work, row)


def evidence_file(work: Work, alert_id: str, event_id: str, name: str) -> tuple[Path, str]:
    """Path and media type of one file of an alert's evidence; the look is logged.

    Raises:
        NotFound: the alert's manifest lists no such file.
        AccessError: the actor may not see it.
    """
    role = require(work.actor, ALERT_READERS)
    row = load(work, Alert, alert_id, lock=False)
    _in_sight(work, row)
    found = record_file(work, row, event_id, name)
    log_access(work, role, "evidence_opened", alert_id)
    return found


def alert_detail(work: Work, row: Alert) -> AlertDetail:
    """Everything about an alert after a step; the look is the step's own.

    Raises:
        AccessError: the actor may not see it.
    """
    _in_sight(work, row)
    return _detail(work, row)


def summaries(work: Work, rows: Iterable[Alert]) -> tuple[AlertSummary, ...]:
    """Alerts as lines of the list."""
    rows = list(rows)
    cameras = camera_names(work, (row.camera_id for row in rows))
    sensors = names_of(work, (row.sensor_id for row in rows))
    packages = evidence_of(work, (row.id for row in rows))
    return tuple(
        AlertSummary(**_summary(row), **_place(row, cameras, sensors), still=still_of(packages.get(row.id)))
        for row in rows
    )


def visible(actor: Actor, query: Select[Alert]) -> Select[Alert]:
    """The alerts of a query that the actor sees: a dispatcher those that were put before his service."""
    if actor.acts_as(SEE_ALL):
        return query
    own = actor.service or ""
    part = select(AlertService.alert_id).where(AlertService.service == own)
    sent = select(AlertNotification.alert_id).where(AlertNotification.recipient == own)
    return query.where(or_(Alert.id.in_(part), Alert.id.in_(sent)))


def _in_sight(work: Work, row: Alert) -> None:
    if work.session.scalar(visible(work.actor, select(Alert).where(Alert.id == row.id)).limit(1)) is None:
        raise AccessError("A dispatcher sees the alerts sent to his own service.")


def _steps(work: Work, row: Alert) -> tuple[str, ...]:
    told = told_services(work, row) if work.actor.service is not None else ()
    view, found = view_of(row, told), []
    for transition in TRANSITIONS:
        if view.state not in transition.sources or work.actor.acts_as(transition.roles - MACHINE_ROLES) is None:
            continue
        reasons = REASONS.get(transition.name)
        free = next((one for one in SERVICES if one not in view.services), None)
        if transition.name == "go_out":
            free = work.actor.service
        try:
            check(view, AlertStep(transition.target, reasons[0] if reasons else None, free), work.actor)
        except (TransitionError, AccessError):
            continue
        found.append(transition.name)
    return tuple(dict.fromkeys(found))


def _place(row: Alert, cameras: Mapping[str, Any], sensors: Mapping[str, str]) -> dict[str, Any]:
    camera = cameras.get(row.camera_id)
    return {
        "camera_name": name_of(camera, sensors.get(row.camera_id, row.camera_id)),
        "latitude": camera.latitude if row.latitude is None and camera else row.latitude,
        "longitude": camera.longitude if row.longitude is None and camera else row.longitude,
    }


def _summary(row: Alert) -> dict[str, Any]:
    plain = (
        "id", "version", "type", "kind", "camera_id", "state", "verdict", "is_drill", "reports", "score", "t_onset",
        "t_detect", "t_notify_sent", "t_notify_delivered", "t_ack", "t_verdict", "t_dispatch", "t_closed", "last_seen",
        "initiator", "sensor_id", "radius_m", "place_source", "address", "severity", "certainty", "escalation",
        "t_escalated", "assigned_to", "cycle",
    )  # fmt: skip
    return {name: getattr(row, name) for name in plain} | {
        "open": AlertState(row.state) in OPEN,
        "held_back": row.reason if row.state == AlertState.SUPPRESSED else None,
        "services": tuple(row.services),
        "sources": tuple(row.sources),
    }


def _detail(work: Work, row: Alert) -> AlertDetail:
    packages = evidence_of(work, [row.id]).get(row.id, [])
    people = names(work, (row.ack_by, row.verdict_by, row.assigned_to))
    history, fault = history_of(work, row)
    steps = _steps(work, row)
    told = select(AlertNotification).where(AlertNotification.alert_id == row.id).order_by(AlertNotification.id)
    plain = (
        "t_received", "t_raised", "t_verify_start", "t_depart", "t_arrive", "t_control",
        "video_s", "track", "class_", "reason", "closing_code", "incident_id", "case_id", "merged_into", "repeat_of",
        "t_call_received", "t_assigned",
    )  # fmt: skip
    return AlertDetail(
        **_summary(row),
        **_place(row, camera_names(work, [row.camera_id]), names_of(work, [row.sensor_id])),
        **{name: getattr(row, name) for name in plain},
        still=still_of(packages),
        ack_by_name=people.get(row.ack_by or ""),
        verdict_by_name=people.get(row.verdict_by or ""),
        assigned_to_name=people.get(row.assigned_to or ""),
        service_numbers=dict(row.service_numbers or {}),
        time_sources={name: TimeSource(**one) for name, one in (row.time_sources or {}).items()},
        responses=tuple(_response(one) for one in responses(work, [row.id]).get(row.id, ())),
        merged=_merged(work, row),
        steps=steps,
        reasons={name: REASONS[name] for name in steps if name in REASONS},
        notifications=tuple(
            NotificationView(
                channel=one.channel,
                recipient=one.recipient,
                initiator=one.initiator,
                sent_at=one.sent_at,
                delivered_at=one.delivered_at,
            )
            for one in work.session.scalars(told)
        ),
        evidence=evidence_views(packages),
        trace=trace_of(packages),
        history=history,
        chain_fault=fault,
    )


def _response(part: AlertService) -> ResponseView:
    plain = (
        "service", "cycle", "state", "number", "initiator", "found", "t_sent", "t_dispatch", "t_call_received",
        "t_depart", "t_arrive", "t_resolved", "t_called_off",
    )  # fmt: skip
    sources = {name: TimeSource(**one) for name, one in part.time_sources.items()}
    return ResponseView(**{name: getattr(part, name) for name in plain}, time_sources=sources)


def _merged(work: Work, row: Alert) -> tuple[MergedAlertView, ...]:
    rows = work.session.scalars(select(Alert).where(Alert.merged_into == row.id).order_by(Alert.t_detect, Alert.id))
    found = rows.all()
    packages = evidence_of(work, (one.id for one in found))
    cameras = camera_names(work, (one.camera_id for one in found))
    return tuple(
        MergedAlertView(
            id=one.id,
            version=one.version,
            kind=one.kind,
            source=one.sources[0] if one.sources else f"camera:{one.camera_id}",
            camera_name=name_of(cameras.get(one.camera_id), one.camera_id),
            t_detect=one.t_detect,
            score=one.score,
            still=still_of(packages.get(one.id)),
        )
        for one in found
    )
