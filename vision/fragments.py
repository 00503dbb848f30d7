"""Fragmented MP4 out of packets as they came: an init segment for a configuration, then fragments that play at once.

The same fragments go to disk and to viewers (ISO/IEC 14496-12, as CMAF uses it). NAL units are copied, never encoded
anew; each fragment says its UTC in a `prft` box. Media time counts in ticks of 1/90000 s.
"""

from __future__ import annotations

import io
import struct
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import av

from qyran.errors import MediaError
from vision.nal_units import as_annex_b, codec_string, with_lengths
from vision.packets import StoredPacket, StreamHeader

TIMESCALE: Final = 90_000
"""Ticks a second of media time."""
NOMINAL_TICKS: Final = TIMESCALE // 25
"""Length of a picture where nothing tells it."""
_NTP_TO_UNIX_S: Final = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 5905, 6)."""
_KEY_FLAGS: Final = 0x02000000  # depends on no other
_DELTA_FLAGS: Final = 0x01010000  # depends on others, no sync sample
_OPTIONS: Final = {
    "movflags": "empty_moov+default_base_moof+frag_custom", "use_editlist": "0",
    "video_track_timescale": str(TIMESCALE),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Init:
    """What a player needs before the first fragment.

    Attributes:
        data: `ftyp` and `moov`.
        codecs: name of the codec as browsers ask for it (RFC 6381), empty where it has none.
        annex_b: whether packets carry start codes that become lengths.
        reorder: pictures that a decoder holds back.
    """

    data: bytes = field(repr=False)
    codecs: str
    annex_b: bool
    reorder: int

    @property
    def media_type(self) -> str:
        """As an answer's Content-Type says it."""
        return f'video/mp4; codecs="{self.codecs}"' if self.codecs else "video/mp4"


@dataclass(frozen=True, slots=True)
class Fragment:
    """A run of pictures.

    Attributes:
        data: `prft`, `moof` and `mdat`.
        key: it begins with a key frame.
        start_s: media time of its first picture.
        length_s: until the first picture of the next one.
        utc: of its first picture.
        pictures: how many.
    """

    data: bytes = field(repr=False)
    key: bool
    start_s: float
    length_s: float
    utc: datetime
    pictures: int


def init_of(header: StreamHeader) -> Init:
    """The init segment of a configuration.

    Raises:
        MediaError: MP4 cannot carry the codec.
    """
    memory = io.BytesIO()
    with header.opened() as template:
        reorder = template.codec_context.reorder_depth
        out = av.open(memory, "w", format="mp4", options=_OPTIONS)
        try:
            stream = out.add_stream_from_template(template, opaque=True)
            if header.codec == "hevc":
                stream.codec_context.codec_tag = "hvc1"  # the tag that players of Apple ask for
            out.start_encoding()
        except (ValueError, av.FFmpegError):
            raise MediaError(f"The codec {header.codec} cannot be put into MP4.") from None
        data = b"".join(box for kind, box in boxes(memory.getvalue()) if kind in {b"ftyp", b"moov"})
        out.close()
    return Init(data, codec_string(data), as_annex_b(header.codec, header.extradata), reorder)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The whole boxes at the top of some bytes, each with its kind; a box cut off ends them."""
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if size < 8 or place + size > len(data):
            return
        yield data[place + 4 : place + 8], data[place : place + size]
        place += size


@dataclass(slots=True)
class _Sample:
    data: bytes
    dts: int
    pts: int
    key: bool
    utc: datetime


class Fragmenter:
    """Turns packets of one configuration into fragments.

    A fragment ends before a key frame once it is `least_s` long, and before any packet once it is `most_s` long. Its
    last picture's length is the way to the next one, so it comes out with the packet after it.

    Args:
        init: the configuration.
        least_s, most_s: lengths in seconds of media time.
        origin_s: second of video at media time 0; None takes the first packet's.
    """

    def __init__(self, init: Init, *, least_s: float, most_s: float, origin_s: float | None = None) -> None:
        self._init = init
        self._least, self._most = round(least_s * TIMESCALE), round(most_s * TIMESCALE)
        self._origin_s = origin_s
        self._lead = init.reorder * NOMINAL_TICKS
        self._early: list[int] = []
        self._dts: int | None = None
        self._step = NOMINAL_TICKS
        self._held: list[_Sample] = []
        self._sequence = 0

    def feed(self, packet: StoredPacket, utc: datetime) -> Fragment | None:
        """Take a packet, in decode order; the fragment that it ends, if any."""
        pts, dts = self._times(packet.video_s)
        done = None
        if self._held:
            length = dts - self._held[0].dts
            if length >= self._most or (packet.key and length >= self._least):
                done = self._close(dts)
        data = with_lengths(packet.data) if self._init.annex_b else packet.data
        self._held.append(_Sample(data, dts, pts, packet.key, utc))
        return done

    def flush(self) -> Fragment | None:
        """What is left; the last picture lasts as long as the one before."""
        return self._close(self._held[-1].dts + self._step) if self._held else None

    def _times(self, video_s: float) -> tuple[int, int]:
        """Presentation and decode time: the latter rises, and is no later than the former where that can be."""
        if self._origin_s is None:
            self._origin_s = video_s
        pts = round((video_s - self._origin_s) * TIMESCALE) + self._lead
        if not self._early:
            self._early = [pts - back * NOMINAL_TICKS for back in range(self._init.reorder, 0, -1)]
        insort(self._early, pts)
        dts = self._early.pop(0) if len(self._early) > self._init.reorder else pts
        if self._dts is not None and dts <= self._dts:
            dts = self._dts + 1
        elif self._dts is not None:
            self._step = dts - self._dts
        self._dts = max(dts, 0)
        return pts, self._dts

    def _close(self, end: int) -> Fragment:
        held, self._held = self._held, []
        self._sequence += 1
        first = held[0]
        lengths = [after.dts - one.dts for one, after in pairwise(held)]
        lengths.append(max(1, end - held[-1].dts))
        data = _prft(first) + _moof(self._sequence, held, lengths) + _box(b"mdat", *(one.data for one in held))
        length_s = (end - first.dts) / TIMESCALE
        return Fragment(data, first.key, first.pts / TIMESCALE, length_s, first.utc, len(held))


def _box(kind: bytes, *parts: bytes) -> bytes:
    return b"".join((struct.pack(">I", 8 + sum(map(len, parts))), kind, *parts))


def _prft(first: _Sample) -> bytes:
    """Producer reference time: the UTC of a media time (14496-12, 8.16.5)."""
    since = first.utc - datetime.fromtimestamp(0, UTC)
    seconds = since // timedelta(seconds=1) + _NTP_TO_UNIX_S
    part = since.microseconds * 2**32 // 1_000_000
    return _box(b"prft", struct.pack(">IIIIQ", 1 << 24, 1, seconds, part, first.pts))


def _moof(sequence: int, held: list[_Sample], lengths: list[int]) -> bytes:
    samples = b"".join(
        struct.pack(">IIIi", length, len(one.data), _KEY_FLAGS if one.key else _DELTA_FLAGS, one.pts - one.dts)
        for one, length in zip(held, lengths, strict=True)
    )
    # version 1: offsets may be negative; data offset, length, size, flags, composition offset
    head = (1 << 24) | 0x000001 | 0x000100 | 0x000200 | 0x000400 | 0x000800
    size = 8 + 16 + 8 + 16 + 20 + 20 + len(samples)
    return _box(
        b"moof",
        _box(b"mfhd", struct.pack(">II", 0, sequence)),
        _box(
            b"traf",
            _box(b"tfhd", struct.pack(">II", 0x020000, 1)),  # offsets count from this moof
            _box(b"tfdt", struct.pack(">IQ", 1 << 24, held[0].dts)),
            _box(b"trun", struct.pack(">IIi", head, len(held), size + 8), samples),
        ),
    )


@dataclass(frozen=True, slots=True)
class Clock:
    """What a `prft` box says: `media_ticks` of media time were shown at `utc`."""

    utc: datetime
    media_ticks: int


def read_prft(box: bytes) -> Clock:
    """The clock of a fragment, from its `prft` box.

    Raises:
        ValueError: it is none that this module wrote.
    """
    if len(box) != 32 or box[4:8] != b"prft":
        raise ValueError("no prft box of version 1")
    _, _, seconds, part, media = struct.unpack(">IIIIQ", box[8:])
    utc = datetime.fromtimestamp(seconds - _NTP_TO_UNIX_S, UTC)
    return Clock(utc + timedelta(microseconds=round(part * 1e6 / 2**32)), media)


def moof_spans(box: bytes) -> tuple[int, int, bool]:
    """First decode time and length of a `moof` box of this module, in ticks, and whether it begins with a key frame.

    Raises:
        ValueError: it is none that this module wrote.
    """
    try:
        if box[4:8] != b"moof" or box[52:56] != b"tfdt" or box[72:76] != b"trun":
            raise ValueError("no moof box of this module")
        (dts,) = struct.unpack(">Q", box[60:68])
        (count,) = struct.unpack(">I", box[80:84])
        lengths = [struct.unpack_from(">I", box, 88 + 16 * i)[0] for i in range(count)]
        (flags,) = struct.unpack_from(">I", box, 96)
    except struct.error:
        raise ValueError("a moof box cut off") from None
    return dts, sum(lengths), flags == _KEY_FLAGS
