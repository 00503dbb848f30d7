"""Messages of the outbox: leasing them in their order, and settling what became of them.

A message is leased in one transaction, handed over outside of any, and settled in another. Whoever dies in between
leaves a lease that ends; the message is then handed over again under the same key, which the receiver counts once. The
messages about one alert leave one after the other: a later one never overtakes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import aliased

from incidents.alert import AlertState
from qyran.errors import NotFound, TransitionError
from qyran.roles import SYSTEM, Role
from service.access import log_access, require
from service.announcing import notice_left
from service.backoff import doubled, spread
from service.notifying import breaker
from service.notifying.facts import AlertFacts
from service.notifying.routing import Receiver
from service.notifying.wake import ring_after
from service.store.alert_tables import Alert, AlertNotification
from service.store.database import Work
from service.store.events import append_event
from service.store.notice_tables import AlertAttempt, AlertMessage, AlertNotice

FIRST_WAIT: Final = timedelta(seconds=2)
LONGEST_WAIT: Final = timedelta(seconds=15)
"""An alarm is tried again at once; a receiver that is away altogether is spared by its breaker, not by long waits."""
LEASE: Final = timedelta(seconds=20)
"""Who sends says that he lives more often than this (`renew`): what a killed service held leaves soon after."""
SENDERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.SYSTEM})
"""Who sends again what was given up."""


class State(StrEnum):
    """Where a message is."""

    QUEUED = "queued"
    HANDED = "handed"
    REFUSED = "refused"
    DEAD = "dead"
    SUPERSEDED = "superseded"
    CALLED_OFF = "called_off"


STUCK: Final = (State.DEAD, State.REFUSED)
"""Waits for a person."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A message about the same alert that the receiver has."""

    key: str
    sent: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A message on its way.

    Attributes:
        sent: the moment it tells of.
        earlier: what the receiver was told of the alert before, the oldest first.
        attempt: from 1 on.
        is_test: tells of nothing, to try the channel.
    """

    message_id: int
    key: str
    step: str
    seq: int
    sent: datetime
    facts: AlertFacts
    earlier: tuple[Earlier, ...] = ()
    attempt: int = 1
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt.

    Attributes:
        error: why it was not taken; None where it was.
        final: it never will be.
        proved: the receiver itself proved to have it.
    """

    note: Note
    error: str | None = None
    final: bool = False
    proved: bool = False
    took_ms: int = 0


def any_due(work: Work, receiver: str) -> bool:
    """Whether a message of this receiver may leave now."""
    ready = _ready(select(AlertMessage.id), work).where(AlertMessage.receiver == receiver)
    return work.session.scalar(ready.limit(1)) is not None and breaker.lets_pass(work, receiver)


def due_receivers(work: Work) -> frozenset[str]:
    """Receivers for whom a message waits that may leave now."""
    return frozenset(work.session.scalars(_ready(select(AlertMessage.receiver), work).distinct()))


def lease(work: Work, receiver: Receiver, most: int) -> tuple[Note, ...]:
    """Take what may leave now: of each alert the oldest waiting message, the gravest alerts first."""
    most = min(most, breaker.room(work, receiver.id, most))
    if most < 1:
        return ()
    query = _ready(select(AlertMessage), work).where(AlertMessage.receiver == receiver.id)
    query = query.order_by(AlertMessage.rank, AlertMessage.id).limit(most)
    rows = work.session.scalars(query.with_for_update(skip_locked=True)).all()
    if rows:
        breaker.probing(work, receiver.id)
    for row in rows:
        row.leased_until = work.now + LEASE
        row.attempts += 1
    return _notes(work, rows)


def renew(work: Work, ids: Collection[int]) -> None:
    """Whoever holds these messages still sends them."""
    if ids:
        held = AlertMessage.id.in_(ids), AlertMessage.state == State.QUEUED, AlertMessage.leased_until.is_not(None)
        work.session.execute(update(AlertMessage).where(*held).values(leased_until=work.now + LEASE))


def give_back(work: Work, notes: Iterable[Note]) -> None:
    """Leased messages that were not tried after all."""
    ids = [one.message_id for one in notes]
    for row in work.session.scalars(select(AlertMessage).where(AlertMessage.id.in_(ids)).with_for_update()):
        if row.state == State.QUEUED:
            row.leased_until, row.attempts = None, max(0, row.attempts - 1)


def settle(work: Work, receiver: Receiver, outcomes: Sequence[Outcome]) -> bool:
    """Note what came of attempts; whether the receiver was left alone, or takes messages again, by this.

    The alerts themselves are left to `first_proofs`.
    """
    if not outcomes:
        return False
    handed_over = {one.note.facts.alert_id for one in outcomes if one.error is None}
    lock_alerts(work, handed_over)
    rows = _locked(work, {one.note.message_id for one in outcomes})
    notified = _notifications(work, receiver, handed_over)
    standing, turns, back = breaker.row_of(work, receiver.id), 0, False
    for outcome in sorted(outcomes, key=lambda one: one.note.message_id):
        row = rows.get(outcome.note.message_id)
        if row is None:
            continue
        word = "handed" if outcome.error is None else "refused" if outcome.final else "failed"
        work.session.add(
            AlertAttempt(message_id=row.id, at=work.now, outcome=word, error=outcome.error, took_ms=outcome.took_ms)
        )
        turned = breaker.heard(work, standing, outcome.error, answered=outcome.error is None or outcome.final)
        turns, back = turns + turned, back or (turned and outcome.error is None)
        if row.state != State.QUEUED:
            continue  # an answer of the receiver was faster, or somebody called it off
        row.leased_until, row.error = None, outcome.error
        notice_left(work, row.alert_id, receiver.id, word, outcome.error)
        if outcome.error is None:
            _handed(work, receiver, row, notified, proved=outcome.proved)
        elif outcome.final:
            row.state, row.settled_at = State.REFUSED, work.now
        elif row.tried_since + receiver.gives_up_after <= work.now:
            row.state, row.settled_at = State.DEAD, work.now
        else:
            row.next_attempt = work.now + wait_after(row.attempts)
    if back:  # what waited for it does not wait on
        waiting = (AlertMessage.state == State.QUEUED) & (AlertMessage.receiver == receiver.id)
        work.session.execute(update(AlertMessage).where(waiting).values(next_attempt=work.now))
    return turns > 0


def lock_alerts(work: Work, ids: Iterable[str]) -> None:
    """Lock alerts in the order in which whoever raises one locks those it may join: nobody waits in a ring."""
    wanted = sorted(ids)
    if wanted:
        query = select(Alert.id).where(Alert.id.in_(wanted)).order_by(Alert.t_detect, Alert.id)
        work.session.execute(query.with_for_update()).all()


def proved_delivered(work: Work, receiver: Receiver, row: AlertMessage) -> None:
    """The receiver has shown that it has a message."""
    if row.delivered_at is not None:
        return
    notified = _notifications(work, receiver, {row.alert_id})
    if row.sent_at is None:
        _handed(work, receiver, row, notified, proved=True)
    row.delivered_at = work.now
    _notified(work, receiver, row, notified, proved=True)
    first_proofs(work, receiver, {row.alert_id}, wait=True)


def wait_after(attempts: int, chance: float | None = None) -> timedelta:
    """How long to wait after so many failures: one to two seconds at first, a quarter of a minute at last."""
    return spread(doubled(FIRST_WAIT, LONGEST_WAIT, attempts - 1), chance)


def again(work: Work, message_id: int) -> AlertMessage:
    """Send a message again that was given up or refused: a person has seen to what was wrong.

    Raises:
        AccessError: the actor is no situational operator.
        NotFound: there is no such message.
        TransitionError: it waits for nobody, or a later message about the alert has arrived: the old one would mislead.
    """
    role = require(work.actor, SENDERS)
    row = work.session.get(AlertMessage, message_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no message {message_id}.")
    if row.state not in STUCK:
        raise TransitionError("Only a message that was given up or refused can be sent again.")
    later = exists().where(
        AlertMessage.receiver == row.receiver,
        AlertMessage.alert_id == row.alert_id,
        AlertMessage.seq > row.seq,
        AlertMessage.state == State.HANDED,
    )
    if work.session.scalar(select(later)):
        raise TransitionError("A later message about this alert has arrived; the older one would mislead now.")
    row.state, row.attempts, row.next_attempt, row.tried_since = State.QUEUED, 0, work.now, work.now
    row.settled_at = row.leased_until = None
    breaker.try_now(work, row.receiver)
    if work.actor is not SYSTEM:
        log_access(work, role, "alert_sent_again", row.alert_id)
    ring_after(work)
    return row


def call_off(work: Work, message_id: int) -> AlertMessage:
    """Put a message aside that was given up or refused: the receiver was told in another way.

    Raises:
        AccessError: the actor is no situational operator.
        NotFound: there is no such message.
        TransitionError: it does not wait for a person.
    """
    role = require(work.actor, SENDERS)
    row = work.session.get(AlertMessage, message_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no message {message_id}.")
    if row.state not in STUCK:
        raise TransitionError("Only a message that was given up or refused can be put aside.")
    row.state, row.settled_at = State.CALLED_OFF, work.now
    log_access(work, role, "alert_called_off", row.alert_id)
    return row


def _ready(query: Select[Any], work: Work) -> Select[Any]:
    """Messages that are the oldest waiting ones about their alert, whose time has come and that nobody has leased.

    A time that lies further ahead than any wait was written by a clock that has been set back since: it has come.
    """
    older = aliased(AlertMessage)
    before = exists().where(
        older.receiver == AlertMessage.receiver,
        older.alert_id == AlertMessage.alert_id,
        older.state == State.QUEUED,
        older.seq < AlertMessage.seq,
    )
    return query.where(
        AlertMessage.state == State.QUEUED,
        (AlertMessage.next_attempt <= work.now) | (AlertMessage.next_attempt > work.now + 2 * LONGEST_WAIT),
        AlertMessage.leased_until.is_(None)
        | (AlertMessage.leased_until <= work.now)
        | (AlertMessage.leased_until > work.now + 2 * LEASE),
        ~before,
    )


def note_of(work: Work, row: AlertMessage) -> Note:
    """A stored message as it leaves, the same at every attempt."""
    return _notes(work, [row])[0]


def _notes(work: Work, rows: Sequence[AlertMessage]) -> tuple[Note, ...]:
    """Stored messages of one receiver as they leave."""
    if not rows:
        return ()
    wanted = select(AlertNotice).where(AlertNotice.id.in_([row.notice_id for row in rows]))
    notices = {one.id: one for one in work.session.scalars(wanted)}
    before = select(AlertMessage.alert_id, AlertMessage.seq, AlertMessage.key, AlertMessage.created_at).where(
        AlertMessage.receiver == rows[0].receiver,
        AlertMessage.alert_id.in_([row.alert_id for row in rows]),
        AlertMessage.state == State.HANDED,
    )
    handed: dict[str, list[tuple[int, Earlier]]] = {}
    for alert_id, seq, key, sent in work.session.execute(before.order_by(AlertMessage.seq)):
        handed.setdefault(alert_id, []).append((seq, Earlier(key, sent)))
    return tuple(
        Note(
            message_id=row.id,
            key=row.key,
            step=notices[row.notice_id].step,
            seq=row.seq,
            sent=row.created_at,
            facts=AlertFacts.model_validate(notices[row.notice_id].facts),
            earlier=tuple(one for seq, one in handed.get(row.alert_id, ()) if seq < row.seq),
            attempt=row.attempts,
        )
        for row in rows
    )


def _locked(work: Work, ids: Iterable[int]) -> dict[int, AlertMessage]:
    query = select(AlertMessage).where(AlertMessage.id.in_(sorted(ids))).order_by(AlertMessage.id).with_for_update()
    return {row.id: row for row in work.session.scalars(query.execution_options(populate_existing=True))}


def _handed(
    work: Work, receiver: Receiver, row: AlertMessage, notified: dict[str, AlertNotification], *, proved: bool
) -> None:
    row.state, row.sent_at, row.settled_at, row.error = State.HANDED, work.now, work.now, None
    row.delivered_at = work.now if proved else None
    _notified(work, receiver, row, notified, proved=proved)


def _notifications(work: Work, receiver: Receiver, alert_ids: Iterable[str]) -> dict[str, AlertNotification]:
    """That this receiver was told, by alert."""
    query = select(AlertNotification).where(
        AlertNotification.alert_id.in_(sorted(alert_ids)),
        AlertNotification.channel == receiver.channel,
        AlertNotification.recipient == receiver.counted_as,
    )
    return {one.alert_id: one for one in work.session.scalars(query.order_by(AlertNotification.id.desc()))}


def _notified(
    work: Work, receiver: Receiver, row: AlertMessage, notified: dict[str, AlertNotification], *, proved: bool
) -> None:
    """That somebody was told of an alert counts once a receiver (KPI 10.4); what followed stands in the outbox."""
    known = notified.get(row.alert_id)
    if known is None:
        notice = work.session.get_one(AlertNotice, row.notice_id)
        known = notified[row.alert_id] = AlertNotification(
            alert_id=row.alert_id,
            channel=receiver.channel,
            recipient=receiver.counted_as,
            initiator=notice.initiator,
            sent_at=work.now,
            delivered_at=None,
        )
        work.session.add(known)
    if proved and known.delivered_at is None:
        known.delivered_at = work.now


def first_proofs(work: Work, receiver: Receiver, ids: Iterable[str], *, wait: bool = False) -> frozenset[str]:
    """Note the first proof of delivery of alerts: a time of theirs, and an event.

    Returns:
        Alerts that somebody else holds just now: they are looked at again, so that nobody waits in a ring.
    """
    wanted = sorted(ids)
    if not wanted:
        return frozenset()
    open_still = select(Alert.id).where(Alert.id.in_(wanted), Alert.t_notify_delivered.is_(None))
    left = set(work.session.scalars(open_still))
    query = select(Alert).where(Alert.id.in_(sorted(left))).order_by(Alert.t_detect, Alert.id)
    rows = query.with_for_update(skip_locked=not wait).execution_options(populate_existing=True)
    for alert in work.session.scalars(rows).all():
        left.discard(alert.id)
        if alert.t_notify_delivered is not None or alert.state == AlertState.TEST:
            continue
        alert.t_notify_delivered = work.now
        told = {"channel": receiver.channel, "recipient": receiver.counted_as}
        append_event(work, alert, "delivered", Role.SYSTEM, data=told)
    return frozenset(left)
