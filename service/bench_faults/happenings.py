"""Known happenings as a worker tells them: events of every type, with evidence packages cut from real packets."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import av
import numpy as np

from evidence.keys import installation_signer
from evidence.overlay import TrackPoint
from evidence.package import write_package
from evidence.subject import Subject
from qyran import __version__
from service.event import Event
from service.spool import Spool
from vision.archive import PacketRing
from vision.camera import Camera, parse_camera
from vision.finding import Finding, FindingType, Moment, Reason
from vision.stream import Stream
from vision.stream_settings import StreamSettings
from vision.types import Plate

SECONDS: Final = 10
FPS: Final = 10
SIZE: Final = (320, 180)
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
BOX: Final = (100.0, 60.0, 160.0, 120.0)
ONSET_S, DECIDED_S = 4.0, 5.5
CAMERAS: Final = 8
TYPES: Final = {
    "violation": ("red_light", FindingType.VIOLATION),
    "incident": ("stopped_vehicle", FindingType.INCIDENT),
    "fire_alert": ("smoke", FindingType.FIRE_ALERT),
}
LETTERS: Final = "ABCDEFHKMNPRSTUXYZ"


@cache
def packets(*, noisy: bool = False) -> PacketRing:
    """Ten seconds of a small picture, as a camera's ring holds them; a noisy one has megabytes."""
    chance = np.random.default_rng(1)
    with tempfile.TemporaryDirectory(prefix="qyran-") as folder:
        video = Path(folder) / "video.mp4"
        with av.open(str(video), "w") as out:
            track = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
            track.width, track.height, track.pix_fmt, track.gop_size = *SIZE, "yuv420p", FPS
            for number in range(SECONDS * FPS):
                picture = np.full((SIZE[1], SIZE[0], 3), 20 + number, np.uint8)
                if noisy:
                    picture = chance.integers(0, 255, picture.shape, np.uint8)
                picture[60:120, 100:160] = 250
                out.mux(track.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            out.mux(track.encode(None))
        ring = PacketRing(span_s=60.0)
        with Stream(video, StreamSettings(start_time=START), ring=ring) as stream:
            for _ in stream.frames(rate_hz=8.0):
                pass
    return ring


def cameras(count: int = CAMERAS) -> list[Camera]:
    """The cameras that tell."""
    return [
        parse_camera(
            {
                "id": camera_id(n), "name": f"Camera {n}", "stream": f"rtsp://192.0.2.{n + 1}/1",
                "commissioned": "2026-01-01",
                "latitude": 43.2 + n / 50, "longitude": 76.9,
            },
            source="the bench",
        )
        for n in range(count)
    ]  # fmt: skip


def camera_id(number: int) -> str:
    """Of the camera with a number."""
    return f"fault-{number}"


@dataclass(slots=True)
class Happenings:
    """Makes events and puts them, and remembers each that was acknowledged.

    Attributes:
        home: of the installation, whose key signs.
        spool: where they are put.
        put: events whose put returned, in order: these must never be lost.
        number: of the next event; cameras and plates follow from it.
        refused: events that the disk did not take; a worker keeps them in memory and tries again.
        making: where packages are made.
        cameras: how many tell.
        noisy: whether evidence has megabytes.
    """

    home: Path
    spool: Spool
    put: list[Event] = field(default_factory=list)
    number: int = 0
    refused: list[tuple[Event, Path | None]] = field(default_factory=list)
    making: Path | None = None
    cameras: int = CAMERAS
    noisy: bool = False

    def tell(self, type_: str, *, at: datetime | None = None, evidence: bool = True, **changes: Any) -> Event:
        """Put one event."""
        event = self.event(type_, at=at, evidence=evidence, **changes)
        self._offer(event, self.package(event) if event.evidence is not None else None)
        return event

    def again(self) -> None:
        """Put what was refused."""
        waiting, self.refused = self.refused, []
        for event, package in waiting:
            self._offer(event, package)

    def _offer(self, event: Event, package: Path | None) -> None:
        try:
            self.spool.put(event, package)
        except OSError:
            self.refused.append((event, package))
        else:
            self.put.append(event)

    def event(self, type_: str, *, at: datetime | None = None, evidence: bool = True, **changes: Any) -> Event:
        """The next event, each of another vehicle."""
        number, self.number = self.number, self.number + 1
        at = at or datetime.now(UTC)
        identity = uuid4()
        given: dict[str, Any] = {
            "id": identity, "type": type_, "camera": camera_id(number % self.cameras), "time": at, "video_s": DECIDED_S,
            "onset_s": ONSET_S, "track": number, "class": "car", "score": 0.9,
        }  # fmt: skip
        if type_ in TYPES:
            given |= {"kind": TYPES[type_][0], "evidence": f"evidence/{identity}" if evidence else None}
        if type_ == "violation":
            given |= {"line": "stop-n", "plate": plate(number)}
        if type_ == "passage":
            given |= {
                "kind": "control",
                "line": "count",
                "direction": "forward",
                "plate": plate(number),
                "onset_s": None,
            }
        if type_ == "stream":
            given |= {"kind": "analysed", "onset_s": 0.0, "video_s": 30.0, "track": None, "class": None, "score": None}
        return Event.model_validate({key: value for key, value in (given | changes).items() if value is not None})

    def package(self, event: Event) -> Path:
        """Its evidence, signed."""
        subject = Subject(
            event_id=event.id, camera=event.camera, camera_sha256="a" * 64, calibration_sha256=None,
            models={"road": "b" * 64}, finding=_finding(event), anchor_s=0.0,
            anchor_time=event.time - timedelta(seconds=DECIDED_S), clock={"source": "file", "offset_ms": None},
            software=__version__, class_name="car",
            plate=None if event.plate is None else Plate(event.track or 0, event.plate, 0.9, (), BOX),
            path=[TrackPoint(n, n * 1024, n / FPS, BOX) for n in range(40, 55)],
            drawn={"line:stop-n": [(0.1, 0.6), (0.9, 0.6)]}, marks={"demo": True},
            words={"kk": ("Сызықты қызыл шамда кесіп өтті.",), "ru": ("Пересёк линию на красный.",),
                   "en": ("It crossed on red.",)},
        )  # fmt: skip
        return write_package(
            subject, packets(noisy=self.noisy), self.making or self.home / "out", installation_signer(self.home)
        ).folder


def plate(number: int) -> str:
    """A plate of its own for every number."""
    letters = LETTERS[number // 999 % 18] + LETTERS[number // 17_982 % 18] + LETTERS[number // 323_676 % 18]
    return f"{number % 999 + 1:03d}{letters}02"


def _finding(event: Event) -> Finding:
    return Finding(
        type=TYPES[event.type][1], kind=event.kind, rule_version="1", onset_s=ONSET_S, video_s=DECIDED_S, score=0.9,
        trace=(Reason("red_when_crossed", (("seconds", 2.5), ("line", "stop-n"))),),
        moments=(Moment("before_line", 4.0, BOX), Moment("in_act", 5.0, BOX)),
        track=event.track or 0, class_id=3, line="stop-n", speed_ms=float("nan"), box=BOX,
    )  # fmt: skip
