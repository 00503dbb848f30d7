"""Every KPI of a period as it is known: computed, imported, folded from shorter periods, under every reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from kpi_catalog.catalogue import Catalogue, Kpi
from kpi_catalog.city import Measured, Origin, imported, unmeasured
from kpi_catalog.city_fold import LENGTHS, chosen, folded, shorter_kind, whole_of_parts, without_whole
from kpi_catalog.other_facts.definitions import OTHER, fact_of
from kpi_catalog.other_facts.update_frequency import OWN
from kpi_catalog.period import Period, PeriodKind
from kpi_catalog.readings import CHOICES, MEASURED, Readings
from kpi_catalog.security import SecurityReport
from kpi_catalog.value import InputUsed, KpiValue
from service.imports import Imported
from service.rating.facts import Reader

ANALYSED: Final = "9.7"
TOUCHED: Final[Mapping[str, frozenset[str] | None]] = {
    "change_base": frozenset({"1.12"}),
    "arrival_limit": frozenset({"1.11"}),
    "crashes": frozenset({"6.4"}),
    "fold": None,
    "source": None,
}
"""Which KPIs a reading measures otherwise; None where any may be."""


@dataclass(slots=True)
class Measurer:
    """Measures the KPIs of one report.

    Attributes:
        period: of the report.
        reader: of the store.
        security: the security sphere of the period and of each shorter one.
        taken: imported values by KPI and period.
        parts: shorter periods that have begun, by their kind.
    """

    period: Period
    book: Catalogue
    reader: Reader
    security: Mapping[Period, SecurityReport]
    taken: Mapping[tuple[str, str], Imported]
    parts: Mapping[PeriodKind, Sequence[Period]]
    _computed: dict[tuple[str, Period, tuple[str, ...]], Measured | None] = field(default_factory=dict)

    def every(self, readings: Readings, *, variants: bool) -> dict[str, Measured]:
        """All KPIs under these readings, and what each other choice would measure where it differs."""
        found = {}
        for kpi in self.book.kpis.values():
            known = self.one(kpi, readings)
            found[kpi.id] = replace(known, variants=self._variants(kpi, known, readings)) if variants else known
        return found

    def one(self, kpi: Kpi, readings: Readings) -> Measured:
        """One KPI under these readings."""
        taken = self._taken(kpi, readings)
        computed = self._of_store(kpi, readings)
        known = chosen(computed, taken, readings)
        return unmeasured(kpi) if known is None else known

    def _variants(self, kpi: Kpi, known: Measured, readings: Readings) -> dict[tuple[str, str], Measured]:
        found = {}
        for reading in MEASURED:
            touched = TOUCHED[reading]
            if touched is not None and kpi.id not in touched:
                continue
            for choice in CHOICES[reading]:
                if choice != getattr(readings, reading):
                    change: dict[str, Any] = {reading: choice}
                    other = self.one(kpi, replace(readings, **change))
                    if other != known:
                        found[reading, choice] = other
        return found

    def _periods(self, kpi: Kpi) -> Sequence[Period]:
        kind = shorter_kind(kpi, self.period.kind)
        return () if kind is None else self.parts.get(kind, ())

    def _of_store(self, kpi: Kpi, readings: Readings) -> Measured | None:
        whole = self._computed_in(kpi, self.period, readings)
        if whole is None or readings.fold == "whole":
            return whole
        parts = [self._computed_in(kpi, period, readings) for period in self._periods(kpi)]
        return folded(whole, [one for one in parts if one is not None], readings.fold)

    def _computed_in(self, kpi: Kpi, period: Period, readings: Readings) -> Measured | None:
        """Computed from the store; None where it cannot be."""
        key = (kpi.id, period, (readings.change_base, readings.arrival_limit, readings.crashes))
        if key not in self._computed:
            self._computed[key] = self._compute(kpi, period, readings)
        return self._computed[key]

    def _compute(self, kpi: Kpi, period: Period, readings: Readings) -> Measured | None:
        report = self.security[period]
        for one in report.kpis:
            if one.kpi.id == kpi.id:
                return Measured(one.value, Origin.STORE, one.value.value)
        define = OTHER.get(kpi.id)
        if define is None:
            return None
        analysed = next((one.value.numerator for one in report.kpis if one.kpi.id == ANALYSED), None)
        facts = self.reader.facts(period, readings, analysed)
        told = self.taken.get((kpi.id, str(period)))
        if kpi.id == "1.4" and told is not None and isinstance(told.value, Mapping):
            others = {part: hours for part, hours in told.value.items() if part != OWN}
            facts = replace(facts, update_hours={**others, **facts.update_hours})
        value: KpiValue = define(facts, period)
        return Measured(value, Origin.STORE, fact_of(value, facts))

    def _taken(self, kpi: Kpi, readings: Readings) -> Measured | None:
        """Imported: of the period itself, of the longer one that it lies in, or from its shorter periods."""
        whole = self._imported_in(kpi, self.period)
        parts = [self._imported_in(kpi, period) for period in self._periods(kpi)]
        known = [one for one in parts if one is not None]
        if readings.fold != "whole" and known:
            return folded(whole or known[-1], [one or unmeasured(kpi) for one in parts], readings.fold)
        if whole is None and known:
            return whole_of_parts(kpi, known, len(parts)) or without_whole(kpi, known)
        return whole or self._longer(kpi)

    def _longer(self, kpi: Kpi) -> Measured | None:
        """A KPI that the order wants more rarely than the report is made: of the period that holds the report's."""
        for kind in LENGTHS[LENGTHS.index(self.period.kind) + 1 : LENGTHS.index(OWN_KIND[kpi.period]) + 1]:
            found = self._imported_in(kpi, Period.containing(self.period.start, kind, self.period.zone))
            if found is not None:
                return found
        return None

    def _imported_in(self, kpi: Kpi, period: Period) -> Measured | None:
        told = self.taken.get((kpi.id, str(period)))
        if told is None:
            return None
        used = InputUsed("imported", str(period), told.as_of, f"{told.source} ({told.import_id}, {told.row})")
        found = imported(kpi, told.value, used)
        return replace(found, value=replace(found.value, numerator=told.numerator, denominator=told.denominator))


OWN_KIND: Final[Mapping[str, PeriodKind]] = {
    "daily": PeriodKind.DAY,
    "weekly": PeriodKind.WEEK,
    "monthly": PeriodKind.MONTH,
    "quarterly": PeriodKind.QUARTER,
    "yearly": PeriodKind.YEAR,
}
"""By the order's own period of a KPI."""


def shorter_periods(period: Period, kind: PeriodKind) -> tuple[Period, ...]:
    """The periods of a kind that a longer one is made of."""
    found = [Period.containing(period.start, kind, period.zone)]
    while found[-1].end < period.end:
        found.append(Period.containing(found[-1].end, kind, period.zone))
    return tuple(found)


def longer_periods(period: Period) -> tuple[Period, ...]:
    """The longer periods that hold a period's beginning, the shortest first."""
    kinds = LENGTHS[LENGTHS.index(period.kind) + 1 :]
    return tuple(Period.containing(period.start, kind, period.zone) for kind in kinds)
