"""A receiver that fetches: what is queued for it stands in its feed at once."""

from __future__ import annotations

from service.notifying.messages import Note
from service.notifying.routing import Receiver
from service.store.database import Store


class Pull:
    """Nothing leaves; `service.notifying.cap_feed` gives what stands here."""

    def __init__(self, store: Store, receiver: Receiver) -> None:
        """As `channel_of` makes it."""

    def send(self, note: Note) -> bool:  # noqa: ARG002  it lies in the outbox
        """It is published; that it was read is proved by reading."""
        return False

    def close(self) -> None:
        """Nothing is held."""
