"""Small files between the service and machines without its disk: camera files, scenes, states, pictures and keys."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from evidence.canonical import sha256_hex
from evidence.keys import TRUSTED, create_once, key_id
from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import SYSTEM, Actor, Role
from service import cameras
from service.cluster.leases import holder_of
from service.scene_files import SceneFiles, SceneState, put
from service.store.tables import Camera
from service.video.state import RecordingState
from service.video.state import take as take_recording
from service.worker_status import WorkerStatus
from vision.camera_toml import to_toml

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.database import Store

KEY_MOST: Final = 4096
ASKED: Final = "asked"
"""Folder under the keys with those that machines want trusted."""
JPEG: Final = b"\xff\xd8\xff"


class What(StrEnum):
    """What a machine tells of a camera."""

    STATUS = "status"
    SCENE_STATE = "scene-state"
    PICTURE = "picture"
    RECORDING = "recording"


SMALL: Final = 64 * 1024
MOST: Final = {
    What.STATUS: SMALL, What.SCENE_STATE: SMALL, What.PICTURE: 8 * 1024 * 1024, What.RECORDING: SMALL,
}  # fmt: skip
"""Bytes of each."""


class CameraSum(BaseModel):
    """A camera in service.

    Attributes:
        camera: its id.
        file_sha256: of its file as the service gives it.
        scene_sha256: of its scene as it was drawn last; None where none was drawn.
    """

    camera: str
    file_sha256: str
    scene_sha256: str | None


def sums(store: Store) -> tuple[CameraSum, ...]:
    """All cameras in service."""
    with store.read(SYSTEM) as work:
        today = work.now.astimezone(store.settings.zone).date()
        rows = work.session.scalars(select(Camera).order_by(Camera.id))
        names = [row.id for row in rows if row.retired is None or row.retired > today]
    found = []
    for name in names:
        published = SceneFiles.of(store.settings, name).published
        drawn = sha256_hex(published.read_bytes()) if published.is_file() else None
        found.append(CameraSum(camera=name, file_sha256=sha256_hex(camera_toml(store, name)), scene_sha256=drawn))
    return tuple(found)


def camera_toml(store: Store, camera: str) -> bytes:
    """A camera's file.

    Raises:
        NotFound: there is no such camera.
    """
    with store.read(Actor("machine", frozenset({Role.ADMINISTRATOR}))) as work:
        return to_toml(cameras.camera_file(work, camera)).encode()


def scene(store: Store, camera: str) -> bytes:
    """A camera's scene as it was drawn last.

    Raises:
        NotFound: none was drawn, or there is no such camera.
    """
    with store.read(SYSTEM) as work:
        known = work.session.get(Camera, camera) is not None
    try:
        if known:
            return SceneFiles.of(store.settings, camera).published.read_bytes()
    except FileNotFoundError:
        pass
    raise NotFound(f"There is no drawn scene of the camera {camera}.")


def take(store: Store, machine: str, camera: str, what: What, data: bytes) -> None:
    """Put what a machine tells of a camera where the service looks for it.

    Raises:
        AccessError: the machine does not hold the camera.
        InputError: it is not what it should be.
    """
    with store.read(SYSTEM) as work:
        if holder_of(work, camera) != machine:
            raise AccessError(f"The machine {machine} does not hold this camera.")
    files = SceneFiles.of(store.settings, camera)
    if what is What.PICTURE:
        if not data.startswith(JPEG):
            raise InputError("The picture is no JPEG.")
        put(files.still, data)
        return
    try:
        if what is What.SCENE_STATE:
            files.say(SceneState.model_validate_json(data))
        elif what is What.RECORDING:
            take_recording(store.settings.home, machine, camera, RecordingState.model_validate_json(data))
        else:
            status = WorkerStatus.model_validate_json(data)
            if status.camera != camera:
                raise InputError("The state is another camera's.")
            put(store.settings.home / "status" / f"{camera}.json", status.model_dump_json().encode())
    except ValidationError:
        raise InputError(f"The {what} of the camera cannot be read.") from None


def take_key(home: Path, machine: str, pem: bytes) -> None:
    """Trust the key of a machine that had none; note another one for an administrator to trust.

    Raises:
        InputError: it is no Ed25519 public key in PEM.
        TransitionError: the machine signed with another key before.
    """
    key = _public(pem)
    plain = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    name = f"machine-{machine}-{key_id(key)[:16]}.pem"
    trusted = home / "keys" / TRUSTED
    if (trusted / name).exists():
        return
    if any(trusted.glob(f"machine-{machine}-{'[0-9a-f]' * 16}.pem")):
        create_once(home / "keys" / ASKED / name, lambda: plain, mode=0o644)
        raise TransitionError(
            f"The machine {machine} signs with another key than before; an administrator lets it with "
            f"`qyran worker-token trust {machine}`."
        )
    create_once(trusted / name, lambda: plain, mode=0o644)


def trust_asked(home: Path, machine: str) -> int:
    """Trust the keys that a machine asked for; how many.

    Raises:
        NotFound: it asked for none.
    """
    asked = sorted((home / "keys" / ASKED).glob(f"machine-{machine}-{'[0-9a-f]' * 16}.pem"))
    if not asked:
        raise NotFound(f"The machine {machine} asked for no other key.")
    for path in asked:
        data = path.read_bytes()
        create_once(home / "keys" / TRUSTED / path.name, lambda data=data: data, mode=0o644)  # type: ignore[misc]
        path.unlink()
    return len(asked)


def _public(pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except Exception:  # noqa: BLE001 - the library raises many kinds for bytes of others
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError("This is no Ed25519 public key in PEM.")
    return key
