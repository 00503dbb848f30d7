"""Every step that a person takes with an alert, from acknowledging to closing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import select

from incidents.alert import SERVICE_ROLES, VERDICTS, AlertState, Verdict
from incidents.response import ResponseState, ResponseStep, in_reach
from qyran.errors import InputError, TransitionError
from qyran.roles import Role
from service.access import require
from service.alerting.moving import CONSOLE, moved, notify, sealed_note, stamp, told_the_room
from service.alerting.reading import alert_detail
from service.alerting.services import ServiceReport, finish_part, report, response_row, responses, tell_service
from service.records import load
from service.store.alert_tables import Alert, AlertNotification
from service.store.database import Work
from service.store.events import append_event
from service.store.tables import AppUser
from service.views import AlertDetail

OPERATORS: Final = frozenset({Role.SITUATIONAL_OPERATOR})
NOTERS: Final = OPERATORS | {Role.SERVICE_DISPATCHER}


def acknowledge(work: Work, alert_id: str, *, version: int | None = None) -> AlertDetail:
    """Somebody has seen it and takes it on."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.ACKNOWLEDGED)
    row.ack_by = row.ack_by or work.actor.id
    if Role.SITUATIONAL_OPERATOR in work.actor.roles:
        row.assigned_to, row.t_assigned = work.actor.id, work.now
    return _after(work, row)


def assign(
    work: Work, alert_id: str, operator: str, *, note: str | None = None, version: int | None = None
) -> AlertDetail:
    """Hand an alert over to another operator.

    Raises:
        InputError: the user is no situational operator, or cannot log in any more.
    """
    require(work.actor, OPERATORS)
    row = load(work, Alert, alert_id, version)
    person = work.session.get(AppUser, operator)
    if person is None or Role.SITUATIONAL_OPERATOR.value not in person.roles or person.disabled:
        raise InputError("An alert is handed over to a situational operator.")
    data = {"from": row.assigned_to, "to": operator}
    append_event(work, row, "assigned", Role.SITUATIONAL_OPERATOR, data=data, payload=sealed_note(note))
    row.assigned_to, row.t_assigned = operator, work.now
    return _after(work, row)


def add_note(work: Work, alert_id: str, note: str) -> AlertDetail:
    """Words without a step, sealed in the alert's chain.

    Raises:
        InputError: there are no words.
    """
    role = require(work.actor, NOTERS)
    row = load(work, Alert, alert_id)
    alert_detail(work, row)  # refuses a dispatcher whose service has no part in it
    if not note.strip():
        raise InputError("Write the note.")
    append_event(work, row, "note", role, payload=sealed_note(note))
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
    moved(work, row, target, reason, payload=sealed_note(note))
    row.reason = reason
    own = work.actor.service if work.actor.acts_as(SERVICE_ROLES) else None
    part = response_row(work, row, own) if own else None
    if part is not None and found is not Verdict.UNDETERMINED:
        part.found = found is Verdict.TRUE
    return _after(work, row)


def dispatch(
    work: Work, alert_id: str, service: str, *, note: str | None = None, version: int | None = None
) -> AlertDetail:
    """Send a service (101, 102, 103, 112) out; the notification is recorded as sent by a person."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.DISPATCHED, service=service, payload=sealed_note(note), data={"service": service})
    row.services = [*row.services, service]
    part = tell_service(work, row, service, initiator="human")
    stamp(part, "t_dispatch", work.now, "server", work.actor.id)
    notify(work, row, CONSOLE, service, initiator="human")
    return _after(work, row)


def service_step(
    work: Work, alert_id: str, service: str, given: ServiceReport, *, version: int | None = None
) -> AlertDetail:
    """What a service reports of its part, or an operator for it by telephone."""
    row = load(work, Alert, alert_id, version)
    report(work, row, service, given)
    return _after(work, row)


def depart(
    work: Work, alert_id: str, *, service: str | None = None, at: datetime | None = None, version: int | None = None
) -> AlertDetail:
    """The crew has left."""
    return _of_crew(work, alert_id, ResponseStep.DEPART, service, at, version)


def arrive(
    work: Work, alert_id: str, *, service: str | None = None, at: datetime | None = None, version: int | None = None
) -> AlertDetail:
    """The crew is there."""
    return _of_crew(work, alert_id, ResponseStep.ARRIVE, service, at, version)


def resolve(work: Work, alert_id: str, *, note: str | None = None, version: int | None = None) -> AlertDetail:
    """It is under control. A service that says so has finished its own part with it."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.RESOLVED, payload=sealed_note(note))
    if work.actor.acts_as(OPERATORS) is None and work.actor.service is not None:
        finish_part(work, row, work.actor.service)
    return _after(work, row)


def cancel(
    work: Work, alert_id: str, reason: str, *, note: str | None = None, version: int | None = None
) -> AlertDetail:
    """Raised for nothing that was ever meant (an announced drill, a camera being serviced)."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.CANCELLED, reason, payload=sealed_note(note))
    row.reason = reason
    row.is_drill = row.is_drill or reason == "drill_announced"
    return _after(work, row)


def close(
    work: Work, alert_id: str, closing_code: str, *, note: str | None = None, version: int | None = None
) -> AlertDetail:
    """Done; the closing code says how it ended."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.CLOSED, closing_code, payload=sealed_note(note))
    row.closing_code = closing_code
    return _after(work, row)


def reopen(work: Work, alert_id: str, *, note: str | None = None, version: int | None = None) -> AlertDetail:
    """It burns again: the same object, the same alert; services are sent anew."""
    row = load(work, Alert, alert_id, version)
    opened_again(work, row, note)
    return _after(work, row)


def let_through(work: Work, alert_id: str, *, note: str | None = None, version: int | None = None) -> AlertDetail:
    """Raise what was held back: somebody looked and saw it."""
    row = load(work, Alert, alert_id, version)
    moved(work, row, AlertState.RAISED, payload=sealed_note(note))
    row.reason = None
    told_the_room(work, row)
    return _after(work, row)


def opened_again(work: Work, row: Alert, note: str | None = None) -> None:
    """Open an alert again in the name of whoever the unit of work acts for."""
    moved(work, row, AlertState.REOPENED, payload=sealed_note(note))
    row.services, row.closing_code = [], None
    row.cycle += 1


def correct_time(work: Work, alert_id: str, name: str, at: datetime, *, version: int | None = None) -> AlertDetail:
    """Set when it began, or when the call for it was taken, as somebody says it.

    Raises:
        InputError: this time is not told by people, or cannot be.
    """
    require(work.actor, OPERATORS)
    row = load(work, Alert, alert_id, version)
    if name not in {"t_onset", "t_call_received"}:
        raise InputError("Only the beginning and the call of an alert are told by hand; the others are steps.")
    in_reach(at, row.t_detect, work.now)
    if name == "t_onset" and at > row.t_detect:
        raise InputError("An alert begins before it is detected.")
    data = {"time": name, "at": at.isoformat(), "clock": "typed"}
    append_event(work, row, "time_told", Role.SITUATIONAL_OPERATOR, data=data)
    stamp(row, name, at, "typed", work.actor.id)
    return _after(work, row)


def mark_delivered(work: Work, ids: Iterable[str]) -> None:
    """A console has shown these alerts: their notification has arrived."""
    wanted = list(ids)
    rows = work.session.scalars(
        select(Alert).where(Alert.id.in_(wanted), Alert.t_notify_delivered.is_(None)).with_for_update()
    )
    for row in rows:
        stamp(row, "t_notify_delivered", work.now, "server", work.actor.id)
        append_event(work, row, "delivered", Role.SYSTEM, data={"channel": CONSOLE})
        held = select(AlertNotification).where(
            AlertNotification.alert_id == row.id,
            AlertNotification.channel == CONSOLE,
            AlertNotification.delivered_at.is_(None),
        )
        for sent in work.session.scalars(held):
            sent.delivered_at = work.now


def _of_crew(
    work: Work, alert_id: str, step: ResponseStep, service: str | None, at: datetime | None, version: int | None
) -> AlertDetail:
    row = load(work, Alert, alert_id, version)
    report(work, row, service or _whose(work, row, step), ServiceReport(step, at=at))
    return _after(work, row)


def _whose(work: Work, row: Alert, step: ResponseStep) -> str:
    """The service a step without a name is of: the dispatcher's own, else the first one that has yet to take it."""
    if work.actor.acts_as(OPERATORS) is None and work.actor.service is not None:
        return work.actor.service
    left = {ResponseState.SENT, ResponseState.RECEIVED}
    if step is ResponseStep.ARRIVE:
        left |= {ResponseState.DEPARTED}
    parts = [one for one in responses(work, [row.id]).get(row.id, []) if one.cycle == row.cycle]
    waiting = [one.service for one in parts if one.service in row.services and ResponseState(one.state) in left]
    if not waiting and not row.services:
        raise TransitionError("No service was sent to this alert.")
    return waiting[0] if waiting else str(row.services[-1])


def _after(work: Work, row: Alert) -> AlertDetail:
    work.session.flush()
    return alert_detail(work, row)
