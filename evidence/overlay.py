"""The layer of an evidence package: where the subject was in each frame, and what the camera file draws there.

It lies beside clip and stills; the pictures themselves stay untouched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence.canonical import canonical_json, strict_json
from evidence.manifest import Box, FileEntry, entry_of, plain_box
from vision.camera import Camera
from vision.finding import Finding

OVERLAY: Final = "overlay.json"


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """Where the subject's track was at one frame; `box` in pixels."""

    index: int
    pts: int
    video_s: float
    box: Box
    seen: bool = True


def write_overlay(
    folder: Path,
    track: int | None,
    path: Sequence[TrackPoint],
    drawn: Mapping[str, Sequence[tuple[float, float]]],
    size: tuple[int, int] | None,
) -> FileEntry:
    """Write the layer that pages draw over clip and stills.

    Args:
        folder: of the package.
        track: of the subject.
        path: its boxes, pixels.
        drawn: points by name, fractions of the picture.
        size: width and height of the pictures, None where there is none.
    """
    layer = {
        "track": track,
        "picture": list(size) if size else None,
        "frames": [
            {
                "index": int(point.index),
                "pts": int(point.pts),
                "video_s": float(point.video_s),
                "box": plain_box(point.box),
                "seen": bool(point.seen),
            }
            for point in path
        ],
        "drawn": {name: [[float(x), float(y)] for x, y in points] for name, points in drawn.items()},
    }
    file = folder / OVERLAY
    file.write_bytes(canonical_json(layer))
    return entry_of(file, "overlay", "application/json")


def read_path(folder: Path) -> tuple[TrackPoint, ...]:
    """The subject's boxes as a package's layer holds them, in the order of time; none where there is no layer."""
    file = folder / OVERLAY
    if not file.is_file():
        return ()
    points = (
        TrackPoint(one["index"], one["pts"], one["video_s"], tuple(one["box"]), one["seen"])
        for one in strict_json(file.read_bytes())["frames"]
    )
    return tuple(sorted(points, key=lambda point: point.video_s))


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
