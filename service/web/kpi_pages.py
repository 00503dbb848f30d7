"""The evaluator's console: the 16 security KPIs of a month, each with what it was computed from."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from kpi_catalog.catalogue import Category
from kpi_catalog.period import Period
from qyran.errors import InputError, NotFound
from service import i18n
from service.access import KPI_READERS, require
from service.kpi import security_report
from service.kpi_facts import city_facts
from service.web.kpi_view import counted, kpi_report, kpi_row
from service.web.rendering import page, words_of
from service.web.visit import Person, Visit
from service.web.words import Words

router = APIRouter(prefix="/kpi", include_in_schema=False)

MONTHS: Final = 13  # the present month and the year before it
DEFAULT_CATEGORIES: Final = frozenset(Category)


@router.get("")
def report(
    visit: Person,
    category: Annotated[str, Query(max_length=16)] = "",
    month: Annotated[str, Query(max_length=7)] = "",
) -> Response:
    """All 16 KPIs and the score of the sphere."""
    w = words_of(visit)
    chosen, period = _asked(visit, w, category, month)
    found = security_report(visit.store, chosen, period, actor=visit.actor)
    return page(visit, "kpi/report.html", view=kpi_report(w, found, _months(w)))


@router.get("/{kpi_id}")
def one(
    visit: Person,
    kpi_id: str,
    category: Annotated[str, Query(max_length=16)] = "",
    month: Annotated[str, Query(max_length=7)] = "",
) -> Response:
    """One KPI: its definition in words, numerator and denominator, and the records counted by day."""
    w = words_of(visit)
    chosen, period = _asked(visit, w, category, month)
    found = security_report(visit.store, chosen, period, actor=visit.actor)
    kpi = next((row for row in found.kpis if row.kpi.id == kpi_id), None)
    if kpi is None:
        raise NotFound(f"There is no security KPI {kpi_id}.")
    require(visit.actor, KPI_READERS)
    with visit.store.read(visit.actor) as work:
        names, counts = counted(w, kpi_id, city_facts(work, period), period)
    view = kpi_report(w, found, _months(w))
    row = kpi_row(w, found, kpi, names, counts)
    return page(visit, "kpi/one.html", view=view, row=row, back=f"/kpi?category={chosen}&month={view.month}")


def _asked(visit: Visit, w: Words, category: str, month: str) -> tuple[str, Period]:
    settings = visit.store.settings
    chosen = category if category in DEFAULT_CATEGORIES else settings.city_category
    text = month or f"{w.now.astimezone(w.zone):%Y-%m}"
    period = Period.parse(text, settings.time_zone)
    if len(text) != len("2026-01"):
        raise InputError(f"The month {text!r} is not of the form 2026-01.")
    return chosen, period


def _months(w: Words) -> tuple[tuple[str, str], ...]:
    today = w.now.astimezone(w.zone).date()
    found: list[date] = []
    year, number = today.year, today.month
    for _ in range(MONTHS):
        found.append(date(year, number, 1))
        year, number = (year, number - 1) if number > 1 else (year - 1, 12)
    return tuple((f"{one:%Y-%m}", i18n.month(w.lang, one)) for one in found)
