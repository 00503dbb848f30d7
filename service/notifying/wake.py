"""Waking who delivers as soon as a transaction that queued something is committed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from service.store.database import Store, Work

MARK: Final = "alerts_queued"


class Bell:
    """Rings in this process; who listens is called in the thread that rings, and only puts it down."""

    def __init__(self) -> None:
        self._listeners: set[Callable[[], None]] = set()
        self._guard = threading.Lock()

    def ring(self) -> None:
        """Something was committed."""
        with self._guard:
            listeners = tuple(self._listeners)
        for one in listeners:
            one()

    def listen(self, listener: Callable[[], None]) -> None:
        """Be called from now on."""
        with self._guard:
            self._listeners.add(listener)

    def leave(self, listener: Callable[[], None]) -> None:
        """Be called no more."""
        with self._guard:
            self._listeners.discard(listener)


_bells: WeakKeyDictionary[Engine, Bell] = WeakKeyDictionary()
_making: Final = threading.Lock()


def bell_of(store: Store) -> Bell:
    """The bell of a store in this process."""
    with _making:
        return _bells.setdefault(store.engine, Bell())


def ring_after(work: Work) -> None:
    """Ring once this unit of work is committed."""
    session: Session = work.session
    if session.info.get(MARK):
        return
    session.info[MARK] = True
    bell = bell_of(work.store)
    event.listen(session, "after_commit", lambda _: bell.ring(), once=True)
