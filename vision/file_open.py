"""Opening a video file, with one sentence for everything that may be wrong with it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Final

import av

from qyran.errors import MediaError
from vision.stream_settings import StreamInfo, TimeSource

# Only containers of video are tried: libav also knows play lists and texts that would make it open other files.
_FORMATS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,mjpeg,m4v,flv,asf,ogg,mxf,nut,dv,ivf,"
    "obu,vc1"
)
_NOMINAL_FPS: Final = Fraction(25)
"""Frame rate of a stream that tells none (PAL)."""
_FASTEST_FPS: Final = 1000
"""A higher rate is the clock of the time stamps mistaken for a frame rate."""
_OLDEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""A creation time before this is a clock that was never set (1904 and 1970 are the zeros of MP4 and Unix)."""
_MOOV_WITHIN: Final = 64
"""An MP4 names its kind ("ftyp") within so many bytes."""


def open_file(path: Path) -> av.container.InputContainer:
    """Open a video file.

    Raises:
        MediaError: one sentence naming the file and the fault.
    """
    try:
        if path.is_dir():
            raise MediaError(f"The video {path} is a folder, not a file.")
        if path.stat().st_size == 0:
            raise MediaError(f"The video {path} is empty.")
        with path.open("rb") as file:
            head = file.read(_MOOV_WITHIN)
    except FileNotFoundError:
        raise MediaError(f"The video {path} does not exist.") from None
    except OSError as error:
        raise MediaError(f"The video {path} cannot be read: {os.strerror(error.errno or 0)}.") from None
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
    try:
        return av.open(f"file:{path.absolute()}", "r", container_options=options, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError):
        if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide"}:
            raise MediaError(
                f"The video {path} is cut off or damaged: the index of the MP4 file (moov) is missing, so no picture "
                "can be read."
            ) from None
        raise MediaError(f"The file {path} is not a video that can be read.") from None


def video_track(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """The track to watch: the default or largest one that is no cover picture.

    Raises:
        MediaError: there is none, or no decoder for it.
    """
    tracks = [t for t in container.streams.video if not t.disposition & av.stream.Disposition.attached_pic]
    if not tracks:
        raise MediaError(f"The file {path} holds no video track.")
    usable = [t for t in tracks if t.codec_context is not None]
    if not usable:
        raise MediaError(f"The video {path} is in a codec that cannot be decoded.")
    return max(usable, key=lambda t: t.codec_context.width * t.codec_context.height)


def frame_rate(track: av.VideoStream) -> Fraction:
    """Nominal frame rate."""
    rate = track.average_rate or track.guessed_rate
    return Fraction(rate) if rate and 0 < rate <= _FASTEST_FPS else _NOMINAL_FPS


def describe(
    container: av.container.InputContainer, track: av.VideoStream, path: Path, start: datetime | None
) -> StreamInfo:
    """What the file is; its time comes from `start`, else its creation time, else the file's modification time."""
    start_time, source = _start_time(container, track, path, start)
    context = track.codec_context
    return StreamInfo(
        width=context.width, height=context.height, codec=context.name,
        time_base=Fraction(track.time_base or Fraction(1, 90_000)), fps=float(frame_rate(track)),
        duration_s=_duration(container, track), live=False, start_time=start_time, time_source=source,
    )  # fmt: skip


def _duration(container: av.container.InputContainer, track: av.VideoStream) -> float | None:
    if track.duration is not None and track.time_base is not None:
        return float(track.duration * track.time_base)
    return container.duration / av.time_base if container.duration is not None else None


def _start_time(
    container: av.container.InputContainer, track: av.VideoStream, path: Path, start: datetime | None
) -> tuple[datetime, TimeSource]:
    if start is not None:
        return start.astimezone(UTC), "given"
    for metadata in (container.metadata, track.metadata):
        try:
            created = datetime.fromisoformat(metadata.get("creation_time", ""))
        except ValueError:
            continue
        created = created if created.tzinfo else created.replace(tzinfo=UTC)
        if created > _OLDEST:
            return created.astimezone(UTC), "creation_time"
    return datetime.fromtimestamp(path.stat().st_mtime, UTC), "file_time"
