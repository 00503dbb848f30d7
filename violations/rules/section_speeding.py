"""Average speed over a section: length by time, from certified devices at its ends only.

A record whose speed does not follow from its own length and times is not believed. What two of our own cameras would
give by the plate is auxiliary (`violations.section`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from violations.record_rule import Judgement
from violations.section import average_kmh
from violations.speed_excess import judge_speed
from vision.finding import Reason

if TYPE_CHECKING:
    from datetime import date

    from violations.devices import DeviceRecord

ROUNDING_KMH: Final = 1.0
"""How far the stated speed may lie from length by time: devices round to whole km/h."""


@dataclass(frozen=True, slots=True)
class _SectionSpeeding:
    kind: str = "section_speeding"
    version: str = "1"

    def judge(self, record: DeviceRecord, day: date) -> Judgement:
        """Whether the record grounds a case."""
        if record.entry_time is None or record.exit_time is None or record.length_m is None:
            return Judgement(self.kind, self.version, holds=False, trace=(Reason("no_speed"),))
        seconds = (record.exit_time - record.entry_time).total_seconds()
        average = average_kmh(record.length_m, seconds)
        stated = record.measured_kmh or 0.0
        measured = Reason(
            "section_measured",
            (
                ("device", record.device_type),
                ("serial", record.device_serial),
                ("length_m", record.length_m),
                ("seconds", seconds),
                ("measured_kmh", stated),
                ("permitted_kmh", record.permitted_kmh or 0.0),
            ),
        )
        if abs(average - stated) > ROUNDING_KMH:
            differs = Reason("section_differs", (("average_kmh", round(average, 1)), ("measured_kmh", stated)))
            return Judgement(self.kind, self.version, holds=False, trace=(measured, differs))
        return judge_speed(self.kind, self.version, record, day, (measured,))


RULE = _SectionSpeeding()
