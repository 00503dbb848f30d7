"""Decoding that notices damage, picking by a rate, and pictures out of decoded frames.

libavcodec conceals damage unless asked: with ``err_detect=explode`` it refuses a damaged packet, and frames that were
patched up are flagged corrupt. After damage nothing is trusted until the next key frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import av
import numpy as np

from vision.packets import StoredPacket, StreamHeader
from vision.types import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

THRIFTY: Final = {"skip_loop_filter": "nokey"}
_GRID_S: Final = 1e-3
"""Containers round time stamps to a millisecond (Matroska); a frame this early is on time."""


@dataclass(slots=True)
class Fed:
    """What came of one packet.

    Attributes:
        frames: good pictures, in the order shown.
        broke: damage was found at this packet (pictures in `frames` come before it).
        lost: the packet gave no picture because it is damaged or follows damage.
    """

    frames: list[av.VideoFrame] = field(default_factory=list)
    broke: bool = False
    lost: bool = False


class Decoder:
    """A video decoder on one stream that gives good pictures only and begins again at key frames.

    `thrifty`, taken over at the next key frame, leaves out the loop filter between key frames: 13 to 27 % less work for
    pictures that differ by about one grey level.

    Args:
        stream: the demuxed (or template) stream.
        threads: decoder threads.
        doubt: hold pictures back by one packet, and give none of a packet that stands directly before damage: noise
            that begins near the end of a packet often goes unnoticed in it. For files, where a packet's delay is free.
    """

    def __init__(self, stream: av.VideoStream, threads: int = 1, *, doubt: bool = False) -> None:
        self._context = stream.codec_context
        self._context.thread_type = "NONE" if threads == 1 else "FRAME"
        self._context.thread_count = threads
        self._context.options = {"err_detect": "explode"}
        self.thrifty = self._is_thrifty = False
        self._doubt = doubt
        self._held: list[av.VideoFrame] = []
        self._before: int | None = None
        self._waiting_for_key = True
        self._damaged = False

    def feed(self, packet: av.Packet[Any]) -> Fed:
        """Decode one packet; never raises for bad data."""
        if not packet.is_keyframe or self.thrifty == self._is_thrifty or self._context.is_hwaccel:
            return self._decode(packet)
        held = [] if self._waiting_for_key else self.drain().frames
        self._begin_anew()
        fed = self._decode(packet)
        fed.frames[:0] = held
        return fed

    def _decode(self, packet: av.Packet[Any]) -> Fed:
        if self._waiting_for_key and not packet.is_keyframe:
            return Fed(lost=self._damaged)
        self._waiting_for_key = False
        if packet.is_corrupt:  # cut off by the end of the file: what came before is whole
            return self._break([packet.pts])
        try:
            frames = self._context.decode(packet)
        except (av.FFmpegError, ValueError):
            return self._break([packet.pts, self._before])
        good = _until_corrupt(frames)
        if len(good) < len(frames):
            self._held += good
            return self._break([packet.pts, self._before], drain=False)
        self._before = packet.pts
        if not self._doubt:
            return Fed(good)
        ready, self._held = self._held, good
        return Fed(ready)

    def _begin_anew(self) -> None:
        """Take another decoder, as thrifty as is wanted now; at a key frame only, where nothing is inside."""
        old, self._is_thrifty = self._context, self.thrifty
        new = cast("av.VideoCodecContext", av.CodecContext.create(old.name, "r"))
        new.extradata, new.thread_type, new.thread_count = old.extradata, old.thread_type, old.thread_count
        new.options = {"err_detect": "explode"} | (THRIFTY if self.thrifty else {})
        self._context = new
        self._held, self._before = [], None

    def skip(self) -> None:
        """Let go of what is inside and wait for the next key frame, which is no damage."""
        if not self._waiting_for_key:
            self._context.flush_buffers()
            self._held, self._before = [], None
            self._waiting_for_key = True

    def drain(self) -> Fed:
        """The pictures still inside at the end."""
        held, self._held = self._held, []
        if self._waiting_for_key:
            return Fed(held)
        try:
            frames = self._context.decode(None)
        except (av.FFmpegError, ValueError):
            return Fed(held, broke=True)
        good = _until_corrupt(frames)
        return Fed(held + good, broke=len(good) < len(frames))

    def _break(self, bad: Sequence[int | None], *, drain: bool = True) -> Fed:
        """What is inside and shown before the bad packets; pictures shown after them may lean on them."""
        inside = self.drain().frames if drain else self._held
        first_bad = min((pts for pts in bad if pts is not None), default=None)
        good = [frame for frame in inside if first_bad is None or frame.pts is None or frame.pts < first_bad]
        self._context.flush_buffers()
        self._held, self._before = [], None
        self._waiting_for_key = self._damaged = True
        return Fed(good, broke=True, lost=True)


def _until_corrupt(frames: Sequence[av.VideoFrame]) -> list[av.VideoFrame]:
    good: list[av.VideoFrame] = []
    for frame in frames:
        if frame.is_corrupt:
            break
        good.append(frame)
    return good


class Picker:
    """Chooses frames by their seconds: at most `rate_hz` a second, evenly; all of them without a rate."""

    def __init__(self, rate_hz: float | None) -> None:
        if rate_hz is not None and not rate_hz > 0:
            raise ValueError("rate_hz must be positive")
        self._rate_hz = rate_hz
        self._from_s: float | None = None
        self._slot = -1

    def wants(self, video_s: float) -> bool:
        """Whether the frame at this second is to be given; call once a frame, in order."""
        if self._rate_hz is None:
            return True
        if self._from_s is None:
            self._from_s = video_s
        slot = int((video_s - self._from_s + _GRID_S) * self._rate_hz)
        if slot <= self._slot:
            return False
        self._slot = slot
        return True


def to_picture(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """uint8 [H, W, 3] BGR, read-only."""
    picture = cast("NDArray[np.uint8]", frame.to_ndarray(format="bgr24"))
    picture.flags.writeable = False
    return picture


def decode_stored(
    packets: Sequence[StoredPacket], positions: set[int], header: StreamHeader
) -> Iterator[tuple[int, Frame]]:
    """Decode the pictures of the packets at `positions` (of one segment, in decode order), each group once.

    A picture shown before the key frame of its group refers to the group before, so decoding begins there.
    """
    left = set(positions)
    keys = [i for i, packet in enumerate(packets) if packet.key]
    while left:
        target = min(left)
        begun = [k for k in keys if k <= target]
        if not begun:
            left.discard(target)
            continue
        start = begun[-1]
        if packets[target].video_s < packets[start].video_s and len(begun) > 1:
            start = begun[-2]
        end = next((k for k in keys if k > target), len(packets))
        wanted = {i for i in left if start <= i < end}
        left -= wanted
        yield from _decode_some(packets, range(start, end), wanted, header)


def _decode_some(
    packets: Sequence[StoredPacket], run: range, wanted: set[int], header: StreamHeader
) -> Iterator[tuple[int, Frame]]:
    """Decode a run of packets, whose positions serve as PTS, until every wanted picture is out."""
    with header.opened() as stream:
        decoder = Decoder(stream)
        for i in (*run, None):
            fed = decoder.drain() if i is None else decoder.feed(packets[i].to_av(i, header.time_base))
            for frame in fed.frames:
                if frame.pts not in wanted:
                    continue
                wanted.discard(frame.pts)
                stored = packets[frame.pts]
                if stored.frame is not None and stored.time is not None:
                    yield (
                        frame.pts,
                        Frame(stored.frame, stored.pts, stored.video_s, stored.time, to_picture(frame)),
                    )
            if not wanted:
                return
