"""Imported values of KPIs that Qyran cannot compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from kpi_catalog.catalogue import catalogue
from kpi_catalog.period import Period
from kpi_catalog.scoring import Fact
from service.imports.journals import stood
from service.store.database import Work
from service.store.import_tables import CityImport, CityImportRow

KIND: Final = "kpi_values"


@dataclass(frozen=True, slots=True)
class Imported:
    """One KPI's value of one period, as somebody outside told it.

    Attributes:
        value: what `kpi_catalog.scoring` takes: a number in the KPI's unit, the parts of 1.4, or base and fact.
        numerator, denominator: what the value is the ratio of, where that was told.
        as_of: day whose state the file tells.
        row: of the file, which `import_id` names.
    """

    kpi_id: str
    period: str
    value: Fact
    unit: str
    source: str
    as_of: date
    entered_by: str
    entered_at: datetime
    import_id: str
    row: int
    numerator: float | None = None
    denominator: float | None = None
    note: str | None = None


def kpi_values(
    work: Work, period: Period, *, on: date | None = None, known: datetime | None = None
) -> Mapping[str, Imported]:
    """The imported values of a period by KPI id; of several of one KPI that of the newest `as_of` stands.

    Args:
        work: the unit of work.
        period: exactly this one: a month's values are not those of its year.
        on: only what files of this day or earlier tell; None takes all.
        known: as the store knew it at this moment, whatever was withdrawn or brought since; None takes the present.
    """
    return {one.kpi_id: one for one in _of(work, [str(period)], on, known)}


def kpi_values_of(
    work: Work, periods: Sequence[Period], *, on: date | None = None, known: datetime | None = None
) -> Mapping[tuple[str, str], Imported]:
    """The same of several periods at once, by KPI id and the period's text."""
    return {(one.kpi_id, one.period): one for one in _of(work, [str(one) for one in periods], on, known)}


def imported_values(work: Work, *, on: date | None = None) -> tuple[Imported, ...]:
    """Everything that stands, in order of KPI and period."""
    newest = {(one.kpi_id, one.period): one for one in _of(work, None, on, None)}
    order = {kpi_id: place for place, kpi_id in enumerate(catalogue().kpis)}
    return tuple(sorted(newest.values(), key=lambda one: (one.period, order.get(one.kpi_id, len(order)))))


def _of(work: Work, periods: Sequence[str] | None, on: date | None, known: datetime | None) -> Sequence[Imported]:
    """Standing values, those of an older day first."""
    query = select(CityImportRow, CityImport).join(CityImport, CityImport.id == CityImportRow.import_id)
    query = query.where(CityImportRow.kind == KIND)
    if periods is not None:
        query = query.where(CityImportRow.value["period"].as_string().in_(periods))
    if on is not None:
        query = query.where(CityImport.as_of <= on)
    query = query.where(*stood(known))
    found = work.session.execute(query.order_by(CityImport.as_of, CityImport.entered_at, CityImportRow.number))
    return [_imported(row, file) for row, file in found]


def _imported(row: CityImportRow, file: CityImport) -> Imported:
    told = row.value
    return Imported(
        kpi_id=told["kpi_id"],
        period=told["period"],
        value=told["value"],
        unit=told["unit"],
        source=file.source,
        as_of=file.as_of,
        entered_by=file.entered_by,
        entered_at=file.entered_at,
        import_id=file.id,
        row=row.number,
        numerator=told.get("numerator"),
        denominator=told.get("denominator"),
        note=told.get("note"),
    )
