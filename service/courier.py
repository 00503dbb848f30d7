"""The courier: hands waiting messages to their channels and collects what became of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

from sqlalchemy import exists, select

from qyran.errors import InputError, IntegrityError, NotFound, TransitionError
from service import delivery, outbox
from service.announcing import message_left
from service.delivery_letter import letter_of, parcel_of
from service.delivery_settings import REGISTER, Delivery, delivery_of
from service.fault_points import reach
from service.outbox import State
from service.ports.channels import ChannelDown, Letter, PerhapsSent, Refused
from service.ports.erap import Parcel
from service.store.database import Store, Work
from service.store.delivery_tables import OutboxMessage
from service.store.tables import ViolationCase
from violations.case import CaseState

MOST: Final = 500  # messages a round, so that receipts are looked for between

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: messages handed over, refused or put off, or perhaps handed over; receipts and answers."""

    handed: int = 0
    perhaps: int = 0
    refused: int = 0
    put_off: int = 0
    heard: int = 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one attempt: the channel's id, or why not and whether for ever, or that nobody knows."""

    external_id: str | None = None
    perhaps: bool = False
    error: str | None = None
    final: bool = False
    took_ms: int = 0


def deliver(store: Store, by: Delivery | None = None) -> Round:
    """Hand over everything that may leave now.

    Raises:
        ConfigError: the delivery file cannot be used.
    """
    done = Round()
    if not _any_waits(store):
        return done
    channels = by or delivery_of(store)
    for _ in range(MOST):
        with store.write() as work:
            message = outbox.take(work, channels.names)
            content = None if message is None else _content(work, message)
        if message is None:
            break
        if content is None:
            continue
        reach(store, "send.leased")
        outcome = _hand_over(store, channels, content, message)
        reach(store, "send.handed")
        with store.write() as work:
            _settle(work, message.id, outcome, channels.plan.attempts)
        reach(store, "send.settled")
        if outcome.perhaps:
            done = replace(done, perhaps=done.perhaps + 1)
        elif outcome.error is None:
            done = replace(done, handed=done.handed + 1)
        elif outcome.final:
            done = replace(done, refused=done.refused + 1)
        else:
            done = replace(done, put_off=done.put_off + 1)
    return done


def collect(store: Store, by: Delivery | None = None) -> Round:
    """Take in receipts of the channels and answers of the register.

    Raises:
        ConfigError: the delivery file cannot be used.
    """
    channels = by or delivery_of(store)
    return Round(heard=_receipts(store, channels) + _answers(store, channels))


def _receipts(store: Store, by: Delivery) -> int:
    heard = 0
    for name, channel in by.channels.items():
        try:
            for receipt in list(channel.receipts()):
                try:
                    with store.write() as work:
                        message = delivery.message_of(work, receipt.key)
                        heard += delivery.take_receipt(work, name, receipt, message)
                except (NotFound, InputError, TransitionError) as error:
                    log.warning("A receipt of %s was put aside: %s", name, error)
                reach(store, "receipt.stored")
                channel.seen(receipt)
        except ChannelDown as error:
            log.warning("The receipts of %s could not be fetched: %s", name, error.code)
    return heard


def _answers(store: Store, by: Delivery) -> int:
    heard = 0
    if by.erap is None:
        return heard
    try:
        for name, answer in list(by.erap.answers()):
            try:
                with store.write() as work:
                    heard += delivery.take_answer(work, by.erap.name, answer)
            except (InputError, NotFound, TransitionError) as error:
                log.warning("An answer of %s was put aside: %s", by.erap.name, error)
                by.erap.refused(name)
            else:
                reach(store, "receipt.stored")
                by.erap.seen(name)
    except (ChannelDown, Refused) as error:
        log.warning("The answers of %s could not be fetched: %s", by.erap.name, error.code)
    return heard


def _any_waits(store: Store) -> bool:
    with store.read() as work:
        waits = exists().where(OutboxMessage.state == State.QUEUED, outbox.due(work))
        return bool(work.session.scalar(select(waits)))


def _content(work: Work, message: OutboxMessage) -> Letter | Parcel | None:
    """What is to be handed over; None where it cannot or need not be, and the message says why."""
    row = work.session.get_one(ViolationCase, message.case_id)
    if row.state != CaseState.SIGNED and message.appeal_id is None:
        outbox.call_off(work, message, f"case_{row.state}")
        return None
    try:
        return parcel_of(work, row) if message.channel == REGISTER else letter_of(work, row, message)
    except IntegrityError:
        error = "document_altered"
    except InputError:
        error = "no_address"
    outbox.refused(work, message, error, 0)
    delivery.not_handed(work, message)
    return None


def _hand_over(store: Store, by: Delivery, content: Letter | Parcel, message: OutboxMessage) -> _Outcome:
    began = monotonic()
    try:
        if isinstance(content, Parcel):
            if by.erap is not None:
                by.erap.send(content)
            external = None
        else:
            external = by.channels[message.channel].send(replace(content, leaving=_says(store, message.id))).external_id
    except Refused as error:
        return _Outcome(error=error.code, final=True, took_ms=_since(began))
    except ChannelDown as error:
        return _Outcome(error=error.code, took_ms=_since(began))
    except PerhapsSent:
        return _Outcome(perhaps=True, took_ms=_since(began))
    except OSError:
        return _Outcome(error="no_connection", took_ms=_since(began))
    return _Outcome(external, took_ms=_since(began))


def _says(store: Store, message_id: str) -> Callable[[], None]:
    """Write down that a message's content leaves, before it does."""

    def leaving() -> None:
        with store.write() as work:
            outbox.leaving(work, message_id)
        reach(store, "send.leaving")

    return leaving


def _settle(work: Work, message_id: str, outcome: _Outcome, most: int) -> None:
    message = work.session.get_one(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    if message.state != State.QUEUED:
        return  # a receipt was faster, or somebody called it off
    said = "perhaps handed over" if outcome.perhaps else "handed over" if outcome.error is None else "not handed over"
    message_left(work, message.id, message.case_id, said, outcome.error)
    if outcome.perhaps:
        outbox.perhaps(work, message, outcome.took_ms)
    elif outcome.error is None:
        outbox.handed(work, message, outcome.external_id, outcome.took_ms)
        delivery.was_handed(work, message)
    elif outcome.final:
        outbox.refused(work, message, outcome.error, outcome.took_ms)
        delivery.not_handed(work, message)
    else:
        outbox.failed(work, message, outcome.error, outcome.took_ms, most)
        if message.state == State.DEAD:
            delivery.not_handed(work, message)


def _since(began: float) -> int:
    return round(1000 * (monotonic() - began))
