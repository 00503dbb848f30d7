"""The manifest of an evidence package: its shape, and the signature file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from evidence.canonical import canonical_json, file_sha256, strict_json
from evidence.keys import Signer

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
FORMAT: Final = "qyran-evidence/1"
MAX_BYTES: Final = 16 << 20  # a manifest of a minute of video has some 100 kB; more is not read

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Role = Literal["clip", "viewing_copy", "still", "crop", "overlay", "trace", "record", "received", "paper"]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$")]
Box = tuple[float, float, float, float]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Picture(_Part):
    """The frame a still shows. `box` is x1, y1, x2, y2 in its pixels."""

    number: int
    moment: str
    index: int
    pts: int
    video_s: float
    time: AwareDatetime
    width: int
    height: int
    box: Box | None = None
    crop: Box | None = None


class Video(_Part):
    """What a clip holds.

    Attributes:
        codec, width, height: of the pictures; a viewing copy may lack an odd last row or column.
        time_base: seconds of one tick of the PTS.
        frames: running number in the stream (None where it never decoded there) and original PTS of each picture, in
            the order of showing.
        start_s, end_s: seconds of video of the first and last picture.
        wanted_start_s, wanted_end_s: the span asked for; the clip begins at a key frame and ends where the video did.
        copy_of: of a viewing copy, the clip it was made from.
    """

    codec: str
    width: int
    height: int
    time_base: str
    frames: tuple[tuple[int | None, int], ...]
    start_s: float
    end_s: float
    wanted_start_s: float
    wanted_end_s: float
    copy_of: FileName | None = None


class FileEntry(_Part):
    """One file of the package.

    A `trace` is the rule's reasons in words; a `record` is what a device or a register said, as JSON, and `received`
    the same as it came; a `paper` is a document about the device.
    """

    name: FileName
    role: Role
    media_type: str
    sha256: Sha256
    bytes: Annotated[int, Field(ge=0)]
    picture: Picture | None = None
    video: Video | None = None


class Gap(_Part):
    """A still that was wanted and could not be made, and why (`not_held`: the packets were gone)."""

    moment: str
    video_s: float
    reason: Literal["not_held"]


class Step(_Part):
    """One step of the rule's trace: code and values."""

    code: str
    values: dict[str, str | bool | int | float]


class FindingRecord(_Part):
    """The finding as the rule gave it; None where it does not apply or is unknown."""

    type: str
    kind: str
    rule_version: str
    onset_s: float
    video_s: float
    score: float
    trace: tuple[Step, ...]
    track: int | None
    class_id: int | None
    class_name: str | None
    line: str | None
    zone: str | None
    signal: str | None
    speed_ms: float | None
    speed_sigma_ms: float | None
    speed_certified: Literal[False] = False
    box: Box | None
    ground_m: tuple[float, float] | None


class PlateRecord(_Part):
    """The plate as read; `uncertain` are positions of doubtful characters."""

    text: str
    score: float
    uncertain: tuple[int, ...]


class CameraRecord(_Part):
    """The camera, and the hashes of its file and of the calibration in it."""

    id: str
    sha256: Sha256
    calibration_sha256: Sha256 | None


class Anchor(_Part):
    """The UTC time of one second of video: it dates every other."""

    video_s: float
    time: AwareDatetime


class Software(_Part):
    """What wrote the package."""

    name: Literal["qyran"]
    version: str


class Manifest(_Part):
    """Everything a package says, under one signature."""

    format: Literal["qyran-evidence/1"]
    event_id: str
    camera: CameraRecord
    models: dict[str, Sha256]
    finding: FindingRecord
    plate: PlateRecord | None
    anchor: Anchor
    onset: AwareDatetime
    decided: AwareDatetime
    clock: dict[str, JsonValue]
    software: Software
    marks: dict[str, bool]
    signer: Sha256
    files: tuple[FileEntry, ...]
    gaps: tuple[Gap, ...]

    def named(self, name: str) -> FileEntry | None:
        """The entry of a file."""
        return next((entry for entry in self.files if entry.name == name), None)

    def to_bytes(self) -> bytes:
        """Canonical JSON: the bytes that are signed."""
        return canonical_json(self.model_dump(mode="json"))


def entry_of(
    path: Path, role: Role, media_type: str, *, picture: Picture | None = None, video: Video | None = None
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


def plain_box(box: Box | None) -> Box | None:
    """Plain floats: rules hand over NumPy scalars too."""
    return None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3]))


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest's bytes.

    Raises:
        ValueError: they are no manifest of this format.
    """
    raw = strict_json(data)
    try:
        return Manifest.model_validate_json(canonical_json(raw))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"{place}: {first['msg']}") from None


def signature_file(signer: Signer, message: bytes) -> bytes:
    """The content of ``manifest.sig`` over `message`: canonical JSON, one way to write it only."""
    return _signature_bytes(signer.key_id, signer.sign(message).hex())


def read_signature_file(data: bytes) -> tuple[str, bytes]:
    """Key id and signature from the bytes of a ``.sig`` file.

    Raises:
        ValueError: not exactly what `signature_file` writes, to the byte.
    """
    match strict_json(data):
        case {"key": str(key), "signature": str(text)}:
            signature = bytes.fromhex(text)
        case _:
            raise ValueError("key or signature is absent")
    if _signature_bytes(key, signature.hex()) != data:
        raise ValueError("not written as a signature file is")
    return key, signature


def _signature_bytes(key: str, signature: str) -> bytes:
    return canonical_json({"algorithm": "Ed25519", "key": key, "signature": signature})
