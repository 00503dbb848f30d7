"""Evidence that rests on a record instead of video: what a device or a register said, and its picture if there is one.

The same folder, manifest, signature and verification as a package of video, without clip and overlay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from evidence.canonical import canonical_json
from evidence.manifest import FileEntry, Gap, Picture, entry_of
from evidence.package import Package, written
from evidence.subject import Subject
from qyran.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from evidence.keys import Signer

RECORD: Final = "record.json"
RECEIVED: Final = "received.txt"
PAPERS: Final = {".pdf": "application/pdf", ".jpg": "image/jpeg", ".png": "image/png"}
"""Documents about a device, by the end of their name."""
JPEG: Final = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class RecordPicture:
    """A picture that came with a record: the bytes stay as they are.

    Attributes:
        moment: what it shows, a name under `[moment]` of the texts.
        time: when it was taken.
        data: a JPEG.
    """

    moment: str
    time: datetime
    data: bytes


MOST_PIXELS: Final = 100_000_000
"""Of a picture that is decoded (300 MB of colours): a few bytes can claim more, and are judged by their head."""


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height by a JPEG's frame header (ITU-T T.81, B.2.2), read without decoding; None without one."""
    at = 2
    if not data.startswith(JPEG[:2]):
        return None
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        standalone = marker == 0x01 or 0xD0 <= marker <= 0xD8
        at += 1 if marker == 0xFF else 2 if standalone else 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG, pixels.

    Raises:
        InputError: it is none, or cannot be decoded.
    """
    told = jpeg_size(data)
    if told is None:
        raise InputError("The picture of a record is a JPEG that can be decoded.")
    if told[0] * told[1] > MOST_PIXELS:
        raise InputError(f"The picture of a record has {MOST_PIXELS // 10**6} million pixels at most.")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputError("The picture of a record is a JPEG that can be decoded.")
    return picture.shape[1], picture.shape[0]


def write_record_package(
    subject: Subject,
    record: Mapping[str, Any],
    pictures: Sequence[RecordPicture],
    folder: Path,
    signer: Signer,
    *,
    received: bytes | None = None,
    papers: Sequence[Path] = (),
) -> Package:
    """Write ``folder/<event id>/``. Writing it again gives back the one that is there.

    Args:
        subject: what the manifest says; its finding holds the trace.
        record: what was said, as it goes into ``record.json``.
        pictures: pictures beside it, each under another moment.
        folder: the folder of packages, on a local disk.
        signer: signs the manifest.
        received: the record's values as they came, before anything was read into them, where they were kept.
        papers: documents about the device: its certificate, its verification.

    Raises:
        InputError: a picture is no JPEG.
        OSError: the disk refused.
    """

    def make(place: Path) -> tuple[list[FileEntry], list[Gap]]:
        path = place / RECORD
        path.write_bytes(canonical_json(record))
        files = [entry_of(path, "record", "application/json")]
        if received is not None:
            (place / RECEIVED).write_bytes(received)
            files.append(entry_of(place / RECEIVED, "received", "text/plain"))
        for number, paper in enumerate(papers, start=1):
            copy = place / f"paper_{number}{paper.suffix.lower()}"
            copy.write_bytes(paper.read_bytes())
            files.append(entry_of(copy, "paper", PAPERS[paper.suffix.lower()]))
        files += [_still(place, number, one) for number, one in enumerate(pictures, start=1)]
        return files, []

    return written(subject, folder, signer, make)


def _still(place: Path, number: int, one: RecordPicture) -> FileEntry:
    width, height = picture_size(one.data)
    path = place / f"still_{one.moment}.jpg"
    path.write_bytes(one.data)
    about = Picture(
        number=number,
        moment=one.moment,
        index=0,
        pts=0,
        video_s=0.0,
        time=one.time,
        width=width,
        height=height,
    )
    return entry_of(path, "still", "image/jpeg", picture=about)
