"""Recording: the packets that the camera's process reads anyway, put into segments by a thread of their own.

The reader never waits: packets go through a bounded queue, and what the disk is too slow for is lost and counted. A
disk that refuses, or that has less free than the reserve, pauses the recording; it goes on by itself. Sound is never
recorded: only the picture's track is read.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from qyran.errors import MediaError
from vision.fragments import Fragment, Fragmenter, Init, init_of
from vision.nal_units import as_annex_b, parameter_sets
from vision.packets import StreamHeader
from vision.segments import MAKING, SUFFIX, Segment, note, publish, repair, stamp
from vision.tap_queue import Arrival, TapQueue

State = Literal["waiting", "recording", "paused", "unfit"]
Reason = Literal["disk_full", "disk_read_only", "disk_error", "reserve", "codec"]

GAP_S: Final = 1.0
"""A jump of time longer than this begins a new segment and is written down, seconds."""
IDLE_S: Final = 5.0
"""Nothing came for so long: the segment is put in place as it is, seconds."""
LEAST_S, MOST_S = 1.0, 2.0
"""Length of a fragment: what a kill loses at most."""
RETRY_S: Final = 5.0
"""A paused recording looks at the disk so often, seconds."""
EASE: Final = 1.2
"""A recording goes on once so many times the reserve is free, so that it does not flap."""
CLOCK_OFF_S: Final = 2.0
"""The stream's clock so far from the host's is written down, seconds."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecordingTerms:
    """How to record.

    Attributes:
        segment_s: a segment ends at the first key frame after so many seconds.
        reserve: share of the disk that is left free for events and evidence.
        live: the packets are of now, so that the stream's clock can be held to the host's.
    """

    segment_s: float = 60.0
    reserve: float = 0.05
    live: bool = True


@dataclass(frozen=True, slots=True)
class Recording:
    """How it goes.

    Attributes:
        state: `waiting` for the stream, `recording`, `paused` by the disk, or `unfit`: MP4 cannot carry the codec.
        reason: of `paused` and `unfit`.
        since: when this state began.
        segments, bytes: put in place since the start.
        lost: packets that the disk was too slow for, or that came while it was paused.
    """

    state: State
    since: datetime
    reason: Reason | None = None
    segments: int = 0
    bytes: int = 0
    lost: int = 0


def free_share(folder: Path) -> float:
    """Share of a folder's disk that is free to us.

    Raises:
        OSError: the disk does not answer.
    """
    found = os.statvfs(folder)
    return found.f_bavail / found.f_blocks if found.f_blocks else 0.0


def reason_of(error: OSError) -> Reason:
    """Code of what a disk refused with."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "disk_full"
    return "disk_read_only" if error.errno == errno.EROFS else "disk_error"


class _Making:
    """The segment that is being written."""

    def __init__(self, archive: Path, camera: str, init: Init, arrival: Arrival) -> None:
        self.archive, self.camera = archive, camera
        due = arrival.packet.due
        assert due is not None  # noqa: S101 - the queue takes no other
        self.start = due
        self.fragments = Fragmenter(init, least_s=LEAST_S, most_s=MOST_S)
        self.length_s = 0.0
        self.size = 0
        folder = archive / camera / MAKING
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{stamp(due)}{SUFFIX}"
        self.handle = os.open(self.path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        self.write(init.data)

    def add(self, fragment: Fragment | None) -> None:
        if fragment is not None:
            self.write(fragment.data)
            self.length_s += fragment.length_s

    def write(self, data: bytes) -> None:
        """All of it, or nothing of it.

        Raises:
            OSError: the disk refused.
        """
        view, done = memoryview(data), 0
        try:
            while done < len(data):
                done += os.write(self.handle, view[done:])
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self.handle, self.size)
                os.lseek(self.handle, self.size, os.SEEK_SET)
            raise
        self.size += done

    def close(self) -> Segment | None:
        """Put it in place; None where it holds no picture.

        Raises:
            OSError: the disk refused; what was written is repaired at the next start.
        """
        refused: OSError | None = None
        try:
            try:
                self.add(self.fragments.flush())
            except OSError as error:  # the disk is full: what was written before still counts
                refused = error
            os.fdatasync(self.handle)
        finally:
            os.close(self.handle)
        if not self.length_s:
            self.path.unlink(missing_ok=True)
            found = None
        else:
            found = publish(self.archive, self.camera, self.path, self.start, timedelta(seconds=self.length_s))
        if refused is not None:
            raise refused
        return found


class Recorder:
    """Records one camera until `close`; `queue` is the tap that its ring feeds.

    Args:
        archive: the folder of all cameras.
        camera: its id.
        terms: how to record.
        tell: called from the recorder's thread when the state changes and after every segment; must not raise.
        now: gives the host's time.
    """

    def __init__(
        self, archive: Path, camera: str, terms: RecordingTerms | None = None,
        tell: Callable[[Recording], None] | None = None, now: Callable[[], datetime] | None = None,
    ) -> None:  # fmt: skip
        self.queue = TapQueue()
        self._archive, self._camera, self._terms = archive, camera, terms or RecordingTerms()
        self._tell = tell
        self._now = now or (lambda: datetime.now(UTC))
        self.state = Recording("waiting", self._now())
        self._making: _Making | None = None
        self._told: StreamHeader | None = None
        self._header: StreamHeader | None = None
        self._sets: tuple[bytes, ...] = ()
        self._init: Init | None = None
        self._last: tuple[datetime, float] | None = None
        self._retry_at = 0.0
        self._clock_off = False
        self._lock: int | None = None
        self._thread = threading.Thread(target=self._run, name=f"recording {camera}", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 10.0) -> None:
        """Put the last segment in place and end."""
        self.queue.close()
        self._thread.join(timeout_s)

    # -- the recorder's thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self.queue.done:
                arrival = self.queue.take(IDLE_S)
                if arrival is not None or not self.queue.done:
                    self._guarded(arrival)
            self._finish_quietly()
        finally:
            if self._lock is not None:
                os.close(self._lock)

    def _guarded(self, arrival: Arrival | None) -> None:
        """One step; a disk that refuses pauses the recording."""
        try:
            self._own()
            if arrival is None:
                self._finish()
                self._say("waiting" if self.state.state == "recording" else self.state.state, self.state.reason)
            else:
                self._record(arrival)
        except OSError as error:
            self._pause(reason_of(error))
        except Exception:
            # A fault of ours must not end the recording for good, and never the analysis.
            log.exception("camera %s: the recording failed", self._camera)
            self._drop_making()

    def _own(self) -> None:
        """Be the only one that records this camera, and repair what a killed one left.

        Raises:
            OSError: the disk refused.
        """
        if self._lock is not None:
            return
        folder = self._archive / self._camera
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for segment in repair(self._archive, self._camera):
                note(self._archive, self._camera, segment.end, "repaired", segment=segment.name)
                log.info("camera %s: the segment %s was repaired after a kill", self._camera, segment.name)
        except BaseException:
            os.close(lock)
            raise
        self._lock = lock

    def _record(self, arrival: Arrival) -> None:
        packet = arrival.packet
        if self.state.state == "paused" and not self._may_go_on(key=packet.key):
            self.state = replace(self.state, lost=self.state.lost + 1)
            return
        if packet.key:
            self._configure(arrival)
        if self._init is None or packet.due is None:
            return
        self._watch(arrival, packet.due)
        making = self._making
        if making is not None and packet.key and (packet.due - making.start).total_seconds() >= self._terms.segment_s:
            self._finish()
        if self._making is None and packet.key:
            self._begin(self._init, arrival)
        making = self._making
        fragment = making.fragments.feed(packet, packet.due) if making is not None else None
        if making is not None and fragment is not None:
            making.add(fragment)
            if self._short():
                self._pause("reserve")

    def _begin(self, init: Init, arrival: Arrival) -> None:
        """A segment begins with this key frame, unless the disk has too little left."""
        if self._short():
            self._pause("reserve")
            return
        self._making = _Making(self._archive, self._camera, init, arrival)
        self._say("recording")

    def _watch(self, arrival: Arrival, due: datetime) -> None:
        """What ends a segment before its time: packets lost, a jump of time."""
        if arrival.lost:
            self._finish()
            self.state = replace(self.state, lost=self.state.lost + arrival.lost)
            self._note(due, "lost", packets=arrival.lost)
        self._watch_clock(due)
        self._watch_gap(due, arrival.packet.video_s)
        self._last = due, arrival.packet.video_s

    def _configure(self, arrival: Arrival) -> None:
        """Take over a new configuration: of a connection, or one that came inside the packets."""
        header, data = arrival.header, arrival.packet.data
        raw = as_annex_b(header.codec, header.extradata)
        sets = parameter_sets(header.codec, data) if raw else ()
        if header is self._told and (not sets or sets == self._sets):
            return
        renewed = header
        if sets and set(sets) - set(parameter_sets(header.codec, header.extradata)):
            renewed = header.of_key(data) or header
        self._told, self._sets = header, sets or self._sets
        if renewed == self._header:
            return
        if self._making is not None and arrival.packet.due is not None:
            self._finish()
            self._note(arrival.packet.due, "configuration", codec=renewed.codec, width=renewed.width)
        self._header = renewed
        try:
            self._init = init_of(renewed)
        except MediaError as error:
            self._init = None
            log.warning("camera %s is not recorded: %s", self._camera, error)
            self._say("unfit", "codec")

    def _watch_gap(self, due: datetime, video_s: float) -> None:
        """A jump of time ends the segment: a file never holds one."""
        if self._last is None:
            return
        by_clock, by_video = (due - self._last[0]).total_seconds(), video_s - self._last[1]
        if abs(by_clock - by_video) > GAP_S:
            self._finish()
            self._note(due, "clock_step", seconds=round(by_clock - by_video, 3))
        elif by_clock > GAP_S:
            self._finish()
            self._note(due, "gap", seconds=round(by_clock, 3))

    def _watch_clock(self, due: datetime) -> None:
        """Write down where the stream's clock and the host's part, and where they meet again."""
        off_s = (self._now() - due).total_seconds()
        off = abs(off_s) > CLOCK_OFF_S
        if self._terms.live and off is not self._clock_off:
            self._clock_off = off
            self._note(due, "clock_off" if off else "clock_right", seconds=round(off_s, 3))

    def _may_go_on(self, *, key: bool) -> bool:
        if not key or time.monotonic() < self._retry_at:
            return False
        self._retry_at = time.monotonic() + RETRY_S
        if free_share(self._archive) < self._terms.reserve * EASE:
            return False
        repair(self._archive, self._camera)  # what could not be put in place when the disk refused
        return True

    def _short(self) -> bool:
        return free_share(self._archive) < self._terms.reserve

    def _pause(self, reason: Reason) -> None:
        self._drop_making()
        self._retry_at = time.monotonic() + RETRY_S
        if self.state.state != "paused":
            log.warning("camera %s: the recording pauses: %s", self._camera, reason)
            with contextlib.suppress(OSError):
                self._note(self._now(), "paused", reason=reason)
        self._say("paused", reason)

    def _finish(self) -> None:
        making, self._making = self._making, None
        if making is None:
            return
        segment = making.close()
        if segment is not None:
            self.state = replace(
                self.state, segments=self.state.segments + 1, bytes=self.state.bytes + making.size
            )  # fmt: skip
            if self._tell is not None:
                self._tell(self.state)

    def _finish_quietly(self) -> None:
        try:
            self._finish()
        except OSError as error:
            log.warning("camera %s: the last segment is left for repair: %s", self._camera, error.strerror)

    def _drop_making(self) -> None:
        """Let go of the segment; what is written of it is put in place where the disk lets us."""
        making, self._making = self._making, None
        if making is not None:
            with contextlib.suppress(OSError):
                making.close()

    def _note(self, at: datetime, kind: str, **values: object) -> None:
        note(self._archive, self._camera, at, kind, **values)

    def _say(self, state: State, reason: Reason | None = None) -> None:
        if (self.state.state, self.state.reason) == (state, reason):
            return
        self.state = replace(self.state, state=state, reason=reason, since=self._now())
        if self._tell is not None:
            self._tell(self.state)
