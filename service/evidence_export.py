"""Taking a case's evidence out of the house: one signed file, full or masked by role, with a purpose, and logged.

The file is put in place only after the log says that it left.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from evidence.canonical import canonical_json, sha256_hex
from evidence.export import About, Content, Variant, write_export
from evidence.keys import installation_signer, trust_store
from evidence.manifest import MANIFEST, SIGNATURE
from evidence.masked_copy import MASKED, MASKED_SIGNATURE, Kind, load_masked
from evidence.offline import PROOF
from evidence.package import load_package
from evidence.stamps import STAMP, read_stamp
from evidence.verify import verify_package
from qyran import __version__
from qyran.errors import InputError, IntegrityError
from qyran.roles import Actor, Role
from service import evidence_copies
from service.access import CASE_READERS, log_access, require
from service.case_sight import in_sight
from service.documents import document_path
from service.evidence_contents import as_table, contents
from service.evidence_heads import head_of
from service.objects_store import local_folder
from service.records import camera_names, evidence_of, load, name_of
from service.store.database import Store, Work
from service.store.events import Row, chain_of
from service.store.evidence_tables import EvidenceExport
from service.store.ledger import root_with, sign_heads
from service.store.tables import Decision, Evidence, ViolationCase

FULL: Final = frozenset({Role.SENIOR_OFFICER, Role.DATA_PROTECTION_OFFICER, Role.SYSTEM})
"""Who takes the sealed originals out."""
SHOWABLE: Final = CASE_READERS | {Role.SYSTEM}
"""Who takes out what may be shown."""
LEAST_PURPOSE, MOST_PURPOSE = 3, 1000


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that left: where it lies, its name for people, its hash and size."""

    path: Path
    name: str
    sha256: str
    bytes: int


def export_evidence(
    store: Store, actor: Actor, table: type[Row], record: str, variant: Variant, purpose: str, target: Path
) -> Exported:
    """Write the evidence of a case or an alert into one file.

    Args:
        store: the store.
        actor: who takes it.
        table: cases or alerts.
        record: its id.
        variant: `full` with the sealed originals and the decision, `masked` with what may be shown.
        purpose: what for; it is logged.
        target: the zip; replaced where it exists.

    Raises:
        AccessError: the actor may not take this variant, or does not see the case.
        NotFound: there is no such record.
        InputError: the purpose is empty or too long.
        IntegrityError: there is no evidence, or it is not what was signed.
        OSError: the disk refused.
    """
    words = purpose.strip()
    with store.read(actor) as work:
        role = require(work.actor, FULL if variant == "full" else SHOWABLE)
        if not LEAST_PURPOSE <= len(words) <= MOST_PURPOSE:
            raise InputError(f"Say what the export is for, in {LEAST_PURPOSE} to {MOST_PURPOSE} characters.")
        in_sight(work, load(work, table, record, lock=False))
        packages = _intact(work, record)
    if variant == "masked":
        for package in packages:  # before anything is read: a clip takes its minutes
            evidence_copies.masked_pictures(store, package)
            evidence_copies.masked_clip(store, package)
    sign_heads(store)
    spare = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with store.read(actor) as work:
            row = load(work, table, record, lock=False)
            files = _files(work, row, packages, variant)
            about = About(variant, record, work.now, __version__, {"demo": True} if store.demo else {})
        digest = write_export(spare, about, files, installation_signer(store.settings.home))
        size = spare.stat().st_size
        with store.write(actor) as work:
            log_access(work, role, "evidence_exported", record)
            work.session.add(
                EvidenceExport(
                    id=str(uuid4()), record=record, at=work.now, actor=actor.id, role=role.value, variant=variant,
                    purpose=words, sha256=digest, bytes=size,
                )
            )  # fmt: skip
        spare.replace(target)
    finally:
        spare.unlink(missing_ok=True)
    return Exported(target, f"qyran-{variant}-{record}.zip", digest, size)


def exports_of(work: Work, record: str) -> tuple[EvidenceExport, ...]:
    """What left of a record, the newest first.

    Raises:
        AccessError: the actor sees no cases.
    """
    require(work.actor, SHOWABLE)
    query = select(EvidenceExport).where(EvidenceExport.record == record)
    return tuple(work.session.scalars(query.order_by(EvidenceExport.at.desc())))


def _intact(work: Work, record: str) -> list[Evidence]:
    store = work.store
    packages = [one for one in evidence_of(work, [record]).get(record, []) if not one.erased]
    if not packages:
        raise IntegrityError(f"There is no evidence of {record} to export.")
    trust = trust_store(store.settings.home)
    for one in packages:
        if not verify_package(local_folder(store.settings, "evidence", one.folder), trust).ok:
            raise IntegrityError(f"The evidence {one.event_id} is not what was signed; `qyran verify` names the file.")
    return packages


def _files(work: Work, row: Row, packages: list[Evidence], variant: Variant) -> dict[str, Content]:
    settings = work.store.settings
    files: dict[str, Content] = {"case.json": canonical_json(_about(work, row, packages))}
    for one in packages:
        folder = local_folder(settings, "evidence", one.folder)
        if variant == "full":
            files |= _package(one, folder)
        for kind in ("pictures", "clip"):
            files |= _copy(one, evidence_copies.copy_folder(settings, one.folder, kind), kind)
    if variant == "full" and isinstance(row, ViolationCase):
        files |= _decision(work, row)
    files[PROOF] = canonical_json(_proof(work, row))
    return files | _keys(settings.home)


def _package(one: Evidence, folder: Path) -> dict[str, Content]:
    manifest = load_package(folder).manifest
    names = [*(entry.name for entry in manifest.files), MANIFEST, SIGNATURE]
    files: dict[str, Content] = {f"packages/{one.event_id}/{name}": folder / name for name in names}
    stamp = folder / STAMP
    if stamp.exists():
        files[f"packages/{one.event_id}/{STAMP}"] = stamp
        files[f"stamps/{one.event_id}.tst"] = read_stamp(stamp.read_bytes()).token_bytes
    return files


def _copy(one: Evidence, folder: Path, kind: Kind) -> dict[str, Content]:
    if not folder.is_dir():
        return {}
    names = [*(entry.name for entry in load_masked(folder).files), MASKED, MASKED_SIGNATURE]
    return {f"masked/{kind}/{one.event_id}/{name}": folder / name for name in names}


def _decision(work: Work, row: ViolationCase) -> dict[str, Content]:
    decision = work.session.get(Decision, row.id)
    if decision is None or not decision.file:
        return {}
    path = document_path(work.store.settings, decision)
    return {f"decision/{path.name}": path}


def _about(work: Work, row: Row, packages: list[Evidence]) -> dict[str, Any]:
    camera = camera_names(work, [row.camera_id]).get(row.camera_id)
    manifests = [load_package(local_folder(work.store.settings, "evidence", one.folder)).manifest for one in packages]
    return {
        "record": row.id,
        "type": "case" if isinstance(row, ViolationCase) else "alert",
        "kind": row.kind,
        "state": row.state,
        "camera": {"id": row.camera_id, "name": name_of(camera, row.camera_id)},
        "onset": _when(row.t_onset),
        "detected": _when(row.t_detect),
        "document_no": row.document_no if isinstance(row, ViolationCase) else None,
        "clock": [dict(one.clock) for one in manifests],
        "scene": [one.camera.model_dump(mode="json") for one in manifests],
        "models": [dict(one.models) for one in manifests],
        "contents": as_table(contents(work, row)),
    }


def _proof(work: Work, row: Row) -> Mapping[str, Any]:
    """The chain without its contents, the last root over it, and the head published for that root's day."""
    links = [
        {
            "record": one.record,
            "seq": one.seq,
            "prev": one.prev,
            "header": dict(one.header),
            "commitment": one.commitment,
            "hash": one.hash,
        }
        for one in chain_of(work.session, work.store.vault, row)
    ]
    root = root_with(work, row.id)
    day = datetime.fromisoformat(root.time).astimezone(work.store.settings.zone).date() if root else None
    head = head_of(work, day) if day is not None else None
    return {
        "format": "qyran-ledger-proof/1",
        "record": row.id,
        "links": links,
        "roots": [root.model_dump(mode="json")] if root else [],
        "heads": [head] if head is not None else [],
    }


def _keys(home: Path) -> dict[str, Content]:
    trust = trust_store(home)
    files: dict[str, Content] = {
        f"keys/evidence-{name[:16]}.pem": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for name, key in trust.keys.items()
    }
    for folder, certificates in (("decisions", trust.certificates), ("time", trust.authorities)):
        pems = sorted(one.public_bytes(Encoding.PEM) for one in certificates)
        files |= {f"keys/{folder}/{sha256_hex(pem)[:16]}.pem": pem for pem in pems}
    return files


def _when(at: datetime | None) -> str | None:
    return at.isoformat(timespec="microseconds") if at is not None else None
