"""The seal of an `analyse` output folder: its tables and the hashes of its packages under one signature.

`seal.json` lists the tables of the folder by SHA-256 and every evidence package by the hash of its
manifest; `seal.sig` signs it. The pictures of passages stand under the seal too: events.jsonl names the hash of each. A
folder without a seal was not finished.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from evidence.canonical import canonical_json, file_sha256, strict_json
from evidence.keys import Signer
from evidence.manifest import MANIFEST, FileName, Sha256, signature_file
from evidence.whole import partial_folder

SEAL: Final = "seal.json"
SEAL_SIGNATURE: Final = "seal.sig"
EVENTS: Final = "events.jsonl"
EVIDENCE: Final = "evidence"
PASSAGES: Final = "passages"
SEALED: Final = (EVENTS, "summary.json", "tracks.csv")


class Seal(BaseModel):
    """What an output folder held when the analysis ended."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["qyran-output/1"]
    files: dict[FileName, Sha256]
    packages: dict[FileName, Sha256]


def seal_output(folder: Path, signer: Signer) -> None:
    """Seal a finished `analyse` output folder; sealing again replaces the seal."""
    evidence = folder / EVIDENCE
    shutil.rmtree(partial_folder(evidence), ignore_errors=True)  # packages that a kill left half made
    packages = {
        path.name: file_sha256(path / MANIFEST)
        for path in (sorted(evidence.iterdir()) if evidence.is_dir() else ())
        if path.is_dir()
    }
    files = {name: file_sha256(folder / name) for name in SEALED}
    message = canonical_json(Seal(format="qyran-output/1", files=files, packages=packages).model_dump())
    (folder / SEAL).write_bytes(message)
    (folder / SEAL_SIGNATURE).write_bytes(signature_file(signer, message))


def read_seal(data: bytes) -> Seal:
    """Read a seal's bytes.

    Raises:
        ValueError: they are no seal.
    """
    try:
        return Seal.model_validate(strict_json(data))
    except ValidationError:
        raise ValueError("not a seal of this format") from None
