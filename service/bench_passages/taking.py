"""The processes that take: one takes cases and alarms, the others segments, as `qyran serve` and `qyran ingest`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from service.ingest import Taken, ingest_items, ingest_segments
from service.passage_retention import keep_months
from service.rollups import refresh
from service.settings import load_settings
from service.spool import Spool
from service.store.database import open_store

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event as Flag

LOOK_S = 0.05
TIDY_S = 60.0


def take(home: str, database_url: str, number: int, stop: Flag, stored: Any) -> None:
    """Take until told to stop and nothing waits any more.

    Args:
        home: of the installation.
        database_url: of its store.
        number: 0 takes what has files or an order and keeps the days of KPIs, the others take segments.
        stop: set when nobody puts any more.
        stored: counts what was stored, shared.
    """
    settings = load_settings(home=home, database_url=database_url)
    store, spool = open_store(settings), Spool(settings.spool_folder)
    tidy = time.monotonic() + TIDY_S

    def told(taken: Taken) -> None:
        stored.value += taken.stored

    while True:
        ending = stop.is_set()
        if number == 0:
            told(ingest_items(spool, store))
        else:
            ingest_segments(spool, store, told)
        if number == 0 and time.monotonic() >= tidy:
            keep_months(store)
            refresh(store)
            tidy = time.monotonic() + TIDY_S
        if ending and not len(spool):
            break
        time.sleep(LOOK_S)
    store.close()
