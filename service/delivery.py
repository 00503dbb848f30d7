"""What became of a decision outside: queued at signing, registered, notified, delivered, or on to the next channel."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import Role
from service import fines
from service.access import log_access, require
from service.attributes import change
from service.delivery_settings import EMAIL, POST, REGISTER, SMS, Plan, plan_of
from service.outbox import OPEN, State, again, enqueue, messages_of, was_sent
from service.ports.channels import Receipt
from service.ports.erap import Answer
from service.ports.http import code_of
from service.records import load
from service.store.database import Work
from service.store.delivery_tables import DeliveryReceipt, OutboxMessage
from service.store.events import append_event, facts_of
from service.store.fine_tables import Appeal, AppealResolution
from service.store.tables import ViolationCase
from violations.case import Attribute, CaseState

log = logging.getLogger(__name__)

TO_OWNER: Final = (SMS, EMAIL, POST)
ADDRESS_GIVERS: Final = frozenset({Role.SENIOR_OFFICER, Role.POLICE_OFFICER})
SLACK: Final = timedelta(minutes=5)  # clocks of others may differ so far from ours
FORMS: Final = {
    SMS: re.compile(r"\+7\d{10}"),
    EMAIL: re.compile(r"[^@\s<>\"']{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])"),
    POST: re.compile(r"[^\x00-\x1f]{5,300}"),
}
FORM_WORDS: Final = {
    SMS: "A telephone number is written as +77010000000.",
    EMAIL: "An e-mail address is written as name@example.kz.",
    POST: "A postal address has 5 to 300 characters on one line.",
}


def begin(work: Work, row: ViolationCase) -> None:
    """A decision was signed: queue it for the register, then for its owner, in this transaction."""
    plan = plan_of(work.store)
    if plan.register:
        enqueue(work, row, REGISTER)
    queue_notice(work, row, plan)


def queue_notice(
    work: Work, row: ViolationCase, plan: Plan | None = None, *, appeal_id: str | None = None
) -> OutboxMessage | None:
    """Queue a document by the first channel not tried yet that there is an address for; None where none is left.

    Args:
        work: the unit of work.
        row: a signed case.
        plan: of delivery, the installation's where not given.
        appeal_id: the appeal whose resolution it is; None for the decision itself.
    """
    wanted = (plan or plan_of(work.store)).notify
    tried = {one.channel for one in messages_of(work, row.id) if one.appeal_id == appeal_id}
    facts = facts_of(work.session, work.store.vault, [row.id])[row.id]
    for channel in wanted:
        if channel not in tried and address_of(facts, channel):
            return enqueue(work, row, channel, appeal_id=appeal_id)
    return None


def address_of(facts: Mapping[str, Any], channel: str) -> str | None:
    """Where a channel reaches the owner: what an officer entered before what the register said."""
    given = facts.get(f"address_{channel}")
    if given:
        return str(given)
    owner = facts.get("owner") or {}
    name = {SMS: "phone", EMAIL: "email", POST: "address"}[channel]
    found = str(owner.get(name) or "").strip()
    return found if FORMS[channel].fullmatch(found) else None


def give_address(work: Work, case_id: str, channel: str, address: str) -> None:
    """An officer enters an address, and the notice goes there: nothing was known, or what was known did not work.

    The address is kept sealed in the case's chain.

    Raises:
        AccessError: the actor is no officer.
        InputError: no such channel, or no address of its form.
        TransitionError: the decision is not signed, cancelled or delivered, or a message is still under way.
    """
    role = require(work.actor, ADDRESS_GIVERS)
    row = load(work, ViolationCase, case_id)
    if channel not in TO_OWNER:
        raise InputError(f"There is no channel {channel}.")
    text = " ".join(address.split())
    if not FORMS[channel].fullmatch(text):
        raise InputError(FORM_WORDS[channel])
    appeal_id = untold(work, case_id)
    if appeal_id is None and (row.state != CaseState.SIGNED or row.delivery == "delivered"):
        raise TransitionError("An address is entered for a signed decision that was not delivered yet.")
    sent = [one for one in messages_of(work, case_id) if one.appeal_id == appeal_id]
    if any(one.channel in TO_OWNER and one.state == State.QUEUED for one in sent):
        raise TransitionError("A message of this decision is still on its way; wait for what becomes of it.")
    append_event(work, row, "address", role, data={"channel": channel}, payload={f"address_{channel}": text})
    enqueue(work, row, channel, appeal_id=appeal_id)
    log_access(work, role, "address_given", case_id)


def untold(work: Work, case_id: str) -> str | None:
    """The appeal of a case whose resolution did not reach the person yet; None where there is none."""
    query = select(Appeal.id).join(AppealResolution, AppealResolution.appeal_id == Appeal.id)
    waiting = query.where(Appeal.case_id == case_id, Appeal.told_on.is_(None)).order_by(Appeal.number.desc())
    return work.session.scalars(waiting.limit(1)).first()


def send_again(work: Work, message_id: str) -> None:
    """A person saw to what was wrong: the message leaves again, see `service.outbox.again`."""
    message = again(work, message_id)
    row = load(work, ViolationCase, message.case_id)
    if row.state != CaseState.SIGNED and message.appeal_id is None:
        raise TransitionError("The decision is not in force any more; nothing is sent of it.")


def say_sent(work: Work, message_id: str) -> None:
    """A person found out that a message of which nobody knew has left, see `service.outbox.was_sent`."""
    was_handed(work, was_sent(work, message_id))


def was_handed(work: Work, message: OutboxMessage) -> None:
    """A channel took a message: the register has it, or the owner is notified."""
    if message.appeal_id is not None:
        return
    row = load(work, ViolationCase, message.case_id)
    if message.channel == REGISTER:
        if row.registration in {"pending", "refused"}:
            change(work, row, Attribute.REGISTRATION, "sent", data={"message": message.id})
    else:
        reached(work, row, "notified", work.now, channel=message.channel)


def not_handed(work: Work, message: OutboxMessage) -> None:
    """A message was refused or given up: another channel tries."""
    if message.channel in TO_OWNER:
        row = load(work, ViolationCase, message.case_id)
        if message.appeal_id is not None:
            queue_notice(work, row, appeal_id=message.appeal_id)
        elif row.state == CaseState.SIGNED and row.delivery in {"pending", "undeliverable"}:
            queue_notice(work, row)


def reached(
    work: Work, row: ViolationCase, target: str, at: datetime, *, channel: str | None, reason: str | None = None
) -> bool:
    """Move the delivery of a case on by what a channel or the register said; False where that says nothing new.

    A delivery told before its notification counts as both. That one channel failed counts once no other is under way.
    """
    data = {name: value for name, value in (("channel", channel), ("reason", reason)) if value}
    now = row.delivery
    if target == "undeliverable":
        if now != "notified" or _under_way(work, row):
            return False
        change(work, row, Attribute.DELIVERY, target, at=at, data=data)
        return True
    if now in {"delivered", target}:
        return False
    if now in {"pending", "undeliverable"}:
        change(work, row, Attribute.DELIVERY, "notified", at=at, data=data)
    if target == "delivered":
        change(work, row, Attribute.DELIVERY, target, at=at, data=data)
        fines.settle(work, row)  # the terms begin: what was paid before counts by them
    return True


def _under_way(work: Work, row: ViolationCase) -> bool:
    sent = (one for one in messages_of(work, row.id) if one.appeal_id is None)
    return any(one.channel in TO_OWNER and one.state in OPEN for one in sent)


def take_receipt(work: Work, channel: str, receipt: Receipt, message: OutboxMessage) -> bool:
    """Store what a channel said of a message; False where it was told before.

    Raises:
        InputError: it speaks of a moment before the decision or in the future.
    """
    if work.session.get(DeliveryReceipt, (channel, receipt.receipt)) is not None:
        return False
    row = load(work, ViolationCase, message.case_id)
    if row.t_signed is None or not row.t_signed - SLACK <= receipt.time <= work.now + SLACK:
        raise InputError(f"The receipt {receipt.receipt} of {channel} speaks of a moment that cannot be.")
    # Mail tells whole seconds, and clocks differ: nothing was delivered before it was signed.
    receipt = receipt.model_copy(update={"time": max(receipt.time, row.t_signed)})
    reason = code_of(receipt.reason)
    work.session.add(
        DeliveryReceipt(
            channel=channel,
            receipt=receipt.receipt,
            message_id=message.id,
            kind=receipt.kind,
            reason=reason,
            time=receipt.time,
            stored_at=work.now,
        )
    )
    if message.state not in {State.QUEUED, State.PRINTED, State.HANDED, State.DEAD, State.PERHAPS}:
        return True  # settled long ago: kept, and nothing more
    if message.state != State.HANDED:
        message.handed_at, message.leased_until = receipt.time, None
    message.state = State.HANDED if receipt.kind == "accepted" else State(receipt.kind)
    message.settled_at = None if receipt.kind == "accepted" else work.now
    message.error = reason if receipt.kind == "undeliverable" else None
    if message.appeal_id is not None:
        _follow_resolution(work, row, message, receipt)
    elif row.state == CaseState.SIGNED:
        _follow(work, row, message, receipt)
    return True


def _follow_resolution(work: Work, row: ViolationCase, message: OutboxMessage, receipt: Receipt) -> None:
    """The person has the answer to his complaint: the terms run again. Or it did not reach him: the next channel."""
    appeal = work.session.get_one(Appeal, message.appeal_id)
    if receipt.kind == "undeliverable":
        queue_notice(work, row, appeal_id=appeal.id)
    elif receipt.kind == "delivered" and message.channel in plan_of(work.store).starts_terms and not appeal.told_on:
        answered = appeal.answered_at or receipt.time
        fines.told(work, row, appeal, fines.day_of(work, max(receipt.time, answered)))


def _follow(work: Work, row: ViolationCase, message: OutboxMessage, receipt: Receipt) -> None:
    if receipt.kind == "accepted":
        reached(work, row, "notified", receipt.time, channel=message.channel)
        return
    starts = message.channel in plan_of(work.store).starts_terms
    if receipt.kind == "delivered":
        reached(work, row, "delivered" if starts else "notified", receipt.time, channel=message.channel)
        return
    reached(work, row, "notified", message.handed_at or receipt.time, channel=message.channel)
    reached(work, row, "undeliverable", receipt.time, channel=message.channel, reason=message.error)
    if row.delivery == "undeliverable":
        queue_notice(work, row)


def take_answer(work: Work, name: str, answer: Answer) -> bool:
    """Store what the register answered; False where it was told before.

    Raises:
        NotFound: there is no such case.
        InputError: it cannot be: before the signature, or under a second number.
        TransitionError: the case's table does not allow it.
    """
    row = load(work, ViolationCase, answer.case_id)
    if row.t_signed is None or answer.time < row.t_signed:
        raise InputError(f"{name} answered for the case {row.id} before it was signed.")
    if answer.kind in {"registered", "refused"}:
        return _registered(work, row, name, answer)
    moved = reached(work, row, answer.kind, answer.time, channel=answer.channel, reason=code_of(answer.reason))
    if row.delivery == "undeliverable" and row.state == CaseState.SIGNED:
        queue_notice(work, row)
    return moved


def _registered(work: Work, row: ViolationCase, name: str, answer: Answer) -> bool:
    if row.registration == answer.kind:
        if answer.kind == "registered" and answer.number != row.register_no:
            raise InputError(f"{name} gave the case {row.id} a second number.")
        return False
    message = next((one for one in messages_of(work, row.id) if one.channel == REGISTER), None)
    if row.registration == "pending" and message is not None and message.attempts:
        was_handed(work, message)  # it was handed over, and whoever did it died before he could say so
    given = answer.model_dump(include={"number"}, exclude_none=True)
    reason = code_of(answer.reason)
    data = {"from": name, **given, **({"reason": reason} if reason else {})}
    change(work, row, Attribute.REGISTRATION, answer.kind, at=answer.time, data=data)
    if message is not None:
        message.handed_at = message.handed_at or work.now
        message.state = State.DELIVERED if answer.kind == "registered" else State.REFUSED
        message.settled_at, message.leased_until, message.error = work.now, None, reason
    return True


def message_of(work: Work, key: str) -> OutboxMessage:
    """The message a channel speaks of.

    Raises:
        NotFound: it is none of ours.
    """
    found = work.session.query(OutboxMessage).filter(OutboxMessage.key == key).with_for_update().one_or_none()
    if found is None:
        raise NotFound("A receipt names no message of ours.")
    return found
