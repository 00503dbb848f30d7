"""The evaluator's use case: the security KPIs of a period, computed from the store."""

from __future__ import annotations

from kpi_catalog.catalogue import Category
from kpi_catalog.period import Period
from kpi_catalog.records import Definitions
from kpi_catalog.security import SecurityReport, security_kpis
from qyran.errors import InputError
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
) -> SecurityReport:
    """The 16 security KPIs with numerators, targets, scores and what is missing.

    Args:
        store: the store.
        category: city category whose targets apply; None takes the installation's.
        period: a period or its text ("2026-11"); None takes the present month of the city's time zone.
        actor: who asks.
        definitions: choices the order leaves to the city; None takes the defaults.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: there is no such category or period.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    settings = store.settings
    with store.read() as work:
        if not isinstance(period, Period):
            text = period or f"{work.now.astimezone(settings.zone):%Y-%m}"
            period = Period.parse(text, settings.time_zone)
        facts = city_facts(work, period, definitions)
    return security_kpis(facts, _category(category or settings.city_category), period)


def _category(text: str) -> Category:
    try:
        return Category(text)
    except ValueError:
        raise InputError(f"A city category is one of {', '.join(Category)}.") from None
