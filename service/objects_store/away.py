"""Telling of an object store that does not answer: what needs it waits in the spool, and the outage is told once."""

from __future__ import annotations

import logging
import time
from typing import Final

from service.objects_store.port import ObjectsAway
from service.outages import log as outages
from service.store.database import Store

COMPONENT: Final = "disk:object store"
REASON: Final = "unreachable"
AGAIN_S: Final = 30.0
_told: dict[str, float] = {}

log = logging.getLogger(__name__)


class Away:
    """Of one round of taking."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._away = False

    def tell(self, error: ObjectsAway) -> None:
        """Something waits for the object store."""
        if not self._away and time.monotonic() - _told.get(COMPONENT, -AGAIN_S) >= AGAIN_S:
            _told[COMPONENT] = time.monotonic()
            log.warning("Events wait in the spool: %s.", error)
            outages.begin(self._store, COMPONENT, REASON)
        self._away = True

    def settle(self) -> None:
        """The round is over: where everything was taken again, the outage is."""
        if not self._away and COMPONENT in _told:
            outages.end(self._store, COMPONENT)
            del _told[COMPONENT]
