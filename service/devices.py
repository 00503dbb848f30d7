"""Records of others' devices: taken in once, judged, matched to what our camera saw, and made into cases.

A record is stored sealed and stays "waiting" until it is judged; judging may be repeated after a kill, since the case's
id is the record's and the spool takes each event once. A record that grounds no case keeps the reason.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select

from evidence.canonical import canonical_json, sha256_hex
from evidence.record_package import picture_size
from qyran.errors import InputError, TransitionError
from qyran.roles import OFFICERS, Role
from service.access import log_access, require
from service.durable import place_file
from service.feeds import DELIVERERS
from service.store.database import Store, Work
from service.store.record_tables import DeviceRecord as Row
from service.store.tables import Camera, Personal
from violations.devices import DeviceRecord

READERS: Final = OFFICERS | {Role.ADMINISTRATOR, Role.AUDITOR}
AHEAD: Final = timedelta(minutes=5)
"""How far a device's clock may run ahead of ours."""
LARGEST_PICTURE: Final = 16 << 20
"""Bytes of a device's picture."""
CASE: Final = "case"
"""Outcome of a record that grounds a case."""
NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:qyran:device-record")
KNOWN: Final = "The record {record} of the device {serial} is stored already."
DIFFERS: Final = "The device {serial} gave another record under the number {record}; a record is never replaced."


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record with its picture's bytes, where they came along, and the very text it came as."""

    record: DeviceRecord
    picture: bytes | None = None
    received: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What an import did: records new to the store, and those it had already."""

    fresh: int = 0
    known: int = 0


def record_uuid(record: DeviceRecord) -> UUID:
    """Id of a record in the store, and of the case it may ground: the same for the same device and number."""
    return uuid5(NAMESPACE, f"{record.device_serial}\n{record.record_id}")


def take_record(work: Work, delivery: Delivery) -> str:
    """Store one record; its id.

    Raises:
        AccessError: the actor delivers no records.
        TransitionError: it is stored already, the same or another one under its number.
        InputError: its camera is not registered, it lies in the future, or its picture is not the one it names.
    """
    if not _store(work, delivery):
        record = delivery.record
        raise TransitionError(KNOWN.format(record=record.record_id, serial=record.device_serial))
    return str(record_uuid(delivery.record))


def take_records(work: Work, deliveries: Iterable[tuple[str, Delivery]]) -> Stored:
    """Store many records, each with the words that say where it stood; those known already are passed over.

    Raises:
        InputError: one of them cannot be stored; the unit of work leaves nothing behind.
    """
    fresh: list[str] = []
    known = 0
    try:
        for place, delivery in deliveries:
            if _stored_at(work, place, delivery):
                fresh.append(str(record_uuid(delivery.record)))
            else:
                known += 1
    except BaseException:
        for name in fresh:
            forget_picture(work.store, name)
        raise
    return Stored(len(fresh), known)


def listing(work: Work, *, outcome: str | None = None, limit: int = 100, offset: int = 0) -> tuple[Row, ...]:
    """Records, the newest first, without plates; `outcome` "waiting" gives those not judged yet.

    Raises:
        AccessError: the actor sees no records.
    """
    log_access(work, require(work.actor, READERS), "device_records_listed", outcome or "all")
    query = select(Row).order_by(Row.time.desc(), Row.id).limit(limit).offset(offset)
    if outcome == "waiting":
        query = query.where(Row.outcome.is_(None))
    elif outcome is not None:
        query = query.where(Row.outcome == outcome)
    return tuple(work.session.scalars(query))


def opened(work: Work, row: Row) -> DeviceRecord | None:
    """What a stored record says, None once it was erased."""
    item = work.session.get(Personal, (row.id, 0))
    if item is None or item.wrapped_key is None or item.sealed is None:
        return None
    payload = work.store.vault.open(row.id, 0, item.wrapped_key, item.sealed)["payload"]
    return DeviceRecord.model_validate(payload["device_record"])


def received_of(work: Work, row: Row) -> str | None:
    """The text a stored record came as, None where it was not kept or was erased."""
    item = work.session.get(Personal, (row.id, 0))
    if item is None or item.wrapped_key is None or item.sealed is None:
        return None
    text: str | None = work.store.vault.open(row.id, 0, item.wrapped_key, item.sealed)["payload"].get("received")
    return text


def picture_path(store: Store, record_id: str) -> Path:
    """Where a record's picture waits until it lies in an evidence package."""
    return store.settings.home / "device-pictures" / f"{record_id}.jpg"


def forget_picture(store: Store, record_id: str) -> None:
    """The picture lies in a package now."""
    picture_path(store, record_id).unlink(missing_ok=True)


def workshop(store: Store) -> Path:
    """Where packages of records are written before the spool takes them."""
    return store.settings.home / "device-packages"


def clear_workshop(store: Store, record_id: str) -> None:
    """Remove what a kill left of a package in the making."""
    shutil.rmtree(workshop(store) / record_id, ignore_errors=True)


def _stored_at(work: Work, place: str, delivery: Delivery) -> bool:
    try:
        return _store(work, delivery)
    except (InputError, TransitionError) as error:
        raise InputError(f"{place}: {str(error).rstrip('.')}.") from None


def _store(work: Work, delivery: Delivery) -> bool:
    require(work.actor, DELIVERERS)
    record, name = delivery.record, str(record_uuid(delivery.record))
    content: dict[str, Any] = record.model_dump(mode="json")
    digest = sha256_hex(canonical_json(content))
    held = work.session.get(Row, name)
    if held is not None:
        if held.sha256 != digest:
            raise TransitionError(DIFFERS.format(record=record.record_id, serial=record.device_serial))
        return False
    _check(work, delivery)
    if delivery.picture is not None:
        _keep_picture(work.store, name, delivery.picture)
    work.session.add(
        Row(
            id=name,
            serial=record.device_serial,
            record=record.record_id,
            kind=record.kind,
            camera_id=record.camera,
            time=record.time,
            received_at=work.now,
            received_from=work.actor.id,
            sha256=digest,
            device_type=record.device_type,
            certificate=record.certificate,
            verification=record.verification,
            verified_until=record.verified_until,
            measured_kmh=record.measured_kmh,
            permitted_kmh=record.permitted_kmh,
            margin_kmh=record.margin_kmh,
            length_m=record.length_m,
            over_kmh=None,
            plate_token=work.store.vault.token(record.plate),
            picture=record.picture,
            picture_sha256=record.picture_sha256,
            picture_held=delivery.picture is not None,
            trace=[],
        )
    )
    told = {"device_record": content, **({"received": delivery.received} if delivery.received is not None else {})}
    wrapped, sealed = work.store.vault.seal(name, 0, {"payload": told})
    work.session.add(Personal(record=name, seq=0, wrapped_key=wrapped, sealed=sealed))
    work.session.flush()
    return True


def _check(work: Work, delivery: Delivery) -> None:
    record, picture = delivery.record, delivery.picture
    if work.session.get(Camera, record.camera) is None:
        raise InputError(f"The camera {record.camera} is not in the register.")
    if _latest(record) > work.now + AHEAD:
        raise InputError("The record lies in the future; set the device's clock.")
    if picture is None:
        return
    if record.picture_sha256 is None:
        raise InputError("A picture came that the record does not name.")
    if len(picture) > LARGEST_PICTURE:
        raise InputError(f"The picture is larger than {LARGEST_PICTURE >> 20} MiB.")
    if hashlib.sha256(picture).hexdigest() != record.picture_sha256:
        raise InputError("The picture is not the one the record names: its SHA-256 differs.")
    picture_size(picture)


def _latest(record: DeviceRecord) -> datetime:
    return max(one for one in (record.time, record.exit_time) if one is not None)


def _keep_picture(store: Store, name: str, data: bytes) -> None:
    """Durable before the transaction commits; a picture whose record was not stored is overwritten by the next try."""
    place_file(picture_path(store, name), data)
