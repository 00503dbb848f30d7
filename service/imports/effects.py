"""What an import reaches: periods that were published with other figures.

Which days of KPIs have to be counted again is marked by the import's own row as it is written (`service.store.marks`).
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from kpi_catalog.period import Period
from service.store.database import Work
from service.store.publication_tables import KpiPublication


def touched(work: Work, first: date, last: date | None) -> tuple[str, ...]:
    """Published periods in which one of these days lies, in their order.

    Args:
        work: the unit of work.
        first: of the local days.
        last: of them, included; without it everything from the first on.
    """
    query = select(KpiPublication.period, KpiPublication.zone)
    if last is not None:
        query = query.where(KpiPublication.first <= last)
    found = []
    for text, zone in work.session.execute(query.order_by(KpiPublication.first, KpiPublication.kind)):
        period = Period.parse(text, zone)
        if Period.parse(first.isoformat(), zone).start < period.end:
            found.append(text)
    return tuple(found)
