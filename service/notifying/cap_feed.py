"""The feed of a receiver that fetches: Atom (RFC 4287), each entry a CAP message of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from sqlalchemy import select

from incidents.cap.message import Message
from incidents.cap.xml import to_xml
from qyran.errors import AccessError, NotFound
from service.notifying import messages
from service.notifying.cap_messages import MEDIA, cap_of, sender_of
from service.notifying.messages import Note, State, note_of
from service.notifying.routing import Receiver
from service.store.database import Work
from service.store.notice_tables import AlertMessage, AlertReceiver

ATOM: Final = "http://www.w3.org/2005/Atom"
ATOM_MEDIA: Final = "application/atom+xml"
SPAN: Final = timedelta(days=1)
MOST: Final = 500
NOTED_EVERY: Final = timedelta(seconds=10)
"""How often it is written down that the feed was read."""

register_namespace("atom", ATOM)


def feed_of(work: Work, receiver: Receiver, path: str) -> tuple[bytes, datetime | None]:
    """The messages of the last day, the newest first, and when the newest was published.

    Args:
        work: the unit of work.
        receiver: who reads.
        path: address below which messages are fetched by their keys.

    Raises:
        AccessError: the receiver is told in another way.
    """
    if receiver.channel != "pull":
        raise AccessError(f"The receiver {receiver.id} is told by {receiver.channel}; it has no feed.")
    rows = work.session.scalars(
        select(AlertMessage)
        .where(
            AlertMessage.receiver == receiver.id,
            AlertMessage.state == State.HANDED,
            AlertMessage.settled_at >= work.now - SPAN,
        )
        .order_by(AlertMessage.id.desc())
        .limit(MOST)
    ).all()
    known = work.session.get(AlertReceiver, receiver.id)
    if known is not None and (known.pulled is None or work.now - known.pulled > NOTED_EVERY):
        known.pulled = work.now
    newest = max((row.created_at for row in rows), default=None)
    settings = work.store.settings
    base = f"{settings.public_url}{path}"
    root = Element(f"{{{ATOM}}}feed")
    _put(root, "id", base)
    _put(root, "title", settings.city_name["en"])
    _put(root, "updated", _moment(newest or datetime.fromtimestamp(0, UTC)))
    SubElement(root, f"{{{ATOM}}}link", {"rel": "self", "href": base})
    _put(SubElement(root, f"{{{ATOM}}}author"), "name", sender_of(settings).id)
    for row in rows:
        _entry(root, cap_of(settings, receiver, note_of(work, row)), f"{base}/{row.key}")
    return tostring(root, encoding="utf-8", xml_declaration=True), newest


def message_of(work: Work, receiver: Receiver, key: str) -> bytes:
    """One message of a receiver's feed; that it is fetched proves the delivery.

    Raises:
        NotFound: it was not told so.
    """
    row = work.session.scalar(
        select(AlertMessage).where(AlertMessage.key == key, AlertMessage.receiver == receiver.id).with_for_update()
    )
    if row is None or row.state != State.HANDED:
        raise NotFound("There is no such message for you.")
    messages.proved_delivered(work, receiver, row)
    note: Note = note_of(work, row)
    return to_xml(cap_of(work.store.settings, receiver, note))


def _entry(root: Element, message: Message, href: str) -> None:
    entry = SubElement(root, f"{{{ATOM}}}entry")
    _put(entry, "id", f"urn:{message.identifier}")
    _put(entry, "title", message.infos[0].headline or message.infos[0].event)
    _put(entry, "updated", _moment(message.sent))
    _put(entry, "summary", f"{message.status} {message.msg_type} {message.infos[0].severity}")
    SubElement(entry, f"{{{ATOM}}}category", {"term": message.msg_type})
    SubElement(entry, f"{{{ATOM}}}link", {"rel": "alternate", "type": MEDIA, "href": href})


def _put(to: Element, name: str, text: str) -> None:
    SubElement(to, f"{{{ATOM}}}{name}").text = text


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
