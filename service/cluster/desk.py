"""Where a machine's keeper speaks: the store itself, or the service that has it (`service.forwarding.client`)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.exc import IntegrityError, OperationalError

from qyran.errors import StreamError
from service.cluster.lease_clock import LeaseClock
from service.cluster.leases import Answer, Beat, beat, bequeath
from service.store.database import Store


class DeskAway(StreamError):
    """Nobody answers; say it again."""


class LeaseDesk(Protocol):
    """Takes a machine's words about its cameras."""

    def beat(self, word: Beat) -> Answer:
        """See `leases.beat`.

        Raises:
            DeskAway: nobody answered; whether the word was heard is not known.
            AccessError: the machine may not speak.
        """

    def bequeath(self, heirs: Mapping[str, str | None]) -> tuple[str, ...]:
        """See `leases.bequeath`.

        Raises:
            DeskAway: nobody answered.
            AccessError: a camera is another machine's, and this one is no controller.
        """


@dataclass(slots=True)
class StoreDesk:
    """The store itself, for a machine that reaches the database; thread-safe.

    Attributes:
        store: where leases are.
        machine: in whose name.
        controller: whether it may leave cameras of others to others.
        clock: what this process knows of other machines' words.
    """

    store: Store
    machine: str
    controller: bool = False
    clock: LeaseClock = field(default_factory=LeaseClock)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def beat(self, word: Beat) -> Answer:
        """See `LeaseDesk`."""
        return self.beat_of(self.machine, word)

    def beat_of(self, machine: str, word: Beat) -> Answer:
        """The word of any machine, for the service that hears them all."""
        try:
            with self._lock, self.store.write() as work:
                return beat(work, machine, word, self.clock)
        except (OperationalError, IntegrityError) as error:
            raise DeskAway(f"The store did not take the word of {machine} ({type(error).__name__}).") from None

    def bequeath(self, heirs: Mapping[str, str | None]) -> tuple[str, ...]:
        """See `LeaseDesk`."""
        try:
            with self.store.write() as work:
                return bequeath(work, heirs, holder=None if self.controller else self.machine)
        except OperationalError as error:
            raise DeskAway(f"The store did not answer {self.machine} ({type(error).__name__}).") from None
