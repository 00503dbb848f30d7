"""The last packets of a stream as they came: clips without re-encoding, pictures decoded a second time.

Packets are kept in groups that begin with a key frame, and groups in segments that share one decoder configuration
(`StreamHeader`). A stream that is connected again with the same configuration goes on in its segment.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from qyran.errors import NotFound
from vision.clip import Clip, write_clip
from vision.decoding import decode_stored
from vision.packets import StoredPacket, StreamHeader
from vision.types import Frame

NEAREST_S: Final = 1.0
"""A picture farther than this from the wanted moment is not "the picture at" it, seconds."""
_TOUCH_S: Final = 1e-6


@dataclass(slots=True, eq=False)
class _Group:
    """Packets from one key frame to before the next, in decode order."""

    packets: list[StoredPacket] = field(default_factory=list)
    size: int = 0

    @property
    def first_s(self) -> float:
        return self.packets[0].video_s


@dataclass(slots=True, eq=False)
class _Segment:
    header: StreamHeader
    groups: deque[_Group] = field(default_factory=deque)

    def packets(self) -> list[StoredPacket]:
        return [packet for group in self.groups for packet in group.packets]


class PacketTap(Protocol):
    """Gets every packet that goes into a ring, in the reader's thread: it must be quick and never raise."""

    def begin(self, header: StreamHeader) -> None:
        """A connection begins; packets that follow are of this configuration."""

    def push(self, packet: StoredPacket) -> None:
        """One packet, in decode order; the first after `begin` is a key frame."""


class PacketRing:
    """Packets of the last `span_s` seconds, within `max_bytes` (thread-safe).

    Whole groups are dropped, so at least `span_s` seconds remain while the bytes allow. A single group larger than
    `max_bytes` is dropped too, and `overflows` counts it. `taps` get everything that is put in.
    """

    def __init__(self, span_s: float = 60.0, max_bytes: int = 64 * 2**20, taps: Sequence[PacketTap] = ()) -> None:
        self._taps = tuple(taps)
        self.span_s = span_s
        self.max_bytes = max_bytes
        self.overflows = 0
        self._lock = threading.Lock()
        self._segments: deque[_Segment] = deque()
        self._undecoded: dict[int, StoredPacket] = {}
        self._size = 0
        self._waiting_for_key = True
        self._newest_s: float | None = None

    # -- written by the stream ---------------------------------------------------------------------------------

    def begin(self, header: StreamHeader) -> None:
        """A connection begins; packets that follow are of this configuration."""
        with self._lock:
            self._undecoded.clear()
            self._waiting_for_key = True
            if not self._segments or self._segments[-1].header != header:
                self._segments.append(_Segment(header))
        for tap in self._taps:
            tap.begin(header)

    def push(self, packet: StoredPacket) -> None:
        """Keep one packet, in decode order; packets before the first key frame are of no use and are not kept."""
        with self._lock:
            if not self._segments:
                raise RuntimeError("PacketRing.begin() must be called before push()")
            if self._waiting_for_key and not packet.key:
                return
            self._waiting_for_key = False
            groups = self._segments[-1].groups
            if packet.key:
                groups.append(_Group())
            groups[-1].packets.append(packet)
            groups[-1].size += len(packet.data)
            self._size += len(packet.data)
            self._undecoded[packet.tag] = packet
            self._evict()
        for tap in self._taps:
            tap.push(packet)

    def decoded(self, tag: int, *, index: int, pts: int, video_s: float, time: datetime) -> None:
        """The picture of the packet given to the decoder with `tag` came out."""
        with self._lock:
            self._newest_s = video_s if self._newest_s is None else max(self._newest_s, video_s)
            packet = self._undecoded.pop(tag, None)
            if packet is not None:
                packet.frame, packet.pts, packet.video_s, packet.time = index, pts, video_s, time

    def split(self, tag: int, width: int, height: int) -> None:
        """The picture of this packet came out in another size: a new segment begins with it."""
        with self._lock:
            if not self._segments:
                return
            old = self._segments[-1]
            moved: deque[_Group] = deque()
            if not any(packet.tag == tag for group in old.groups for packet in group.packets):
                return
            while not any(packet.tag == tag for packet in (moved[0].packets if moved else ())):
                moved.appendleft(old.groups.pop())
            header = old.header.changed_to(moved[0].packets[0].data, width, height)
            self._segments.append(_Segment(header, moved))
            if not old.groups:
                self._segments.remove(old)

    def _evict(self) -> None:
        while self._segments:
            segment = self._segments[0]
            if not segment.groups:
                if len(self._segments) == 1:
                    return
                self._segments.popleft()
                continue
            following = self._first_after_oldest()
            if following is None:
                if self._size <= self.max_bytes:
                    return
                self.overflows += 1
                self._waiting_for_key = True
            elif self._size <= self.max_bytes and self._segments[-1].groups[-1].packets[-1].video_s - following < (
                self.span_s
            ):
                return
            group = segment.groups.popleft()
            self._size -= group.size
            for packet in group.packets:
                self._undecoded.pop(packet.tag, None)

    def _first_after_oldest(self) -> float | None:
        """Second at which the second oldest group begins."""
        if len(self._segments[0].groups) > 1:
            return self._segments[0].groups[1].first_s
        return next((segment.groups[0].first_s for segment in list(self._segments)[1:] if segment.groups), None)

    # -- read by everyone --------------------------------------------------------------------------------------

    @property
    def newest_s(self) -> float:
        """The last second of video held (and decoded); minus infinity while there is none."""
        newest = self._newest_s
        return float("-inf") if newest is None else newest

    @property
    def oldest_s(self) -> float:
        """The first second of video held; infinity while there is none."""
        with self._lock:
            return min((s.groups[0].first_s for s in self._segments if s.groups), default=float("inf"))

    @property
    def size(self) -> int:
        """Bytes of packets held."""
        return self._size

    def cut(self, start_s: float, end_s: float, path: Path | str, *, moment_s: float | None = None) -> Clip:
        """Write the original packets from the key frame at or before `start_s` to the picture at `end_s` as MP4.

        The clip holds every picture that is shown between its first and its last one; it stays within the segment
        (one decoder configuration) that holds `moment_s`, the moment it is about (the middle where not given).

        Raises:
            NotFound: the ring holds nothing of that time any more.
            MediaError: MP4 cannot carry the codec.
        """
        moment_s = (start_s + end_s) / 2 if moment_s is None else moment_s
        with self._lock:
            segment = self._segment_at(moment_s)
            packets = segment.packets() if segment is not None else []
        chosen = choose_packets(packets, start_s, end_s)
        if segment is None or not chosen:
            raise NotFound(f"The packet archive holds no video between {start_s:.1f} s and {end_s:.1f} s any more.")
        return write_clip(chosen, segment.header, Path(path))

    def picture_at(self, video_s: float) -> Frame | None:
        """The picture nearest to a moment, decoded again; None where none within `NEAREST_S` is held."""
        return self.pictures_at([video_s])[0]

    def pictures_at(self, moments: Sequence[float]) -> list[Frame | None]:
        """As `picture_at` for several moments; a group of pictures is decoded once at most."""
        with self._lock:
            segments = [(segment.header, segment.packets()) for segment in self._segments if segment.groups]
        where = sorted(
            (packet.video_s, number, position)
            for number, (_, packets) in enumerate(segments)
            for position, packet in enumerate(packets)
            if packet.frame is not None
        )
        seconds = [entry[0] for entry in where]
        wanted = [_nearest(seconds, moment) for moment in moments]
        found: dict[tuple[int, int], Frame] = {}
        for number, (header, packets) in enumerate(segments):
            positions = {where[w][2] for w in wanted if w is not None and where[w][1] == number}
            for position, frame in decode_stored(packets, positions, header):
                found[number, position] = frame
        return [found.get(where[w][1:]) if w is not None else None for w in wanted]

    def _segment_at(self, moment_s: float) -> _Segment | None:
        held = [segment for segment in self._segments if segment.groups]
        begun = [segment for segment in held if segment.groups[0].first_s <= moment_s + _TOUCH_S]
        return begun[-1] if begun else next(iter(held), None)


def choose_packets(packets: Sequence[StoredPacket], start_s: float, end_s: float) -> list[StoredPacket]:
    """The packets of a clip, in decode order.

    From the last key frame shown at or before `start_s` (the first one held where there is none) to the shortest end
    that shows everything up to `end_s` without a gap. Pictures shown before that key frame need what is not there
    (leading pictures of an open group) and are left out.
    """
    keys = [i for i, packet in enumerate(packets) if packet.key]
    if not keys:
        return []
    first = max((i for i in keys if packets[i].video_s <= start_s + _TOUCH_S), default=keys[0])
    head = packets[first]
    if head.video_s > end_s + _TOUCH_S:
        return []
    body = [p for p in packets[first:] if p is head or p.video_s >= head.video_s or p.hidden]
    # Length n shows everything up to its last picture when all that follows is shown later.
    later = [float("inf")] * (len(body) + 1)
    for i in range(len(body) - 1, -1, -1):
        later[i] = min(later[i + 1], body[i].video_s)
    latest = float("-inf")
    for n, packet in enumerate(body, start=1):
        latest = max(latest, packet.video_s)
        if later[n] > end_s + _TOUCH_S and later[n] > latest:
            return body[:n]
    return body


def _nearest(seconds: Sequence[float], moment: float) -> int | None:
    """Index of the value nearest to `moment` in a sorted sequence, None beyond `NEAREST_S`."""
    right = bisect_left(seconds, moment)
    candidates: Iterable[int] = (i for i in (right - 1, right) if 0 <= i < len(seconds))
    best = min(candidates, key=lambda i: abs(seconds[i] - moment), default=None)
    return best if best is not None and abs(seconds[best] - moment) <= NEAREST_S else None
