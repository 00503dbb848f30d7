"""The webhook: the alert as JSON, signed over the moment and the body."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any, Final

import httpx

from evidence.canonical import canonical_json
from qyran.errors import ConfigError
from service.notifying.facts import as_json
from service.notifying.messages import Note
from service.notifying.routing import Receiver
from service.notifying.words import event_words, link_of
from service.ports.channels import Refused
from service.ports.http import Peer
from service.store.database import Store

SIGNATURE: Final = "qyran-signature"
TIMESTAMP: Final = "qyran-timestamp"
TOLERANCE: Final = timedelta(minutes=5)
"""How old a signature a receiver should take; what is older was perhaps recorded and played again."""
CONFLICT: Final = 409  # it has the key already: who answers so has the message


class Webhook:
    """POST to the receiver's address; any 2xx is the proof that it has the message."""

    def __init__(self, store: Store, receiver: Receiver) -> None:
        """As `channel_of` makes it."""
        self._store, self._peer = store, receiver.peer()
        secret = receiver.read("secret")
        if secret is None:
            raise ConfigError(f"The receiver {receiver.id} has no secret to sign with.")
        self._secret = secret.encode()
        self._line = self._peer.open(receiver.parallel)

    def send(self, note: Note) -> bool:
        """Hand a message over."""
        body = canonical_json(body_of(self._store, note))
        moment = str(round(self._store.clock().timestamp()))
        headers = {TIMESTAMP: moment, SIGNATURE: signature(self._secret, moment, body), "qyran-step": note.step}
        post(self._peer, self._line, body, "application/json", note.key, headers)
        return True

    def close(self) -> None:
        """Give connections back."""
        self._line.close()


def body_of(store: Store, note: Note) -> dict[str, Any]:
    """What is sent; the same at every attempt."""
    return {
        "key": note.key,
        "step": note.step,
        "status": "test" if note.is_test else "exercise" if note.facts.is_drill else "actual",
        "version": note.seq,
        "previous": note.earlier[-1].key if note.earlier else None,
        "sent": note.sent.isoformat(timespec="milliseconds"),
        "city": store.settings.city_id,
        "event": event_words(note.facts.kind),
        "web": link_of(store.settings, note.facts),
        "alert": as_json(note.facts),
    }


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over ``timestamp.body``, as the header has it."""
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def post(peer: Peer, line: httpx.Client, body: bytes, media: str, key: str, headers: dict[str, str]) -> None:
    """POST a message; returns where the receiver has it.

    Raises:
        ChannelDown: not now.
        Refused: it will never take it.
    """
    answer = peer.ask("POST", "", content=body, media=media, key=key, headers=headers, by=line)
    if not answer.is_success and answer.status_code != CONFLICT:
        raise Refused(f"http_{answer.status_code}")
