"""No compulsory insurance: a plate read beyond doubt, of which a fresh register says that the day is not covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violations.registers import judge_cover

if TYPE_CHECKING:
    from datetime import date

    from violations.record_rule import Judgement
    from violations.registers import RegisterCheck


@dataclass(frozen=True, slots=True)
class _NoInsurance:
    kind: str = "no_insurance"
    version: str = "1"

    def judge(self, record: RegisterCheck, day: date) -> Judgement:
        """Whether the passage grounds a case."""
        return judge_cover(self.kind, self.version, record, day)


RULE = _NoInsurance()
