"""What a machine's keeper tells the process of a camera: the epoch it watches under, and until when it may.

A small file under the home, put in place in one step and read at every event and ten times a second. Its end is told by
the machine's clock since it was started, which nobody can set and which all processes of the machine share.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from service.scene_files import put

if TYPE_CHECKING:
    from pathlib import Path

LOOK_S: Final = 0.1
"""How often a camera's process looks whether it still may."""
BOOT_ID: Final = "/proc/sys/kernel/random/boot_id"


class Tenure(BaseModel):
    """One camera's term on this machine.

    Attributes:
        epoch: what its events name.
        since: from when on what it sees counts, by this machine's clock of the day.
        deadline_s: when it ends unless it is prolonged, in seconds since the machine was started.
        ended: since when another machine has it, by this machine's clock of the day; None while nobody has.
        boot: of which start of the machine the seconds are.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    epoch: int
    since: AwareDatetime
    deadline_s: float
    ended: AwareDatetime | None = None
    boot: str

    def holds(self) -> bool:
        """Whether the camera may be watched now."""
        return self.ended is None and self.boot == boot_id() and steady_s() < self.deadline_s


@dataclass(slots=True)
class TenureFile:
    """Where one camera's tenure lies."""

    path: Path
    _mark: tuple[int, int] | None = None
    _tenure: Tenure | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @staticmethod
    def of(home: Path, camera: str) -> TenureFile:
        """That of a camera."""
        return TenureFile(home / "leases" / f"{camera}.json")

    def read(self) -> Tenure | None:
        """What it says; None where there is none or it cannot be read."""
        with self._lock:
            try:
                found = self.path.stat()
                mark = (found.st_mtime_ns, found.st_ino)
                if mark != self._mark:
                    self._tenure = Tenure.model_validate_json(self.path.read_bytes())
                    self._mark = mark
            except (OSError, ValidationError):
                self._tenure = self._mark = None
            return self._tenure

    def write(self, tenure: Tenure) -> None:
        """Say it."""
        put(self.path, tenure.model_dump_json().encode())

    def remove(self) -> None:
        """The camera is not this machine's any more."""
        self.path.unlink(missing_ok=True)

    def say_ready(self) -> None:
        """The camera's process looks, and waits for the lease."""
        put(self._ready, b"")

    def take_ready(self) -> bool:
        """Whether its process has said so since it was asked last."""
        try:
            self._ready.unlink()
        except FileNotFoundError:
            return False
        return True

    @property
    def _ready(self) -> Path:
        return self.path.with_suffix(".ready")


def stop_with_tenure(file: TenureFile, stop: threading.Event) -> None:
    """Watch a tenure in a thread of its own and set `stop` as soon as a tenure that once held holds no more.

    Before it first holds, the process makes ready: it is connected and looks, and tells nothing.
    """

    def watch() -> None:
        held: int | None = None
        while not stop.wait(LOOK_S):
            tenure = file.read()
            holds = tenure is not None and tenure.holds()
            if held is None and tenure is not None and holds:
                held = tenure.epoch
            elif held is not None and (tenure is None or not holds or tenure.epoch != held):
                stop.set()

    threading.Thread(target=watch, name="tenure", daemon=True).start()


def steady_s() -> float:
    """Seconds since the machine was started, its sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """Which start of the machine this is."""
    global _boot  # noqa: PLW0603 - it never changes
    if _boot is None:
        try:
            with open(BOOT_ID, encoding="ascii") as file:  # noqa: PTH123 - no path of ours
                _boot = file.read().strip()
        except OSError:
            _boot = "unknown"
    return _boot


_boot: str | None = None
