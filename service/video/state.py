"""What a camera's process says of its recording: a small file that the service reads.

::

    <video>/<camera>/state.json           of a process of this machine
    <home>/recording/<camera>.json        as another machine told it (`service.forwarding.mirror`)
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from service.status_file import replace_whole
from vision.recording import Reason, Recording, State

if TYPE_CHECKING:
    from service.settings import Settings

STATE: Final = "state.json"
TOLD: Final = "recording"

log = logging.getLogger(__name__)


class RecordingState(BaseModel):
    """How a camera's recording goes.

    Attributes:
        state, reason, since, segments, bytes, lost: see `vision.recording.Recording`.
        at: when it was said.
        process: whose words these are; a process that is gone records nothing.
        machine: that told it; None for a process of this one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: State
    reason: Reason | None
    since: AwareDatetime
    segments: int
    bytes: int
    lost: int
    at: AwareDatetime
    process: int
    machine: str | None = None

    @property
    def gone(self) -> bool:
        """Whether the process that said so has ended, as far as can be seen from here."""
        return self.machine is None and not alive(self.process)


def state_path(archive: Path, camera: str) -> Path:
    """Where a camera's process leaves it."""
    return archive / camera / STATE


def say(archive: Path, camera: str, found: Recording) -> None:
    """Leave the state for the service; a disk that takes nothing must not stop a camera."""
    said = RecordingState(
        state=found.state, reason=found.reason, since=found.since, segments=found.segments, bytes=found.bytes,
        lost=found.lost, at=datetime.now(UTC), process=os.getpid(),
    )  # fmt: skip
    try:
        replace_whole(state_path(archive, camera), said.model_dump_json())
    except OSError as error:
        log.warning("camera %s cannot tell how its recording goes: %s", camera, error.strerror)


def take(home: Path, machine: str, camera: str, said: RecordingState) -> None:
    """Keep what another machine told of a camera that it holds.

    Raises:
        OSError: the disk takes nothing.
    """
    told = said.model_copy(update={"machine": machine})
    replace_whole(_told(home, camera), told.model_dump_json())


def state_of(settings: Settings, camera: str) -> RecordingState | None:
    """What was said last, here or on another machine; None where nothing was said that can be read."""
    both = (_read(state_path(settings.video_folder, camera)), _read(_told(settings.home, camera)))
    return max((one for one in both if one is not None), key=lambda one: one.at, default=None)


def told_states(home: Path) -> Iterator[RecordingState]:
    """What other machines told last, of every camera."""
    for path in sorted((home / TOLD).glob("*.json")):
        said = _read(path)
        if said is not None:
            yield said


def _told(home: Path, camera: str) -> Path:
    return home / TOLD / f"{camera}.json"


def _read(path: Path) -> RecordingState | None:
    try:
        return RecordingState.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def alive(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
