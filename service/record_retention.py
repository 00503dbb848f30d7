"""What others told us ends with its term: plates of records that ground no case, and payments for stays long over."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from service.devices import CASE
from service.store.database import Work
from service.store.record_tables import DeviceRecord, ParkingPayment
from service.store.tables import Personal


def forget_records(work: Work) -> int:
    """Destroy the sealed plates of judged records that became no case, and drop old payments; how many records.

    The record's row stays with its reason; a record that became a case is erased with the case.
    """
    before = work.now - timedelta(days=work.store.settings.retention_days)
    over = select(DeviceRecord).where(
        DeviceRecord.outcome.is_not(None),
        DeviceRecord.outcome != CASE,
        DeviceRecord.received_at < before,
        DeviceRecord.plate_token.is_not(None),
    )
    rows = work.session.scalars(over.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.plate_token = None
        item = work.session.get(Personal, (row.id, 0))
        if item is not None:
            item.wrapped_key = item.sealed = None
            item.erased_at = work.now
    work.session.execute(delete(ParkingPayment).where(ParkingPayment.end < before))
    return len(rows)
