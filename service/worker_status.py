"""What a camera's process says of its work: a small file that pages, metrics and the bench read.

It lies at ``<home>/status/<camera>.json``, is put in place in one step every `EVERY_S` seconds and at once when the
state changes. A disk that takes nothing stops no camera.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from service.status_file import replace_whole

if TYPE_CHECKING:
    from pathlib import Path

EVERY_S: Final = 2.0
"""Seconds between two reports of a camera's process."""
SILENT_S: Final = 15.0
"""Seconds without a report after which nobody watches the camera: more than a few reports."""
FOLDER: Final = "status"

State = Literal["starting", "up", "down", "ended"]
"""Connecting for the first time, pictures come, connection lost, the process left in good order."""

log = logging.getLogger(__name__)


class WorkerStatus(BaseModel):
    """How the watch of one camera goes. Counts are since the process began; rates and delays of the last half minute.

    Attributes:
        camera: its id.
        at: when it was said, UTC.
        process: whose words these are.
        since: when the process began.
        state: of the stream.
        reason: code of why the stream is down (`vision.stream_settings.DownReason`), else None.
        live: whether it is a camera, not a recording; only cameras are thinned under load.
        rate_wanted_hz: looks a second while the machine keeps up.
        rate_least_hz: looks a second that the rules in force need.
        rate_asked_hz: looks a second that the load allows now.
        rate_had_hz: looks a second that were had.
        thrift: what a look may cost now (`vision.load.Thrift`): 0 all, 1 what can wait does, 2 and 3
            each look is smaller.
        longest_gap_s: longest time between two looks.
        decoded: pictures decoded.
        analysed: pictures looked at, those among them where nothing stirred included.
        gated: of these, pictures where nothing stirred since the look before, which therefore still held.
        shed: pictures that the wanted rate asked for and that load forbade.
        skipped: packets not decoded because decoding had fallen behind.
        corrupt: packets damaged on the way, or lost to damage before them.
        connections: times the stream was connected.
        latency_p50_s, latency_p95_s: from a picture's arrival to the end of its look; None before the first look.
        spool_waiting: events that wait in the spool to be stored (of all cameras of this spool).
        memory_waiting: events that wait in memory because the disk refuses them.
        memory_bytes: resident memory of the process.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    camera: str
    at: AwareDatetime
    process: int
    since: AwareDatetime
    state: State
    reason: str | None = None
    live: bool = True
    rate_wanted_hz: float = 0.0
    rate_least_hz: float = 0.0
    rate_asked_hz: float = 0.0
    rate_had_hz: float = 0.0
    thrift: int = 0
    longest_gap_s: float = 0.0
    decoded: int = 0
    analysed: int = 0
    gated: int = 0
    shed: int = 0
    skipped: int = 0
    corrupt: int = 0
    connections: int = 0
    latency_p50_s: float | None = None
    latency_p95_s: float | None = None
    spool_waiting: int = 0
    memory_waiting: int = 0
    memory_bytes: int = 0

    def is_fresh(self, now: datetime) -> bool:
        """Whether it was said lately, by a process that has not left."""
        return self.state != "ended" and (now - self.at).total_seconds() <= SILENT_S

    @property
    def sheds(self) -> bool:
        """Whether load keeps the camera below its wanted rate now."""
        return self.live and self.state == "up" and self.rate_asked_hz < self.rate_wanted_hz

    @property
    def starves(self) -> bool:
        """Whether the camera gets fewer looks than the rules in force need."""
        return self.live and self.state == "up" and self.rate_had_hz < self.rate_least_hz


def say(home: Path, status: WorkerStatus) -> None:
    """Put a camera's status in place; a disk that takes nothing is logged and changes nothing."""
    try:
        replace_whole(home / FOLDER / f"{status.camera}.json", status.model_dump_json())
    except OSError as error:
        log.warning("camera %s cannot tell its status: %s", status.camera, error.strerror)


def status_of(home: Path, camera: str) -> WorkerStatus | None:
    """What a camera's process said last; None where it said nothing that can be read."""
    return _read(home / FOLDER / f"{camera}.json")


def all_statuses(home: Path) -> tuple[WorkerStatus, ...]:
    """What every camera's process said last, by camera."""
    found = (_read(path) for path in sorted((home / FOLDER).glob("[!.]*.json")))
    return tuple(status for status in found if status is not None)


def now() -> datetime:
    """This moment, UTC, as a status bears it."""
    return datetime.now(UTC)


def _read(path: Path) -> WorkerStatus | None:
    try:
        return WorkerStatus.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
