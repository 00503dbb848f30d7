"""What the situational centre does with alerts: the list, and every step from acknowledging to closing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select

from incidents.alert import (
    LAST_STANDS,
    OPEN,
    REASONS,
    TIMES,
    TRANSITIONS,
    VERDICTS,
    AlertState,
    AlertStep,
    AlertView,
    Verdict,
    check,
)
from qyran.errors import AccessError, TransitionError
from qyran.roles import MACHINE_ROLES, Actor, Role
from service.access import ALERT_READERS, log_access, require
from service.auth import names
from service.records import camera_names, evidence_of, evidence_views, history_of, load, name_of, still_of, trace_of
from service.records import evidence_file as record_file
from service.store.alert_tables import Alert, AlertNotification
from service.store.database import Work
from service.store.events import STATE, append_event
from service.views import AlertDetail, AlertPage, AlertSummary, NotificationView

CONSOLE = "console"
SITUATION_ROOM = "situational_centre"


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
    wanted = _visible(work.actor, select(Alert))
    if state is not None:
        wanted = wanted.where(Alert.state == state)
    elif open_only:
        wanted = wanted.where(Alert.state.in_(OPEN))
    if kind:
        wanted = wanted.where(Alert.kind == kind)
    if camera:
        wanted = wanted.where(Alert.camera_id == camera)
    rows = work.session.scalars(wanted.order_by(Alert.t_detect.desc(), Alert.id).limit(limit).offset(offset)).all()
    rows = [row for row in rows if _sees(work.actor, row)]
    total = work.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    return AlertPage(items=summaries(work, rows), counts=counts(work), total=total)


def counts(work: Work) -> dict[str, int]:
    """How many alerts the actor sees in each state."""
    require(work.actor, ALERT_READERS)
    seen = _visible(work.actor, select(Alert)).subquery()
    found = work.session.execute(select(seen.c.state, func.count()).group_by(seen.c.state))
    return dict(found.all())


def changed_since(work: Work, since: datetime) -> tuple[AlertSummary, ...]:
    """Alerts that changed at or after a moment, the oldest change first: what the live list is fed with."""
    require(work.actor, ALERT_READERS)
    query = _visible(work.actor, select(Alert)).where(Alert.changed_at >= since)
    rows = work.session.scalars(query.order_by(Alert.changed_at, Alert.id)).all()
    return summaries(work, [row for row in rows if _sees(work.actor, row)])


def open_alert(work: Work, alert_id: str) -> AlertDetail:
    """An alert with evidence, trace, notifications and history; the look is logged.

    Raises:
        NotFound: there is no such alert.
        AccessError: the actor may not see it.
    """
    role = require(work.actor, ALERT_READERS)
    row = load(work, Alert, alert_id, lock=False)
    _in_sight(work.actor, row)
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
    _in_sight(work.actor, row)
    found = record_file(work, row, event_id, name)
    log_access(work, role, "evidence_opened", alert_id)
    return found


def acknowledge(work: Work, alert_id: str, *, version: int | None = None) -> AlertDetail:
    """Somebody has seen it and takes it on."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.ACKNOWLEDGED)
    row.ack_by = row.ack_by or work.actor.id
    return _after(work, row)


def start_verification(work: Work, alert_id: str, *, version: int | None = None) -> AlertDetail:
    """The operator looks at it; also how a verdict is taken up again."""
    row = load(work, Alert, alert_id, version)
    again = row.state in {AlertState.CONFIRMED, AlertState.FALSE, AlertState.UNDETERMINED}
    moved(work, row, AlertState.VERIFYING, "new_information" if again else None)
    return _after(work, row)


def verdict(
    work: Work,
    alert_id: str,
    found: Verdict,
    *,
    reason: str | None = None,
    note: str | None = None,
    version: int | None = None,
) -> AlertDetail:
    """True, false (with a reason code) or undetermined. From `acknowledged` the verification begins with it."""
    row = load(work, Alert, alert_id, version)
    if row.state == AlertState.ACKNOWLEDGED:
        moved(work, row, AlertState.VERIFYING)
    target = next(state for state, value in VERDICTS.items() if value is found)
    moved(work, row, target, reason, payload=_note(note))
    row.reason = reason
    return _after(work, row)


def dispatch(
    work: Work, alert_id: str, service: str, *, note: str | None = None, version: int | None = None
) -> AlertDetail:
    """Send a service (101, 102, 103, 112) out; the notification is recorded as sent by a person."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.DISPATCHED, service=service, payload=_note(note), data={"service": service})
    row.services = [*row.services, service]
    notify(work, row, CONSOLE, service, initiator="human")
    return _after(work, row)


def depart(work: Work, alert_id: str, *, version: int | None = None) -> AlertDetail:
    """The crew has left."""
    return _plain(work, alert_id, AlertState.DEPARTED, version)


def arrive(work: Work, alert_id: str, *, version: int | None = None) -> AlertDetail:
    """The crew is there."""
    return _plain(work, alert_id, AlertState.ARRIVED, version)


def resolve(work: Work, alert_id: str, *, note: str | None = None, version: int | None = None) -> AlertDetail:
    """It is under control."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.RESOLVED, payload=_note(note))
    return _after(work, row)


def cancel(
    work: Work, alert_id: str, reason: str, *, note: str | None = None, version: int | None = None
) -> AlertDetail:
    """Raised for nothing that was ever meant (an announced drill, a camera being serviced)."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.CANCELLED, reason, payload=_note(note))
    row.reason = reason
    row.is_drill = row.is_drill or reason == "drill_announced"
    return _after(work, row)


def close(
    work: Work, alert_id: str, closing_code: str, *, note: str | None = None, version: int | None = None
) -> AlertDetail:
    """Done; the closing code says how it ended."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.CLOSED, closing_code, payload=_note(note))
    row.closing_code = closing_code
    return _after(work, row)


def reopen(work: Work, alert_id: str, *, note: str | None = None, version: int | None = None) -> AlertDetail:
    """It burns again: the same object, the same alert."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.REOPENED, payload=_note(note))
    row.services, row.closing_code = [], None
    return _after(work, row)


def mark_delivered(work: Work, ids: Iterable[str]) -> None:
    """A console has shown these alerts: their notification has arrived."""
    wanted = list(ids)
    rows = work.session.scalars(
        select(Alert).where(Alert.id.in_(wanted), Alert.t_notify_delivered.is_(None)).with_for_update()
    )
    for row in rows:
        row.t_notify_delivered = work.now
        append_event(work, row, "delivered", Role.SYSTEM, data={"channel": CONSOLE})
        held = select(AlertNotification).where(
            AlertNotification.alert_id == row.id,
            AlertNotification.channel == CONSOLE,
            AlertNotification.delivered_at.is_(None),
        )
        for sent in work.session.scalars(held):
            sent.delivered_at = work.now


def notify(work: Work, row: Alert, channel: str, recipient: str, *, initiator: str) -> None:
    """Record that somebody was told."""
    work.session.add(
        AlertNotification(
            alert_id=row.id,
            channel=channel,
            recipient=recipient,
            initiator=initiator,
            sent_at=work.now,
            delivered_at=None,
        )
    )


def moved(
    work: Work,
    row: Alert,
    target: AlertState,
    reason: str | None = None,
    *,
    service: str | None = None,
    actor: Actor | None = None,
    payload: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Move an alert to a state, append the event and set the time the state stands for, or refuse.

    Raises:
        TransitionError: the table does not allow it now.
        AccessError: it does not allow it to this actor.
    """
    who = actor or work.actor
    transition = check(view_of(row), AlertStep(target, reason, service), who)
    role = who.acts_as(transition.roles) or Role.SYSTEM
    append_event(replace(work, actor=who), row, STATE, role, target=target, reason=reason, data=data, payload=payload)
    time = TIMES.get(target)
    if time is not None and (time in LAST_STANDS or getattr(row, time) is None):
        setattr(row, time, work.now)
    if target in VERDICTS:
        row.verdict, row.verdict_by = VERDICTS[target], who.id


def view_of(row: Alert) -> AlertView:
    """What the conditions of the table look at."""
    return AlertView(
        AlertState(row.state) if row.state else None,
        Verdict(row.verdict) if row.verdict else None,
        tuple(row.services),
    )


def summaries(work: Work, rows: Iterable[Alert]) -> tuple[AlertSummary, ...]:
    """Alerts as lines of the list."""
    rows = list(rows)
    cameras = camera_names(work, (row.camera_id for row in rows))
    packages = evidence_of(work, (row.id for row in rows))
    return tuple(
        AlertSummary(**_summary(row), **_place(row, cameras), still=still_of(packages.get(row.id))) for row in rows
    )


def _plain(work: Work, alert_id: str, target: AlertState, version: int | None) -> AlertDetail:
    row = load(work, Alert, alert_id, version)
    moved(work, row, target)
    return _after(work, row)


def _after(work: Work, row: Alert) -> AlertDetail:
    work.session.flush()
    return _detail(work, row)


def _visible(actor: Actor, query: Select[Alert]) -> Select[Alert]:
    if actor.acts_as(ALERT_READERS - {Role.SERVICE_DISPATCHER}):
        return query
    sent = select(AlertNotification.alert_id).where(AlertNotification.recipient == (actor.service or ""))
    return query.where(Alert.id.in_(sent))


def _sees(actor: Actor, row: Alert) -> bool:
    return actor.acts_as(ALERT_READERS - {Role.SERVICE_DISPATCHER}) is not None or actor.service in row.services


def _in_sight(actor: Actor, row: Alert) -> None:
    if not _sees(actor, row):
        raise AccessError("A dispatcher sees the alerts sent to his own service.")


def _steps(work: Work, row: Alert) -> tuple[str, ...]:
    view, found = view_of(row), []
    for transition in TRANSITIONS:
        if view.state not in transition.sources or work.actor.acts_as(transition.roles - MACHINE_ROLES) is None:
            continue
        reasons = REASONS.get(transition.name)
        free = next((one for one in ("101", "102", "103", "112") if one not in view.services), None)
        try:
            check(view, AlertStep(transition.target, reasons[0] if reasons else None, free), work.actor)
        except (TransitionError, AccessError):
            continue
        found.append(transition.name)
    return tuple(dict.fromkeys(found))


def _place(row: Alert, cameras: Mapping[str, Any]) -> dict[str, Any]:
    camera = cameras.get(row.camera_id)
    return {
        "camera_name": name_of(camera, row.camera_id),
        "latitude": camera.latitude if camera else None,
        "longitude": camera.longitude if camera else None,
    }


def _summary(row: Alert) -> dict[str, Any]:
    plain = (
        "id", "version", "type", "kind", "camera_id", "state", "verdict", "is_drill", "reports", "score", "t_onset",
        "t_detect", "t_notify_sent", "t_ack", "t_verdict", "t_dispatch", "t_closed", "last_seen",
    )  # fmt: skip
    return {name: getattr(row, name) for name in plain} | {
        "open": AlertState(row.state) in OPEN,
        "services": tuple(row.services),
    }


def _detail(work: Work, row: Alert) -> AlertDetail:
    packages = evidence_of(work, [row.id]).get(row.id, [])
    people = names(work, (row.ack_by, row.verdict_by))
    history, fault = history_of(work, row)
    steps = _steps(work, row)
    told = select(AlertNotification).where(AlertNotification.alert_id == row.id).order_by(AlertNotification.id)
    plain = (
        "t_received", "t_raised", "t_notify_delivered", "t_verify_start", "t_depart", "t_arrive", "t_control",
        "video_s", "track", "class_", "reason", "closing_code", "incident_id", "case_id", "merged_into", "repeat_of",
    )  # fmt: skip
    return AlertDetail(
        **_summary(row),
        **_place(row, camera_names(work, [row.camera_id])),
        **{name: getattr(row, name) for name in plain},
        still=still_of(packages),
        ack_by_name=people.get(row.ack_by or ""),
        verdict_by_name=people.get(row.verdict_by or ""),
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


def _note(note: str | None) -> dict[str, Any]:
    return {"note": note.strip()} if note and note.strip() else {}
