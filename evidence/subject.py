"""What a package is about: everything its manifest says beside the files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from evidence.canonical import canonical_json, sha256_hex
from evidence.manifest import (
    FORMAT,
    Anchor,
    CameraRecord,
    FileEntry,
    FindingRecord,
    Gap,
    Manifest,
    PlateRecord,
    Software,
    Step,
    plain_box,
)
from evidence.overlay import TrackPoint
from vision.camera import Camera
from vision.finding import Finding
from vision.types import Plate


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything the manifest says beside the files.

    Attributes:
        event_id: id of the event, which names the package.
        camera, camera_sha256: id of the camera and hash of its file's bytes.
        calibration_sha256: hash of the calibration in it (`calibration_sha256`), None without one.
        models: SHA-256 of each model's weights by task.
        finding: what the rule found.
        anchor_s, anchor_time: one second of video and its UTC time, which date all others.
        clock: state of the clock at capture (source, offset), as the worker knows it.
        software: version of Qyran.
        class_name: name of `finding.class_id`.
        plate: the reading of the subject's plate.
        path: boxes of the subject's track, for the overlay.
        drawn: parts of the camera file that played a part, fractions of the picture, for the overlay.
        marks: what must be seen at once, such as ``demo``; ``development_key`` is set by the signer.
        words: the trace in words, a sentence a step, by language.
    """

    event_id: UUID
    camera: str
    camera_sha256: str
    calibration_sha256: str | None
    models: Mapping[str, str]
    finding: Finding
    anchor_s: float
    anchor_time: datetime
    clock: Mapping[str, Any]
    software: str
    class_name: str | None = None
    plate: Plate | None = None
    path: Sequence[TrackPoint] = ()
    drawn: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    marks: Mapping[str, bool] = field(default_factory=dict)
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def time_at(self, video_s: float) -> datetime:
        """UTC time of a second of video."""
        return self.anchor_time + timedelta(seconds=video_s - self.anchor_s)


def calibration_sha256(camera: Camera) -> str | None:
    """Hash of the calibration in a camera file, None without one."""
    if camera.calibration is None:
        return None
    return sha256_hex(canonical_json(camera.calibration.model_dump(mode="json")))


def manifest_of(
    subject: Subject, files: Sequence[FileEntry], gaps: Sequence[Gap], *, signer: str, development: bool
) -> Manifest:
    """The manifest of a package.

    Args:
        subject: what it is about.
        files: the package's files.
        gaps: stills that could not be made.
        signer: id of the key that will sign it.
        development: whether that is a key no court knows.
    """
    finding = subject.finding
    return Manifest(
        format=FORMAT,
        event_id=str(subject.event_id),
        camera=CameraRecord(
            id=subject.camera, sha256=subject.camera_sha256, calibration_sha256=subject.calibration_sha256
        ),
        models=dict(subject.models),
        finding=_finding(finding, subject.class_name),
        plate=_plate(subject.plate),
        anchor=Anchor(video_s=subject.anchor_s, time=subject.anchor_time),
        onset=subject.time_at(finding.onset_s),
        decided=subject.time_at(finding.video_s),
        clock=dict(subject.clock),
        software=Software(name="qyran", version=subject.software),
        marks={**subject.marks, "development_key": development},
        signer=signer,
        files=tuple(files),
        gaps=tuple(gaps),
    )


def _finding(finding: Finding, class_name: str | None) -> FindingRecord:
    return FindingRecord(
        type=finding.type.value,
        kind=finding.kind,
        rule_version=finding.rule_version,
        onset_s=float(finding.onset_s),
        video_s=float(finding.video_s),
        score=float(finding.score),
        trace=tuple(Step(code=reason.code, values=dict(reason.values)) for reason in finding.trace),
        track=finding.track,
        class_id=finding.class_id,
        class_name=class_name,
        line=finding.line,
        zone=finding.zone,
        signal=finding.signal,
        speed_ms=_known(finding.speed_ms),
        speed_sigma_ms=_known(finding.speed_sigma_ms),
        box=plain_box(finding.box),
        ground_m=None if finding.ground is None else (float(finding.ground[0]), float(finding.ground[1])),
    )


def _plate(plate: Plate | None) -> PlateRecord | None:
    if plate is None:
        return None
    return PlateRecord(text=plate.text, score=float(plate.score), uncertain=tuple(int(i) for i in plate.uncertain))


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
