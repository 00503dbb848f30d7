"""What services answer to CAP messages: Ack takes an alert on, Error says that a message could not be used."""

from __future__ import annotations

import hmac
import logging
from typing import Final

from sqlalchemy import select

from incidents.cap.message import Message, MsgType
from incidents.cap.xml import from_xml
from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import SYSTEM, Role
from service.notifying import messages
from service.notifying.messages import State
from service.notifying.routing import Receiver, standing_file
from service.settings import Settings, read_secret
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.events import append_event
from service.store.notice_tables import AlertMessage

LARGEST: Final = 64 << 10
"""Bytes of an answer: it names messages and says a sentence."""
MOST_NOTE: Final = 255
LEAST_TOKEN: Final = 16
"""Characters of a token that lets a machine of others in."""
MOST_REFERENCES: Final = 200

log = logging.getLogger(__name__)


def receiver_of(settings: Settings, token: str | None) -> Receiver:
    """The receiver whose token this is.

    Raises:
        AccessError: nobody's.
    """
    found = None
    for one in standing_file(settings).receivers:
        if (
            one.inbound_token is not None
            and token
            and hmac.compare_digest(read_secret(one.inbound_token, least=LEAST_TOKEN), token)
        ):
            found = one
    if found is None:
        raise AccessError("The token is absent or wrong.")
    return found


def take_answer(work: Work, receiver: Receiver, data: bytes) -> int:
    """Take in an answer; how many messages it said something new about. A repetition changes nothing.

    Raises:
        InputError: it is too long, no XML, no CAP 1.2, or neither Ack nor Error.
        NotFound: it speaks of no message that this receiver was sent.
    """
    if len(data) > LARGEST:
        raise InputError(f"An answer of more than {LARGEST} bytes is not taken.")
    message = from_xml(data)
    if message.msg_type not in {MsgType.ACK, MsgType.ERROR}:
        raise InputError(f"A CAP message of the type {message.msg_type} is no answer: send Ack or Error.")
    if len(message.references) > MOST_REFERENCES:
        raise InputError(f"An answer speaks of at most {MOST_REFERENCES} messages.")
    rows = _of(work, receiver, message)
    if not rows:
        raise NotFound("The answer's references name no message that was sent to you.")
    taken = _acknowledged if message.msg_type is MsgType.ACK else _faulted
    return sum(taken(work, receiver, row, message) for row in rows)


def _of(work: Work, receiver: Receiver, message: Message) -> list[AlertMessage]:
    keys = [one.identifier for one in message.references]
    known = select(AlertMessage.alert_id).where(AlertMessage.receiver == receiver.id, AlertMessage.key.in_(keys))
    messages.lock_alerts(work, work.session.scalars(known.distinct()))
    query = select(AlertMessage).where(AlertMessage.receiver == receiver.id, AlertMessage.key.in_(keys))
    return list(work.session.scalars(query.order_by(AlertMessage.id).with_for_update()))


def _acknowledged(work: Work, receiver: Receiver, row: AlertMessage, message: Message) -> bool:
    if row.acknowledged_at is not None:
        return False
    messages.proved_delivered(work, receiver, row)
    row.acknowledged_at, row.answer = work.now, (message.note or "")[:MOST_NOTE] or None
    alert = work.session.get_one(Alert, row.alert_id, with_for_update=True, populate_existing=True)
    told = {"channel": receiver.channel, "recipient": receiver.counted_as, "message": row.key}
    append_event(_as_system(work), alert, "acknowledged_by_service", Role.SYSTEM, data=told)
    return True


def _faulted(work: Work, receiver: Receiver, row: AlertMessage, message: Message) -> bool:
    """The service could not use it: a person has to see to that."""
    if row.acknowledged_at is not None or row.state == State.REFUSED:
        return False
    row.state, row.settled_at, row.leased_until = State.REFUSED, work.now, None
    row.error, row.answer = "cap_error", (message.note or "")[:MOST_NOTE] or None
    log.warning("The receiver %s could not use the message %s.", receiver.id, row.key)
    return True


def _as_system(work: Work) -> Work:
    return Work(work.store, work.session, SYSTEM, work.now)
