"""Clip and stills of a package, cut from the packets that the camera sent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from evidence.manifest import Box, FileEntry, Gap, Picture, Video, entry_of, plain_box
from evidence.subject import Subject
from vision.clip import Clip, browser_plays, view_copy
from vision.finding import Finding, Moment
from vision.types import Frame

MARGIN_S: Final = 5.0  # seconds of clip before the onset and after the decision
LONGEST_S: Final = 60.0  # longest clip; of a longer act the end is kept, where the decision fell
JPEG_QUALITY: Final = 92
CROP_MARGIN: Final = 0.25  # of the box on each side, so that a plate keeps its surroundings
PLATE: Final = "plate"
CLIP: Final = "clip.mp4"


class Ring(Protocol):
    """The last packets of a stream (`vision.archive.PacketRing`)."""

    def cut(self, start_s: float, end_s: float, path: Path, *, moment_s: float | None = None) -> Clip:
        """Write the original packets from the key frame at or before `start_s` to `end_s`."""

    def pictures_at(self, moments: Sequence[float]) -> list[Frame | None]:
        """The picture at each second, decoded again; None where its packets are gone."""


def clip_span(onset_s: float, decided_s: float) -> tuple[float, float]:
    """Seconds of video the clip should hold: 5 s before the onset to 5 s after the decision, at most `LONGEST_S`."""
    start, end = max(0.0, onset_s - MARGIN_S), decided_s + MARGIN_S
    return max(start, end - LONGEST_S), end


def write_clip(folder: Path, ring: Ring, finding: Finding) -> list[FileEntry]:
    """The clip, and a viewing copy where no browser plays its codec."""
    start_s, end_s = clip_span(finding.onset_s, finding.video_s)
    path = folder / CLIP
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


def write_stills(folder: Path, subject: Subject, ring: Ring) -> tuple[list[FileEntry], list[Gap]]:
    """A still of each moment of the finding, numbered and timed, and the crops of its plate; and what is gone."""
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
            box=plain_box(moment.box),
        )
        path = folder / f"still_{moment.name}{suffix}.jpg"
        write_jpeg(path, frame.picture)
        entries.append(entry_of(path, "still", "image/jpeg", picture=about))
        area = crop_area(moment.box, about.width, about.height) if moment.name == PLATE else None
        if area is not None:
            x1, y1, x2, y2 = area
            crop = folder / f"still_{moment.name}{suffix}_crop.jpg"
            write_jpeg(crop, frame.picture[y1:y2, x1:x2])
            shown = about.model_copy(update={"crop": tuple(float(side) for side in area)})
            entries.append(entry_of(crop, "crop", "image/jpeg", picture=shown))
    return entries, gaps


def crop_area(box: Box | None, width: int, height: int) -> tuple[int, int, int, int] | None:
    """The box with its margin, within the picture, in whole pixels; None when nothing is left."""
    if box is None:
        return None
    x1, y1, x2, y2 = box
    dx, dy = (x2 - x1) * CROP_MARGIN, (y2 - y1) * CROP_MARGIN
    left, top = max(0, math.floor(x1 - dx)), max(0, math.floor(y1 - dy))
    right, bottom = min(width, math.ceil(x2 + dx)), min(height, math.ceil(y2 + dy))
    return (left, top, right, bottom) if right - left >= 1 and bottom - top >= 1 else None


def write_jpeg(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture uint8 [H, W, 3], BGR.

    Raises:
        OSError: it could not be encoded, or the disk refused.
    """
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise OSError(f"The still {path.name} could not be encoded.")
    path.write_bytes(data.tobytes())
