"""The device a case rests on, as the officer's page and the notice show it."""

from __future__ import annotations

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
