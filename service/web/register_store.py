"""What the registers' pages ask the store; nothing here changes a record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import func, select

from kpi_catalog.facts.spans import common, hours, joined
from kpi_catalog.records import Interval
from service.auth import names
from service.camera_secrets import KIND
from service.event import VIEWS
from service.store.database import Work
from service.store.scene_tables import CameraFile
from service.store.tables import AccessLog, Camera, CameraLog, LedgerRoot, Passage
from vision.types import View, ViewState


@dataclass(frozen=True, slots=True)
class Look:
    """One line of the access journal."""

    at: datetime
    who: str
    role: str
    action: str
    record: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Root:
    """A signed root of the ledger."""

    id: int
    time: datetime
    root: str


def passages_since(work: Work, since: datetime, cameras: Collection[str]) -> dict[str, int]:
    """How many vehicles passed the control lines of some cameras."""
    query = select(Passage.camera_id, func.count()).where(Passage.time >= since, Passage.camera_id.in_(cameras))
    query = query.group_by(Passage.camera_id)
    return {row[0]: row[1] for row in work.session.execute(query)}


def sealed_names(work: Work, cameras: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Names of sealed passwords that some cameras ask for, and those cameras."""
    found: dict[str, list[str]] = {}
    joined_on = (CameraFile.camera_id == Camera.id) & (CameraFile.version == Camera.file_version)
    query = select(Camera.id, CameraFile.content).join(CameraFile, joined_on).order_by(Camera.id)
    query = query.where(Camera.id.in_(cameras))
    for camera_id, content in work.session.execute(query):
        kind, _, name = str(content.get("credentials") or "").partition(":")
        if kind == KIND:
            found.setdefault(name, []).append(camera_id)
    return {name: tuple(ids) for name, ids in found.items()}


def analysed_shares(work: Work, since: datetime, cameras: Collection[str]) -> dict[str, float]:
    """The share of some cameras' received video that was analysed, 0 to 1; absent where none was received.

    The log says when a camera came up or went down, and which stretches were analysed.
    """
    found = {}
    for camera in cameras:
        rows = _log_since(work, since, camera)
        received = joined(_up(rows), since, work.now)
        analysed = joined(((row.start, row.end) for row in rows if row.kind == "analysed"), since, work.now)
        if received:
            found[camera] = hours(common(analysed, received)) / hours(received)
    return found


def _log_since(work: Work, since: datetime, camera: str) -> list[CameraLog]:
    """A camera's log from a moment on, and before it the line that says whether it was up then."""
    of_it = select(CameraLog).where(CameraLog.camera_id == camera)
    before = of_it.where(CameraLog.end < since, CameraLog.kind.in_(("up", "down")))
    last = work.session.scalars(before.order_by(CameraLog.end.desc(), CameraLog.event_id.desc()).limit(1)).all()
    rows = of_it.where(CameraLog.end >= since).order_by(CameraLog.end, CameraLog.event_id)
    return [*last, *work.session.scalars(rows)]


def _up(rows: Iterable[CameraLog]) -> Iterator[Interval]:
    """When the camera gave video; the last span may still run."""
    began: datetime | None = None
    for row in rows:
        if row.kind == "up" and began is None:
            began = row.end
        elif row.kind == "down" and began is not None:
            yield began, row.end
            began = None
    if began is not None:
        yield began, None


def view_of(work: Work, camera: str) -> ViewState:
    """What a camera's worker last said of its view; well where it said nothing since the stream came up."""
    query = select(CameraLog).where(CameraLog.camera_id == camera, CameraLog.kind.in_(("up", *VIEWS)))
    last = work.session.scalar(query.order_by(CameraLog.end.desc(), CameraLog.event_id).limit(1))
    return ViewState() if last is None or last.kind == "up" else ViewState(View(last.kind.removeprefix("view_")))


def newest_looks(work: Work, limit: int) -> tuple[Look, ...]:
    """The newest entries of the access journal with names; the same look several times in a row is one line."""
    rows = work.session.scalars(select(AccessLog).order_by(AccessLog.id.desc()).limit(limit)).all()
    people = names(work, (row.actor for row in rows))
    found = []
    for key, same in groupby(rows, lambda row: (row.actor, row.role, row.action, row.record)):
        actor, role, action, record = key
        together = list(same)
        found.append(Look(together[0].at, people.get(actor, ""), role, action, record, len(together)))
    return tuple(found)


def newest_roots(work: Work, limit: int) -> tuple[Root, ...]:
    """The newest signed roots."""
    rows = work.session.scalars(select(LedgerRoot).order_by(LedgerRoot.id.desc()).limit(limit))
    return tuple(Root(row.id, datetime.fromisoformat(row.time), row.root) for row in rows)
