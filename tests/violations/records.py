from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from violations.devices import DeviceRecord

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)  # twelve o'clock in Almaty
SHA = "c" * 64


def a_record(kind: str = "speeding", **changes: object) -> DeviceRecord:
    """A record of a radar whose papers are in order: 95 km/h where 60 are permitted, margin 2."""
    given = {
        "record_id": "1", "kind": kind, "device_serial": "K-0042", "device_type": "Radar M", "certificate": "KZ.02.1",
        "verification": "ВТ-17", "verified_until": date(2027, 3, 1), "camera": "abay-12", "time": NOON,
        "plate": "123ABC02", "lane": "north-1", "direction": "forward", "picture": "1.jpg", "picture_sha256": SHA,
    }  # fmt: skip
    if kind in {"speeding", "section_speeding"}:
        given |= {"measured_kmh": 95.0, "permitted_kmh": 60.0, "margin_kmh": 2.0}
    if kind == "section_speeding":
        given |= {"length_m": 1900.0, "entry_time": NOON - timedelta(seconds=72), "exit_time": NOON}
    return DeviceRecord.model_validate({**given, **changes})
