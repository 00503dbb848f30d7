from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import uuid4

from evidence.keys import installation_signer
from evidence.package import write_package
from qyran.roles import SYSTEM, Actor, Role
from service import auth, cameras
from service.event import Event
from service.ingest import ingest
from service.settings import Settings
from service.spool import Spool
from service.store.database import open_store
from tests.evidence.packages import a_finding, a_subject, a_video, ring_of
from vision.camera import parse_camera
from vision.finding import FindingType

NOON = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
CAMERA = {"id": "abay-12", "name": "Абай 12", "stream": "rtsp://camera/1", "commissioned": "2026-01-01"}
PASSWORD = "orange tulips over Medeu"  # of users who exist in tests only
TYPES = {
    "violation": FindingType.VIOLATION,
    "incident": FindingType.INCIDENT,
    "fire_alert": FindingType.FIRE_ALERT,
    "held_back": FindingType.FIRE_ALERT,
}


class Clock:
    """A clock that only moves when told, and by a microsecond a look, so that no two moments are one."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@cache
def ring():
    with tempfile.TemporaryDirectory() as folder:
        return ring_of(a_video(Path(folder) / "video.mp4"))


class World:
    """One installation: store, spool, a registered camera, and people."""

    def __init__(self, settings: Settings, *, demo: bool = False, with_camera: bool = True) -> None:
        self.settings, self.clock = settings, Clock()
        self.store = open_store(settings, demo=demo, clock=self.clock)
        self.spool = Spool(settings.spool_folder)
        self.signer = installation_signer(settings.home)
        if with_camera:
            self.register()

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def register(self, **changes: object) -> None:
        territory = changes.pop("territory", None)
        with self.store.write() as work:
            cameras.register(work, parse_camera({**CAMERA, **changes}, source="test"), territory=territory)

    def event(self, kind: str = "red_light", **changes: object) -> Event:
        given = {
            "id": uuid4(), "type": "violation", "kind": kind, "camera": "abay-12", "time": self.clock(),
            "video_s": 7.5, "onset_s": 6.0, "track": 7, "class": "car", "line": "stop-n", "score": 0.9,
            "plate": "123ABC02", "evidence": "evidence",
        }  # fmt: skip
        return Event.model_validate({**given, **changes})

    def package(self, event: Event, folder: Path | None = None) -> Path:
        finding = a_finding(type=TYPES[event.type], kind=event.kind, track=event.track)
        subject = a_subject(event.id, finding=finding, camera=event.camera)
        return write_package(subject, ring(), folder or self.settings.home / "out", self.signer).folder

    def put(self, *events: Event, evidence: bool = True) -> None:
        for event in events:
            has = evidence and event.type in TYPES
            self.spool.put(event, self.package(event) if has else None)

    def take(self, *events: Event, evidence: bool = True):
        self.put(*events, evidence=evidence)
        return ingest(self.spool, self.store)

    def case(self, kind: str = "red_light", **changes: object) -> str:
        event = self.event(kind, **{"track": None, **changes})
        self.take(event)
        return str(event.id)

    def alert(self, kind: str = "stopped_vehicle", kind_of_event: str = "incident", **changes: object) -> str:
        event = self.event(kind, type=kind_of_event, plate=None, **changes)
        self.take(event)
        return str(event.id)

    def person(self, *roles: Role, **changes: object) -> Actor:
        """A user who can log in with `PASSWORD`; the name is the first role's and a number."""
        with self.store.write(SYSTEM) as work:
            name = f"{roles[0].replace('_', '-')}-{len(auth.users(work))}"
            if Role.SERVICE_DISPATCHER in roles:
                changes.setdefault("service", "101")
            return auth.add_user(work, name, PASSWORD, roles, **changes).actor

    def do(self, actor: Actor, step, *given: object, **named: object):
        """One use case in a unit of work of its own."""
        with self.store.write(actor) as work:
            return step(work, *given, **named)
