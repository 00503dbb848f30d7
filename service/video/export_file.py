"""The file of an export: MP4 of the original packets, what it shows and lacks, signed, with the program that checks it.

A part is as long as the camera's configuration stays the same. Inside a part the picture keeps its time: a gap is a
picture that stands still, and the list names it.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import av
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence.canonical import canonical_json, file_sha256
from evidence.export import About, Content, write_export
from evidence.keys import installation_signer, trust_store
from evidence.masked_clip import MaskedClip
from qyran import __version__
from qyran.errors import IntegrityError, NotFound
from service.video.archive import Found
from vision.fragments import TIMESCALE
from vision.packets import padded_packet
from vision.segments import Segment, places, read_init

if TYPE_CHECKING:
    from service.store.database import Store

LIST: Final = "video.json"
FORMAT: Final = "qyran-video/1"
ORIGINAL: Final = "original packets, not encoded anew; without sound"
MASKED: Final = "masked copy: people, windows of vehicles and plates covered, encoded anew; without sound"
TELL_EVERY: Final = 25
"""Pictures between two words about how far a masked copy is."""
MOST_BYTES: Final = 3_900_000_000
"""A zip without the 64-bit extension, which some readers lack, holds 4 GB."""


@dataclass(frozen=True, slots=True)
class Order:
    """An export as it was asked for."""

    id: str
    camera: str
    name: Mapping[str, str]
    start: datetime
    end: datetime
    purpose: str
    by: str
    role: str
    at: datetime
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """The file that was made."""

    sha256: str
    bytes: int


class Mask(Protocol):
    """Makes the masked copy of a part."""

    @property
    def models(self) -> Mapping[str, str]:
        """SHA-256 of the weights that look, by what they look for."""

    def copy(self, source: Path, target: Path, tell: Callable[[int], None]) -> MaskedClip:
        """Write it; told after each picture how many were looked at."""


@dataclass(frozen=True, slots=True)
class _Part:
    path: Path
    start: datetime
    end: datetime
    pictures: int
    codec: str
    segments: tuple[Mapping[str, Any], ...]
    covered: Mapping[str, int] | None = None


def write_video(
    store: Store, order: Order, found: Found, target: Path, tell: Callable[[float], None], mask: Mask | None = None
) -> Written:
    """Write an export.

    Args:
        store: the store; its installation signs.
        order: what was asked for.
        found: what the archive holds of it.
        target: the zip; put in place whole.
        tell: told the share that is made.
        mask: makes the masked copy of each part, which leaves in its place; None where the original packets leave.

    Raises:
        NotFound: nothing of the span is there any more.
        IntegrityError: a segment cannot be read, or the span is larger than a zip holds.
        OSError: the disk refused.
    """
    if sum(one.path.stat().st_size for one in found.segments) > MOST_BYTES:
        raise IntegrityError("The span has more than 3.9 GB; take it in parts.")
    folder = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    folder.mkdir(parents=True)
    try:
        parts = _parts(found.segments, order, folder, tell)
        if not parts:
            raise NotFound("The archive holds no picture of this span any more.")
        if mask is not None:
            parts = _masked(parts, mask, folder, tell)
        files: dict[str, Content] = {f"video/{part.path.name}": part.path for part in parts}
        files[LIST] = canonical_json(_list(order, found, parts, mask))
        files |= _keys(store)
        marks = {"demo": True} if store.demo else {}
        about = About("full" if mask is None else "masked", order.id, store.clock(), __version__, marks)
        spare = folder / "export.zip"
        digest = write_export(spare, about, files, installation_signer(store.settings.home))
        size = spare.stat().st_size
        spare.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Written(digest, size)


def _parts(segments: Sequence[Segment], order: Order, folder: Path, tell: Callable[[float], None]) -> list[_Part]:
    """The segments of one configuration after the other, each run as one MP4."""
    runs: list[tuple[bytes, list[Segment]]] = []
    for one in segments:
        init = read_init(one.path)
        if runs and runs[-1][0] == init:
            runs[-1][1].append(one)
        else:
            runs.append((init, [one]))
    found, done = [], 0
    for number, (_, run) in enumerate(runs, start=1):
        part = _part(run, order, folder / f"part-{number}.mp4")
        done += len(run)
        tell(round(done / len(segments) * 0.9, 3))
        if part is not None:
            found.append(part)
    return found


def _part(run: Sequence[Segment], order: Order, path: Path) -> _Part | None:
    """One MP4 from the key frame at or before the span to its end."""
    origin: datetime | None = None
    last = order.start
    pictures, codec, taken = 0, "", []
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out:
        stream: Any = None
        floor = 0
        for one in run:
            base, first_s, last_s = _inside(one, order)
            if base is None:
                continue
            taken.append({"name": one.name, "sha256": file_sha256(one.path), "bytes": one.path.stat().st_size,
                          "start": _iso(one.start), "end": _iso(one.end)})  # fmt: skip
            with av.open(str(one.path)) as source:
                track = source.streams.video[0]
                if stream is None:
                    codec = track.codec_context.name
                    stream = out.add_stream_from_template(track, opaque=True)
                    if codec == "hevc":
                        stream.codec_context.codec_tag = "hvc1"
                for packet in source.demux(track):
                    if packet.pts is None or packet.dts is None or not packet.size:
                        continue
                    second = float(packet.pts * packet.time_base)
                    if not first_s - 1e-6 <= second < last_s:
                        continue
                    at = base + timedelta(seconds=second)
                    origin = origin or at
                    shift = round((base - origin).total_seconds() * TIMESCALE)
                    copy = padded_packet(bytes(packet))
                    copy.stream, copy.time_base = stream, packet.time_base
                    copy.pts, copy.dts = packet.pts + shift, max(packet.dts + shift, floor)
                    copy.duration, copy.is_keyframe = packet.duration, packet.is_keyframe
                    floor = copy.dts + 1
                    out.mux(copy)
                    pictures += 1
                    last = max(last, at + timedelta(seconds=float((packet.duration or 0) * packet.time_base)))
    if origin is None:
        path.unlink(missing_ok=True)
        return None
    return _Part(path, origin, last, pictures, codec, tuple(taken))


def _masked(parts: Sequence[_Part], mask: Mask, folder: Path, tell: Callable[[float], None]) -> list[_Part]:
    """Masked copies in place of the originals, which are removed."""
    whole, before, found = sum(part.pictures for part in parts), 0, []
    for part in parts:
        target = folder / f"masked-{part.path.name}"

        def told(looked: int, before: int = before) -> None:
            if looked % TELL_EVERY == 0:
                tell(round((before + looked) / whole * 0.95, 3))

        clip = mask.copy(part.path, target, told)
        part.path.unlink()
        covered = {"people": clip.people, "windows": clip.windows, "plates": clip.plates}
        found.append(replace(part, path=target, pictures=clip.pictures, codec="h264", covered=covered))
        before += part.pictures
    return found


def _inside(one: Segment, order: Order) -> tuple[datetime | None, float, float]:
    """UTC of the segment's media time 0, and which of its seconds belong to the order: whole groups in front."""
    found = list(places(one.path))
    if not found:
        return None, 0.0, 0.0
    base = found[0].utc - timedelta(seconds=found[0].start_s)
    begun = [place.start_s for place in found if place.key and place.utc <= order.start]
    last_s = (order.end - base).total_seconds()
    return base, (begun[-1] if begun else found[0].start_s), last_s


def _list(order: Order, found: Found, parts: Sequence[_Part], mask: Mask | None) -> dict[str, Any]:
    source = ORIGINAL if mask is None else MASKED
    return {
        "format": FORMAT,
        "export": order.id,
        "camera": {"id": order.camera, "name": dict(order.name)},
        "wanted": {"start": _iso(order.start), "end": _iso(order.end)},
        "asked": {"by": order.by, "role": order.role, "at": _iso(order.at), "purpose": order.purpose},
        "source": source,
        **({} if mask is None else {"masked_by": dict(mask.models)}),
        "parts": [
            {
                "name": f"video/{part.path.name}", "start": _iso(part.start), "end": _iso(part.end),
                "pictures": part.pictures, "codec": part.codec, "segments": [dict(one) for one in part.segments],
                **({} if part.covered is None else {"covered": dict(part.covered)}),
            }
            for part in parts
        ],
        "gaps": [{"start": _iso(gap.start), "end": _iso(gap.end), "reason": gap.reason} for gap in found.gaps],
    }  # fmt: skip


def _keys(store: Store) -> dict[str, Content]:
    return {
        f"keys/evidence-{name[:16]}.pem": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for name, key in trust_store(store.settings.home).keys.items()
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
