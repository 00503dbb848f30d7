"""The outbox: what has to reach somebody outside, stored in the transaction of the step that asks for it.

A message is taken under a lease in one transaction, handed over outside of any, and settled in another. Whoever dies in
between leaves a lease that ends; the message is then handed over again under the same key, which the receiving system
counts once. The messages of one case leave in their order.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import uuid4

from sqlalchemy import ColumnElement, func, select

from qyran.errors import NotFound, TransitionError
from qyran.roles import SYSTEM, Role
from service.access import log_access, require
from service.backoff import doubled, spread
from service.store.database import Work
from service.store.delivery_tables import ChannelBreaker, DeliveryAttempt, OutboxMessage
from service.store.tables import ViolationCase

DECISION: Final = "decision"
RESOLUTION: Final = "resolution"
SENDERS: Final = frozenset({Role.SENIOR_OFFICER, Role.ADMINISTRATOR, Role.SYSTEM})
"""Who sends again what was given up."""

FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=6)
LEASE: Final = timedelta(minutes=5)  # longer than any channel's time limits together
BREAKS_AFTER: Final = 5  # failures in a row
FIRST_OPEN: Final = timedelta(minutes=1)
LONGEST_OPEN: Final = timedelta(hours=1)


class State(StrEnum):
    """Where a message is."""

    QUEUED = "queued"
    PRINTED = "printed"
    HANDED = "handed"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    REFUSED = "refused"
    DEAD = "dead"
    CANCELLED = "cancelled"
    PERHAPS = "perhaps_sent"


STUCK: Final = (State.DEAD, State.REFUSED, State.PERHAPS)
"""Waits for a person."""
OPEN: Final = (State.QUEUED, State.PRINTED, State.HANDED, State.PERHAPS)


def enqueue(work: Work, row: ViolationCase, channel: str, *, appeal_id: str | None = None) -> OutboxMessage:
    """Queue a message of a case; it leaves once the transaction is committed.

    Args:
        work: the unit of work.
        row: the case.
        channel: by which it leaves.
        appeal_id: the appeal whose resolution it carries; None for the decision.
    """
    last = select(func.max(OutboxMessage.seq)).where(OutboxMessage.case_id == row.id)
    message = OutboxMessage(
        id=str(uuid4()),
        case_id=row.id,
        seq=(work.session.scalar(last) or 0) + 1,
        kind=DECISION if appeal_id is None else RESOLUTION,
        appeal_id=appeal_id,
        channel=channel,
        key=str(uuid4()),
        state=State.QUEUED,
        attempts=0,
        created_at=work.now,
        next_attempt=work.now,
    )
    work.session.add(message)
    work.session.flush()
    return message


def messages_of(work: Work, case_id: str) -> list[OutboxMessage]:
    """The messages of a case in their order."""
    query = select(OutboxMessage).where(OutboxMessage.case_id == case_id).order_by(OutboxMessage.seq)
    return list(work.session.scalars(query))


def take(work: Work, channels: Iterable[str]) -> OutboxMessage | None:
    """Lease the message that has waited longest and may leave now by one of these channels; None where none may."""
    free = [name for name in channels if _lets_pass(work, name)]
    earlier = (
        select(OutboxMessage.seq.label("seq"), OutboxMessage.case_id.label("case_id"))
        .where(OutboxMessage.state == State.QUEUED)
        .subquery()
    )
    before = select(earlier.c.seq).where(earlier.c.case_id == OutboxMessage.case_id, earlier.c.seq < OutboxMessage.seq)
    query = select(OutboxMessage).where(
        OutboxMessage.state == State.QUEUED,
        OutboxMessage.channel.in_(free),
        due(work),
        OutboxMessage.leased_until.is_(None)
        | (OutboxMessage.leased_until <= work.now)
        | (OutboxMessage.leased_until > work.now + 2 * LEASE),
        ~before.exists(),
    )
    order = query.order_by(OutboxMessage.next_attempt, OutboxMessage.id).limit(1)
    message = work.session.scalar(order.with_for_update(skip_locked=True))
    while message is not None and message.sending_at is not None:  # who sent it died while it left
        perhaps(work, message, 0)
        work.session.flush()
        message = work.session.scalar(order.with_for_update(skip_locked=True))
    if message is not None:
        message.leased_until = work.now + LEASE
        message.attempts += 1
        _probe(work, message.channel)
    return message


def due(work: Work) -> ColumnElement[bool]:
    """Whether a message's time has come.

    A first attempt waits for nothing, and no wait is so long that its end lies further ahead than this: such times were
    written by a clock that has been set back since.
    """
    at = OutboxMessage.next_attempt
    return (OutboxMessage.attempts == 0) | (at <= work.now) | (at > work.now + 2 * LONGEST_WAIT)


def failed(work: Work, message: OutboxMessage, error: str, took_ms: int, most: int) -> None:
    """It could not be handed over now: try later, or give it up after so many attempts."""
    note(work, message, "failed", error, took_ms)
    message.error, message.leased_until, message.sending_at = error, None, None
    message.next_attempt = work.now + wait_after(message.attempts)
    if message.attempts >= most:
        message.state, message.settled_at = State.DEAD, work.now
    breaker = _breaker(work, message.channel)
    breaker.failures += 1
    if breaker.failures >= BREAKS_AFTER:
        breaker.opened_at = breaker.opened_at or work.now
        breaker.open_until = work.now + open_for(breaker.failures)


def leaving(work: Work, message_id: str) -> None:
    """Its content leaves now, by a channel that cannot count a repetition once."""
    message = work.session.get_one(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    message.sending_at = work.now


def perhaps(work: Work, message: OutboxMessage, took_ms: int) -> None:
    """Nobody knows whether it left: a notice of its delivery will tell, or a person who asks the mail server.

    It does not leave again by itself: a person would get one decision twice.
    """
    note(work, message, State.PERHAPS, None, took_ms)
    message.state, message.settled_at = State.PERHAPS, work.now
    message.error, message.leased_until = None, None


def was_sent(work: Work, message_id: str) -> OutboxMessage:
    """A person found out that a message of which nobody knew has left.

    Raises:
        AccessError: the actor is neither administrator nor senior officer.
        NotFound: there is no such message.
        TransitionError: it is known what became of it.
    """
    role = require(work.actor, SENDERS)
    message = work.session.get(OutboxMessage, message_id, with_for_update=True)
    if message is None:
        raise NotFound(f"There is no message {message_id}.")
    if message.state != State.PERHAPS:
        raise TransitionError("What became of this message is known already.")
    message.state, message.handed_at, message.settled_at = State.HANDED, message.sending_at or work.now, None
    note(work, message, "handed", None, 0)
    log_access(work, role, "said_sent", message.case_id)
    return message


def handed(work: Work, message: OutboxMessage, external_id: str | None, took_ms: int) -> None:
    """The channel has it."""
    note(work, message, "handed", None, took_ms)
    _works(work, message.channel)
    message.state, message.handed_at = State.HANDED, work.now
    message.external_id, message.error, message.leased_until = external_id, None, None


def refused(work: Work, message: OutboxMessage, error: str, took_ms: int) -> None:
    """The channel will never take it: that it answered shows that it works."""
    note(work, message, "refused", error, took_ms)
    _works(work, message.channel)
    message.state, message.settled_at = State.REFUSED, work.now
    message.error, message.leased_until = error, None


def call_off(work: Work, message: OutboxMessage, error: str) -> None:
    """It need not leave any more."""
    message.state, message.settled_at = State.CANCELLED, work.now
    message.error, message.leased_until = error, None


def again(work: Work, message_id: str) -> OutboxMessage:
    """Send a message again that was given up or refused, or perhaps did not leave: a person has seen to it.

    One that was given up, or perhaps left, keeps its key, since the channel may have it after all; one that was refused
    gets a new one.

    Raises:
        AccessError: the actor is neither administrator nor senior officer.
        NotFound: there is no such message.
        TransitionError: it waits for nobody.
    """
    role = require(work.actor, SENDERS)
    message = work.session.get(OutboxMessage, message_id, with_for_update=True)
    if message is None:
        raise NotFound(f"There is no message {message_id}.")
    if message.state not in STUCK:
        raise TransitionError("Only a message that was given up or refused can be sent again.")
    if message.state == State.REFUSED:
        message.key = str(uuid4())
    message.state, message.attempts, message.next_attempt = State.QUEUED, 0, work.now
    message.settled_at = message.leased_until = message.sending_at = None
    if work.actor is not SYSTEM:
        log_access(work, role, "sent_again", message.case_id)
    return message


def note(work: Work, message: OutboxMessage, outcome: str, error: str | None, took_ms: int) -> None:
    """Keep an attempt for good."""
    kept = DeliveryAttempt(message_id=message.id, at=work.now, outcome=outcome, error=error, took_ms=took_ms)
    work.session.add(kept)


def wait_after(attempts: int, chance: float | None = None) -> timedelta:
    """How long to wait after so many failures: doubled each time, and spread so that not all come back at once.

    Args:
        attempts: made so far, 1 or more.
        chance: 0 to 1, drawn where not given; the wait is between a half and the whole of the doubled time.
    """
    return spread(doubled(FIRST_WAIT, LONGEST_WAIT, attempts - 1), chance)


def open_for(failures: int) -> timedelta:
    """How long a channel is left alone after so many failures in a row."""
    return doubled(FIRST_OPEN, LONGEST_OPEN, failures - BREAKS_AFTER)


def _lets_pass(work: Work, channel: str) -> bool:
    breaker = work.session.get(ChannelBreaker, channel)
    return breaker is None or breaker.open_until is None or breaker.open_until <= work.now


def _probe(work: Work, channel: str) -> None:
    """An open channel whose time is up gets one message; the others wait for what comes of it."""
    breaker = work.session.get(ChannelBreaker, channel, with_for_update=True)
    if breaker is not None and breaker.opened_at is not None:
        breaker.open_until = work.now + open_for(breaker.failures)


def _works(work: Work, channel: str) -> None:
    breaker = _breaker(work, channel)
    breaker.failures, breaker.opened_at, breaker.open_until = 0, None, None


def _breaker(work: Work, channel: str) -> ChannelBreaker:
    breaker = work.session.get(ChannelBreaker, channel, with_for_update=True)
    if breaker is None:
        breaker = ChannelBreaker(channel=channel, failures=0)
        work.session.add(breaker)
        work.session.flush()
    return breaker
