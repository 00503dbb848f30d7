from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import av
import numpy as np

from evidence.overlay import TrackPoint
from evidence.subject import Subject
from vision.archive import PacketRing
from vision.finding import Finding, FindingType, Moment, Reason
from vision.stream import Stream
from vision.stream_settings import StreamSettings
from vision.types import Plate

START = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
EVENT = UUID("6f2f36a5-51fb-4e0c-9a6b-0d6b3c7f1a11")
SECONDS, FPS = 14, 10


def a_video(path: Path, codec: str = "libx264") -> Path:
    """Ten pictures a second, each with its number told by its brightness, a key frame every second."""
    options = (
        {"preset": "ultrafast", "x265-params": "log-level=none"} if codec == "libx265" else {"preset": "ultrafast"}
    )
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 320, 180, "yuv420p", FPS
        for number in range(SECONDS * FPS):
            picture = np.full((180, 320, 3), 20 + number, np.uint8)
            picture[60:120, 100:160] = 250
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    return path


def ring_of(path: Path, span_s: float = 60.0) -> PacketRing:
    ring = PacketRing(span_s=span_s)
    with Stream(path, StreamSettings(start_time=START), ring=ring) as stream:
        for _ in stream.frames(rate_hz=8.0):
            pass
    return ring


def a_subject(event: UUID = EVENT, **changes) -> Subject:
    values = {
        "event_id": event,
        "camera": "abay-12",
        "camera_sha256": "a" * 64,
        "calibration_sha256": None,
        "models": {"road": "b" * 64},
        "finding": a_finding(),
        "anchor_s": 0.0,
        "anchor_time": START,
        "clock": {"source": "file", "offset_ms": None},
        "software": "0.1",
        "class_name": "car",
        "plate": Plate(7, "123ABC02", 0.9, (), (110.0, 90.0, 140.0, 100.0)),
        "path": [TrackPoint(i, i * 1024, i / FPS, (100.0, 60.0, 160.0, 120.0)) for i in range(60, 80)],
        "drawn": {"line:stop-n": [(0.1, 0.6), (0.9, 0.6)]},
        "marks": {"demo": True},
        "words": {
            "kk": ("Сызықты қызыл шамда кесіп өтті.",),
            "ru": ("Пересёк линию на красный.",),
            "en": ("It crossed.",),
        },
    }
    return Subject(**{**values, **changes})


def a_finding(**changes) -> Finding:
    box = (100.0, 60.0, 160.0, 120.0)
    values = {
        "type": FindingType.VIOLATION,
        "kind": "red_light",
        "rule_version": "1",
        "onset_s": 6.0,
        "video_s": 7.5,
        "score": 0.9,
        "trace": (Reason("red_when_crossed", (("seconds", 2.5), ("line", "stop-n"))),),
        "moments": (
            Moment("before_line", 6.0, box),
            Moment("in_act", 7.0, box),
            Moment("plate", 7.2, (110.0, 90.0, 140.0, 100.0)),
        ),
        "track": 7,
        "class_id": 3,
        "line": "stop-n",
        "speed_ms": float("nan"),
        "box": box,
    }
    return Finding(**{**values, **changes})
