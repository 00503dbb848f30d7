"""Records of certified devices: delivered by their own machines, listed for people."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, StringConstraints

from qyran.errors import InputError
from service import devices
from service.api.bodies import Body, Code
from service.api.deps import DeskOf
from service.api.feeds import FeedDesk, FeedOf
from service.record_files import validated
from service.store.record_tables import DeviceRecord as DeviceRecordRow
from violations.devices import DeviceRecord

router = APIRouter(tags=["device records"])

PICTURE_CHARACTERS = devices.LARGEST_PICTURE * 4 // 3 + 4
"""A picture in base64."""


class DeliveryBody(Body):
    """A record, and its picture (JPEG) in base64 where it names one; the keys of a record stand in docs/records.md."""

    record: dict[str, Any]
    picture: Annotated[str, StringConstraints(max_length=PICTURE_CHARACTERS)] | None = None


class Taken(BaseModel):
    """Under which id a record is stored; a case that it grounds has the same."""

    id: str


class DeviceRecordOut(BaseModel):
    """A record without its plate."""

    id: str
    serial: str
    record: str
    kind: str
    camera: str
    time: datetime
    received_at: datetime
    measured_kmh: float | None
    permitted_kmh: float | None
    over_kmh: float | None
    outcome: str | None
    match: str | None
    passage: str | None
    trace: list[dict[str, Any]]


@router.post("/device-records", summary="Deliver a device's record", status_code=201)
def deliver(body: DeliveryBody, desk: Annotated[FeedDesk, Depends(FeedOf("devices"))]) -> Taken:
    """Stored once by the device's serial and the record's number: a repetition is answered 409 and changes nothing."""
    received = json.dumps(body.record, ensure_ascii=False, sort_keys=True)
    delivery = devices.Delivery(validated(body.record, DeviceRecord), _picture(body.picture), received)
    with desk.write() as work:
        return Taken(id=devices.take_record(work, delivery))


@router.get("/device-records", summary="Records of devices, the newest first")
def listing(
    desk: DeskOf,
    outcome: Code | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[DeviceRecordOut]:
    """`outcome` is `case`, `waiting`, or the code of why a record grounds no case."""
    with desk.write() as work:
        return [_out(row) for row in devices.listing(work, outcome=outcome, limit=limit, offset=offset)]


def _picture(text: str | None) -> bytes | None:
    try:
        return None if text is None else base64.b64decode(text, validate=True)
    except ValueError:
        raise InputError("The picture is no base64.") from None


def _out(row: DeviceRecordRow) -> DeviceRecordOut:
    return DeviceRecordOut(
        id=row.id,
        serial=row.serial,
        record=row.record,
        kind=row.kind,
        camera=row.camera_id,
        time=row.time,
        received_at=row.received_at,
        measured_kmh=row.measured_kmh,
        permitted_kmh=row.permitted_kmh,
        over_kmh=row.over_kmh,
        outcome=row.outcome,
        match=row.match,
        passage=row.passage_id,
        trace=row.trace,
    )
