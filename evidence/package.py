"""Writing an evidence package: clip, stills, overlay, signed manifest; whole or not at all.

A package is a folder named after its event (`evidence.whole`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence.canonical import canonical_json, sha256_hex
from evidence.keys import Signer
from evidence.manifest import (
    MANIFEST,
    SIGNATURE,
    FileEntry,
    Gap,
    Manifest,
    entry_of,
    read_manifest,
    signature_file,
)
from evidence.overlay import write_overlay
from evidence.stills import Ring, write_clip, write_stills
from evidence.subject import Subject, manifest_of
from evidence.whole import whole_folder
from qyran.errors import IntegrityError

TRACE: Final = "trace.json"


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

    def filled(place: Path) -> None:
        files, gaps = make(place)
        files += _trace(place, subject)
        manifest = manifest_of(subject, files, gaps, signer=signer.key_id, development=signer.development)
        message = manifest.to_bytes()
        (place / MANIFEST).write_bytes(message)
        (place / SIGNATURE).write_bytes(signature_file(signer, message))

    return load_package(whole_folder(folder, str(subject.event_id), filled))


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
    files = write_clip(folder, ring, subject.finding)
    stills, gaps = write_stills(folder, subject, ring)
    files += stills
    size = next(((still.picture.width, still.picture.height) for still in stills if still.picture), None)
    files.append(write_overlay(folder, subject.finding.track, subject.path, subject.drawn, size))
    return files, gaps


def _trace(place: Path, subject: Subject) -> list[FileEntry]:
    """Why the rule fired, in words, as the reader of that day's version would have read it."""
    if not subject.words:
        return []
    file = place / TRACE
    file.write_bytes(canonical_json({language: list(steps) for language, steps in subject.words.items()}))
    return [entry_of(file, "trace", "application/json")]
