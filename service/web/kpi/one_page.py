"""One KPI: definition, formula with its numbers, trend, distribution of times, categories, the order's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from kpi_catalog.catalogue import Category
from kpi_catalog.security import SecurityKpi
from qyran.errors import NotFound
from service.kpi_analysis.spread import TIMED, distribution
from service.kpi_analysis.trends import PERIODS, history, series_of
from service.reports import drawn, words
from service.reports.words import earlier
from service.web.kpi.asked import Asked, ForPeriod
from service.web.kpi.inline import inline
from service.web.kpi.rows import row_of, series_table
from service.web.kpi.sphere_page import compared
from service.web.kpi.standing import revisions_of, standing_of
from service.web.kpi.tabs import tabs
from service.web.rendering import page

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Times:
    """How the times of a KPI spread."""

    chart: str
    chart_narrow: str
    n: int
    mean: str
    median: str
    p90: str
    rows: tuple[tuple[str, str], ...]
    reversed: int


@router.get("/{kpi_id}")
def one(asked: ForPeriod, kpi_id: str) -> Response:
    """One KPI and all that its value rests on."""
    periods = earlier(asked.period, PERIODS)
    past = history(asked.visit.store, asked.category.value, periods, actor=asked.visit.actor)
    report = past[-1]
    found = kpi_of(report.kpis, kpi_id)
    series = series_of(kpi_id, past)
    lang, standing = asked.w.lang, standing_of(asked, [found])
    quoted = words.order_language(lang)
    charts = [
        inline(drawn.kpi_trend(lang, series, periods, size, f"trend-{number}"))
        for number, size in enumerate((drawn.WIDE, drawn.NARROW))
    ]
    return page(
        asked.visit,
        "kpi/one.html",
        row=row_of(asked, found, frozen=standing.frozen.get(kpi_id)),
        standing=standing,
        asked=asked,
        report=report,
        picker=asked.picker(f"/kpi/{kpi_id}"),
        tabs=tabs(asked, ""),
        back=asked.link("/kpi"),
        definition=asked.w.t(f"kpi_how.{kpi_id.replace('.', '_')}"),
        description=found.kpi.description.get(quoted, ""),
        formula_text=found.kpi.formula.get(quoted, ""),
        quoted=quoted,
        charts=charts,
        has_range="lower_bound" in found.value.extra,
        history=series_table(asked.w, series, periods),
        timed=kpi_id in TIMED,
        times=times_view(asked, found) if kpi_id in TIMED else None,
        explain=asked.link(f"/kpi/{kpi_id}/explain"),
        revisions=revisions_of(asked, standing, found),
        compared=next(one for one in compared(asked, report) if one.id == kpi_id),
        categories=tuple(Category),
        events=asked.link(f"/kpi/{kpi_id}/events"),
        false_alarms=asked.link("/kpi/false-alarms") if kpi_id == "9.9" else None,
    )


def kpi_of(kpis: tuple[SecurityKpi, ...], kpi_id: str) -> SecurityKpi:
    """One KPI of a report.

    Raises:
        NotFound: there is no such security KPI.
    """
    found = next((row for row in kpis if row.kpi.id == kpi_id), None)
    if found is None:
        raise NotFound(f"There is no security KPI {kpi_id}.")
    return found


def times_view(asked: Asked, one: SecurityKpi) -> Times | None:
    """The distribution in words; None where there is no record."""
    w = asked.w
    found = distribution(asked.visit.store, one.kpi.id, asked.period, actor=asked.visit.actor)
    if found.mean is None or found.median is None or found.p90 is None:
        return None
    charts: list[Any] = [
        inline(drawn.times(w.lang, found, one.target, size, f"times-{number}"))
        for number, size in enumerate((drawn.WIDE, drawn.NARROW))
    ]
    return Times(
        charts[0],
        charts[1],
        found.n,
        w.num(found.mean),
        w.num(found.median),
        w.num(found.p90),
        tuple(
            (
                w.t("kpi_console.minutes_over", low=w.num(each.low))
                if each.high is None
                else w.t("kpi_console.minutes_from_to", low=w.num(each.low), high=w.num(each.high)),
                w.num(each.count),
            )
            for each in found.bins
        ),
        found.reversed,
    )
