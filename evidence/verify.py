"""Offline verification of evidence packages, output folders, decisions and ledger exports.

Nothing a package says about itself is believed unless a key from outside signed it. The verifier writes nothing,
follows no symbolic link below the path it was given, and opens no file that a manifest names by a path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from evidence.canonical import sha256_hex, strict_json
from evidence.head import read_head
from evidence.keys import Trust
from evidence.ledger import check_ledger
from evidence.manifest import MANIFEST, SIGNATURE, Manifest, read_manifest
from evidence.masked_copy import MASKED, MASKED_SIGNATURE, read_masked
from evidence.offline import EXPORT, EXPORT_SIGNATURE, Found, Keys, check_export
from evidence.pades import verify_pdf
from evidence.seal import EVENTS, EVIDENCE, PASSAGES, SEAL, SEAL_SIGNATURE, Seal, read_seal
from evidence.stamps import MAX_BYTES, STAMP, STAMP_SPARE, check_stamp
from evidence.timestamp import TokenFault
from evidence.verdict import (
    Place,
    Reason,
    Verdict,
    check_file,
    exists,
    is_plain_file,
    is_plain_folder,
    printable,
    signed_bytes,
)
from qyran.errors import InputError

WITH_EVIDENCE: Final = {"violation", "incident", "fire_alert"}
PACKAGE_SIGNS: Final = (MANIFEST, SIGNATURE, "clip.mp4", "overlay.json")  # any of these: the folder is a package

HEAD_SIGN: Final = b'{"city":'
HEAD_NAME: Final = re.compile(r"ledger-head-\d{4}-\d{2}-\d{2}\.json")
MONTH: Final = re.compile(r"\d{4}-\d{2}")  # the store keeps its packages by month


def verify(path: Path, trust: Trust) -> Verdict:
    """Check whatever lies at a path: package, folder of packages, `analyse` output, decision PDF, ledger export.

    Args:
        path: a folder, or a file of one of these.
        trust: keys and certificates that may have signed.

    Raises:
        InputError: nothing lies there.
    """
    try:
        there = path.exists()
    except (OSError, ValueError):  # a name no file system takes
        there = False
    if not there:
        raise InputError(f"{printable(str(path))} does not exist; give evidence, a decision or a ledger export.")
    path = path.resolve()
    return _folder(path, trust) if path.is_dir() else _file(path, trust)


def verify_package(folder: Path, trust: Trust) -> Verdict:
    """Check one evidence package."""
    place = Place(folder)
    reasons, _ = _package(place, folder, trust)
    notes: tuple[Reason, ...] = ()
    if not exists(folder / STAMP):
        notes = (place.reason(folder / MANIFEST, "stamp_pending"),)
    elif not trust.authorities:
        notes = (place.reason(folder / STAMP, "stamp_not_anchored"),)
    return Verdict(tuple(reasons), 1, notes)


def verify_masked(folder: Path, trust: Trust) -> Verdict:
    """Check one masked copy: that it is the one that was made, of the original it names."""
    place, path = Place(folder), folder / MASKED
    data, key, reasons = signed_bytes(place, path, folder / MASKED_SIGNATURE, trust)
    try:
        manifest = read_masked(data) if data is not None else None
    except (ValueError, TypeError, RecursionError):
        return Verdict((*reasons, place.reason(path, "unparsable", fault=path.name)), 1)
    if manifest is None:
        return Verdict(tuple(reasons), 1)
    if key and manifest.signer != key:
        reasons.append(place.reason(path, "wrong_signer"))
    for entry in manifest.files:
        reasons += check_file(place, folder / entry.name, entry.sha256, entry.bytes)
    reasons += _surplus(place, folder, {*(entry.name for entry in manifest.files), MASKED, MASKED_SIGNATURE})
    return Verdict(tuple(reasons), 1)


def _folder(folder: Path, trust: Trust) -> Verdict:
    if exists(folder / EXPORT) or exists(folder / EXPORT_SIGNATURE):
        return verify_export(folder, trust)
    if exists(folder / MASKED) or exists(folder / MASKED_SIGNATURE):
        return verify_masked(folder, trust)
    if any(exists(folder / name) for name in PACKAGE_SIGNS):
        return verify_package(folder, trust)
    if exists(folder / SEAL) or exists(folder / EVENTS) or is_plain_folder(folder / EVIDENCE):
        return _output(folder, trust)
    if folder.name == EVIDENCE and exists(folder.parent / SEAL):
        return _output(folder.parent, trust)
    place = Place(folder)
    months = [path for path in sorted(folder.iterdir()) if MONTH.fullmatch(path.name) and is_plain_folder(path)]
    found: dict[str, Manifest | None] = {}
    reasons = [place.reason(path, "surplus") for path in sorted(folder.iterdir()) if months and path not in months]
    for part in months or [folder]:
        packages, wrong = _packages(place, part, trust)
        found |= packages
        reasons += wrong
    if not found and not reasons:
        reasons.append(place.reason(folder, "empty"))
    return Verdict(tuple(reasons), len(found))


def _file(path: Path, trust: Trust) -> Verdict:
    place = Place(path.parent)
    if path.suffix.lower() == ".zip":
        return verify_export(path, trust)
    document = path.suffix.lower() == ".pdf"
    if not document and any(exists(path.parent / name) for name in (MANIFEST, SIGNATURE)):
        return verify_package(path.parent, trust)
    if not document and (exists(path.parent / SEAL) or path.name == EVENTS):
        return _output(path.parent, trust)
    try:
        data = path.read_bytes() if path.is_file() else None
    except OSError:
        data = None
    if data is None:
        return Verdict((place.reason(path, "unreadable"),))
    return _by_content(place, path, data, trust)


def _by_content(place: Place, path: Path, data: bytes, trust: Trust) -> Verdict:
    if path.suffix.lower() == ".pdf" or data.startswith(b"%PDF"):
        return _document(place, path, data, trust)
    if data.startswith(HEAD_SIGN) or HEAD_NAME.fullmatch(path.name):
        return _head(place, path, data, trust)
    if path.suffix.lower() == ".jsonl" or data.startswith(b'{"commitment":'):
        return _ledger(path.name, data, trust)
    return Verdict((place.reason(path, "not_evidence"),))


def verify_export(path: Path, trust: Trust) -> Verdict:
    """Check an export, a zip or the folder it was unpacked into, by the program that lies in every export."""
    try:
        faults, notes, count = check_export(path, Keys(trust.keys, trust.authorities))
    except OSError:
        return Verdict((Place(path.parent).reason(path, "unreadable"),))
    return Verdict(tuple(_said(one) for one in faults), count, tuple(_said(one) for one in notes))


def _said(found: Found) -> Reason:
    values = tuple((key, printable(value) if isinstance(value, str) else value) for key, value in found.values)
    return Reason(printable(found.name), found.code, values)


def _head(place: Place, path: Path, data: bytes, trust: Trust) -> Verdict:
    """A published head of the ledger."""
    try:
        head = read_head(data)
    except (ValueError, TypeError, RecursionError):
        return Verdict((place.reason(path, "unparsable", fault=path.name),))
    why = Keys(trust.keys).fits(head.key, head.signature, head.message())
    if why == "unknown_key":
        return Verdict((place.reason(path, why, key=printable(head.key, 20)),))
    return Verdict(() if why is None else (place.reason(path, "head_altered", day=printable(head.day)),), 1)


def _ledger(name: str, data: bytes, trust: Trust) -> Verdict:
    faults, chains = check_ledger(data, trust)
    reasons = []
    for fault in faults:
        shown = {key: printable(value) if isinstance(value, str) else value for key, value in fault.values.items()}
        reasons.append(Reason(f"{name}:{fault.line}", fault.code, tuple(shown.items())))
    return Verdict(tuple(reasons), chains)


def _document(place: Place, path: Path, data: bytes, trust: Trust) -> Verdict:
    verdict = verify_pdf(data, trust.certificates)
    if verdict.code is None:
        return Verdict((), 1)
    return Verdict((place.reason(path, verdict.code, signer=printable(verdict.signer or "?")),), 1)


def _package(place: Place, folder: Path, trust: Trust) -> tuple[list[Reason], Manifest | None]:
    """What is wrong with one package, and its manifest where that can be read."""
    path = folder / MANIFEST
    data, key, reasons = signed_bytes(place, path, folder / SIGNATURE, trust)
    if data is None:
        return reasons, None
    try:
        manifest = read_manifest(data)
    except (ValueError, TypeError, RecursionError):
        return [*reasons, place.reason(path, "unparsable", fault=path.name)], None
    if manifest.to_bytes() != data:
        reasons.append(place.reason(path, "not_canonical"))
    if key and manifest.signer != key:
        reasons.append(place.reason(path, "wrong_signer"))
    names = [entry.name for entry in manifest.files]
    if len(set(names)) != len(names) or {MANIFEST, SIGNATURE} & set(names):
        reasons.append(place.reason(path, "names_twice"))
    for entry in manifest.files:
        reasons += check_file(place, folder / entry.name, entry.sha256, entry.bytes)
    reasons += _stamp(place, folder / STAMP, sha256_hex(data), trust)
    reasons += _surplus(place, folder, {*names, MANIFEST, SIGNATURE, STAMP, STAMP_SPARE})
    return reasons, manifest


def _stamp(place: Place, path: Path, manifest_sha256: str, trust: Trust) -> list[Reason]:
    """What is wrong with a package's time stamp, where it has one."""
    if not exists(path):
        return []
    if not is_plain_file(path):
        return [place.reason(path, "not_a_file")]
    try:
        if path.stat().st_size > MAX_BYTES:
            return [place.reason(path, "too_large")]
        check_stamp(path.read_bytes(), manifest_sha256, trust)
    except TokenFault as fault:
        return [place.reason(path, fault.code)]
    except OSError:
        return [place.reason(path, "unreadable")]
    return []


def _packages(place: Place, folder: Path, trust: Trust) -> tuple[dict[str, Manifest | None], list[Reason]]:
    """Every package of a folder by name; anything else in it is surplus."""
    found: dict[str, Manifest | None] = {}
    reasons: list[Reason] = []
    events: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if not is_plain_folder(path):
            reasons.append(place.reason(path, "surplus"))
            continue
        wrong, manifest = _package(place, path, trust)
        found[path.name] = manifest
        reasons += wrong
        if manifest is not None and events.setdefault(manifest.event_id, path.name) != path.name:
            reasons.append(place.reason(path, "event_twice", event=printable(manifest.event_id)))
    return found, reasons


def _output(folder: Path, trust: Trust) -> Verdict:
    """An `analyse` output folder: its seal, its tables, its packages, and that each event has its evidence."""
    place = Place(folder)
    data, _, reasons = signed_bytes(place, folder / SEAL, folder / SEAL_SIGNATURE, trust)
    seal: Seal | None = None
    if data is not None:
        try:
            seal = read_seal(data)
        except (ValueError, TypeError, RecursionError):
            reasons.append(place.reason(folder / SEAL, "unparsable", fault=SEAL))
    evidence = folder / EVIDENCE
    found: dict[str, Manifest | None] = {}
    if is_plain_folder(evidence):
        found, wrong = _packages(place, evidence, trust)
        reasons += wrong
    if seal is not None:
        reasons += _against_seal(place, folder, seal, found)
    sealed = seal.files if seal else ()
    reasons += _surplus(place, folder, {*sealed, SEAL, SEAL_SIGNATURE, EVIDENCE, EVENTS, PASSAGES})
    reasons += _events(place, folder, found)
    reasons += _stills(place, folder)
    return Verdict(tuple(dict.fromkeys(reasons)), len(found))


def _against_seal(place: Place, folder: Path, seal: Seal, found: Mapping[str, Manifest | None]) -> list[Reason]:
    reasons: list[Reason] = []
    for name, sha256 in seal.files.items():
        reasons += check_file(place, folder / name, sha256)
    for name, sha256 in seal.packages.items():
        package = folder / EVIDENCE / name
        if name not in found:
            reasons.append(place.reason(package, "missing"))
            continue
        manifest = found[name]
        if manifest is not None and sha256_hex(manifest.to_bytes()) != sha256:
            reasons.append(place.reason(package / MANIFEST, "altered"))
    extra = sorted(set(found) - set(seal.packages))
    return reasons + [place.reason(folder / EVIDENCE / name, "surplus") for name in extra]


def _events(place: Place, folder: Path, found: Mapping[str, Manifest | None]) -> list[Reason]:
    """Whether events and packages belong together, one to one."""
    path = folder / EVENTS
    if not is_plain_file(path):
        return [place.reason(path, "not_a_file" if exists(path) else "missing")]
    reasons: list[Reason] = []
    named: set[str] = set()
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            event = strict_json(line)
            kind, event_id, where = event["type"], str(event["id"]), event.get("evidence")
        except (ValueError, TypeError, KeyError, AttributeError):
            reasons.append(place.reason(path, "event_unparsable", line=number))
            continue
        if where is None:
            if kind in WITH_EVIDENCE:
                reasons.append(place.reason(path, "event_without_evidence", line=number))
            continue
        name = Path(str(where)).name
        named.add(name)
        if str(where).rstrip("/") not in {name, f"{EVIDENCE}/{name}"} or name not in found:
            reasons.append(place.reason(path, "event_evidence_missing", line=number, evidence=printable(str(where))))
            continue
        manifest = found[name]
        if manifest is not None and not _same(manifest, event, event_id):
            reasons.append(place.reason(path, "event_differs", line=number, evidence=printable(name)))
    return reasons + [place.reason(folder / EVIDENCE / name, "no_event") for name in sorted(set(found) - named)]


def _stills(place: Place, folder: Path) -> list[Reason]:
    """Whether the pictures of passages are those the events name, all of them and no others."""
    named: dict[Path, str] = {}
    events = folder / EVENTS
    for line in events.read_bytes().splitlines() if is_plain_file(events) else ():
        try:
            event = strict_json(line)
            files = dict(event.get("still_files") or {}) if event.get("still") else {}
            where = folder / PASSAGES / Path(str(event["id"])).name
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # `_events` has said so
        named |= {where / Path(str(name)).name: str(sha256) for name, sha256 in files.items()}
    reasons = [reason for path, sha256 in named.items() for reason in check_file(place, path, sha256)]
    folders = {path.parent for path in named}
    held = folder / PASSAGES
    for path in sorted(held.iterdir()) if is_plain_folder(held) else ():
        if path not in folders:
            reasons.append(place.reason(path, "surplus"))
        elif is_plain_folder(path):
            reasons += [place.reason(one, "surplus") for one in sorted(path.iterdir()) if one not in named]
    return reasons


def _same(manifest: Manifest, event: Mapping[str, Any], event_id: str) -> bool:
    finding = manifest.finding
    mine = (manifest.event_id, manifest.camera.id, finding.type, finding.kind)
    return mine == (event_id, event.get("camera"), event.get("type"), event.get("kind"))


def _surplus(place: Place, folder: Path, expected: set[str]) -> list[Reason]:
    return [place.reason(path, "surplus") for path in sorted(folder.iterdir()) if path.name not in expected]
