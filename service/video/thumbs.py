"""A small picture of each segment, from its first key frame; made when it is first asked for, and kept beside it."""

from __future__ import annotations

import contextlib
import io
import secrets
import threading
from typing import Final

import av
import cv2

from qyran.errors import IntegrityError
from service.video.stored import Shelf
from vision.segments import Segment

WIDTH: Final = 240
QUALITY: Final = 75
_AT_ONCE: Final = threading.BoundedSemaphore(2)
"""Decoding a key frame takes tens of milliseconds of a core: a page of pictures must not take all of them."""


def thumb(segment: Segment, shelf: Shelf | None = None) -> bytes:
    """JPEG of the segment's first picture; of one that lies elsewhere only the beginning is fetched.

    Raises:
        IntegrityError: it holds none that can be decoded.
        NotFound: it is stored no longer.
        ObjectsAway: it is not here, and the object store does not answer.
    """
    path = segment.path.with_suffix(".jpg")
    with contextlib.suppress(OSError):
        return path.read_bytes()
    stored = shelf if shelf is not None and not segment.path.is_file() else None
    source = str(segment.path) if stored is None else io.BytesIO(stored.head(segment))
    with _AT_ONCE:
        data = _made(source, segment.name)
    spare = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if stored is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        spare.write_bytes(data)
        spare.replace(path)
    except OSError:  # a full disk: it is made again when it is asked for again
        with contextlib.suppress(OSError):
            spare.unlink(missing_ok=True)
    return data


def _made(source: str | io.BytesIO, name: str) -> bytes:
    try:
        with av.open(source, "r") as container:
            track = container.streams.video[0]
            track.codec_context.skip_frame = "NONKEY"
            frame = next(container.decode(track))
            width = min(WIDTH, frame.width)
            small = frame.reformat(width=width, height=max(2, frame.height * width // frame.width), format="bgr24")
            done, data = cv2.imencode(".jpg", small.to_ndarray(), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    except (av.FFmpegError, IndexError, StopIteration, OSError, ValueError):
        raise IntegrityError(f"The segment {name} holds no picture that can be decoded.") from None
    if not done:
        raise IntegrityError(f"The segment {name} holds no picture that can be shown.")
    return bytes(data.tobytes())
