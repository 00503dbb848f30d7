"""What external devices alone may say of a driver: a belt not fastened, a phone in the hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violations.devices import papers_fault
from violations.record_rule import Judgement
from vision.finding import Reason

if TYPE_CHECKING:
    from datetime import date

    from violations.devices import DeviceRecord


def judge_sighting(kind: str, version: str, record: DeviceRecord, day: date) -> Judgement:
    """Judge a record that measures nothing: its picture must be there, its papers valid where it names any.

    Args:
        kind: of the rule.
        version: of its logic.
        record: of an external device.
        day: of the act, in the city's time zone.
    """
    said = Reason("device_reported", (("device", record.device_type), ("serial", record.device_serial)))
    if record.picture is None:
        return Judgement(kind, version, holds=False, trace=(said, Reason("device_picture_absent")))
    fault = papers_fault(record, day) if record.certificate or record.verification else None
    if fault is not None:
        return Judgement(kind, version, holds=False, trace=(said, fault))
    shown = Reason("device_picture", (("picture", record.picture),))
    papers = tuple(one.valid() for one in record.papers if one.certificate)
    return Judgement(kind, version, holds=True, trace=(said, shown, *papers))
