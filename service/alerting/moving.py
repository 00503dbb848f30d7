"""The one way in which an alert changes its state, and who was told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from incidents.alert import (
    LAST_STANDS,
    SERVICE_ROLES,
    TIMES,
    VERDICTS,
    AlertState,
    AlertStep,
    AlertView,
    Verdict,
    check,
)
from incidents.response import Clock
from qyran.roles import SYSTEM, Actor, Role
from service.alerting.due import arm
from service.notifying.hearing import STEPS
from service.notifying.queueing import queue
from service.store.alert_tables import Alert, AlertNotification
from service.store.database import Work
from service.store.events import STATE, append_event
from service.store.response_tables import AlertService

CONSOLE: Final = "console"
SITUATION_ROOM: Final = "situational_centre"
GOES_ON: Final = frozenset(
    {
        (AlertState.RAISED, AlertState.NOTIFIED),
        (AlertState.REOPENED, AlertState.NOTIFIED),
        (AlertState.ACKNOWLEDGED, AlertState.VERIFYING),
    }
)
"""Steps after which the alert waits for the same as before: the clock of an escalation runs on."""


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
    at: datetime | None = None,
    clock: Clock = "server",
) -> None:
    """Move an alert to a state, append the event and set the time the state stands for, or refuse.

    Args:
        work: the unit of work.
        row: the alert.
        target: the state.
        reason: a reason code, where the step needs one.
        service: which one is sent, for a dispatch.
        actor: who acts; None takes the unit of work's.
        payload: what may be personal.
        data: public facts of the step.
        at: when it happened, where that is not now.
        clock: whose clock `at` is of.

    Raises:
        TransitionError: the table does not allow it now.
        AccessError: it does not allow it to this actor.
    """
    who = actor or work.actor
    before = AlertState(row.state) if row.state else None
    transition = check(view_of(row, _told(work, row, who)), AlertStep(target, reason, service), who)
    role = who.acts_as(transition.roles) or Role.SYSTEM
    facts = dict(data or {}) | ({"at": at.isoformat(), "clock": clock} if at is not None else {})
    append_event(replace(work, actor=who), row, STATE, role, target=target, reason=reason, data=facts, payload=payload)
    time = TIMES.get(target)
    if time is not None and (time in LAST_STANDS or getattr(row, time) is None):
        stamp(row, time, at or work.now, clock, who.id)
    if target in VERDICTS:
        row.verdict, row.verdict_by = VERDICTS[target], who.id
    if (before, target) not in GOES_ON:
        row.t_waiting, row.escalation_step = work.now, 0
    arm(work.store.settings, row)
    if target in STEPS:
        queue(work, row, STEPS[target], service=service)


def view_of(row: Alert, told: tuple[str, ...] = ()) -> AlertView:
    """What the conditions of the table look at."""
    return AlertView(
        AlertState(row.state) if row.state else None,
        Verdict(row.verdict) if row.verdict else None,
        tuple(row.services),
        told,
    )


def stamp(row: Alert | AlertService, name: str, at: datetime, clock: Clock, by: str) -> None:
    """Set a time with its source and by whom."""
    setattr(row, name, at)
    row.time_sources = {**(row.time_sources or {}), name: {"clock": clock, "by": by}}


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


def told_the_room(work: Work, row: Alert) -> None:
    """An alert that was just raised stands on the operators' list."""
    moved(work, row, AlertState.NOTIFIED, actor=SYSTEM, data={"channel": CONSOLE})
    work.session.flush()
    notify(work, row, CONSOLE, SITUATION_ROOM, initiator="system")


def sealed_note(note: str | None) -> dict[str, Any]:
    """A person's words, for an event's payload."""
    return {"note": note.strip()} if note and note.strip() else {}


def _told(work: Work, row: Alert, who: Actor) -> tuple[str, ...]:
    """Services the system told of the alert; asked only where a service acts."""
    if who.acts_as(SERVICE_ROLES) is None:
        return ()
    return told_services(work, row)


def told_services(work: Work, row: Alert) -> tuple[str, ...]:
    """Services that were told of the alert since it was raised or reopened."""
    query = select(AlertService.service).where(AlertService.alert_id == row.id, AlertService.cycle == row.cycle)
    return tuple(work.session.scalars(query.order_by(AlertService.id)))
