"""CAP 1.2 over HTTP: POST of the message; the receiver's Ack or Error comes to the inbound endpoint."""

from __future__ import annotations

from incidents.cap.xml import to_xml
from service.notifying.cap_messages import MEDIA, cap_of
from service.notifying.channels.webhook import post
from service.notifying.messages import Note
from service.notifying.routing import Receiver
from service.store.database import Store


class CapOverHttp:
    """Any 2xx is the proof that the service's system has the message."""

    def __init__(self, store: Store, receiver: Receiver) -> None:
        """As `channel_of` makes it."""
        self._store, self._receiver, self._peer = store, receiver, receiver.peer()
        self._line = self._peer.open(receiver.parallel)

    def send(self, note: Note) -> bool:
        """Hand a message over."""
        body = to_xml(cap_of(self._store.settings, self._receiver, note))
        post(self._peer, self._line, body, MEDIA, note.key, {})
        return True

    def close(self) -> None:
        """Give connections back."""
        self._line.close()
