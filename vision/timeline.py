"""From the time stamps of a file to seconds that rise from 0."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

import av


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and what a picture is: all of `vision.types.Frame` but the picture."""

    index: int
    pts: int
    video_s: float
    time: datetime


class FileTimeline:
    """Gives each packet a tag that the decoder carries to its picture, and each picture its stamp.

    Seconds are PTS differences to the first picture. A stream without PTS (raw H.264, AVI with B-frames) counts
    pictures at its nominal rate; a single packet without PTS takes its DTS, else one nominal frame after the packet
    before. A PTS that does not rise (spliced recordings) is put one nominal frame after the picture before, and what
    follows goes on from there.

    Args:
        time_base: seconds of a tick.
        step: ticks of one nominal frame.
        start_time: UTC of the first picture.
        in_decode_order: the container stamps packets in the order of decoding (AVI): pictures, which come in the order
            of showing, take the stamps sorted.
    """

    def __init__(self, time_base: Fraction, step: int, start_time: datetime, *, in_decode_order: bool = False) -> None:
        self._time_base = time_base
        self._step = step
        self._start_time = start_time
        self._in_decode_order = in_decode_order
        self._unshown: list[int] = []
        self._counted: bool | None = None
        self._tag: int | None = None
        self._origin: int | None = None
        self._shift = 0
        self._last: int | None = None
        self._index = 0
        self._lost = 0

    @property
    def pictures(self) -> int:
        """Pictures stamped so far."""
        return self._index

    @property
    def step_s(self) -> float:
        """Seconds of one nominal frame."""
        return float(self._step * self._time_base)

    @property
    def end_s(self) -> float:
        """Second at which the last picture stamped ends; 0 before the first."""
        if self._last is None or self._origin is None:
            return 0.0
        return float((self._last + self._step - self._origin) * self._time_base)

    def tag(self, packet: av.Packet[av.VideoStream]) -> int:
        """The tag of a packet: its PTS, or its number in a stream without PTS."""
        if self._counted is None:
            self._counted = packet.pts is None
        if self._counted:
            self._tag = 0 if self._tag is None else self._tag + 1
        elif packet.pts is not None:
            self._tag = packet.pts
        elif packet.dts is not None and packet.dts != self._tag:
            self._tag = packet.dts
        else:
            self._tag = (self._tag or 0) + self._step
        if self._in_decode_order:
            heapq.heappush(self._unshown, self._tag)
        return self._tag

    def lose(self, tag: int) -> None:
        """The packet with this tag gave no picture, and the decoder let go of all before it."""
        self._lost += 1
        self._unshown = [unshown for unshown in self._unshown if unshown > tag]

    def pts_of(self, tag: int) -> int:
        """PTS of a packet that is not decoded yet (in a stream without PTS: as if there were no reordering)."""
        return tag * self._step if self._counted else tag

    def seconds_of(self, tag: int) -> float:
        """Second of a packet that is not decoded yet."""
        pts = self.pts_of(tag)
        if self._origin is None:
            self._origin = pts
        return float((pts + self._shift - self._origin) * self._time_base)

    def stamp(self, tag: int | None) -> Stamp:
        """The stamp of the next picture, which came out with this tag."""
        if self._unshown:
            tag = heapq.heappop(self._unshown)
        pts = (self._index + self._lost) * self._step if self._counted or tag is None else tag
        if self._last is None:
            self._origin = pts
        elif pts + self._shift <= self._last:
            self._shift = self._last + self._step - pts
        self._last = pts + self._shift
        assert self._origin is not None  # noqa: S101 - set with the first picture
        video_s = float((self._last - self._origin) * self._time_base)
        stamp = Stamp(self._index, pts, video_s, self._start_time + timedelta(seconds=video_s))
        self._index += 1
        return stamp
