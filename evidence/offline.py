"""Checking an export of evidence with nothing but this, Python, `cryptography` and a public key.

This file and the few it imports go into every export, and `qyran verify` runs the same code. It believes nothing that a
trusted key did not sign, opens no file outside of the export and writes nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence.canonical import canonical_json, sha256_hex, strict_json
from evidence.offline_ledger import ledger_faults
from evidence.stored_zip import NAME, StoredZip, ZipFault
from evidence.timestamp import TokenFault, check_token

EXPORT: Final = "export.json"
EXPORT_SIGNATURE: Final = "export.sig"
PROOF: Final = "ledger/proof.json"
MOST_BYTES: Final = 64 << 20
"""Of a file that is read at once; media are read piece by piece."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong, or worth knowing, about a file of the export: a text key of `evidence/texts`, and its values."""

    name: str
    code: str
    values: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Keys:
    """What is trusted: Ed25519 public keys by id, and certificates of time stamp authorities."""

    keys: Mapping[str, Ed25519PublicKey]
    authorities: Sequence[x509.Certificate] = ()

    def fits(self, key: str, signature: str, message: bytes) -> str | None:
        """Why a signature is not one of a trusted key: a text key; None where it is."""
        public = self.keys.get(key)
        if public is None:
            return "unknown_key"
        try:
            public.verify(bytes.fromhex(signature), message)
        except (InvalidSignature, ValueError):
            return "bad_signature"
        return None


class Files(Protocol):
    """The files of an export, in a zip or unpacked."""

    @property
    def names(self) -> list[str]:
        """Names of all files."""

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file's bytes."""


@dataclass(slots=True)
class _Check:
    files: Files
    keys: Keys
    faults: list[Found] = field(default_factory=list)
    notes: list[Found] = field(default_factory=list)

    def fault(self, name: str, code: str, **values: str | int) -> None:
        self.faults.append(Found(name, code, tuple(values.items())))

    def read(self, name: str) -> bytes | None:
        """A small file; None with a fault where there is none."""
        if name not in self.files.names:
            self.fault(name, "missing")
            return None
        data = bytearray()
        try:
            for piece in self.files.pieces(name):
                data += piece
                if len(data) > MOST_BYTES:
                    self.fault(name, "too_large")
                    return None
        except (ZipFault, OSError):
            self.fault(name, "altered")
            return None
        return bytes(data)

    def table(self, name: str) -> tuple[bytes, dict[str, Any]] | None:
        """A canonical JSON table."""
        data = self.read(name)
        if data is None:
            return None
        try:
            raw = strict_json(data)
            canonical = isinstance(raw, dict) and canonical_json(raw) == data
        except (ValueError, TypeError, RecursionError):
            canonical = False
        if not canonical:
            self.fault(name, "unparsable", fault=name.rpartition("/")[2])
            return None
        return data, raw

    def signed(self, name: str, signature: str) -> tuple[bytes, dict[str, Any]] | None:
        """A table that a trusted key signed."""
        found, sig = self.table(name), self.table(signature)
        if found is not None and sig is not None:
            self.held_to(signature, name, sig[1], found[0])
        return found

    def held_to(self, place: str, name: str, sig: Mapping[str, Any], message: bytes) -> None:
        if set(sig) != {"algorithm", "key", "signature"} or sig["algorithm"] != "Ed25519":
            self.fault(place, "unparsable", fault=place.rpartition("/")[2])
            return
        key = str(sig["key"])
        why = self.keys.fits(key, str(sig["signature"]), message)
        if why == "unknown_key":
            self.fault(place, why, key=key[:16])
        elif why is not None:
            self.fault(name, why)

    def listed(self, folder: str, entries: Any) -> set[str]:
        """Check files against a signed list of names, hashes and sizes; their names."""
        names: set[str] = set()
        for entry in entries if isinstance(entries, list) else []:
            try:
                name, sha256, size = f"{folder}{entry['name']}", entry["sha256"], entry["bytes"]
            except (TypeError, KeyError):
                self.fault(folder or EXPORT, "unparsable", fault=folder or EXPORT)
                continue
            names.add(name)
            self._same(name, sha256, size)
        return names

    def _same(self, name: str, sha256: object, size: object) -> None:
        if name not in self.files.names:
            self.fault(name, "missing")
            return
        digest, length = hashlib.sha256(), 0
        try:
            for piece in self.files.pieces(name):
                digest.update(piece)
                length += len(piece)
        except (ZipFault, OSError):
            self.fault(name, "altered")
            return
        if (digest.hexdigest(), length) != (sha256, size):
            self.fault(name, "altered")


def check_export(path: Path, keys: Keys) -> tuple[list[Found], list[Found], int]:
    """Check an export, a zip or the folder it was unpacked into.

    Args:
        path: of it.
        keys: what is trusted.

    Returns:
        Faults, notes, and how many packages and films were looked at.
    """
    try:
        with _opened(path) as files:
            check = _Check(files, keys)
            packages = _checked(check)
    except ZipFault as fault:
        return [Found(fault.name, "altered")], [], 0
    return list(dict.fromkeys(check.faults)), check.notes, packages


@contextmanager
def _opened(path: Path) -> Iterator[Files]:
    if path.is_dir():
        yield Unpacked(path)
        return
    with closing(path.open("rb")) as file:
        yield StoredZip(file)


class Unpacked:
    """An export that was unpacked into a folder."""

    def __init__(self, folder: Path) -> None:
        """Look at a folder.

        Raises:
            ZipFault: it holds something that no export holds, such as a link.
        """
        self._folder = folder
        self._names: list[str] = []
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if "__pycache__" in name:
                continue  # running `verify.py` leaves it behind
            if path.is_symlink() or not (path.is_file() or path.is_dir()) or NAME.fullmatch(name) is None:
                raise ZipFault(name)
            if path.is_file():
                self._names.append(name)

    @property
    def names(self) -> list[str]:
        """Names of all files."""
        return self._names

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file's bytes."""
        with (self._folder / name).open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece


def _checked(check: _Check) -> int:
    export = check.signed(EXPORT, EXPORT_SIGNATURE)
    if export is None:
        return 0
    names = check.listed("", export[1].get("files"))
    for name in sorted(set(check.files.names) - names - {EXPORT, EXPORT_SIGNATURE}):
        check.fault(name, "surplus")
    manifests: dict[str, str] = {}
    packages = sorted({name.rpartition("/")[0] for name in names if name.startswith("packages/")})
    for folder in packages:
        _package(check, f"{folder}/", manifests)
    for name in sorted(names):
        if name.startswith("masked/") and name.endswith("/masked.json"):
            _masked(check, name.removesuffix("masked.json"))
    proof = check.table(PROOF) if PROOF in names else None
    if proof is not None:
        documents = {name: sha256_hex(check.read(name) or b"") for name in names if name.startswith("decision/")}
        faults, notes = ledger_faults(proof[1], check.keys.fits, set(manifests.values()), set(documents.values()))
        check.faults += [Found(PROOF, code, values) for code, values in faults]
        check.notes += [Found(PROOF, code, values) for code, values in notes]
    return len(packages) + sum(name.startswith("video/") for name in names)


def _package(check: _Check, folder: str, manifests: dict[str, str]) -> None:
    found = check.signed(f"{folder}manifest.json", f"{folder}manifest.sig")
    if found is None:
        return
    data, manifest = found
    digest = sha256_hex(data)
    manifests[folder] = digest
    own = {f"{folder}{name}" for name in ("manifest.json", "manifest.sig", "stamp.json")}
    names = check.listed(folder, manifest.get("files")) | own
    for name in check.files.names:
        if name.startswith(folder) and name not in names:
            check.fault(name, "surplus")
    _stamp(check, f"{folder}stamp.json", digest)


def _stamp(check: _Check, name: str, manifest_sha256: str) -> None:
    if name not in check.files.names:
        check.notes.append(Found(name, "stamp_pending"))
        return
    found = check.table(name)
    if found is None:
        return
    told = dict(found[1])
    key, signature = str(told.pop("key", "")), str(told.pop("signature", ""))
    if check.keys.fits(key, signature, canonical_json(told)) is not None:
        check.fault(name, "stamp_altered")
        return
    try:
        token = base64.b64decode(str(told["token"]), validate=True)
        said = check_token(token, manifest_sha256, check.keys.authorities)
    except TokenFault as fault:
        check.fault(name, fault.code)
        return
    except (KeyError, ValueError):
        check.fault(name, "stamp_unreadable")
        return
    if not check.keys.authorities:
        check.notes.append(Found(name, "stamp_not_anchored"))
    elif not said.anchored:
        check.fault(name, "stamp_untrusted")


def _masked(check: _Check, folder: str) -> None:
    found = check.signed(f"{folder}masked.json", f"{folder}masked.sig")
    if found is not None:
        check.listed(folder, found[1].get("files"))
