"""One round of the exchange: what changed is told; the KPIs as they stand once an hour."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from service.exchange.publisher import Published, publish
from service.exchange.push import push
from service.exchange.tell_kpis import EVERY, provisional

if TYPE_CHECKING:
    from service.exchange.drafts import Draft
    from service.store.database import Store

log = logging.getLogger(__name__)


class Exchange:
    """What the exchange keeps in mind from round to round: when the KPIs were told last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._told: datetime | None = None

    def round(self) -> Published:
        """Tell what waits, then the KPIs where they are due, and push where that is asked for.

        Alarms go first: no reckoning holds them up.
        """
        done = publish(self._store)
        kpis = self._kpis()
        if kpis:
            told = publish(self._store, kpis)
            done = Published(done.records + told.records, done.new + told.new)
        push(self._store)
        return done

    def _kpis(self) -> tuple[Draft, ...]:
        """Provisional values where an hour has passed; a failure there must not hold up an alarm."""
        now = self._store.clock()
        if self._told is not None and now - self._told < EVERY:
            return ()
        self._told = now
        try:
            return provisional(self._store)
        except Exception:
            log.exception("The provisional KPIs could not be told.")
            return ()
