"""What the manifest of a case says that rests on a record instead of video."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from evidence.record_package import PAPERS
from evidence.subject import Subject
from qyran import __version__
from service.evidence_settings import evidence_file
from service.evidence_words import in_words
from service.store.scene_tables import CameraFile
from service.store.tables import Camera
from vision.finding import Finding, FindingType
from vision.types import Plate

if TYPE_CHECKING:
    from pathlib import Path

    from service.event import Event
    from service.settings import Settings
    from service.store.database import Work
    from violations.record_rule import Judgement
    from vision.finding import Reason

PLAIN: Final = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,100}")
"""A serial number that can name a folder."""
NOWHERE: Final = (0.0, 0.0, 0.0, 0.0)
"""The plate's box: a record tells none."""


def device_papers(settings: Settings, serial: str) -> tuple[Path, ...]:
    """The documents about a device, in the folder named by its serial number under the evidence file's `device_papers`.

    Raises:
        ConfigError: the evidence file cannot be used.
    """
    root = evidence_file(settings).device_papers
    if root is None or PLAIN.fullmatch(serial) is None:
        return ()
    return tuple(path for path in sorted((root / serial).glob("*")) if path.is_file() and path.suffix.lower() in PAPERS)


def record_subject(
    work: Work, event: Event, judged: Judgement, trace: tuple[Reason, ...], *, plate: str, source: str
) -> Subject:
    """Subject of the evidence of a case made from a record.

    Args:
        work: the unit of work.
        event: what goes into the spool.
        judged: what the rule said.
        trace: its steps, with what was found beside them.
        plate: as the record names it.
        source: whose clock dates the act.
    """
    camera = work.session.get_one(Camera, event.camera)
    version = work.session.get_one(CameraFile, (camera.id, camera.file_version))
    finding = Finding(
        type=FindingType.VIOLATION,
        kind=judged.kind,
        rule_version=judged.version,
        onset_s=event.onset_s or 0.0,
        video_s=event.video_s,
        score=event.score or 1.0,
        trace=trace,
        moments=(),
    )
    return Subject(
        event_id=event.id,
        camera=event.camera,
        camera_sha256=version.file_sha256 or version.sha256,
        calibration_sha256=None,
        models={},
        finding=finding,
        anchor_s=event.video_s,
        anchor_time=event.time,
        clock={"source": source},
        software=__version__,
        class_name=event.class_,
        plate=Plate(0, plate, 1.0, (), NOWHERE),
        marks={"demo": True} if work.store.demo else {},
        words=in_words(finding.type, trace),
    )
