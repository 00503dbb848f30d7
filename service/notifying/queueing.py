"""Queueing what is to be told of an alert, in the transaction of its change."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from sqlalchemy import event, select

from incidents.cap.message import Severity
from qyran.roles import MACHINE_ROLES
from service.notifying.facts import AlertFacts, as_json, facts_of
from service.notifying.hearing import FIRST, SEVERITIES, hears
from service.notifying.messages import State
from service.notifying.routing import Receiver, standing_file
from service.notifying.staff import reaches
from service.notifying.wake import ring_after
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.notice_tables import AlertMessage, AlertNotice

log = logging.getLogger(__name__)

PENDING: Final = "alerts_to_tell"
WITHOUT_A_PERSON: Final = frozenset({"raised", "updated", "escalated", "reopened"})
ASIDE: Final = frozenset({"updated", "escalated"})
"""Steps that change no state: where the state changed in the same transaction, that is what happened."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of this transaction."""

    step: str
    service: str | None
    initiator: str


def queue(work: Work, row: Alert, step: str, *, service: str | None = None) -> None:
    """Tell the receivers that hear this step, once the transaction is committed.

    Who hears it is decided, and what is told is taken down, as the transaction ends: a step sets some columns after its
    change of state, and several steps of one transaction are one message.

    Args:
        work: the unit of work that changes the alert.
        row: the alert.
        step: what happened: one of `hearing.STEPS`, or `updated` or `escalated`.
        service: the service sent out, for `dispatched`.
    """
    if not standing_file(work.store.settings).receivers:
        return
    pending: dict[str, tuple[Alert, list[_Step]]] | None = work.session.info.get(PENDING)
    if pending is None:
        pending = work.session.info[PENDING] = {}
        event.listen(work.session, "before_commit", lambda _: _queue_all(work, pending), once=True)
    pending.setdefault(row.id, (row, []))[1].append(_Step(step, service, _initiator(work, row, step)))


def key_of(alert_id: str, seq: int, receiver: str | None = None) -> str:
    """Identifier of a message; the same message has the same at every attempt."""
    return f"qyran-{alert_id}-{seq}" + (f"-{receiver}" if receiver else "")


def rank_of(severity: Severity) -> int:
    """Graver alerts first: 0 for extreme."""
    return len(SEVERITIES) - 1 - SEVERITIES.index(severity)


def _queue_all(work: Work, pending: dict[str, tuple[Alert, list[_Step]]]) -> None:
    work.session.flush()
    queued = sum(_queue_one(work, row, steps) for row, steps in pending.values())
    if queued:
        work.session.flush()
        ring_after(work)


def _queue_one(work: Work, row: Alert, steps: list[_Step]) -> int:
    told = _told(work, row)
    try:
        facts = facts_of(work, row)
        wanted = [
            one
            for one in standing_file(work.store.settings).receivers
            if any(hears(one, facts, step.step, step.service, told=one.id in told) for step in steps)
        ]
    except ValueError:
        # An alert that cannot be told outside must still be raised: the console shows it, and escalates.
        log.exception("The alert %s could not be told to anybody outside.", row.id)
        return 0
    wanted = [one for one in wanted if reaches(work, one, facts.object_id)]
    if not wanted:
        return 0
    last = next((one for one in reversed(steps) if one.step not in ASIDE), steps[-1])
    notice, had = _notice(work, row, last, facts)
    wanted = [one for one in wanted if one.id not in had]
    for receiver in wanted:
        if receiver.collapses:
            _collapse(work, receiver, row, last.step)
        if receiver.service is not None and receiver.id not in told:
            _put_before(work, row, receiver.service, last)
        work.session.add(_message(work, receiver, row, notice, facts))
    return len(wanted)


def _notice(work: Work, row: Alert, step: _Step, facts: AlertFacts) -> tuple[AlertNotice, frozenset[str]]:
    """What there is to tell at the alert's last event, and who has a message about it already."""
    known = work.session.scalar(
        select(AlertNotice).where(AlertNotice.alert_id == row.id, AlertNotice.seq == row.seq).limit(1)
    )
    if known is not None:
        had = select(AlertMessage.receiver).where(AlertMessage.notice_id == known.id)
        return known, frozenset(work.session.scalars(had))
    made = AlertNotice(
        alert_id=row.id, seq=row.seq, step=step.step, initiator=step.initiator, at=work.now, facts=dict(as_json(facts))
    )
    work.session.add(made)
    work.session.flush()
    return made, frozenset()


def _put_before(work: Work, row: Alert, service: str, step: _Step) -> None:
    """A service that is told through its own system sees the alert on its page here too."""
    from service.alerting.services import tell_service  # noqa: PLC0415 - the steps of an alert queue its messages

    tell_service(work, row, service, initiator=step.initiator)


def _message(work: Work, receiver: Receiver, row: Alert, notice: AlertNotice, facts: AlertFacts) -> AlertMessage:
    return AlertMessage(
        receiver=receiver.id,
        channel=receiver.channel,
        alert_id=row.id,
        notice_id=notice.id,
        seq=row.seq,
        key=key_of(row.id, row.seq, receiver.id),
        rank=rank_of(facts.severity),
        state=State.QUEUED,
        attempts=0,
        created_at=work.now,
        tried_since=work.now,
        next_attempt=work.now,
    )


def _told(work: Work, row: Alert) -> frozenset[str]:
    """Receivers that were told of this alert, or are about to be."""
    states = (State.QUEUED, State.HANDED, State.DEAD)
    query = select(AlertMessage.receiver).where(AlertMessage.alert_id == row.id, AlertMessage.state.in_(states))
    return frozenset(work.session.scalars(query.distinct()))


def _collapse(work: Work, receiver: Receiver, row: Alert, step: str) -> None:
    """Leave out updates that nobody got and that are out of date now; a first message always stands."""
    query = (
        select(AlertMessage, AlertNotice.step)
        .join(AlertNotice, AlertNotice.id == AlertMessage.notice_id)
        .where(
            AlertMessage.receiver == receiver.id,
            AlertMessage.alert_id == row.id,
            AlertMessage.state == State.QUEUED,
            AlertMessage.attempts == 0,
        )
        .with_for_update(skip_locked=True, of=AlertMessage)
    )
    for old, told in work.session.execute(query).all():
        if told in FIRST and told not in ASIDE:
            continue
        old.state, old.settled_at, old.error = State.SUPERSEDED, work.now, step
        log.info("The message %s was left out: nobody had got it, and %s came after it.", old.key, step)


def _initiator(work: Work, row: Alert, step: str) -> str:
    if row.initiator == "human" and step == "raised":
        return "human"
    return "system" if step in WITHOUT_A_PERSON or work.actor.roles <= MACHINE_ROLES else "human"
