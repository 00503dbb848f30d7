"""What a back-up says of itself: every file with its hash, signed by the installation that made it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from evidence.canonical import canonical_json, file_sha256, strict_json
from evidence.keys import Signer, Trust
from evidence.manifest import Sha256
from qyran.errors import InputError, IntegrityError
from service.durable import write_synced

MANIFEST: Final = "backup.json"
SIGNATURE: Final = "backup.sig"
PARTIAL: Final = ".partial"
"""Ending of a back-up that is being made."""


def _inside(name: str) -> str:
    """A path that stays in its folder: a manifest is signed, and yet never trusted to lead outside."""
    parts = name.split("/")
    if not all(parts) or {".", ".."} & set(parts) or not name.isprintable():
        raise ValueError("a path inside the back-up")
    return name


Name = Annotated[str, AfterValidator(_inside)]


class Kept(BaseModel):
    """One file: its path in the back-up, its size in bytes, its hash and the permission bits of its owner."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Name
    size: Annotated[int, Field(ge=0)]
    sha256: Sha256
    mode: Annotated[int, Field(ge=0, le=0o777)]


class Manifest(BaseModel):
    """What a back-up is.

    Attributes:
        made: when the database was read, UTC; what came later is not in it.
        version: of the program that made it.
        revision: of the database's schema.
        with_keys: whether the installation's keys lie in it, sealed under a passphrase.
        with_video: whether recorded video lies in it.
        key: id of the key that signed it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    made: AwareDatetime
    version: str
    revision: str
    database: Literal["sqlite", "postgresql"]
    city_id: str
    demo: bool
    with_keys: bool
    with_video: bool
    key: Sha256
    files: tuple[Kept, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.files)


def write_manifest(folder: Path, manifest: Manifest, signer: Signer) -> None:
    """Sign it and write both files durably."""
    data = canonical_json(manifest.model_dump(mode="json"))
    write_synced(folder / MANIFEST, data)
    write_synced(folder / SIGNATURE, signer.sign(data).hex().encode())


def read_manifest(folder: Path, trust: Trust) -> Manifest:
    """The manifest of a whole back-up, its signature checked.

    Raises:
        InputError: there is no back-up, or it was never finished.
        IntegrityError: it was altered, or no trusted key signed it.
    """
    if folder.name.endswith(PARTIAL):
        raise InputError(f"The back-up {folder} was never finished; take the one before.")
    try:
        data, signature = (folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"There is no back-up in {folder}: {MANIFEST} or {SIGNATURE} cannot be read.") from None
    try:
        manifest = Manifest.model_validate(strict_json(data))
        signed = bytes.fromhex(signature)
    except (ValidationError, ValueError):
        raise IntegrityError(f"The manifest of the back-up {folder} was altered.") from None
    if not trust.accepts(manifest.key, signed, data):
        raise IntegrityError(
            f"No trusted key signed the back-up {folder}, or it was altered; give the installation's public key."
        )
    return manifest


def faults_of(folder: Path, manifest: Manifest) -> list[str]:
    """Names of files that are missing or differ from their hash, and of files that nobody named."""
    bad = [one.path for one in manifest.files if not _same(folder / one.path, one)]
    named = {one.path for one in manifest.files} | {MANIFEST, SIGNATURE}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
    return sorted(bad) + sorted(there - named)


def _same(path: Path, kept: Kept) -> bool:
    try:
        return not path.is_symlink() and path.stat().st_size == kept.size and file_sha256(path) == kept.sha256
    except OSError:
        return False
