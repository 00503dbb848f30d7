"""One file with everything about a case that may leave, and the program that checks it.

A zip of stored files in the order of their names, without times: the same content gives the same bytes. ``export.json``
lists every file and is signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from evidence.canonical import canonical_json, file_sha256, sha256_hex
from evidence.keys import Signer
from evidence.manifest import signature_file
from evidence.offline import EXPORT, EXPORT_SIGNATURE
from evidence.stored_zip import write_stored

Variant = Literal["full", "masked"]
Content = bytes | Path

HERE: Final = Path(__file__).parent
PROGRAM: Final = (
    "__init__.py", "canonical.py", "chain.py", "der.py", "head.py", "offline.py", "offline_ledger.py", "stored_zip.py",
    "timestamp.py", "words.py", "texts/kk.toml", "texts/ru.toml", "texts/en.toml",
)  # fmt: skip
"""What `verify.py` needs beside `cryptography`."""


@dataclass(frozen=True, slots=True)
class About:
    """What an export says of itself.

    Attributes:
        variant: `full` holds the sealed originals, `masked` only what may be shown.
        record: id of the case or alert.
        made: when.
        software: version of Qyran.
        marks: what must be seen at once, such as ``demo``.
    """

    variant: Variant
    record: str
    made: datetime
    software: str
    marks: Mapping[str, bool]


def write_export(target: Path, about: About, files: Mapping[str, Content], signer: Signer) -> str:
    """Write an export; its SHA-256.

    Args:
        target: the zip.
        about: what it says of itself.
        files: content by name; the program, its texts and the signed list are added.
        signer: signs the list.

    Raises:
        OSError: a file cannot be read, or the disk refused.
    """
    everything: dict[str, Content] = {**files, **program()}
    listed = [
        {"name": name, "sha256": _sha256(content), "bytes": _size(content)}
        for name, content in sorted(everything.items())
    ]
    table: dict[str, Any] = {
        "format": "qyran-export/1",
        "variant": about.variant,
        "record": about.record,
        "made": about.made.isoformat(timespec="microseconds"),
        "software": {"name": "qyran", "version": about.software},
        "marks": {**about.marks, "development_key": signer.development},
        "signer": signer.key_id,
        "files": listed,
    }
    message = canonical_json(table)
    write_stored(target, {**everything, EXPORT: message, EXPORT_SIGNATURE: signature_file(signer, message)})
    return file_sha256(target)


def program() -> dict[str, Content]:
    """The verifier, and how to use it in three languages."""
    files: dict[str, Content] = {f"evidence/{name}": HERE / name for name in PROGRAM}
    files["verify.py"] = HERE / "offline_main.py"
    return files | {f"README.{lang}.md": HERE / "texts" / f"export.{lang}.md" for lang in ("kk", "ru", "en")}


def _sha256(content: Content) -> str:
    return sha256_hex(content) if isinstance(content, bytes) else file_sha256(content)


def _size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size
