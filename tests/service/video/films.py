"""Recorded video for tests: one short clip, put into an archive again and again as if a camera had sent it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from tests.vision.clips import make_clip
from vision.archive import PacketRing
from vision.packets import StoredPacket, StreamHeader
from vision.recording import Recorder, RecordingTerms
from vision.stream import Stream, StreamSettings


class Film:
    """The packets of four seconds of H.264, a key frame each second."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.packets: list[StoredPacket] = []
        self.header: StreamHeader | None = None
        path = make_clip(folder / "film.h264", options={"bf": "0"}, **options)
        with Stream(path, StreamSettings(), ring=PacketRing(taps=[self])) as stream:
            for _ in stream.frames():
                pass

    def begin(self, header: StreamHeader) -> None:
        self.header = header

    def push(self, packet: StoredPacket) -> None:
        self.packets.append(packet)

    def roll(self, queue: object, start: datetime, seconds: int, since_s: float = 0.0) -> None:
        """Push so many seconds into a tap; the first picture is of `start`."""
        queue.begin(self.header)
        for turn in range(-(-seconds // 4)):
            for one in self.packets:
                second = 4 * turn + one.video_s
                if second < seconds:
                    due = start + timedelta(seconds=second)
                    queue.push(StoredPacket(one.data, 0, 0, one.key, 0, since_s + second, due=due))

    def record(self, archive: Path, camera: str, start: datetime, seconds: int, segment_s: float = 2.0) -> None:
        """Put a stretch of video into an archive."""
        terms = RecordingTerms(segment_s=segment_s, reserve=0.0, live=False)
        recorder = Recorder(archive, camera, terms)
        recorder.queue._most_bytes = 1 << 40  # all of it comes at once here
        self.roll(recorder.queue, start, seconds)
        recorder.close()
