"""The evaluator's use case: the security KPIs of a period, computed from the store."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_catalog.catalogue import Category
from kpi_catalog.period import Period
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.records import Definitions
from kpi_catalog.security import SecurityKpi, SecurityReport, security_kpis
from qyran.errors import InputError, NotFound
from qyran.roles import SYSTEM, Actor, Role
from service.access import KPI_READERS, require
from service.kpi_facts import city_facts
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
    with store.read() as work:
        if not isinstance(period, Period):
            text = period or f"{work.now.astimezone(settings.zone):%Y-%m}"
            period = Period.parse(text, settings.time_zone)
        facts = city_facts(work, period, definitions)
    return security_kpis(facts, chosen, period, readings=readings)


def kpi_series(
    store: Store, kpi_id: str, category: str | None, periods: Sequence[Period], *, actor: Actor = SYSTEM
) -> tuple[SecurityKpi, ...]:
    """One KPI over several periods, in their order.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: there is no such category.
        NotFound: there is no such security KPI.
    """
    reports = [security_report(store, category, period, actor=actor) for period in periods]
    found = [next((one for one in report.kpis if one.kpi.id == kpi_id), None) for report in reports]
    if any(one is None for one in found):
        raise NotFound(f"There is no security KPI {kpi_id}.")
    return tuple(one for one in found if one is not None)


def _category(text: str) -> Category:
    try:
        return Category(text)
    except ValueError:
        raise InputError(f"A city category is one of {', '.join(Category)}.") from None
