"""Share of false alarms over items with a verdict, with the bounds that the undecided leave (KPIs 9.9, 10.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kpi_catalog.definition import Counted, Judged, counts_of, excluded
from kpi_catalog.status import Status
from kpi_catalog.tally import Tally, tally
from kpi_catalog.value import KpiValue, Missing


def judge_verdict(verdict: bool | None) -> Judged:  # noqa: FBT001 - it is what is judged
    """How an item counts: false in both, true in the denominator, without a verdict in nothing."""
    if verdict is None:
        return excluded("no_verdict")
    return Judged(Counted.DENOMINATOR, "true") if verdict else Judged(Counted.BOTH, "false")


@dataclass(frozen=True, slots=True)
class FalseShare:
    """Which KPI it is, and what is missing where nothing has a verdict."""

    kpi: str
    missing: Missing

    def tally(self, verdicts: Iterable[tuple[bool | None, int]]) -> Tally:
        """What items of a span add: (verdict, times)."""
        return tally(counts_of(self.kpi, ((judge_verdict(one), times) for one, times in verdicts)))

    def of(self, total: Tally, known_share: float) -> KpiValue:
        """The KPI over items detected in the period.

        The value is preliminary while the share of items with a verdict is below `known_share`. Bounds: false /
        all, as if every undecided item were true, and (all - true) / all, as if every one were false.
        """
        false, true, open_ = (total.count(f"{self.kpi}.{one}") for one in ("false", "true", "no_verdict"))
        judged, every = false + true, false + true + open_
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
