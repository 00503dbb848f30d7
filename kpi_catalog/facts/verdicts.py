"""Share of false alarms over items with a verdict, with the bounds that the undecided leave (KPIs 9.9, 10.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


@dataclass(frozen=True, slots=True)
class FalseShare:
    """Which KPI it is, and what is missing where nothing has a verdict."""

    kpi: str
    missing: Missing

    def of(self, verdicts: Sequence[bool | None], known_share: float) -> KpiValue:
        """The KPI over items detected in the period, None standing for an item without a verdict.

        The value is preliminary while the share of items with a verdict is below `known_share`. Bounds: false /
        all, as if every undecided item were true, and (all - true) / all, as if every one were false.
        """
        every = len(verdicts)
        false = sum(one is False for one in verdicts)
        true = sum(one is True for one in verdicts)
        judged = false + true
        status = Status.NO_DATA
        if judged:
            status = Status.COMPUTED if judged >= known_share * every else Status.PRELIMINARY
        return KpiValue(
            id=self.kpi,
            unit="percent",
            definition_version=f"{self.kpi}/1",
            status=status,
            value=100 * false / judged if judged else None,
            n=judged,
            numerator=false if judged else None,
            denominator=judged or None,
            missing=() if judged else (self.missing,),
            extra={
                "items": every,
                "share_with_verdict": 100 * judged / every if every else None,
                "lower_bound": 100 * false / every if every else None,
                "upper_bound": 100 * (every - true) / every if every else None,
            },
        )
