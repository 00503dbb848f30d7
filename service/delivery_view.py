"""What pages and commands show of delivery: a case's messages, each channel's health, what waits for a person.

No address and no name is shown: who may see those sees them on the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from qyran.roles import OFFICERS, Role
from service.access import CASE_READERS, log_access, require
from service.case_sight import in_sight
from service.delivery import TO_OWNER, address_of, untold
from service.delivery_post import waiting_letters
from service.delivery_settings import EMAIL, POST, REGISTER, SMS, plan_of
from service.document_numbers import open_numbers
from service.outbox import OPEN, STUCK, State, messages_of
from service.records import load
from service.resolutions import of_case as resolutions_of
from service.store.database import Work
from service.store.delivery_tables import (
    ChannelBreaker,
    DeliveryAttempt,
    DeliveryReceipt,
    OutboxMessage,
    PostBatch,
)
from service.store.events import facts_of
from service.store.tables import ViolationCase
from violations.case import CaseState

OUTBOX_READERS: Final = frozenset({Role.SENIOR_OFFICER, Role.ADMINISTRATOR, Role.AUDITOR, Role.SYSTEM})
CHANNELS: Final = (REGISTER, SMS, EMAIL, POST)
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One attempt or receipt: when, what came of it, why not."""

    at: datetime
    what: str
    error: str | None


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message without its address."""

    id: str
    case_id: str
    document_no: str | None
    channel: str
    state: str
    attempts: int
    created_at: datetime
    next_attempt: datetime | None
    handed_at: datetime | None
    settled_at: datetime | None
    error: str | None
    batch: int | None
    position: int | None
    steps: tuple[Step, ...] = ()

    @property
    def stuck(self) -> bool:
        """Whether it waits for a person."""
        return self.state in STUCK


@dataclass(frozen=True, slots=True)
class CaseDelivery:
    """Everything about the delivery of one decision.

    Attributes:
        registration, delivery: the case's attributes.
        channels: by which an address is known.
        may_address: the actor may enter an address now.
        nowhere: nothing reaches the owner and nothing is under way: a person has to find an address.
    """

    case_id: str
    document_no: str | None
    registration: str | None
    register_no: str | None
    delivery: str | None
    t_signed: datetime | None
    t_registered: datetime | None
    t_first_notification_sent: datetime | None
    t_delivered: datetime | None
    channels: tuple[str, ...]
    may_address: bool
    messages: tuple[MessageView, ...]
    nowhere: bool


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """How a channel does: what waits, since when, what fails, what was given up, whether it is left alone."""

    channel: str
    queued: int
    oldest: datetime | None
    failing: int
    handed: int
    dead: int
    refused: int
    failures: int
    opened_at: datetime | None
    open_until: datetime | None


@dataclass(frozen=True, slots=True)
class BatchView:
    """A printed batch and how many of its letters have an answer."""

    number: int
    created_at: datetime
    letters: int
    answered: int


@dataclass(frozen=True, slots=True)
class Health:
    """The outbox as a whole."""

    channels: tuple[ChannelHealth, ...]
    stuck: tuple[MessageView, ...]
    to_print: int
    batches: tuple[BatchView, ...]
    numbers: dict[str, tuple[int, ...]]


def deliveries_of(work: Work, case_id: str) -> CaseDelivery:
    """The deliveries of a case; the look is logged.

    Raises:
        AccessError: the actor's roles, or his territory, do not see the case.
        NotFound: there is no such case.
    """
    role = require(work.actor, CASE_READERS)
    row = load(work, ViolationCase, case_id, lock=False)
    in_sight(work, row)
    log_access(work, role, "deliveries_opened", case_id)
    facts = facts_of(work.session, work.store.vault, [case_id])[case_id]
    messages = messages_of(work, case_id)
    appeal_id = untold(work, case_id)
    of_document = [one for one in messages if one.channel in TO_OWNER and one.appeal_id == appeal_id]
    queued = any(one.state == State.QUEUED for one in of_document)
    waits = appeal_id is not None or (row.state == CaseState.SIGNED and row.delivery != "delivered")
    numbers = {made.appeal_id: made.document_no for made in resolutions_of(work, case_id)}
    return CaseDelivery(
        case_id=case_id,
        document_no=row.document_no,
        registration=row.registration,
        register_no=row.register_no,
        delivery=row.delivery,
        t_signed=row.t_signed,
        t_registered=row.t_registered,
        t_first_notification_sent=row.t_first_notification_sent,
        t_delivered=row.t_delivered,
        channels=tuple(one for one in TO_OWNER if address_of(facts, one)),
        may_address=bool(work.actor.roles & OFFICERS) and waits and not queued,
        messages=tuple(
            _view(one, numbers.get(one.appeal_id or "", row.document_no), _steps(work, one)) for one in messages
        ),
        nowhere=(appeal_id is not None or row.delivery in {"pending", "undeliverable"})
        and not any(one.state in OPEN for one in of_document),
    )


def health(work: Work) -> Health:
    """How the outbox does.

    Raises:
        AccessError: the actor's roles do not see it.
    """
    require(work.actor, OUTBOX_READERS)
    query = select(
        OutboxMessage.channel,
        OutboxMessage.state,
        func.count(),
        func.min(OutboxMessage.created_at),
        func.count().filter(OutboxMessage.error.is_not(None)),
    ).group_by(OutboxMessage.channel, OutboxMessage.state)
    found = {(channel, state): (n, since, bad) for channel, state, n, since, bad in work.session.execute(query)}
    breakers = {one.channel: one for one in work.session.scalars(select(ChannelBreaker))}
    wanted = set(plan_of(work.store).notify) | {channel for channel, _ in found} | set(breakers)
    channels = tuple(
        _health(name, found, breakers.get(name)) for name in CHANNELS if name in wanted or name == REGISTER
    )
    waiting = select(OutboxMessage, ViolationCase.document_no).join(
        ViolationCase, ViolationCase.id == OutboxMessage.case_id
    )
    rows = work.session.execute(
        waiting.where(OutboxMessage.state.in_(STUCK)).order_by(OutboxMessage.settled_at.desc()).limit(MOST)
    )
    return Health(
        channels=channels,
        stuck=tuple(_view(message, number) for message, number in rows),
        to_print=waiting_letters(work),
        batches=_batches(work),
        numbers=open_numbers(work),
    )


def _health(
    name: str, found: dict[tuple[str, str], tuple[int, datetime, int]], breaker: ChannelBreaker | None
) -> ChannelHealth:
    def count(state: State) -> int:
        return found.get((name, state), (0, None, 0))[0]

    queued, since, failing = found.get((name, State.QUEUED), (0, None, 0))
    return ChannelHealth(
        channel=name,
        queued=queued,
        oldest=since,
        failing=failing,
        handed=count(State.HANDED) + count(State.PRINTED),
        dead=count(State.DEAD),
        refused=count(State.REFUSED),
        failures=breaker.failures if breaker else 0,
        opened_at=breaker.opened_at if breaker else None,
        open_until=breaker.open_until if breaker else None,
    )


def _batches(work: Work) -> tuple[BatchView, ...]:
    rows: Sequence[PostBatch] = work.session.scalars(
        select(PostBatch).order_by(PostBatch.number.desc()).limit(20)
    ).all()
    answered = dict(
        work.session.execute(
            select(OutboxMessage.batch, func.count())
            .where(OutboxMessage.batch.in_([one.number for one in rows]), OutboxMessage.state != State.PRINTED)
            .group_by(OutboxMessage.batch)
        ).all()
    )
    return tuple(BatchView(one.number, one.created_at, one.letters, answered.get(one.number, 0)) for one in rows)


def _steps(work: Work, message: OutboxMessage) -> tuple[Step, ...]:
    tried = work.session.scalars(select(DeliveryAttempt).where(DeliveryAttempt.message_id == message.id))
    heard = work.session.scalars(select(DeliveryReceipt).where(DeliveryReceipt.message_id == message.id))
    steps = [Step(one.at, one.outcome, one.error) for one in tried]
    steps += [Step(one.time, one.kind, one.reason) for one in heard]
    return tuple(sorted(steps, key=lambda one: one.at))


def _view(message: OutboxMessage, document_no: str | None, steps: tuple[Step, ...] = ()) -> MessageView:
    waits = message.state == State.QUEUED
    return MessageView(
        id=message.id,
        case_id=message.case_id,
        document_no=document_no,
        channel=message.channel,
        state=message.state,
        attempts=message.attempts,
        created_at=message.created_at,
        next_attempt=message.next_attempt if waits else None,
        handed_at=message.handed_at,
        settled_at=message.settled_at,
        error=message.error,
        batch=message.batch,
        position=message.position,
        steps=steps,
    )
