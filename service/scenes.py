"""The drawn scene of a camera: looked at, saved, restored, and given to the workers.

A scene is the camera's file without what an installer decides: what the camera is, where it hangs and where its stream
comes from. A worker takes only the scene from the register; stream and credentials are those of its own file, so that
nobody can point a worker at another host or at a secret from a browser.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from evidence.canonical import file_sha256
from qyran.errors import CameraFileError, InputError, NotFound, TransitionError
from qyran.roles import OFFICERS, Role
from service import cameras
from service.access import CAMERA_READERS, CAMERA_WRITERS, STILL_READERS, log_access, require
from service.auth import names
from service.scene_diff import Change, changes
from service.scene_files import SceneFiles, put
from service.store.scene_tables import CameraFile
from service.store.tables import Camera as CameraRow
from vision.camera import Camera, parse_camera
from vision.camera_toml import to_toml
from vision.road_plane import RoadPlane

if TYPE_CHECKING:
    from datetime import datetime

    from service.store.database import Store, Work

SCENE_READERS: Final = CAMERA_READERS | OFFICERS | {Role.EVALUATOR}
OWN: Final = frozenset(
    {"id", "name", "stream", "credentials", "certificate", "latitude", "longitude", "commissioned", "covers"}
    | {"address", "heading_deg", "heading_sigma_deg", "field_of_view_deg", "sight_m"}
)
"""Keys of a camera file that are no part of its scene."""
KEYS: Final = tuple(key for key in Camera.model_fields if key not in OWN)
COMMENT_MAX: Final = 500
PICTURE: Final = (1920, 1080)
"""Size of a picture that was never seen, pixels."""
SHOWN: Final = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SceneVersion:
    """One version of a camera's file.

    Attributes:
        by: name of its author, empty where the machine registered it.
        differences: from the version before.
    """

    version: int
    since: datetime
    by: str
    source: str
    comment: str | None
    restores: int | None
    file_sha256: str | None
    differences: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class SceneView:
    """A version of a camera's file; one that a stricter program would refuse today can still be looked at.

    Attributes:
        camera: its id.
        version: which.
        whole: the file's content, as JSON.
    """

    camera: str
    version: int
    whole: Mapping[str, Any]

    @property
    def content(self) -> dict[str, Any]:
        """The scene's keys."""
        return {key: self.whole[key] for key in KEYS if self.whole.get(key) is not None}

    def parsed(self) -> Camera:
        """The camera.

        Raises:
            CameraFileError: the content is wrong.
        """
        return parse_camera(dict(self.whole), source=f"{self.camera}, version {self.version},")


def look(work: Work, camera_id: str) -> SceneView:
    """The newest version.

    Raises:
        NotFound: there is no such camera.
        AccessError: the actor looks at no scenes.
    """
    require(work.actor, SCENE_READERS)
    return _version(work, camera_id, _camera(work, camera_id).file_version)


def may_edit(work: Work) -> bool:
    """Whether the actor draws scenes."""
    return work.actor.acts_as(CAMERA_WRITERS) is not None


def sees_still(work: Work) -> bool:
    """Whether the actor sees the picture that scenes are drawn on."""
    return work.actor.acts_as(STILL_READERS) is not None


def proposed(now: SceneView, scene: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a camera's file with another scene; keys that are not given are absent in it.

    Raises:
        InputError: a key that is no part of a scene.
    """
    strange = sorted(set(scene) - set(KEYS))
    if strange:
        raise InputError(f"{', '.join(strange)} cannot be changed with the scene; an installer registers the file.")
    own = {key: now.whole[key] for key in sorted(OWN) if now.whole.get(key) is not None}
    return own | {key: value for key, value in scene.items() if value is not None}


def save(work: Work, camera_id: str, scene: Mapping[str, Any], *, base: int, comment: str = "") -> int:
    """Save a drawn scene as a new version; the same scene changes nothing.

    Args:
        work: the unit of work.
        camera_id: which camera.
        scene: its scene, as JSON; what is absent in it is absent from now on.
        base: the version it was drawn from.
        comment: why.

    Returns:
        The number of the newest version.

    Raises:
        TransitionError: somebody else saved a version meanwhile.
        CameraFileError: the scene is wrong; the message names the part.
        AccessError: the actor draws no scenes.
    """
    require(work.actor, CAMERA_WRITERS)
    now = _locked(work, camera_id, base)
    camera = parse_camera(proposed(now, scene), source=camera_id)
    RoadPlane.from_camera(camera, *PICTURE)
    origin = cameras.Origin("page", comment.strip()[:COMMENT_MAX] or None)
    return cameras.register(work, camera, origin=origin).file_version


def restore(work: Work, camera_id: str, version: int, *, base: int, comment: str = "") -> int:
    """Bring the scene of an older version back as a new one; stream and place stay as they are.

    Returns:
        The number of the newest version.

    Raises:
        NotFound: there is no such version.
        TransitionError: somebody else saved a version meanwhile.
        CameraFileError: the version is no longer a right camera file.
    """
    require(work.actor, CAMERA_WRITERS)
    now = _locked(work, camera_id, base)
    older = _version(work, camera_id, version)
    camera = parse_camera(proposed(now, older.content), source=camera_id)
    origin = cameras.Origin("page", comment.strip()[:COMMENT_MAX] or None, version)
    return cameras.register(work, camera, origin=origin).file_version


def versions(work: Work, camera_id: str, limit: int = SHOWN) -> tuple[SceneVersion, ...]:
    """The versions of a camera's file, the newest first, each with what it changed."""
    require(work.actor, SCENE_READERS)
    _camera(work, camera_id)
    query = select(CameraFile).where(CameraFile.camera_id == camera_id).order_by(CameraFile.version.desc())
    rows = work.session.scalars(query.limit(limit + 1)).all()
    people = names(work, (row.by for row in rows))
    found = []
    for k, row in enumerate(rows[:limit]):
        before = rows[k + 1].content if k + 1 < len(rows) else None
        found.append(
            SceneVersion(
                version=row.version,
                since=row.since,
                by=people.get(row.by, ""),
                source=row.source,
                comment=row.comment,
                restores=row.restores,
                file_sha256=row.file_sha256,
                differences=() if before is None else changes(before, row.content),
            )
        )
    return tuple(found)


def text_of(work: Work, camera_id: str, version: int) -> str:
    """A version as a camera file (TOML), as workers get it.

    Raises:
        NotFound: there is no such version.
    """
    require(work.actor, CAMERA_READERS)
    return to_toml(_version(work, camera_id, version).parsed())


def still(work: Work, camera_id: str) -> bytes:
    """The newest picture of a camera, in full view; the look is logged.

    Raises:
        NotFound: the camera's process left none.
        AccessError: the actor does not keep cameras' pictures.
    """
    role = require(work.actor, STILL_READERS)
    _camera(work, camera_id)
    try:
        picture = SceneFiles.of(work.store.settings, camera_id).still.read_bytes()
    except OSError:
        raise NotFound(f"There is no still of the camera {camera_id} yet; a worker leaves one.") from None
    log_access(work, role, "still_seen", camera_id)
    return picture


def publish(store: Store, camera_id: str) -> bool:
    """Give the newest version of a camera's file to its worker, if it was ever drawn on the page.

    A reader of a half-written file is impossible, and of two that publish the later one reads the newer version.

    Returns:
        Whether the worker's file changed.
    """
    path = SceneFiles.of(store.settings, camera_id).published
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (path.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with store.read() as work:
            if not _drawn(work, camera_id):
                return False
            newest = _version(work, camera_id, _camera(work, camera_id).file_version)
            sha256 = work.session.get_one(CameraFile, (camera_id, newest.version)).file_sha256
        if path.is_file() and file_sha256(path) == sha256:
            return False
        put(path, to_toml(newest.parsed()).encode())
        return True


def publish_all(store: Store) -> int:
    """The same for all cameras: a service that was killed between saving and publishing does it later."""
    with store.read() as work:
        drawn = work.session.scalars(select(CameraFile.camera_id).where(CameraFile.source == "page").distinct()).all()
    return sum(_published(store, camera_id) for camera_id in drawn)


def forget_stills(store: Store) -> None:
    """Take away the stills of cameras that nobody watched for as long as undecided pictures are kept."""
    oldest = (store.clock() - timedelta(days=store.settings.retention_days)).timestamp()
    for path in (store.settings.home / "stills").glob("*.jpg"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def _published(store: Store, camera_id: str) -> bool:
    """Publish, where a stricter program may refuse what was right once: then the worker keeps what it has."""
    try:
        return publish(store, camera_id)
    except CameraFileError as error:
        log.warning("The newest version cannot be given to its worker: %s", error)
        return False


def _drawn(work: Work, camera_id: str) -> bool:
    query = select(func.count()).where(CameraFile.camera_id == camera_id, CameraFile.source == "page")
    return bool(work.session.scalar(query))


def _locked(work: Work, camera_id: str, base: int) -> SceneView:
    row = work.session.get(CameraRow, camera_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no camera {camera_id}.")
    if row.file_version != base:
        raise TransitionError(
            f"Somebody saved version {row.file_version} of this scene meanwhile; yours was drawn from version {base}."
        )
    return _version(work, camera_id, base)


def _camera(work: Work, camera_id: str) -> CameraRow:
    row = work.session.get(CameraRow, camera_id)
    if row is None:
        raise NotFound(f"There is no camera {camera_id}.")
    return row


def _version(work: Work, camera_id: str, version: int) -> SceneView:
    row = work.session.get(CameraFile, (camera_id, version))
    if row is None:
        raise NotFound(f"There is no version {version} of the camera {camera_id}.")
    return SceneView(camera_id, version, row.content)
