"""A belt not fastened: from the record of an external device only; our cameras do not look into cars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violations.device_sighting import judge_sighting

if TYPE_CHECKING:
    from datetime import date

    from violations.devices import DeviceRecord
    from violations.record_rule import Judgement


@dataclass(frozen=True, slots=True)
class _SeatBelt:
    kind: str = "seat_belt"
    version: str = "1"

    def judge(self, record: DeviceRecord, day: date) -> Judgement:
        """Whether the record grounds a case."""
        return judge_sighting(self.kind, self.version, record, day)


RULE = _SeatBelt()
