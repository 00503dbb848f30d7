"""Whether the segments of the archive are whole: their structure is read, nothing is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from qyran.errors import IntegrityError
from service.video.keeper import cameras
from vision.segments import Segment, days, hours, in_folder, places, read_init

NEAR: Final = timedelta(seconds=1)
"""A name's times are rounded to milliseconds; pictures of other numbers than told are farther off."""


def faults(archive: Path, camera: str | None = None) -> Iterator[tuple[str, str | None]]:
    """Every segment's name under its camera, and what is wrong with it; None where nothing is."""
    for one in [camera] if camera is not None else cameras(archive):
        for day in days(archive, one):
            for folder in hours(archive, one, day):
                for segment in sorted(in_folder(folder)):
                    yield f"{one}/{segment.name}", fault_of(segment)


def fault_of(segment: Segment) -> str | None:
    """What is wrong with a segment, in one sentence; None where nothing is."""
    try:
        read_init(segment.path)
        found = list(places(segment.path))
        size = segment.path.stat().st_size
    except (IntegrityError, OSError) as error:
        return str(error)
    if not found:
        return "it holds no whole fragment."
    if found[-1].end != size:
        return f"it is whole for {found[-1].end} of its {size} bytes only."
    if not found[0].key:
        return "it does not begin with a key frame."
    ended = found[-1].utc + timedelta(seconds=found[-1].length_s)
    if abs(found[0].utc - segment.start) > NEAR or abs(ended - segment.end) > NEAR:
        return "its pictures are of another time than its name."
    return None
