"""Reading a video file: every picture in order, and the second at which it breaks off or turns to noise."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import av

from qyran.errors import BrokenMedia, MediaError
from vision.archive import PacketRing
from vision.decoding import Decoder, Fed, Picker, to_picture
from vision.file_open import describe, frame_rate, open_file, video_track
from vision.packets import StoredPacket, StreamHeader
from vision.stream_settings import StreamCounts, StreamSettings
from vision.timeline import FileTimeline, Stamp
from vision.types import Frame

_SHORT_S: Final = 0.25
"""A file may end this much before the duration it claims: containers round, and the last frame's length is a guess."""
_SHORT_FRAMES: Final = 3
"""The same in nominal frames, for slow streams."""


class FileStream:
    """One pass over a video file. The first picture is decoded on opening, so a file without any is refused at once.

    A display matrix is ignored: pictures come as coded. Time stamps are read as `FileTimeline` says.

    Raises:
        MediaError: there is no such file, or it holds no picture that can be decoded.
    """

    def __init__(self, path: Path, settings: StreamSettings, ring: PacketRing | None) -> None:
        self._path = path
        self._ring = ring
        self._container = open_file(path)
        try:
            self._track = video_track(self._container, path)
            self.info = describe(self._container, self._track, path, settings.start_time)
            step = max(1, round(1 / (frame_rate(self._track) * self.info.time_base)))
            self._timeline = FileTimeline(
                self.info.time_base, step, self.info.start_time, in_decode_order=self._container.format.name == "avi"
            )
            self._decoder = Decoder(self._track, settings.threads, doubt=True)
            self._header: StreamHeader | None = None
            self._size = (self.info.width, self.info.height)
            self._break_s: float | None = None
            self._given = self._corrupt = 0
            self._pictures = self._decode()
            self._first = self._first_picture()
        except BaseException:
            self._container.close()
            raise

    @property
    def counts(self) -> StreamCounts:
        """Totals so far."""
        return StreamCounts(decoded=self._timeline.pictures, given=self._given, corrupt=self._corrupt)

    def close(self) -> None:
        """Close the file."""
        self._pictures.close()
        self._container.close()

    def frames(self, rate_hz: float | None) -> Iterator[Frame]:
        """Every picture, or at most `rate_hz` a second; one pass.

        Raises:
            BrokenMedia: after every good picture was given, where the file broke off or is damaged.
        """
        picker = Picker(rate_hz)
        while (item := self._next()) is not None:
            stamp, decoded = item
            if picker.wants(stamp.video_s):
                self._given += 1
                yield Frame(stamp.index, stamp.pts, stamp.video_s, stamp.time, to_picture(decoded))
        if self._break_s is not None:
            raise BrokenMedia(self._fault(self._break_s), second=self._break_s)

    def _first_picture(self) -> tuple[Stamp, av.VideoFrame] | None:
        first = next(self._pictures, None)
        if first is None:
            raise MediaError(f"The video {self._path} holds no picture that can be decoded.")
        return first

    def _next(self) -> tuple[Stamp, av.VideoFrame] | None:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return next(self._pictures, None)

    def _decode(self) -> Generator[tuple[Stamp, av.VideoFrame]]:
        """Every good picture; notes the first break."""
        reach = _Reach(self._container, self._track)
        for packet in reach.packets():
            if packet.stream is not self._track:
                continue
            tag = packet.pts = self._timeline.tag(packet)
            self._keep(packet, tag)
            fed = self._decoder.feed(packet)
            self._corrupt += fed.lost
            yield from self._stamped(fed)
            if fed.lost:
                self._timeline.lose(tag)
        yield from self._stamped(self._decoder.drain())
        if reach.ended_early(self._timeline.step_s) and self._break_s is None:
            self._break_s = self._timeline.end_s

    def _keep(self, packet: av.Packet[av.VideoStream], tag: int) -> None:
        if self._ring is None:
            return
        if self._header is None and packet.is_keyframe:
            self._header = StreamHeader.of(self._track, packet)
            self._ring.begin(self._header)
        if self._header is not None:
            video_s = self._timeline.seconds_of(tag)
            self._ring.push(StoredPacket(
                data=bytes(packet), tag=tag, pts=self._timeline.pts_of(tag), key=packet.is_keyframe, run=0,
                video_s=video_s, hidden=packet.is_discard, due=self.info.start_time + timedelta(seconds=video_s),
            ))  # fmt: skip

    def _stamped(self, fed: Fed) -> Iterator[tuple[Stamp, av.VideoFrame]]:
        for frame in fed.frames:
            stamp = self._timeline.stamp(frame.pts)
            if self._ring is not None and frame.pts is not None:
                if (frame.width, frame.height) != self._size:
                    self._size = (frame.width, frame.height)
                    self._ring.split(frame.pts, *self._size)
                self._ring.decoded(frame.pts, index=stamp.index, pts=stamp.pts, video_s=stamp.video_s, time=stamp.time)
            yield stamp, frame
        if fed.broke and self._break_s is None:
            self._break_s = self._timeline.end_s

    def _fault(self, second: float) -> str:
        whole = f" of {self.info.duration_s:.1f} s" if self.info.duration_s is not None else ""
        if self._timeline.end_s <= second:
            return f"The video {self._path} breaks off at {second:.1f} s{whole}: nothing after that can be decoded."
        return f"The video {self._path} is damaged at {second:.1f} s{whole}: what follows could only be read in parts."


class _Reach:
    """Demuxes all tracks to know whether the file ends where it says.

    The container's duration spans every track, so a short video track beside long sound is no break; where the video
    track has a duration of its own, that one counts.
    """

    def __init__(self, container: av.container.InputContainer, track: av.VideoStream) -> None:
        self._container = container
        self._track = track
        self._failed = False
        self._video_s: float | None = None
        self._any_s: float | None = None

    def packets(self) -> Iterator[av.Packet[Any]]:
        """Every packet of every track; ends quietly where the container is damaged."""
        try:
            for packet in self._container.demux():
                if packet.size:
                    self._note(packet)
                    yield packet
        except (av.FFmpegError, OSError, ValueError):
            self._failed = True

    def _note(self, packet: av.Packet[Any]) -> None:
        ticks = packet.pts if packet.pts is not None else packet.dts
        if ticks is None:
            return
        end_s = float((ticks + (packet.duration or 0)) * packet.time_base)
        self._any_s = end_s if self._any_s is None else max(self._any_s, end_s)
        if packet.stream is self._track:
            self._video_s = end_s if self._video_s is None else max(self._video_s, end_s)

    def ended_early(self, step_s: float) -> bool:
        """Whether data is missing at the end."""
        if self._failed:
            return True
        slack = max(_SHORT_S, _SHORT_FRAMES * step_s)
        track = self._track
        if track.duration is not None and track.time_base is not None and self._video_s is not None:
            claimed = float(((track.start_time or 0) + track.duration) * track.time_base)
            return self._video_s < claimed - slack
        if self._container.duration is not None and self._any_s is not None:
            claimed = ((self._container.start_time or 0) + self._container.duration) / av.time_base
            return self._any_s < claimed - slack
        return False
