"""Speeding: judged from the record of a certified device only; a speed from plain video grounds nothing.

The error margin of the record is subtracted before the limit is compared, and the bands are those of the catalogue on
the day of the act.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violations.speed_excess import judge_speed
from vision.finding import Reason

if TYPE_CHECKING:
    from datetime import date

    from violations.devices import DeviceRecord
    from violations.record_rule import Judgement


@dataclass(frozen=True, slots=True)
class _Speeding:
    kind: str = "speeding"
    version: str = "1"

    def judge(self, record: DeviceRecord, day: date) -> Judgement:
        """Whether the record grounds a case."""
        measured = Reason(
            "device_measured",
            (
                ("device", record.device_type),
                ("serial", record.device_serial),
                ("measured_kmh", record.measured_kmh or 0.0),
                ("permitted_kmh", record.permitted_kmh or 0.0),
            ),
        )
        return judge_speed(self.kind, self.version, record, day, (measured,))


RULE = _Speeding()
