"""How a KPI of a long period is made of its shorter periods, and which of a computed and an imported value counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from kpi_catalog.catalogue import Kpi
from kpi_catalog.city import Measured, Origin
from kpi_catalog.period import PeriodKind
from kpi_catalog.readings import Readings
from kpi_catalog.scoring import Fact
from kpi_catalog.status import SCORED, Status
from kpi_catalog.value import Missing

SHORTER: Final[Mapping[str, PeriodKind | None]] = {
    "daily": PeriodKind.MONTH,
    "weekly": PeriodKind.MONTH,
    "monthly": PeriodKind.MONTH,
    "quarterly": PeriodKind.QUARTER,
    "yearly": None,
}
"""By the order's own period of a KPI, the shorter period that a longer report is folded from. Daily and weekly KPIs are
folded by months too: a mean of days would weigh a quiet night as much as a busy day."""
LENGTHS: Final = (PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)
EXTRA: Final = ("folded_periods", "of_periods", "imported_value")
"""What folding and choosing add to a value's further figures."""


def shorter_kind(kpi: Kpi, kind: PeriodKind) -> PeriodKind | None:
    """The kind of period that a report of this kind folds a KPI from; None where there is nothing to fold."""
    found = SHORTER[kpi.period]
    return found if found is not None and LENGTHS.index(found) < LENGTHS.index(kind) else None


def folded(whole: Measured, parts: Sequence[Measured], how: Literal["mean", "last"]) -> Measured:
    """A KPI of a long period made of its shorter periods in order.

    The mean is over those that have a value, and preliminary where some have none; the last is the last as it is. What
    is missing stays missing.
    """
    if not parts:
        return whole
    if how == "last":
        return parts[-1]
    known = [one for one in parts if one.value.status in SCORED and one.fact is not None]
    if not known:
        return parts[-1]
    fact = _mean([one.fact for one in known if one.fact is not None])
    if fact is None:
        return whole
    settled = len(known) == len(parts) and all(one.value.status is Status.COMPUTED for one in known)
    numbers = [one.value.value for one in known if one.value.value is not None]
    value = replace(
        known[-1].value,
        status=Status.COMPUTED if settled else Status.PRELIMINARY,
        value=math.fsum(numbers) / len(numbers) if numbers else None,
        n=sum(one.value.n for one in known),
        numerator=math.fsum(numbers) if numbers else None,
        denominator=len(numbers) or None,
        missing=(),
        extra={"folded_periods": len(known), "of_periods": len(parts)},
    )
    return Measured(value, known[-1].origin, fact)


def _mean(facts: Sequence[Fact]) -> Fact | None:
    """The mean of numbers, or of what has parts part by part; None where they are of different kinds."""
    numbers = [one for one in facts if not isinstance(one, Mapping)]
    if len(numbers) == len(facts):
        return math.fsum(numbers) / len(numbers)
    maps = [one for one in facts if isinstance(one, Mapping)]
    if len(maps) < len(facts) or any(set(one) != set(maps[0]) for one in maps):
        return None
    if set(maps[0]) == {"base", "fact"}:
        changes = [(one["base"] - one["fact"]) / one["base"] for one in maps if one["base"] > 0]
        mean = math.fsum(changes) / len(changes) if changes else 0.0
        return {"base": 1.0, "fact": 1.0 - mean}
    return {key: math.fsum(one[key] for one in maps) / len(maps) for key in maps[0]}


def chosen(computed: Measured | None, taken: Measured | None, readings: Readings) -> Measured | None:
    """Which of a computed and an imported value counts: the reading's, the other where that has no score.

    The imported figure stands beside a computed one, so that a difference is seen.
    """
    if computed is None or taken is None:
        return taken or computed
    first, second = (computed, taken) if readings.source == "computed" else (taken, computed)
    counts = first if first.value.status in SCORED else second if second.value.status in SCORED else first
    if counts.origin is Origin.STORE and taken.value.value is not None:
        beside = replace(counts.value, extra={**counts.value.extra, "imported_value": taken.value.value})
        return replace(counts, value=beside)
    return counts


def whole_of_parts(kpi: Kpi, parts: Sequence[Measured], expected: int) -> Measured | None:
    """An imported ratio of a long period, from the numerators and denominators of every one of its shorter periods.

    None where a period or a part of the ratio is missing, or where the KPI is no ratio that adds up so.
    """
    ratios = [(one.value.numerator, one.value.denominator) for one in parts]
    top = [number for number, _ in ratios if number is not None]
    bottom = [number for _, number in ratios if number is not None]
    if len(parts) < expected or not expected or len(top) < expected or len(bottom) < expected or not math.fsum(bottom):
        return None
    scale = _scale(parts)
    if scale is None:
        return None
    result = math.fsum(top) / math.fsum(bottom) * scale
    last = parts[-1].value
    value = replace(
        last, value=result, numerator=math.fsum(top), denominator=math.fsum(bottom), missing=(), n=len(parts)
    )
    return Measured(replace(value, unit=kpi.unit), Origin.IMPORT, result)


def _scale(parts: Sequence[Measured]) -> float | None:
    """By what every part's ratio is multiplied: 1 or 100; None where they disagree, so that nothing is guessed."""
    for scale in (1.0, 100.0):
        if all(
            one.value.value is not None
            and one.value.numerator is not None
            and one.value.denominator
            and math.isclose(one.value.value, one.value.numerator / one.value.denominator * scale, rel_tol=TOLERANCE)
            for one in parts
        ):
            return scale
    return None


TOLERANCE: Final = 5e-3
"""How far a printed value may be from its own numerator and denominator: it was rounded."""


def without_whole(kpi: Kpi, parts: Sequence[Measured]) -> Measured:
    """A KPI whose shorter periods were imported but not the whole one: that is missing, by name."""
    value = replace(
        parts[-1].value,
        status=Status.NO_DATA,
        value=None,
        numerator=None,
        denominator=None,
        n=0,
        missing=(Missing.WHOLE_PERIOD_VALUE,),
        extra={"folded_periods": len(parts)},
    )
    return Measured(replace(value, unit=kpi.unit), Origin.NONE)
