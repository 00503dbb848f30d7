"""What the object store is still to be told: noted with what made it so, done soon after, tried until it is done.

A signature waits for no store of a distance: its document is durable here when its transaction commits, and in the
object store seconds later. What was erased goes there too, also where nothing of it lies here any more.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from service.objects_store.folders import ROOTS, Kind, objects_of
from service.objects_store.port import ObjectsAway, ObjectStore
from service.store.object_tables import ObjectOwed

if TYPE_CHECKING:
    from service.settings import Settings
    from service.store.database import Store, Work

MOST: Final = 200
"""Done in one round at most."""
LOST_AFTER: Final = timedelta(days=2)
"""A file that is not here so long after it was noted will not come."""

log = logging.getLogger(__name__)


def owe_put(work: Work, kind: Kind, file: str) -> None:
    """A file that this transaction names goes into the object store, where there is one."""
    _owe(work, "put", f"{kind}/{file}")


def owe_drop(work: Work, kind: Kind, place: str) -> None:
    """A file, or a folder that ends with ``/``, is erased by this transaction and leaves the object store too."""
    waiting = ObjectOwed.action == "put", ObjectOwed.key.startswith(f"{kind}/{place}", autoescape=True)
    work.session.execute(delete(ObjectOwed).where(*waiting))
    _owe(work, "drop", f"{kind}/{place}")


def pay(store: Store) -> int:
    """Do what is owed, the oldest first; how much. Where the object store does not answer, the rest waits."""
    objects = objects_of(store.settings)
    if objects is None:
        return 0
    with store.read() as work:
        rows = work.session.execute(
            select(ObjectOwed.id, ObjectOwed.action, ObjectOwed.key, ObjectOwed.since)
            .order_by(ObjectOwed.id)
            .limit(MOST)
        ).all()
        before = work.now - LOST_AFTER
    done: list[int] = []
    try:
        for number, action, key, since in rows:
            if action == "drop":
                objects.delete(key)
            elif not _put(objects, store.settings, key):
                if since > before:
                    continue
                log.warning("The file of an object is gone before it was put; its document is not named here.")
            done.append(number)
    except ObjectsAway as error:
        log.warning("%d objects wait for the store: %s.", len(rows) - len(done), error)
    if done:
        with store.write() as work:
            work.session.execute(delete(ObjectOwed).where(ObjectOwed.id.in_(done)))
    return len(done)


def _put(objects: ObjectStore, settings: Settings, key: str) -> bool:
    path = place_of(settings, key)
    try:
        objects.put(key, path)
    except FileNotFoundError:
        return False
    return True


def place_of(settings: Settings, key: str) -> Path:
    """Where the file of an object lies on this machine."""
    kind, _, file = key.partition("/")
    return ROOTS[kind](settings) / file  # type: ignore[index]


def _owe(work: Work, action: str, key: str) -> None:
    if work.store.settings.object_store is not None:
        work.session.add(ObjectOwed(action=action, key=key, since=work.now))
