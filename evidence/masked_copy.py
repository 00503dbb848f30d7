"""Masked copies of a package: what may leave, beside the sealed original.

A copy is a folder named after its event, whole or not at all: masked pictures or the masked clip, encoded anew, and
``masked.json`` with its signature, which names each file's original by its hash. Nothing else of the original goes
into it: no record, no layer, no reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from evidence.canonical import canonical_json, file_sha256, strict_json
from evidence.keys import Signer
from evidence.manifest import FileEntry, FileName, Sha256, signature_file
from evidence.masked_clip import CLIP, mask_clip
from evidence.masker import Masker, fill
from evidence.masks import Box
from evidence.overlay import read_path
from evidence.package import Package
from evidence.stills import write_jpeg
from evidence.subject_path import SubjectPath
from evidence.whole import whole_folder
from qyran.errors import IntegrityError

MASKED: Final = "masked.json"
MASKED_SIGNATURE: Final = "masked.sig"
FORMAT: Final = "qyran-masked/1"
Kind = Literal["pictures", "clip"]
"""Pictures are made in a second and go into a decision; a clip takes minutes."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Original(_Part):
    """The file a copy was made from."""

    name: FileName
    sha256: Sha256


class MaskedEntry(_Part):
    """One file of a copy: what it was made from, and how much is masked in it.

    Attributes:
        pictures: how many pictures it holds.
        people, windows, plates: masks of each kind over all of them.
        plate_kept: in how many of them the subject's plate stays to be seen.
    """

    name: FileName
    role: Literal["clip", "still", "crop"]
    media_type: str
    sha256: Sha256
    bytes: Annotated[int, Field(ge=0)]
    masked: Literal[True] = True
    original: Original
    moment: str | None
    time: AwareDatetime | None
    width: int
    height: int
    pictures: int
    people: int
    windows: int
    plates: int
    plate_kept: int


class MaskedManifest(_Part):
    """What a copy says, under one signature; `models` are the hashes of the detectors that looked for what to mask."""

    format: Literal["qyran-masked/1"]
    kind: Kind
    event_id: str
    original_manifest_sha256: Sha256
    made: AwareDatetime
    models: dict[str, Sha256]
    software: str
    signer: Sha256
    marks: dict[str, bool]
    files: tuple[MaskedEntry, ...]

    def to_bytes(self) -> bytes:
        """Canonical JSON: the bytes that are signed."""
        return canonical_json(self.model_dump(mode="json"))


@dataclass(frozen=True, slots=True)
class Making:
    """Who makes a copy, and when.

    Attributes:
        masker: finds what to mask.
        models: SHA-256 of its detectors' weights by task.
        signer: signs the copy.
        software: version of Qyran.
        at: the moment.
        keep_plate: whether the subject's plate stays.
    """

    masker: Masker
    models: Mapping[str, str]
    signer: Signer
    software: str
    at: datetime
    keep_plate: bool = True


@dataclass(slots=True)
class _Made:
    """Copies of one package in the making."""

    package: Package
    making: Making
    place: Path
    path: SubjectPath = field(init=False)

    def __post_init__(self) -> None:
        self.path = SubjectPath(read_path(self.package.folder))

    def pictures(self) -> list[MaskedEntry]:
        entries: list[MaskedEntry] = []
        for entry in self.package.manifest.files:
            if entry.role == "still" and entry.picture is not None:
                entries += self._still(entry)
        return entries

    def _still(self, entry: FileEntry) -> list[MaskedEntry]:
        """The masked still, and the crops cut out of it."""
        about = entry.picture
        assert about is not None  # noqa: S101 - `pictures` asks for no other
        picture = _decoded(self.package.folder / entry.name)
        subject = about.box or self.path.at(about.video_s)
        told = self.package.manifest.plate
        masked = self.making.masker.look(
            picture, subject, keep_plate=self.making.keep_plate, plate=told.text if told is not None else None
        )
        filled = fill(picture, masked)
        counts = {
            "pictures": 1,
            "people": masked.people,
            "windows": masked.windows,
            "plates": masked.plates,
            "plate_kept": int(masked.kept is not None),
        }
        made = [self._entry(entry, filled, counts)]
        for other in self.package.manifest.files:
            crop = other.picture.crop if other.role == "crop" and other.picture is not None else None
            if crop is not None and other.picture is not None and other.picture.number == about.number:
                x1, y1, x2, y2 = (round(side) for side in crop)
                made.append(self._entry(other, filled[y1:y2, x1:x2], counts))
        return made

    def _entry(self, entry: FileEntry, picture: NDArray[np.uint8], counts: Mapping[str, int]) -> MaskedEntry:
        about = entry.picture
        file = self.place / entry.name
        write_jpeg(file, picture)
        return _entry_of(
            file, entry, moment=about.moment if about else None, time=about.time if about else None,
            width=picture.shape[1], height=picture.shape[0], **counts,
        )  # fmt: skip

    def clip(self) -> list[MaskedEntry]:
        entry = self.package.manifest.named("clip.mp4")
        if entry is None or entry.video is None:
            return []
        video = entry.video
        ticks = np.array([pts for _, pts in video.frames], np.float64)
        seconds = video.start_s + (ticks - ticks[0]) * _seconds(video.time_base)
        boxes: list[Box | None] = [self.path.at(float(second)) for second in seconds]
        file = self.place / CLIP
        done = mask_clip(
            self.package.folder / entry.name, file, self.making.masker, boxes, keep_plate=self.making.keep_plate
        )
        return [
            _entry_of(
                file, entry, moment=None, time=None, width=done.width, height=done.height, pictures=done.pictures,
                people=done.people, windows=done.windows, plates=done.plates, plate_kept=done.plate_kept,
            )
        ]  # fmt: skip


def write_masked(package: Package, kind: Kind, folder: Path, making: Making) -> MaskedManifest:
    """Write ``folder/<event id>/`` with the masked pictures or the masked clip of a package, whole or not at all.

    Writing it again gives back the one that is there.

    Raises:
        IntegrityError: a picture or the clip of the package cannot be decoded.
        OSError: the disk refused.
    """

    def filled(place: Path) -> None:
        made = _Made(package, making, place)
        makes: dict[Kind, Callable[[], Sequence[MaskedEntry]]] = {"pictures": made.pictures, "clip": made.clip}
        manifest = MaskedManifest(
            format="qyran-masked/1",
            kind=kind,
            event_id=package.manifest.event_id,
            original_manifest_sha256=package.sha256,
            made=making.at,
            models=dict(making.models),
            software=making.software,
            signer=making.signer.key_id,
            marks=dict(package.manifest.marks),
            files=tuple(makes[kind]()),
        )
        message = manifest.to_bytes()
        (place / MASKED).write_bytes(message)
        (place / MASKED_SIGNATURE).write_bytes(signature_file(making.signer, message))

    return load_masked(whole_folder(folder, package.manifest.event_id, filled))


def load_masked(folder: Path) -> MaskedManifest:
    """Read what a copy says, without judging it.

    Raises:
        IntegrityError: there is none that can be read.
    """
    try:
        return read_masked((folder / MASKED).read_bytes())
    except (OSError, ValueError):
        raise IntegrityError(f"The masked copy {folder.name} has no readable {MASKED}.") from None


def read_masked(data: bytes) -> MaskedManifest:
    """Read the bytes of ``masked.json``.

    Raises:
        ValueError: they are none, or not written in the one canonical way.
    """
    try:
        read = MaskedManifest.model_validate_json(canonical_json(strict_json(data)))
    except ValidationError:
        raise ValueError("no masked copy") from None
    if read.to_bytes() != data:
        raise ValueError("not canonical")
    return read


def _entry_of(file: Path, original: FileEntry, **about: Any) -> MaskedEntry:
    return MaskedEntry(
        name=file.name,
        role="clip" if original.video is not None else "crop" if original.role == "crop" else "still",
        media_type=original.media_type,
        sha256=file_sha256(file),
        bytes=file.stat().st_size,
        original=Original(name=original.name, sha256=original.sha256),
        **about,
    )


def _decoded(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise IntegrityError(f"The still {path.name} of the evidence {path.parent.name} is no picture.")
    return np.asarray(picture, np.uint8)


def _seconds(time_base: str) -> float:
    above, _, below = time_base.partition("/")
    return int(above) / int(below or 1)
