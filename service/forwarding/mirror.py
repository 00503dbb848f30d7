"""Keeps a machine's small files and the service's alike: scenes come, states and pictures go as they change."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from evidence.keys import TRUSTED, installation_signer
from qyran.errors import AccessError, InputError, NotFound
from service.cluster.desk import DeskAway
from service.forwarding.client import NotYet
from service.forwarding.machine_files import MOST, What
from service.scene_files import SceneFiles, put
from service.video.state import state_path

if TYPE_CHECKING:
    from pathlib import Path

    from service.forwarding.client import ServiceClient
    from service.settings import Settings

EVERY_S: Final = 2.0
SCENES_EVERY: Final = 3
"""Rounds between two looks for drawn scenes."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Mirror:
    """The small files of the cameras that a machine holds.

    Attributes:
        settings: of the machine.
        client: speaks to the service.
        held: the cameras that the machine holds now.
        stop: set to end.
    """

    settings: Settings
    client: ServiceClient
    held: Callable[[], Iterable[str]]
    stop: threading.Event = field(default_factory=threading.Event)
    _told: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _scenes: dict[str, str] = field(default_factory=dict)
    _key_told: bool = False

    def run(self) -> None:
        """Until told to stop."""
        rounds = 0
        while not self.stop.is_set():
            # The next round does what this one could not.
            with contextlib.suppress(DeskAway, OSError):
                self.round(scenes=rounds % SCENES_EVERY == 0)
            rounds += 1
            self.stop.wait(EVERY_S)

    def round(self, *, scenes: bool = True) -> None:
        """Once."""
        if not self._key_told:
            self._tell_key()
        held = sorted(self.held())
        for camera in held:
            files = SceneFiles.of(self.settings, camera)
            self._tell(camera, What.STATUS, self.settings.home / "status" / f"{camera}.json")
            self._tell(camera, What.SCENE_STATE, files.state)
            self._tell(camera, What.PICTURE, files.still)
            self._tell(camera, What.RECORDING, state_path(self.settings.video_folder, camera))
        if scenes and held:
            self._fetch(set(held))

    def _tell_key(self) -> None:
        signer = installation_signer(self.settings.home)
        path = self.settings.home / "keys" / TRUSTED / f"{signer.key_id[:16]}.pem"
        try:
            self.client.tell_key(path.read_bytes())
        except (NotYet, InputError) as error:
            log.warning("The service does not trust this machine's key: %s", error)
        self._key_told = True

    def _tell(self, camera: str, what: What, path: Path) -> None:
        try:
            found = path.stat()
            mark = (found.st_mtime_ns, found.st_ino)
            if self._told.get(path) == mark or found.st_size > MOST[what]:
                return
            data = path.read_bytes()
        except FileNotFoundError:
            return
        try:
            self.client.tell(camera, what, data)
        except (AccessError, InputError, NotFound, NotYet) as error:
            log.info("The service does not take the %s of the camera %s: %s", what, camera, error)
        self._told[path] = mark

    def _fetch(self, held: set[str]) -> None:
        for one in self.client.cameras():
            if one.camera not in held or one.scene_sha256 in {None, self._scenes.get(one.camera)}:
                continue
            scene = self.client.scene(one.camera)
            if scene is not None and one.scene_sha256 is not None:
                put(SceneFiles.of(self.settings, one.camera).published, scene)
                self._scenes[one.camera] = one.scene_sha256
