"""Telling log and figures of what was stored, once it is: a unit of work that is undone has said nothing.

An event's UUID is the id of the case or the alert that it becomes, so a line of the log carries it under `event` and
under `case` or `alert`; a search for it finds the whole way from the frame to the decision and its delivery.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import event as hooks

from incidents.alert import AlertState
from service.logs import Fields
from service.metrics.instruments import ALERT_TO_ANSWER, ALERT_TO_CONSOLE, EVENT_DELAY, EVENTS, STEPS
from service.store.alert_tables import Alert
from service.store.tables import ViolationCase
from violations.case import CaseState

if TYPE_CHECKING:
    from service.event import Event
    from service.store.database import Work

DECIDED: Final = frozenset({CaseState.OFFICER_CONFIRMED, CaseState.OFFICER_REJECTED, CaseState.SIGNED})
"""States that a decision of a person made."""
ORDINARY: Final = frozenset({"passage", "stream"})
"""Events of which there are too many for a line each; figures count them."""
DELAYED: Final = frozenset({"passage", "violation", "incident", "fire_alert"})

log = logging.getLogger(__name__)


def after_commit(work: Work, tell: Callable[[], None]) -> None:
    """Have something told when the unit of work is stored, and never if it is not."""
    hooks.listen(work.session, "after_commit", lambda _: tell(), once=True)


def fields_of(row: ViolationCase | Alert) -> Fields:
    """What lines about a record are about."""
    if isinstance(row, Alert):
        return {"camera": row.camera_id, "event": row.id, "alert": row.id}
    return {"camera": row.camera_id, "event": row.id, "case": row.id}


def state_stored(work: Work, row: ViolationCase | Alert, target: str) -> None:
    """A case or an alert changes its state in this unit of work."""
    fields, is_alert = fields_of(row), isinstance(row, Alert)
    if not is_alert and target in DECIDED:
        fields["decision"] = row.id
    record = "alert" if is_alert else "case"
    shown, answered = _delays(work, row, target)

    def tell() -> None:
        STEPS.labels(record, target).inc()
        if isinstance(row, Alert):
            if shown is not None:
                ALERT_TO_CONSOLE.labels(row.type).observe(shown)
            if answered is not None:
                ALERT_TO_ANSWER.labels(row.type).observe(answered)
        log.info("The %s is %s.", record, target, extra=dict(fields))

    after_commit(work, tell)


def events_stored(work: Work, events: Sequence[Event]) -> None:
    """Events are taken in this unit of work."""
    now, taken = work.now, tuple(events)

    def tell() -> None:
        for event in taken:
            EVENTS.labels(event.type, "stored").inc()
            if event.type in DELAYED:
                EVENT_DELAY.labels(event.type).observe(max(0.0, (now - event.time).total_seconds()))
            if event.type not in ORDINARY:
                extra = {"camera": event.camera, "event": str(event.id)}
                log.info("The event %s %s is stored.", event.type, event.kind, extra=extra)

    after_commit(work, tell)


def event_repeated(event_type: str) -> None:
    """An event came that was stored before."""
    EVENTS.labels(event_type, "repeated").inc()


def event_set_aside(event_type: str) -> None:
    """An event could not be stored and waits for a person."""
    EVENTS.labels(event_type, "aside").inc()


def message_left(work: Work, message: str, case: str, outcome: str, error: str | None = None) -> None:
    """A message of a decision was handed over, or was not; it is told once that is stored."""
    extra = {"delivery": message, "case": case, "event": case, "decision": case}

    def tell() -> None:
        level = logging.INFO if error is None else logging.WARNING
        log.log(level, "The message of a decision is %s%s.", outcome, f": {error}" if error else "", extra=extra)

    after_commit(work, tell)


def notice_left(work: Work, alert: str, receiver: str, outcome: str, error: str | None = None) -> None:
    """A message about an alert was handed to a receiver, or was not; it is told once that is stored."""
    extra = {"alert": alert, "event": alert, "delivery": receiver}

    def tell() -> None:
        level = logging.INFO if error is None else logging.WARNING
        text = "The message of an alert to %s is %s%s."
        log.log(level, text, receiver, outcome, f": {error}" if error else "", extra=extra)

    after_commit(work, tell)


def _delays(work: Work, row: ViolationCase | Alert, target: str) -> tuple[float | None, float | None]:
    """Seconds until the consoles show an alert, and until somebody answered it; None where neither is the step."""
    if not isinstance(row, Alert) or row.is_drill:
        return None, None
    if target == AlertState.RAISED and not row.cycle:
        return max(0.0, (work.now - row.t_detect).total_seconds()), None
    if target == AlertState.ACKNOWLEDGED and row.t_raised is not None:
        return None, max(0.0, (work.now - row.t_raised).total_seconds())
    return None, None
