"""The device a case rests on, as the officer's page and the notice show it; records that ground no case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from service.store.database import Work
from service.store.record_tables import DeviceRecord
from service.views import DeviceView


def device_of(work: Work, case_id: str) -> DeviceView | None:
    """Papers and measured values of the device whose record grounds a case; None where a camera's video does."""
    row = work.session.get(DeviceRecord, case_id)
    if row is None:
        return None
    return DeviceView(
        type=row.device_type,
        serial=row.serial,
        certificate=row.certificate,
        verification=row.verification,
        verified_until=row.verified_until,
        measured_kmh=row.measured_kmh,
        permitted_kmh=row.permitted_kmh,
        margin_kmh=row.margin_kmh,
        over_kmh=row.over_kmh,
        length_m=row.length_m,
        match=row.match,
        match_score=row.match_score,
        passage_id=row.passage_id,
    )


CASE: Final = "case"


@dataclass(frozen=True, slots=True)
class Ungrounded:
    """A record that grounds no case, without its plate: whose, of when, and the last step of its trace."""

    device: str
    serial: str
    kind: str
    camera_id: str
    time: datetime
    code: str
    values: Mapping[str, Any]


def ungrounded(work: Work, since: datetime, most: int) -> tuple[Ungrounded, ...]:
    """Records received since a moment that were judged and ground no case, the newest first."""
    query = select(DeviceRecord).where(
        DeviceRecord.received_at >= since, DeviceRecord.outcome.is_not(None), DeviceRecord.outcome != CASE
    )
    rows = work.session.scalars(query.order_by(DeviceRecord.received_at.desc(), DeviceRecord.id).limit(most))
    return tuple(
        Ungrounded(
            row.device_type, row.serial, row.kind, row.camera_id, row.time, row.trace[-1]["code"],
            row.trace[-1].get("values") or {},
        )
        for row in rows
        if row.trace
    )  # fmt: skip
