"""Staff of the protected object that burns: their addresses come from the register, and each look there is logged."""

from __future__ import annotations

from typing import Final

from qyran.errors import NotFound
from qyran.roles import SYSTEM
from service.notifying.messages import Note
from service.notifying.routing import STAFF, Receiver
from service.ports.channels import Refused
from service.protected_objects import contacts
from service.protected_objects.model import Contact
from service.protected_objects.register import load
from service.protected_objects.sealed import contacts_of
from service.store.database import Store, Work

FIELDS: Final = {"sms": "phone", "email": "email"}
"""What of a contact a channel needs."""


def reaches(work: Work, receiver: Receiver, object_id: str | None) -> bool:
    """Whether anybody can be reached: a receiver that is the object's staff hears of objects with contacts only."""
    if receiver.to != STAFF:
        return True
    if object_id is None:
        return False
    try:
        row = load(work, object_id)
    except NotFound:
        return False
    return bool(_addresses(receiver, contacts_of(work, row.version_id)))


def addresses_of(store: Store, receiver: Receiver, note: Note) -> tuple[str, ...]:
    """Where a message goes: the receiver's own address, or those of the object's staff as they stand now.

    Raises:
        Refused: nobody of the staff can be reached, or it is a test, which must not wake them.
    """
    if receiver.to != STAFF:
        return (receiver.to or "",)
    object_id = note.facts.object_id
    if note.is_test or object_id is None:
        raise Refused("no_addressee")
    with store.write(SYSTEM) as work:
        try:
            found = _addresses(receiver, contacts(work, object_id))
        except NotFound:
            found = ()
    if not found:
        raise Refused("no_addressee")
    return found


def _addresses(receiver: Receiver, people: tuple[Contact, ...]) -> tuple[str, ...]:
    field = FIELDS.get(receiver.channel, "email")
    return tuple(dict.fromkeys(to for one in people if (to := getattr(one, field))))
