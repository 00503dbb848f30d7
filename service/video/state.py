"""What a camera's process says of its recording: a small file that the service reads."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from service.status_file import replace_whole
from vision.recording import Reason, Recording, State

STATE: Final = "state.json"

log = logging.getLogger(__name__)


class RecordingState(BaseModel):
    """How a camera's recording goes.

    Attributes:
        state, reason, since, segments, bytes, lost: see `vision.recording.Recording`.
        at: when it was said.
        process: whose words these are; a process that is gone records nothing.
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


def say(archive: Path, camera: str, found: Recording) -> None:
    """Leave the state for the service; a disk that takes nothing must not stop a camera."""
    said = RecordingState(
        state=found.state, reason=found.reason, since=found.since, segments=found.segments, bytes=found.bytes,
        lost=found.lost, at=datetime.now(UTC), process=os.getpid(),
    )  # fmt: skip
    try:
        replace_whole(archive / camera / STATE, said.model_dump_json())
    except OSError as error:
        log.warning("camera %s cannot tell how its recording goes: %s", camera, error.strerror)


def state_of(archive: Path, camera: str) -> RecordingState | None:
    """What the camera's process said last; None where it said nothing that can be read."""
    try:
        return RecordingState.model_validate_json((archive / camera / STATE).read_bytes())
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
