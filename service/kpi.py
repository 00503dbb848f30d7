"""The evaluator's use case: the security KPIs of a period, computed from the store."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kpi_catalog.catalogue import Category
from kpi_catalog.period import Period, PeriodKind
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.records import Definitions
from kpi_catalog.security import DEFINITIONS, SecurityKpi, SecurityReport, security_kpi, security_of
from kpi_catalog.tally import Part
from qyran.errors import InputError, NotFound
from qyran.roles import SYSTEM, Actor, Role
from service.access import KPI_READERS, require
from service.kpi_facts import dated, registers
from service.rollups import refresh
from service.rollups.kept import total_of
from service.store.database import Store


def security_report(
    store: Store,
    category: str | None = None,
    period: str | Period | None = None,
    *,
    actor: Actor = SYSTEM,
    definitions: Definitions | None = None,
    readings: Readings = DEFAULT,
) -> SecurityReport:
    """The 16 security KPIs with numerators, targets, scores and what is missing.

    Args:
        store: the store.
        category: city category whose targets apply; None takes the installation's.
        period: a period or its text ("2026-11"); None takes the present month of the city's time zone.
        actor: who asks.
        definitions: choices the order leaves to the city; None takes the defaults.
        readings: of the places that the order leaves open in scoring.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: there is no such category or period.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    settings = store.settings
    chosen = _category(category or settings.city_category)
    asked = (
        period if isinstance(period, Period) else None if period is None else Period.parse(period, settings.time_zone)
    )
    refresh(store)
    with store.read() as work:
        span = asked or Period.containing(work.now, PeriodKind.MONTH, settings.time_zone)
        facts, total = dated(work, span, definitions), total_of(work, span)
    return security_of(total, facts, chosen, span, readings=readings)


def security_reports(
    store: Store,
    category: str | None,
    periods: Sequence[Period],
    *,
    actor: Actor = SYSTEM,
    definitions: Definitions | None = None,
    readings: Readings = DEFAULT,
    without_cameras: Collection[PeriodKind] = (),
) -> tuple[SecurityReport, ...]:
    """The reports of several periods, in their order, of one moment; registers are read once for all of them.

    Args:
        store: the store.
        category: city category whose targets apply; None takes the installation's.
        periods: of the reports.
        actor: who asks.
        definitions: choices the order leaves to the city; None takes the defaults.
        readings: of the places that the order leaves open in scoring.
        without_cameras: kinds of period whose 9.1, a quarter's KPI, nobody looks at.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: there is no such category.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    chosen = _category(category or store.settings.city_category)
    refresh(store)
    with store.read() as work:
        known = registers(work)
        return tuple(
            security_of(
                total_of(work, one),
                dated(work, one, definitions, known=known, cameras=one.kind not in without_cameras),
                chosen,
                one,
                readings=readings,
            )
            for one in periods
        )


def kpi_series(
    store: Store, kpi_id: str, category: str | None, periods: Sequence[Period], *, actor: Actor = SYSTEM
) -> tuple[SecurityKpi, ...]:
    """One KPI over several periods, in their order.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: there is no such category.
        NotFound: there is no such security KPI.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    if kpi_id not in DEFINITIONS:
        raise NotFound(f"There is no security KPI {kpi_id}.")
    chosen = _category(category or store.settings.city_category)
    parts = {*DEFINITIONS[kpi_id].tallies, Part.CAMERAS}
    refresh(store)
    with store.read() as work:
        return tuple(security_kpi(kpi_id, total_of(work, one, parts), dated(work, one), chosen, one) for one in periods)


def _category(text: str) -> Category:
    try:
        return Category(text)
    except ValueError:
        raise InputError(f"A city category is one of {', '.join(Category)}.") from None
