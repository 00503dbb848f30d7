"""The evaluator's use case: the whole city for a period, from the store and from what was imported."""

from __future__ import annotations

from kpi_catalog.catalogue import Category
from kpi_catalog.city import CityReport, Measured, Origin, city_rating
from kpi_catalog.period import Period
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.records import Definitions
from kpi_catalog.security import SecurityReport
from qyran.errors import InputError
from qyran.roles import SYSTEM, Actor, Role
from service.access import KPI_READERS, require
from service.kpi import security_report
from service.store.database import Store


def city_report(
    store: Store,
    category: str | None = None,
    period: str | Period | None = None,
    *,
    readings: Readings = DEFAULT,
    definitions: Definitions | None = None,
    actor: Actor = SYSTEM,
) -> CityReport:
    """All 118 KPIs with value, source, status and score, the spheres, the city and its additional initiatives.

    Args:
        store: the store.
        category: city category whose targets apply; None takes the installation's.
        period: a period or its text ("2026-11"); None takes the present month of the city's time zone.
        readings: of the places that the order leaves open.
        definitions: choices the order leaves to the city; None takes the defaults.
        actor: who asks.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: there is no such category or period.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    settings = store.settings
    if not isinstance(period, Period):
        text = period or f"{store.clock().astimezone(settings.zone):%Y-%m}"
        period = Period.parse(text, settings.time_zone)
    chosen = _category(category or settings.city_category)
    security = security_report(store, chosen, period, actor=actor, definitions=definitions)
    return city_rating(_security(security), chosen, period, security.as_of, readings=readings)


def _security(report: SecurityReport) -> dict[str, Measured]:
    return {one.kpi.id: Measured(one.value, Origin.STORE, one.value.value) for one in report.kpis}


def _category(text: str) -> Category:
    try:
        return Category(text)
    except ValueError:
        raise InputError(f"A city category is one of {', '.join(Category)}.") from None
