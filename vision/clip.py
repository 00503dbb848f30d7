"""Clips: original packets put into MP4 without re-encoding, and viewing copies for browsers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

from qyran.errors import MediaError
from vision.packets import StoredPacket, StreamHeader, padded_packet

# Codecs that the common browsers play in MP4, 8 bits and 4:2:0 (HEVC depends on the machine, so it does not count).
_BROWSER_CODECS = frozenset({"h264", "av1", "vp9"})
_BROWSER_FORMATS = frozenset({"yuv420p", "yuvj420p", ""})


@dataclass(frozen=True, slots=True)
class ClipFrame:
    """One picture of a clip.

    Attributes:
        frame: its number in the source stream (`Frame.index`), None where it never decoded there.
        pts: its original PTS in the source.
        video_s: its second of video in the source.
        time: UTC, None as `frame`.
    """

    frame: int | None
    pts: int
    video_s: float
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip as written; `frames` stand in the order in which they are shown.

    Attributes:
        path: the MP4 file.
        start_s, end_s: seconds of video (in the source) of the first and the last picture.
        frames: what each picture of the file was in the source.
        time_base: seconds of one tick of the PTS.
        codec, width, height, pix_fmt: of the pictures.
    """

    path: Path
    start_s: float
    end_s: float
    frames: tuple[ClipFrame, ...]
    time_base: Fraction
    codec: str
    width: int
    height: int
    pix_fmt: str

    @property
    def first_pts(self) -> int:
        """Original PTS of the first picture."""
        return self.frames[0].pts

    @property
    def last_pts(self) -> int:
        """Original PTS of the last picture."""
        return self.frames[-1].pts


def browser_plays(codec: str, pix_fmt: str = "yuv420p") -> bool:
    """Whether every common browser plays this codec and pixel format in MP4."""
    return codec in _BROWSER_CODECS and pix_fmt in _BROWSER_FORMATS


def write_clip(packets: Sequence[StoredPacket], header: StreamHeader, path: Path) -> Clip:
    """Put packets (in decode order, a key frame first) into an MP4 whose presentation begins at 0.

    The index stands in front (faststart) so that a browser plays it while loading. Decode time stamps are made anew
    from the order of decoding and the presentation time stamps; the packets' bytes stay as they came.

    Raises:
        MediaError: MP4 cannot carry the codec.
    """
    ticks = _clip_ticks(packets, header.time_base)
    dts = decode_stamps(ticks)
    shown = sorted((tick, i) for i, tick in enumerate(ticks))
    follows = {i: after - tick for (tick, i), (after, _) in pairwise(shown)}
    usual = (
        sorted(follows.values())[len(follows) // 2] if follows else max(1, round(Fraction(1, 25) / header.time_base))
    )
    with header.opened() as template, av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out:
        try:
            stream = out.add_stream_from_template(template, opaque=True)
        except ValueError:
            raise MediaError(f"The codec {header.codec} cannot be put into an MP4 clip.") from None
        stream.time_base = header.time_base
        if header.codec == "hevc":
            stream.codec_context.codec_tag = "hvc1"  # the tag that players of Apple ask for
        for i, stored in enumerate(packets):
            packet = padded_packet(stored.data)
            packet.stream, packet.time_base = stream, header.time_base
            packet.pts, packet.dts, packet.duration = ticks[i], dts[i], follows.get(i, usual)
            packet.is_keyframe = stored.key
            out.mux(packet)
    visible = [packets[i] for _, i in shown if not packets[i].hidden]
    frames = tuple(ClipFrame(p.frame, p.pts, p.video_s, p.time) for p in visible)
    return Clip(
        path=path, start_s=frames[0].video_s, end_s=frames[-1].video_s, frames=frames, time_base=header.time_base,
        codec=header.codec, width=header.width, height=header.height, pix_fmt=header.pix_fmt,
    )  # fmt: skip


def _clip_ticks(packets: Sequence[StoredPacket], time_base: Fraction) -> list[int]:
    """Presentation ticks from 0 at the first visible picture; runs after the first are placed by their seconds."""
    first = min((p for p in packets if not p.hidden), key=lambda p: p.video_s)
    shift = {first.run: -first.pts}
    ticks: list[int] = []
    taken: set[int] = set()
    for packet in packets:
        if packet.run not in shift:
            shift[packet.run] = round((packet.video_s - first.video_s) / float(time_base)) - packet.pts
        tick = packet.pts + shift[packet.run]
        while tick in taken:  # two pictures at one tick: players need distinct ones
            tick += 1
        taken.add(tick)
        ticks.append(tick)
    return ticks


def decode_stamps(ticks: Sequence[int]) -> list[int]:
    """Decode time stamps for distinct presentation stamps in decode order: rising, and never after presentation."""
    in_order = sorted(ticks)
    delay = max(due - tick for due, tick in zip(in_order, ticks, strict=True))
    return [due - delay for due in in_order]


def view_copy(clip_path: Path | str, out_path: Path | str, *, crf: int = 21) -> Path:
    """Encode a clip anew as H.264 for browsers that cannot play its codec: for viewing, not evidence.

    Every picture keeps its presentation time. Odd widths and heights lose one column or row (4:2:0 needs even ones).

    Raises:
        MediaError: the clip cannot be decoded.
    """
    out_path = Path(out_path)
    try:
        with av.open(str(clip_path)) as source, av.open(str(out_path), "w", format="mp4", options=_FASTSTART) as out:
            track = source.streams.video[0]
            time_base = Fraction(track.time_base or Fraction(1, 90_000))
            rate = track.average_rate or Fraction(25)
            stream = out.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": "veryfast"})
            context = track.codec_context
            stream.width, stream.height = context.width & ~1, context.height & ~1
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = time_base
            for frame in source.decode(track):
                picture = frame.reformat(width=stream.width, height=stream.height, format="yuv420p")
                picture.pts, picture.time_base = frame.pts, time_base
                picture.pict_type = 0  # the encoder chooses the key frames anew
                out.mux(stream.encode(picture))
            out.mux(stream.encode(None))
    except (av.FFmpegError, IndexError) as error:
        raise MediaError(f"No viewing copy of {clip_path} could be made: {error.__class__.__name__}.") from None
    return out_path


_FASTSTART = {"movflags": "faststart"}
