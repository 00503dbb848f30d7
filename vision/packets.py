"""Compressed packets kept apart from the connection they came from, with what is needed to decode or remux them."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

import av

# Demuxers that find the parameters of a codec in the bytes of one key frame (start codes or whole pictures).
_RAW_FORMATS = {"h264": "h264", "hevc": "hevc", "mpeg4": "m4v", "mjpeg": "mjpeg"}


def padded_packet(data: bytes) -> av.Packet[av.stream.Stream]:
    """A packet with a copy of `data`, and zeros after it, which libavcodec's readers ask for.

    ``av.Packet(data)`` of PyAV 18 refers to the bytes without that padding: decoders then read past the end, and with
    errors told (``err_detect=explode``) MPEG-4 refuses good packets by what happens to lie there.
    """
    packet: av.Packet[av.stream.Stream] = av.Packet(len(data))
    packet.update(data)
    return packet


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """What every packet of a segment needs beside its bytes.

    Attributes:
        codec, width, height, pix_fmt, extradata: of the coder.
        time_base: seconds of one tick of PTS.
        template: a small container (in `template_format`) whose one stream carries the codec parameters.
    """

    codec: str
    width: int
    height: int
    pix_fmt: str
    time_base: Fraction
    extradata: bytes
    template_format: str = field(compare=False)
    template: bytes = field(compare=False, repr=False)

    @staticmethod
    def of(stream: av.VideoStream, key_packet: av.Packet[av.VideoStream]) -> StreamHeader:
        """The header of a stream whose first key packet is at hand; the stream may be closed afterwards."""
        context = stream.codec_context
        time_base = Fraction(stream.time_base or Fraction(1, 90_000))
        memory = io.BytesIO()
        with av.open(memory, "w", format="nut") as out:
            copy = out.add_stream_from_template(stream, opaque=True)
            packet = padded_packet(bytes(key_packet))
            packet.stream, packet.time_base = copy, time_base
            packet.pts = packet.dts = 0
            packet.is_keyframe = True
            out.mux(packet)
        return StreamHeader(
            codec=context.name, width=context.width, height=context.height, pix_fmt=context.pix_fmt or "",
            time_base=time_base, extradata=bytes(context.extradata or b""),
            template_format="nut", template=memory.getvalue(),
        )  # fmt: skip

    def of_key(self, key_packet: bytes) -> StreamHeader | None:
        """The header that a key packet tells by itself; None where it tells none."""
        raw = _RAW_FORMATS.get(self.codec)
        if raw is not None:
            with contextlib.suppress(av.FFmpegError, IndexError), av.open(io.BytesIO(key_packet), format=raw) as probe:
                context = probe.streams.video[0].codec_context
                if context.width and context.height:
                    return StreamHeader(
                        codec=self.codec, width=context.width, height=context.height,
                        pix_fmt=context.pix_fmt or self.pix_fmt, time_base=self.time_base,
                        extradata=bytes(context.extradata or b""), template_format=raw, template=key_packet,
                    )  # fmt: skip
        return None

    def changed_to(self, key_packet: bytes, width: int, height: int) -> StreamHeader:
        """The header after a change of resolution that came inside the packets (as RTSP cameras do it)."""
        told = self.of_key(key_packet)
        if told is not None and (told.width, told.height) == (width, height):
            return told
        return StreamHeader(
            codec=self.codec, width=width, height=height, pix_fmt=self.pix_fmt, time_base=self.time_base,
            extradata=self.extradata, template_format=self.template_format, template=self.template,
        )  # fmt: skip

    @contextlib.contextmanager
    def opened(self) -> Iterator[av.VideoStream]:
        """A stream with these parameters: the template for a muxer, and a fresh decoder."""
        with av.open(io.BytesIO(self.template), format=self.template_format) as container:
            yield container.streams.video[0]


@dataclass(slots=True, eq=False)
class StoredPacket:
    """One packet as it came.

    Attributes:
        data: the bytes of the packet.
        tag: what the decoder got as PTS (equals `pts` where the stream has time stamps).
        pts: presentation time stamp in ticks; where a stream has none, ticks counted from its nominal rate.
        key: a decoder can begin here.
        hidden: decoded for the sake of others but not shown (cut away by an edit list).
        run: number of the connection; time stamps of different runs are not comparable.
        video_s: second of video.
        frame: running number of the picture, None until it was decoded (and for ever where it could not be).
        time: UTC of the picture, None as `frame`.
        due: UTC by the stream's clock, known as soon as it came; None where the reader does not tell.
    """

    data: bytes
    tag: int
    pts: int
    key: bool
    run: int
    video_s: float
    hidden: bool = False
    frame: int | None = None
    time: datetime | None = None
    due: datetime | None = None

    def to_av(self, pts: int, time_base: Fraction) -> av.Packet[av.stream.Stream]:
        """A packet for a decoder, with a PTS of the caller's choice."""
        packet = padded_packet(self.data)
        packet.pts, packet.time_base = pts, time_base
        packet.is_keyframe = self.key
        return packet
