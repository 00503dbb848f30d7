"""Files and live cameras behind one face.

::

    with Stream(camera_or_path, settings, ring=ring, on_status=callback) as stream:
        for frame in stream.frames(rate_hz=8.0):
            ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from qyran.errors import MediaError
from vision.archive import PacketRing
from vision.camera import Camera
from vision.credentials import scrub
from vision.file_stream import FileStream
from vision.live_stream import LiveStream
from vision.load import Pace
from vision.stream_settings import StreamCounts, StreamInfo, StreamSettings, StreamStatus
from vision.types import Frame

__all__ = ["Stream", "StreamCounts", "StreamInfo", "StreamSettings", "StreamStatus", "is_live"]

_LIVE_SCHEMES = frozenset({"rtsp", "rtsps"})


class Stream:
    """A video file or an RTSP camera.

    A file gives every picture and ends; where it stops decoding it raises `BrokenMedia` after the last good picture. A
    live stream goes on for ever, whatever comes: it reconnects, counts what it drops and tells `on_status`.

    Args:
        source: a camera (its `stream`, `credentials` and `certificate`), a path or an address.
        settings: how to read.
        ring: gets every packet before it is decoded.
        on_status: called from the reader's thread when a live stream goes up or down; must be quick.

    Raises:
        MediaError: one sentence why the file cannot be read, or (with ``first_open="raise"``) the stream not opened.
        ConfigError: the credentials are not where the camera file says.
    """

    def __init__(
        self,
        source: Camera | Path | str,
        settings: StreamSettings | None = None,
        *,
        ring: PacketRing | None = None,
        on_status: Callable[[StreamStatus], None] | None = None,
    ) -> None:
        settings = settings or StreamSettings()
        address = source.stream if isinstance(source, Camera) else str(source)
        credentials = source.credentials if isinstance(source, Camera) else None
        self._stream: FileStream | LiveStream
        if is_live(address):
            certificate = source.certificate if isinstance(source, Camera) else None
            self._stream = LiveStream(address, credentials, settings, ring, on_status, certificate=certificate)
        else:
            self._stream = FileStream(Path(address.removeprefix("file://")), settings, ring)

    @property
    def info(self) -> StreamInfo:
        """What the stream is.

        Raises:
            StreamError: a live stream that was never connected yet.
        """
        return self._stream.info

    @property
    def counts(self) -> StreamCounts:
        """Totals so far."""
        return self._stream.counts

    @property
    def dropped(self) -> int:
        """Pictures that a slow consumer never got; 0 for a file."""
        return self._stream.counts.dropped

    def frames(self, rate_hz: float | None = None, pace: Pace | None = None) -> Iterator[Frame]:
        """Pictures in order, all or at most `rate_hz` a second (spaced by PTS); only these are turned into BGR.

        Args:
            rate_hz: the most pictures a second; None for all.
            pace: steers a live stream below that: only the newest picture is given, when its turn has come, and what
                was passed over counts as dropped. A file is never thinned.

        Raises:
            BrokenMedia: a file, after its last good picture.
        """
        if isinstance(self._stream, FileStream):
            return self._stream.frames(rate_hz)
        return self._stream.frames(rate_hz, pace)

    def close(self) -> None:
        """Let go of the file or camera; ends the reader's thread and any `frames()`."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_live(address: str) -> bool:
    """Whether an address is a live camera (and not a file).

    Raises:
        MediaError: an address of a kind that is not read.
    """
    if "://" not in address:
        return False
    scheme = urlsplit(address).scheme.lower()
    if scheme in _LIVE_SCHEMES:
        return True
    if scheme == "file":
        return False
    raise MediaError(f"The stream {scrub(address)} is of a kind that is not read; give rtsp://, rtsps:// or a file.")
