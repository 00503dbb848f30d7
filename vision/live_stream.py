"""Reading a camera for ever: a thread that connects, decodes, hands over, and connects again."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av

from qyran.errors import MediaError, StreamError
from vision.archive import PacketRing
from vision.credentials import scrub, with_credentials
from vision.decoding import Decoder, Fed, Picker, to_picture
from vision.file_open import frame_rate
from vision.live_clock import LiveTimeline, WallClock, backoff_s
from vision.live_connect import Connection, LiveFault, connect, reason_of
from vision.load import Thrift
from vision.packets import StoredPacket, StreamHeader
from vision.stream_settings import DownReason, StreamCounts, StreamInfo, StreamSettings, StreamStatus
from vision.timeline import Stamp
from vision.types import Frame

if TYPE_CHECKING:
    from vision.load import Pace

_SLACK_S: Final = 2.0
"""How much longer than its time-outs the reader may take to end, before it is left to die with the process."""
_IN_DECODER: Final = 64
"""More packets than a decoder ever holds back (H.264 and HEVC reorder 16 pictures at most)."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A decoded picture that waits for its look.

    Attributes:
        stamp: when and what it is.
        picture: decoded, not yet turned into BGR.
        arrived: monotonic second at which its packet had been read, less what reading was behind then.
    """

    stamp: Stamp
    picture: av.VideoFrame
    arrived: float


class LiveStream:
    """A camera that is read until `close`.

    Raises:
        MediaError: with ``first_open="raise"``, why it could not be opened.
        ConfigError: the credentials cannot be read.
    """

    def __init__(
        self,
        url: str,
        credentials: str | None,
        settings: StreamSettings,
        ring: PacketRing | None,
        on_status: Callable[[StreamStatus], None] | None,
        clock: WallClock | None = None,
        *,
        certificate: str | None = None,
    ) -> None:
        with_credentials(url, credentials)  # a wrong camera file is told at once
        self._url, self._credentials, self._certificate, self._settings = url, credentials, certificate, settings
        self._ring, self._on_status = ring, on_status
        self._clock = clock or WallClock()
        self._timeline = LiveTimeline(self._clock)
        self._info: StreamInfo | None = None
        self._up: bool | None = None
        self._given = self._dropped = self._corrupt = self._connections = self._skipped = 0
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._picker: Picker | None = None
        self._pace: Pace | None = None
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        first = self._connect_or_raise() if settings.first_open == "raise" else None
        if first is not None:
            self._info = _Session(first, settings).info(self._clock.now())
        self._thread = threading.Thread(target=self._run, args=(first,), name=f"stream {scrub(url)}", daemon=True)
        self._thread.start()

    # -- for the consumer --------------------------------------------------------------------------------------

    @property
    def info(self) -> StreamInfo:
        """What the camera sends.

        Raises:
            StreamError: it was never connected yet.
        """
        if self._info is None:
            raise StreamError(f"The stream {scrub(self._url)} has not answered yet.")
        return self._info

    @property
    def counts(self) -> StreamCounts:
        """Totals so far."""
        return StreamCounts(
            self._timeline.pictures, self._given, self._dropped, self._corrupt, self._connections, self._skipped
        )

    def frames(self, rate_hz: float | None, pace: Pace | None = None) -> Iterator[Frame]:
        """Pictures until the stream is closed; a slow consumer misses the oldest ones.

        Args:
            rate_hz: the most pictures a second.
            pace: gives only the newest picture, when its turn has come; it is told how late each look ended.
        """
        with self._changed:
            self._picker, self._pace = Picker(rate_hz), pace
        try:
            while True:
                with self._changed:
                    while not self._has_turn(pace) and not self._stop.is_set() and self._failure is None:
                        self._changed.wait()
                    if self._failure is not None:
                        raise self._failure
                    if self._stop.is_set():
                        return
                    one = self._next(pace)
                stamp = one.stamp
                if pace is not None:
                    pace.took(stamp.video_s)
                yield Frame(stamp.index, stamp.pts, stamp.video_s, stamp.time, to_picture(one.picture))
                if pace is not None:
                    pace.done(self._clock.monotonic() - one.arrived)
        finally:
            with self._changed:
                self._picker = self._pace = None
                self._waiting.clear()

    def _has_turn(self, pace: Pace | None) -> bool:
        """Whether a picture waits whose turn has come."""
        return bool(self._waiting) and (pace is None or pace.ready(self._waiting[-1].stamp.video_s))

    def _next(self, pace: Pace | None) -> _Waiting:
        """The picture to be given: the oldest, or the newest where looks are paced."""
        while pace is not None and len(self._waiting) > 1:
            self._waiting.popleft()
            self._dropped += 1
        self._given += 1
        return self._waiting.popleft()

    def close(self) -> None:
        """End the thread; waits as long as one time-out at most."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            # Opening has two phases, each with the open time-out.
            self._thread.join(2 * self._settings.open_timeout_s + self._settings.read_timeout_s + _SLACK_S)

    # -- the reader's thread -----------------------------------------------------------------------------------

    def _connect_or_raise(self) -> Connection:
        try:
            return connect(self._url, self._credentials, self._settings, self._certificate)
        except LiveFault as fault:
            raise MediaError(str(fault)) from None

    def _run(self, connection: Connection | None) -> None:
        attempt = 0
        try:
            while not self._stop.is_set():
                began = self._clock.monotonic()
                try:
                    connection = connection or connect(self._url, self._credentials, self._settings, self._certificate)
                    reason = self._read(connection)
                except LiveFault as fault:
                    reason = fault.reason
                finally:
                    if connection is not None:
                        connection.close()
                        connection = None
                was_up = self._up
                self._tell_down(reason)
                steady = was_up and self._clock.monotonic() - began >= self._settings.steady_s
                attempt = 0 if steady else attempt
                self._stop.wait(backoff_s(attempt, self._settings, self._clock.random()))
                attempt += 1
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, who must not wait for ever
            with self._changed:
                self._failure = error
                self._changed.notify_all()
        finally:
            self._tell_down("closed")

    def _read(self, connection: Connection) -> DownReason:
        """Read one connection until it fails; the reason why."""
        session = _Session(connection, self._settings)
        self._connections += 1
        if self._info is None:
            self._info = session.info(self._clock.now())
        last_picture = self._clock.monotonic()
        try:
            for packet in connection.container.demux(connection.track):
                if self._stop.is_set():
                    return "closed"
                now = self._clock.monotonic()
                if now - last_picture > self._settings.stall_s:
                    return "stalled"
                for timed, pts in session.admit(packet):
                    fed = self._take(session, timed, pts)
                    last_picture = now if fed.frames or session.skipping else last_picture
        except (av.FFmpegError, OSError, ValueError) as error:
            return reason_of(error)
        return "ended"

    def _take(self, session: _Session, packet: av.Packet[av.VideoStream], pts: int) -> Fed:
        self._place(session, pts)
        self._keep(session, packet, pts)
        session.skipping = self._timeline.behind_s > self._settings.behind_s and not packet.is_keyframe
        if session.skipping:
            session.decoder.skip()
            self._skipped += 1
            return Fed()
        pace = self._pace
        session.decoder.thrifty = pace is not None and pace.thrift >= Thrift.MOST
        fed = session.decoder.feed(packet)
        self._corrupt += fed.lost
        self._hand_over(session, fed)
        return fed

    def _place(self, session: _Session, pts: int) -> None:
        """Fix the second of video of a packet as it arrives."""
        if not session.anchored or self._timeline.jumped(pts, self._settings.jump_s):
            self._timeline.begin(pts, session.time_base)
            session.anchored = True
        session.place(pts, self._timeline.seconds_of(pts))

    def _keep(self, session: _Session, packet: av.Packet[av.VideoStream], pts: int) -> None:
        if self._ring is None:
            return
        if not session.kept:
            self._ring.begin(StreamHeader.of(session.track, packet))
            session.kept = True
        video_s = session.second_of(pts)
        self._ring.push(StoredPacket(
            data=bytes(packet), tag=pts, pts=pts, key=packet.is_keyframe, run=self._timeline.run, video_s=video_s,
            due=self._timeline.time_of(video_s),
        ))  # fmt: skip

    def _hand_over(self, session: _Session, fed: Fed) -> None:
        for frame in fed.frames:
            pts = frame.pts if frame.pts is not None else session.newest_pts
            index, video_s, time = self._timeline.stamp(session.second_of(pts))
            if (frame.width, frame.height) != session.size:
                session.size = (frame.width, frame.height)
                if self._ring is not None:
                    self._ring.split(pts, *session.size)
            if self._ring is not None:
                self._ring.decoded(pts, index=index, pts=pts, video_s=video_s, time=time)
            self._describe(session, time)
            self._offer(Stamp(index, pts, video_s, time), frame)

    def _offer(self, stamp: Stamp, frame: av.VideoFrame) -> None:
        one = _Waiting(stamp, frame, self._clock.monotonic() - self._timeline.behind_s)
        with self._changed:
            if self._picker is None:
                return
            if not self._picker.wants(stamp.video_s):
                if self._pace is None or not self._waiting:
                    return
                self._waiting[-1] = one  # its turn has not been taken yet: by now there is a newer picture for it
            else:
                while len(self._waiting) >= self._settings.hand_over:
                    self._waiting.popleft()
                    self._dropped += 1
                self._waiting.append(one)
            self._changed.notify()

    def _describe(self, session: _Session, time: datetime) -> None:
        if self._up and self._info is not None and (self._info.width, self._info.height) == session.size:
            return
        self._info = session.info(self._info.start_time if self._info is not None else time)
        if not self._up:
            self._up = True
            self._tell(StreamStatus("up", time))

    def _tell_down(self, reason: DownReason) -> None:
        if self._up is False or (self._up is None and reason == "closed"):
            return
        self._up = False
        self._tell(StreamStatus("down", self._clock.now(), reason))

    def _tell(self, status: StreamStatus) -> None:
        if self._on_status is not None:
            self._on_status(status)


class _Session:
    """What is known of one connection while it lasts."""

    def __init__(self, connection: Connection, settings: StreamSettings) -> None:
        self.track = connection.track
        self.decoder = Decoder(connection.track, settings.threads)
        self.time_base = Fraction(connection.track.time_base or Fraction(1, 90_000))
        self.size = (connection.track.codec_context.width, connection.track.codec_context.height)
        self._last_pts: int | None = None
        self._early: list[av.Packet[av.VideoStream]] = []
        self._step = max(1, round(1 / (frame_rate(connection.track) * self.time_base)))
        self.anchored = False
        self.kept = False
        self.skipping = False
        self._begun = False
        self._seconds: dict[int, float] = {}

    def admit(self, packet: av.Packet[av.VideoStream]) -> list[tuple[av.Packet[av.VideoStream], int]]:
        """The packets that are ready, each with its PTS.

        Nothing is of use before the first key frame. The first packets of a session may come before the server told
        what its time stamps mean: they wait for the first PTS and are counted back from it.
        """
        if not packet.size or not (self._begun or packet.is_keyframe):
            return []
        self._begun = True
        pts = packet.pts if packet.pts is not None else packet.dts
        if pts is None and self._last_pts is not None:
            pts = self._last_pts + self._step
        self._early.append(packet)
        if pts is None and len(self._early) <= _IN_DECODER:
            return []
        newest = pts if pts is not None else len(self._early) * self._step
        ready = [(early, newest - back * self._step) for back, early in enumerate(reversed(self._early))][::-1]
        for early, stamp in ready:
            early.pts = stamp
        self._early.clear()
        self._last_pts = newest
        return ready

    def place(self, pts: int, video_s: float) -> None:
        """Remember the second of a packet until its picture comes out."""
        self._seconds[pts] = video_s
        if len(self._seconds) > _IN_DECODER:
            del self._seconds[next(iter(self._seconds))]

    @property
    def newest_pts(self) -> int:
        """PTS of the packet placed last."""
        return next(reversed(self._seconds))

    def second_of(self, pts: int) -> float:
        """Second of a packet placed before; of the newest one for a PTS never seen."""
        return self._seconds.get(pts, self._seconds[self.newest_pts])

    def info(self, start_time: datetime) -> StreamInfo:
        """What this connection sends."""
        return StreamInfo(
            width=self.size[0], height=self.size[1], codec=self.track.codec_context.name, time_base=self.time_base,
            fps=float(frame_rate(self.track)), duration_s=None, live=True, start_time=start_time,
            time_source="wall_clock",
        )  # fmt: skip
