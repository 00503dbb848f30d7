"""The evaluator's use case: the whole city for a period, from the store and from what was imported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.city import CityReport, city_rating
from kpi_catalog.city_fold import LENGTHS
from kpi_catalog.period import Period, PeriodKind
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.records import Definitions
from qyran.errors import InputError
from qyran.roles import SYSTEM, Actor, Role
from service.access import KPI_READERS, require
from service.imports.values import kpi_values_of
from service.kpi import security_reports
from service.rating.facts import Reader, base_span, year_span
from service.rating.initiatives import judged
from service.rating.measure import Measurer, longer_periods, shorter_periods
from service.rating.spans import Span, keep_months
from service.rating.speeds import keep_days
from service.store.database import Store

BASES: Final[tuple[Literal["previous", "same_last_year"], ...]] = ("previous", "same_last_year")
FOLDED: Final = (PeriodKind.MONTH, PeriodKind.QUARTER)


def city_report(
    store: Store,
    category: str | None = None,
    period: str | Period | None = None,
    *,
    readings: Readings = DEFAULT,
    definitions: Definitions | None = None,
    variants: bool = True,
    actor: Actor = SYSTEM,
) -> CityReport:
    """All 118 KPIs with value, source, status and score, the spheres, the city and its additional initiatives.

    Args:
        store: the store.
        category: city category whose targets apply; None takes the installation's.
        period: a period or its text ("2026-11"); None takes the present month of the city's time zone.
        readings: of the places that the order leaves open.
        definitions: choices the order leaves to the city; None takes the defaults.
        variants: also measure what the other choices of readings would give, as `effects` needs it.
        actor: who asks.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: there is no such category or period, or the order did not hold yet.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    settings = store.settings
    now = store.clock()
    if not isinstance(period, Period):
        period = Period.parse(period or f"{now.astimezone(settings.zone):%Y-%m}", settings.time_zone)
    chosen = _category(category or settings.city_category)
    book = catalogue((period.end - timedelta(microseconds=1)).astimezone(settings.zone).date())
    definitions = definitions or Definitions()
    folds = variants or readings.fold != "whole"
    parts = {kind: _begun(period, kind, now) if folds else () for kind in FOLDED}
    every = tuple(dict.fromkeys([period, *(one for found in parts.values() for one in found)]))
    shorter = {PeriodKind.MONTH} - {period.kind}  # their 9.1 is folded by quarters
    security = security_reports(store, chosen, every, actor=actor, definitions=definitions, without_cameras=shorter)
    keep_months(store, _spans(every, readings, now))
    keep_days(store)
    with store.read(SYSTEM) as work:
        measurer = Measurer(
            period=period,
            book=book,
            reader=Reader.of(work, chosen, definitions, period),
            security=dict(zip(every, security, strict=True)),
            taken=kpi_values_of(work, [*every, *longer_periods(period)]),
            parts=parts,
        )
        measured = measurer.every(readings, variants=variants)
        additional = judged(work, period)
        as_of = work.now
    return city_rating(measured, chosen, period, as_of, readings=readings, additional=additional, book=book)


def _begun(period: Period, kind: PeriodKind, now: datetime) -> tuple[Period, ...]:
    """The shorter periods of a kind that have begun."""
    if LENGTHS.index(kind) >= LENGTHS.index(period.kind):
        return ()
    return tuple(one for one in shorter_periods(period, kind) if one.start < now)


def _spans(periods: Iterable[Period], readings: Readings, now: datetime) -> list[Span]:
    """Every span whose incidents a report looks at."""
    found = []
    for one in periods:
        bases = (base_span(one, replace(readings, change_base=base), now) for base in BASES)
        found += [Span(one.start, one.end), year_span(one, now), *bases]
    return found


def _category(text: str) -> Category:
    try:
        return Category(text)
    except ValueError:
        raise InputError(f"A city category is one of {', '.join(Category)}.") from None
