"""The camera register: commissioning dates, every version of a camera's file, and the log of up and analysed times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select

from evidence.canonical import canonical_json, sha256_hex
from qyran.errors import NotFound
from service.access import CAMERA_READERS, CAMERA_WRITERS, log_access, require
from service.store.database import Work
from service.store.scene_tables import CameraFile
from service.store.tables import Camera as CameraRow
from service.store.tables import CameraLog
from service.views import CameraView
from vision.camera import Camera
from vision.camera_toml import to_toml


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version of a camera's file comes from.

    Attributes:
        source: `file` or `page`.
        comment: why, in the author's words.
        restores: the older version it brings back.
    """

    source: str = "file"
    comment: str | None = None
    restores: int | None = None


REGISTERED: Final = Origin()


def register(work: Work, camera: Camera, *, territory: str | None = None, origin: Origin = REGISTERED) -> CameraView:
    """Put a camera into the register, or take over a new version of its file; the same file changes nothing.

    Args:
        work: the unit of work.
        camera: the camera file.
        territory: the police district it stands in; None leaves it as it is.
        origin: where this version comes from.

    Raises:
        AccessError: the actor keeps no cameras.
    """
    role = require(work.actor, CAMERA_WRITERS)
    content = camera.model_dump(mode="json")
    digest = sha256_hex(canonical_json(content))
    row = work.session.get(CameraRow, camera.id, with_for_update=True)
    if row is None:
        row = CameraRow(id=camera.id, file_version=0, registered_at=work.now, status="unknown", retired=None)
        row.status_at = row.last_analysed = row.territory = None
        work.session.add(row)
    current = work.session.get(CameraFile, (camera.id, row.file_version)) if row.file_version else None
    row.name = camera.name.model_dump()
    row.commissioned = camera.commissioned
    row.latitude, row.longitude = camera.latitude, camera.longitude
    row.covers = [list(point) for point in camera.covers]
    row.territory = territory or row.territory
    if current is None or current.sha256 != digest:
        row.file_version += 1
        work.session.flush()
        version = CameraFile(camera_id=camera.id, version=row.file_version, sha256=digest, content=content)
        version.since, version.by = work.now, work.actor.id
        version.source, version.comment, version.restores = origin.source, origin.comment, origin.restores
        version.file_sha256 = sha256_hex(to_toml(camera).encode())
        work.session.add(version)
        log_access(work, role, "camera_file_changed", camera.id)
    work.session.flush()
    return _view(row)


def retire(work: Work, camera_id: str, day: date) -> None:
    """Take a camera out of service from a day on; its records stay.

    Raises:
        NotFound: there is no such camera.
    """
    require(work.actor, CAMERA_WRITERS)
    _row(work, camera_id).retired = day


def listing(work: Work) -> tuple[CameraView, ...]:
    """All registered cameras by id."""
    require(work.actor, CAMERA_READERS)
    return tuple(_view(row) for row in work.session.scalars(select(CameraRow).order_by(CameraRow.id)))


def search(work: Work, text: str, state: str | None, start: int, count: int) -> tuple[tuple[CameraView, ...], int]:
    """Some of the cameras by id, and how many there are.

    Args:
        work: a unit of work that reads.
        text: stands in the id, the territory or a name in any language, whatever the case; empty for all.
        state: up, down, unknown or retired; None for all.
        start: how many of those found are passed over.
        count: how many are given at most.
    """
    require(work.actor, CAMERA_READERS)
    found = ids_found(work, text, state)
    wanted = select(CameraRow).where(CameraRow.id.in_(found[start : start + count])).order_by(CameraRow.id)
    return tuple(_view(row) for row in work.session.scalars(wanted)), len(found)


def ids_found(work: Work, text: str, state: str | None = None) -> list[str]:
    """The ids of the cameras that `search` finds; whether the actor may know of them is asked by who shows them."""
    columns = select(CameraRow.id, CameraRow.name, CameraRow.territory, CameraRow.status, CameraRow.retired)
    words = text.casefold().split()
    return [
        one.id
        for one in work.session.execute(columns.order_by(CameraRow.id))
        if (state is None or state == ("retired" if one.retired else one.status))
        and _says(words, (one.id, one.territory or "", *one.name.values()))
    ]


def _says(words: Sequence[str], texts: Iterable[str]) -> bool:
    whole = " ".join(texts).casefold()
    return all(one in whole for one in words)


def camera_file(work: Work, camera_id: str) -> Camera:
    """The camera's file as it stands, secrets being references only.

    Raises:
        NotFound: there is no such camera.
    """
    require(work.actor, CAMERA_READERS)
    row = _row(work, camera_id)
    version = work.session.get_one(CameraFile, (camera_id, row.file_version))
    return Camera.model_validate(version.content)


def log_of(work: Work, camera_id: str, limit: int = 200) -> tuple[CameraLog, ...]:
    """The newest entries of a camera's log."""
    require(work.actor, CAMERA_READERS)
    query = select(CameraLog).where(CameraLog.camera_id == camera_id).order_by(CameraLog.end.desc()).limit(limit)
    return tuple(work.session.scalars(query))


def _row(work: Work, camera_id: str) -> CameraRow:
    row = work.session.get(CameraRow, camera_id)
    if row is None:
        raise NotFound(f"There is no camera {camera_id}.")
    return row


def _view(row: CameraRow) -> CameraView:
    return CameraView(
        id=row.id,
        name=dict(row.name),
        territory=row.territory,
        commissioned=row.commissioned.isoformat() if row.commissioned else None,
        retired=row.retired.isoformat() if row.retired else None,
        latitude=row.latitude,
        longitude=row.longitude,
        covers=tuple((float(x), float(y)) for x, y in row.covers),
        file_version=row.file_version,
        status=row.status,
        status_at=row.status_at,
        last_analysed=row.last_analysed,
    )
