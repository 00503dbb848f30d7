"""Writing an evidence package: clip, stills, overlay, signed manifest; whole or not at all.

A package is a folder named after its event. It is written under a hidden sibling of the target folder, synced to disk,
then renamed, so that a kill at any moment leaves either the whole package or none.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

import cv2
import numpy as np
from numpy.typing import NDArray

from evidence.canonical import canonical_json, file_sha256, sha256_hex
from evidence.keys import Signer
from evidence.manifest import (
    FORMAT,
    MANIFEST,
    SIGNATURE,
    Anchor,
    Box,
    CameraRecord,
    FileEntry,
    FindingRecord,
    Gap,
    Manifest,
    Picture,
    PlateRecord,
    Software,
    Step,
    Video,
    read_manifest,
    signature_file,
)
from qyran.errors import IntegrityError
from vision.camera import Camera
from vision.clip import Clip, browser_plays, view_copy
from vision.finding import Finding, Moment
from vision.types import Frame, Plate

MARGIN_S: Final = 5.0  # seconds of clip before the onset and after the decision
LONGEST_S: Final = 60.0  # longest clip; of a longer act the end is kept, where the decision fell
JPEG_QUALITY: Final = 92
CROP_MARGIN: Final = 0.25  # of the box on each side, so that a plate keeps its surroundings
PLATE: Final = "plate"


class Ring(Protocol):
    """The last packets of a stream (`vision.archive.PacketRing`)."""

    def cut(self, start_s: float, end_s: float, path: Path, *, moment_s: float | None = None) -> Clip:
        """Write the original packets from the key frame at or before `start_s` to `end_s`."""

    def pictures_at(self, moments: Sequence[float]) -> list[Frame | None]:
        """The picture at each second, decoded again; None where its packets are gone."""


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """Where the subject's track was at one frame; `box` in pixels."""

    index: int
    pts: int
    video_s: float
    box: Box
    seen: bool = True


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

    def time_at(self, video_s: float) -> datetime:
        """UTC time of a second of video."""
        return self.anchor_time + timedelta(seconds=video_s - self.anchor_s)


@dataclass(frozen=True, slots=True)
class Package:
    """A written package.

    Attributes:
        folder: where it lies.
        manifest: what it says.
        sha256: hash of the manifest's bytes, the hash of the package as a whole.
    """

    folder: Path
    manifest: Manifest
    sha256: str

    def file(self, name: str) -> Path:
        """Path of a file the manifest lists (and of no other)."""
        entry = self.manifest.named(name)
        if entry is None:
            raise IntegrityError(f"The evidence {self.folder.name} lists no file {name!r}.")
        return self.folder / entry.name

    @property
    def stills(self) -> tuple[FileEntry, ...]:
        """The whole-picture stills in the order of their numbers."""
        return tuple(entry for entry in self.manifest.files if entry.role == "still")

    @property
    def playable(self) -> str:
        """Name of the clip to show in a browser: the viewing copy where there is one."""
        names = {entry.role: entry.name for entry in self.manifest.files}
        return names.get("viewing_copy", names["clip"])


def calibration_sha256(camera: Camera) -> str | None:
    """Hash of the calibration in a camera file, None without one."""
    if camera.calibration is None:
        return None
    return sha256_hex(canonical_json(camera.calibration.model_dump(mode="json")))


def drawn_parts(camera: Camera, finding: Finding) -> dict[str, list[tuple[float, float]]]:
    """The line, zone and signal head a finding names, as points in fractions of the picture."""
    parts: dict[str, list[tuple[float, float]]] = {}
    parts.update({f"line:{line.id}": list(line.points) for line in camera.lines if line.id == finding.line})
    parts.update({f"zone:{zone.id}": list(zone.points) for zone in camera.zones if zone.id == finding.zone})
    for head in camera.signals:
        if head.id == finding.signal:
            x1, y1, x2, y2 = head.box
            parts[f"signal:{head.id}"] = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
    return parts


def clip_span(onset_s: float, decided_s: float) -> tuple[float, float]:
    """Seconds of video the clip should hold: 5 s before the onset to 5 s after the decision, at most `LONGEST_S`."""
    start, end = max(0.0, onset_s - MARGIN_S), decided_s + MARGIN_S
    return max(start, end - LONGEST_S), end


def write_package(subject: Subject, ring: Ring, folder: Path, signer: Signer) -> Package:
    """Write ``folder/<event id>/``. Writing an event's package again gives back the one that is there.

    At the end of a file the clip closes with what exists.

    Args:
        subject: what the manifest says.
        ring: packets of the stream, holding the span of `clip_span` as far as the video has it.
        folder: the folder of packages, on a local disk.
        signer: signs the manifest.

    Raises:
        OSError: the disk refused.
    """
    return written(subject, folder, signer, lambda place: _of_video(place, subject, ring))


def written(
    subject: Subject, folder: Path, signer: Signer, make: Callable[[Path], tuple[list[FileEntry], list[Gap]]]
) -> Package:
    """Write ``folder/<event id>/`` with the files that `make` puts into the place it is given, whole or not at all."""
    target = folder / str(subject.event_id)
    if target.exists():
        return load_package(target)
    folder.mkdir(parents=True, exist_ok=True)
    workshop = partial_folder(folder) / str(subject.event_id)
    shutil.rmtree(workshop, ignore_errors=True)
    while not workshop.is_dir():
        with suppress(FileNotFoundError):  # another writer has just removed the parent it found empty
            workshop.mkdir(parents=True)
    try:
        manifest = _sign(workshop, subject, *make(workshop), signer)
        _sync(workshop)
        workshop.rename(target)
    except BaseException:
        shutil.rmtree(workshop, ignore_errors=True)
        raise
    finally:
        with suppress(OSError):  # not empty: another package is being written beside this one
            workshop.parent.rmdir()
    _sync_folder(folder)
    return Package(target, manifest, sha256_hex(manifest.to_bytes()))


def partial_folder(folder: Path) -> Path:
    """Where packages bound for `folder` are in the making: beside it, so that it never holds half of one."""
    return folder.parent / f".{folder.name}.partial"


def load_package(folder: Path) -> Package:
    """Read a package's manifest, without judging it (`evidence.verify` does).

    Raises:
        IntegrityError: there is no readable manifest.
    """
    try:
        data = (folder / MANIFEST).read_bytes()
        return Package(folder, read_manifest(data), sha256_hex(data))
    except (OSError, ValueError):
        raise IntegrityError(f"The evidence {folder.name} has no readable manifest.") from None


def _of_video(folder: Path, subject: Subject, ring: Ring) -> tuple[list[FileEntry], list[Gap]]:
    files = _clip(folder, ring, subject.finding)
    stills, gaps = _stills(folder, subject, ring)
    files += stills
    size = next(((still.picture.width, still.picture.height) for still in stills if still.picture), None)
    files.append(_overlay(folder, subject, size))
    return files, gaps


def _sign(folder: Path, subject: Subject, files: list[FileEntry], gaps: list[Gap], signer: Signer) -> Manifest:
    finding = subject.finding
    manifest = Manifest(
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
        marks={**subject.marks, "development_key": signer.development},
        signer=signer.key_id,
        files=tuple(files),
        gaps=tuple(gaps),
    )
    message = manifest.to_bytes()
    (folder / MANIFEST).write_bytes(message)
    (folder / SIGNATURE).write_bytes(signature_file(signer, message))
    return manifest


def _clip(folder: Path, ring: Ring, finding: Finding) -> list[FileEntry]:
    start_s, end_s = clip_span(finding.onset_s, finding.video_s)
    path = folder / "clip.mp4"
    clip = ring.cut(start_s, end_s, path, moment_s=finding.video_s)
    video = Video(
        codec=clip.codec,
        width=clip.width,
        height=clip.height,
        time_base=str(clip.time_base),
        frames=tuple((frame.frame, frame.pts) for frame in clip.frames),
        start_s=clip.start_s,
        end_s=clip.end_s,
        wanted_start_s=start_s,
        wanted_end_s=end_s,
    )
    entries = [entry_of(path, "clip", "video/mp4", video=video)]
    if not browser_plays(clip.codec, clip.pix_fmt):
        copy = view_copy(path, folder / "view.mp4")
        shown = video.model_copy(update={"codec": "h264", "copy_of": path.name})
        entries.append(entry_of(copy, "viewing_copy", "video/mp4", video=shown))
    return entries


def _stills(folder: Path, subject: Subject, ring: Ring) -> tuple[list[FileEntry], list[Gap]]:
    finding = subject.finding
    moments = finding.moments or (Moment("decision", finding.video_s, finding.box),)
    entries: list[FileEntry] = []
    gaps: list[Gap] = []
    taken: dict[str, int] = {}
    frames = ring.pictures_at([moment.video_s for moment in moments])
    for number, (moment, frame) in enumerate(zip(moments, frames, strict=True), start=1):
        if frame is None:
            gaps.append(Gap(moment=moment.name, video_s=moment.video_s, reason="not_held"))
            continue
        taken[moment.name] = taken.get(moment.name, 0) + 1
        suffix = "" if taken[moment.name] == 1 else f"_{taken[moment.name]}"
        about = Picture(
            number=number,
            moment=moment.name,
            index=frame.index,
            pts=frame.pts,
            video_s=frame.video_s,
            time=frame.time,
            width=frame.picture.shape[1],
            height=frame.picture.shape[0],
            box=_numbers(moment.box),
        )
        path = folder / f"still_{moment.name}{suffix}.jpg"
        _write_jpeg(path, frame.picture)
        entries.append(entry_of(path, "still", "image/jpeg", picture=about))
        area = _crop_area(moment.box, about.width, about.height) if moment.name == PLATE else None
        if area is not None:
            x1, y1, x2, y2 = area
            crop = folder / f"still_{moment.name}{suffix}_crop.jpg"
            _write_jpeg(crop, frame.picture[y1:y2, x1:x2])
            shown = about.model_copy(update={"crop": tuple(float(side) for side in area)})
            entries.append(entry_of(crop, "crop", "image/jpeg", picture=shown))
    return entries, gaps


def _crop_area(box: Box | None, width: int, height: int) -> tuple[int, int, int, int] | None:
    """The box with its margin, within the picture, in whole pixels; None when nothing is left."""
    if box is None:
        return None
    x1, y1, x2, y2 = box
    dx, dy = (x2 - x1) * CROP_MARGIN, (y2 - y1) * CROP_MARGIN
    left, top = max(0, math.floor(x1 - dx)), max(0, math.floor(y1 - dy))
    right, bottom = min(width, math.ceil(x2 + dx)), min(height, math.ceil(y2 + dy))
    return (left, top, right, bottom) if right - left >= 1 and bottom - top >= 1 else None


def _overlay(folder: Path, subject: Subject, size: tuple[int, int] | None) -> FileEntry:
    """The layer drawn over clip and stills by pages; the pictures themselves stay untouched."""
    path = folder / "overlay.json"
    layer = {
        "track": subject.finding.track,
        "picture": list(size) if size else None,
        "frames": [
            {
                "index": int(point.index),
                "pts": int(point.pts),
                "video_s": float(point.video_s),
                "box": _numbers(point.box),
                "seen": bool(point.seen),
            }
            for point in subject.path
        ],
        "drawn": {name: [[float(x), float(y)] for x, y in points] for name, points in subject.drawn.items()},
    }
    path.write_bytes(canonical_json(layer))
    return entry_of(path, "overlay", "application/json")


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
        box=_numbers(finding.box),
        ground_m=None if finding.ground is None else (float(finding.ground[0]), float(finding.ground[1])),
    )


def _plate(plate: Plate | None) -> PlateRecord | None:
    if plate is None:
        return None
    return PlateRecord(text=plate.text, score=float(plate.score), uncertain=tuple(int(i) for i in plate.uncertain))


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _numbers(box: Box | None) -> Box | None:
    """Plain floats: rules hand over NumPy scalars too."""
    return None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3]))


def entry_of(
    path: Path, role: Any, media_type: str, *, picture: Picture | None = None, video: Video | None = None
) -> FileEntry:
    """The manifest's entry of a file that was written."""
    return FileEntry(
        name=path.name,
        role=role,
        media_type=media_type,
        sha256=file_sha256(path),
        bytes=path.stat().st_size,
        picture=picture,
        video=video,
    )


def _write_jpeg(path: Path, picture: NDArray[np.uint8]) -> None:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise OSError(f"The still {path.name} could not be encoded.")
    path.write_bytes(data.tobytes())


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
