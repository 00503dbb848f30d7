"""What the service and the workers tell each other about a camera: its file in force, its state, its newest still.

All of it lies under the installation's home. The service writes `scenes/<camera>.toml`, the newest version of a camera
that was ever drawn on its page; the camera's process writes `scenes/<camera>.state.json` and `stills/<camera>.jpg`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from service.durable import sync_folder, write_synced

if TYPE_CHECKING:
    from pathlib import Path

    from service.settings import Settings

BEAT_S: Final = 10.0
"""Seconds between two stills, and between two signs of life of a camera's process."""
SILENT_S: Final = 45.0
"""Seconds without a sign of life after which nobody watches the camera: more than a few beats."""


class SceneState(BaseModel):
    """What a camera's process says.

    Attributes:
        file_sha256: of the camera file in force, as evidence names it.
        version_sha256: of the version of the register in force; None where the worker's own file is.
        since: when it came into force.
        problem: why the newest version of the register is not in force, one sentence; None where it is.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    file_sha256: str
    version_sha256: str | None
    since: AwareDatetime
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """The last that was heard of a camera's process.

    Attributes:
        state: what it said.
        at: its last sign of life.
    """

    state: SceneState
    at: datetime

    def is_alive(self, now: datetime) -> bool:
        """Whether it gave a sign of life lately."""
        return (now - self.at).total_seconds() <= SILENT_S


@dataclass(frozen=True, slots=True)
class SceneFiles:
    """The files of one camera.

    Attributes:
        home: of the installation.
        camera: its id, which is safe as a file's name.
    """

    home: Path
    camera: str

    @staticmethod
    def of(settings: Settings, camera: str) -> SceneFiles:
        """Those of a camera of an installation."""
        return SceneFiles(settings.home, camera)

    @property
    def published(self) -> Path:
        """The newest version of the register."""
        return self.home / "scenes" / f"{self.camera}.toml"

    @property
    def state(self) -> Path:
        """What the camera's process says."""
        return self.home / "scenes" / f"{self.camera}.state.json"

    @property
    def still(self) -> Path:
        """The newest picture."""
        return self.home / "stills" / f"{self.camera}.jpg"

    def heard(self) -> Heard | None:
        """The last that was heard of the camera's process; None where there is none."""
        try:
            at = datetime.fromtimestamp(self.state.stat().st_mtime, UTC)
            return Heard(SceneState.model_validate_json(self.state.read_bytes()), at)
        except (OSError, ValidationError):
            return None

    def say(self, state: SceneState) -> None:
        """Say what is in force."""
        put(self.state, state.model_dump_json().encode())

    def beat(self) -> None:
        """Give a sign of life."""
        if self.state.exists():
            os.utime(self.state)

    def fall_silent(self) -> None:
        """Nobody watches the camera any more."""
        self.state.unlink(missing_ok=True)


def put(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Put a file in place in one step: whoever reads it sees the whole of the old one or of the new one.

    Args:
        path: where it goes.
        data: what is in it.
        lasting: whether it must survive a power cut; a busy disk may take seconds for that.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        write_synced(partial, data) if lasting else partial.write_bytes(data)
        partial.chmod(0o600)
        partial.rename(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    if lasting:
        sync_folder(path.parent)
