"""The server's own pulse, and that of the database and the cameras: what stopped without a word is found afterwards.

Who is killed says nothing. So the running service notes every few seconds that it is alive; the next one to start finds
how long nobody did. A camera's worker reports what it analysed; where nothing came for long though the stream is said
to be up, its worker is down.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from qyran.roles import SYSTEM
from service.outages.log import begin_in, end_in, past
from service.store.database import Store, Work
from service.store.response_tables import Heartbeat, Outage
from service.store.scene_tables import CameraFile
from service.store.tables import Camera
from vision.stream import is_live

SERVER: Final = "server"
DATABASE: Final = "database"
BEAT: Final = timedelta(seconds=5)
"""How often the server notes that it is alive: a row of a few bytes, once in five seconds."""
MISSED: Final = 3 * BEAT
"""Without a beat for so long it was down; one beat may wait for a long transaction of others."""
SILENT: Final = timedelta(seconds=90)
"""Without a word of what was analysed for so long the worker is down: it reports every half minute."""


class Pulse:
    """The pulse of one process; `start`, then `beat` again and again, then `stop`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unreachable: datetime | None = None

    def start(self) -> timedelta | None:
        """Note that the server runs, and how long it did not; None where nothing was missed."""
        with self._store.write(SYSTEM) as work:
            row = work.session.get(Heartbeat, SERVER, with_for_update=True)
            gap = None
            if row is not None and work.now - row.at > (MISSED if not row.stopped else timedelta(0)):
                gap = work.now - row.at
                past(work, SERVER, "stopped" if row.stopped else "killed", row.at, work.now)
            _beat(work, row)
        return gap

    def beat(self) -> None:
        """Note that the server is alive; while the database is away, remember since when and note it afterwards."""
        moment = self._store.clock()
        try:
            with self._store.write(SYSTEM) as work:
                row = work.session.get(Heartbeat, SERVER, with_for_update=True)
                if self._unreachable is not None:
                    past(work, DATABASE, "unreachable", self._unreachable, work.now)
                _beat(work, row)
        except DBAPIError:
            self._unreachable = self._unreachable or moment
            raise
        self._unreachable = None

    def stop(self) -> None:
        """Note that the server is ended in good order."""
        with self._store.write(SYSTEM) as work:
            row = work.session.get(Heartbeat, SERVER, with_for_update=True)
            if row is not None:
                row.at, row.stopped = work.now, True


def watch_workers(store: Store) -> int:
    """Note workers that fell silent and those that are heard of again; how many changed."""
    with store.read() as work:
        changes = _silence(work)
    if not changes:
        return 0
    with store.write(SYSTEM) as work:
        for camera, since, silent in changes:
            if silent:
                begin_in(work, f"worker:{camera}", "silent", at=since)
            else:
                end_in(work, f"worker:{camera}", at=since)
    return len(changes)


def stream_told(work: Work, camera: str, kind: str, at: datetime) -> None:
    """A worker says that a camera's stream went down or came up; a recording that has ended is no outage."""
    component = f"camera:{camera}"
    if kind == "down" and not _recorded(work, camera):
        begin_in(work, component, "stream_lost", at=at)
    elif kind == "up":
        end_in(work, component, at=at)


def _recorded(work: Work, camera: str) -> bool:
    row = work.session.get(Camera, camera)
    file = None if row is None else work.session.get(CameraFile, (camera, row.file_version))
    return file is not None and not is_live(str(file.content.get("stream", "")))


def _silence(work: Work) -> list[tuple[str, datetime, bool]]:
    """Cameras whose worker fell silent or is heard of again: since when, and whether it is silent."""
    prefix = "worker:"
    open_now = set(
        work.session.scalars(
            select(Outage.component).where(Outage.end.is_(None), Outage.component.startswith(prefix, autoescape=True))
        )
    )
    found = []
    rows = select(Camera.id, Camera.status, Camera.last_analysed).where(
        Camera.retired.is_(None), Camera.last_analysed.is_not(None)
    )
    for camera, status, last in work.session.execute(rows):
        if last is None:
            continue
        silent = bool(status == "up" and work.now - last > SILENT)
        if silent is not (f"{prefix}{camera}" in open_now):
            found.append((camera, last, silent))
    return found


def _beat(work: Work, row: Heartbeat | None) -> None:
    if row is None:
        work.session.add(Heartbeat(component=SERVER, at=work.now, stopped=False))
    else:
        row.at, row.stopped = work.now, False
