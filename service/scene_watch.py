"""Which version of its file a camera runs by: the worker's own, or the register's newest, taken over while it runs."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import cv2

from evidence.canonical import file_sha256, sha256_hex
from qyran.errors import InputError
from service.scene_files import BEAT_S, SceneFiles, SceneState, put
from vision.camera import load_camera
from vision.camera_toml import to_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from service.settings import Settings
    from vision.camera import Camera
    from vision.types import Frame

LOOK_EVERY_S: Final = 1.0
"""How often the register's version is looked for."""
JPEG_QUALITY: Final = 92

OF_THE_WORKER: Final = ("id", "stream", "credentials", "certificate")
"""Keys that are never taken from the register: whom a machine connects to, and with what, is said on the machine."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class SceneWatch:
    """Follows the register's newest version of one camera's file.

    A version that cannot be used changes nothing: the camera goes on by the last good one, and says so.

    Attributes:
        own: the worker's camera file as it was when the camera's process began.
        own_sha256: hash of its bytes.
        files: where the register's version lies, and where the state and the still go.
    """

    own: Camera
    own_sha256: str
    files: SceneFiles
    _seen: tuple[int, int, int] | None = None
    _look_at: float = 0.0
    _beat_at: float = 0.0
    _state: SceneState | None = field(default=None)

    @staticmethod
    def of(camera_file: Path, settings: Settings) -> SceneWatch:
        """That of a camera file.

        Raises:
            CameraFileError: the worker's own file is wrong.
        """
        own = load_camera(camera_file)
        return SceneWatch(own, file_sha256(camera_file), SceneFiles.of(settings, own.id))

    def start(self) -> None:
        """The worker's own file is in force until the register's version is taken over."""
        self._say(SceneState(file_sha256=self.own_sha256, version_sha256=None, since=datetime.now(UTC)))

    def follow(self, adopt: Callable[[Camera, str], None]) -> bool:
        """Take over the register's version where it is new; looks every `LOOK_EVERY_S`.

        Args:
            adopt: told the camera and the hash of its file; raises InputError where it cannot be used.

        Returns:
            Whether another version is in force now.
        """
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + LOOK_EVERY_S
        mark = self._mark()
        if mark is None or mark == self._seen:
            return False
        self._seen = mark
        try:
            own = {name: getattr(self.own, name) for name in OF_THE_WORKER}
            camera = load_camera(self.files.published).model_copy(update=own)
            version = file_sha256(self.files.published)
            sha256 = sha256_hex(to_toml(camera).encode())
            adopt(camera, sha256)
        except (InputError, OSError) as error:
            self._refuse(error)
            return False
        self._say(SceneState(file_sha256=sha256, version_sha256=version, since=datetime.now(UTC)))
        log.info("camera %s: the register's version %s is in force", self.own.id, version[:12])
        return True

    def passing(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames; every `BEAT_S` one is kept as the still, beginning with the first."""
        for frame in frames:
            now = time.monotonic()
            if now >= self._beat_at:
                self._beat_at = now + BEAT_S
                self._keep(frame)
            yield frame

    def end(self) -> None:
        """Nobody watches the camera any more; the still stays."""
        self.files.fall_silent()

    def _mark(self) -> tuple[int, int, int] | None:
        try:
            found = self.files.published.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _refuse(self, error: Exception) -> None:
        log.warning("camera %s goes on by the last good version: %s", self.own.id, error)
        if self._state is not None:
            self._say(self._state.model_copy(update={"problem": str(error)}))

    def _say(self, state: SceneState) -> None:
        """Tell the service; a full disk must not stop a running camera."""
        self._state = state
        try:
            self.files.say(state)
        except OSError as error:
            log.warning("camera %s cannot tell its state: %s", self.own.id, error.__class__.__name__)

    def _keep(self, frame: Frame) -> None:
        done, data = cv2.imencode(".jpg", frame.picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        try:
            if done:
                put(self.files.still, data.tobytes(), lasting=False)  # the next one comes soon
            self.files.beat()
        except OSError as error:
            log.warning("camera %s cannot leave a still: %s", self.own.id, error.__class__.__name__)
