"""The security sphere at a glance: score both ways, 16 KPIs with target, trend and status, categories compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.period import Period
from kpi_catalog.security import SecurityReport
from service.kpi_analysis.categories import in_category
from service.kpi_analysis.trends import PERIODS, history, series_of
from service.reports import drawn, words
from service.reports.words import earlier
from service.web.kpi.asked import Asked, ForPeriod
from service.web.kpi.inline import inline
from service.web.kpi.rows import Row, row_of
from service.web.kpi.standing import Standing, standing_of
from service.web.kpi.tabs import tabs
from service.web.rendering import page

router = APIRouter()
COVERAGE_PX = 200


@dataclass(frozen=True, slots=True)
class Group:
    """The KPIs of one initiative."""

    name: str
    points: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """One KPI by category: (target, score, status where there is no score) each."""

    id: str
    name: str
    cells: tuple[tuple[str, str | None, str], ...]


@dataclass(frozen=True, slots=True)
class Sphere:
    """The page."""

    category: str
    period: str
    as_of: datetime
    complete: bool
    score: str | None
    score_zero: str | None
    points_scored: int
    points_all: int
    points_sphere: int
    coverage_px: int
    groups: tuple[Group, ...]
    compared: tuple[Compared, ...]
    totals: tuple[str | None, ...]
    chart: str
    chart_narrow: str
    history: tuple[tuple[str, str, str, str], ...]


@router.get("")
def report(asked: ForPeriod) -> Response:
    """All 16 KPIs and the score of the sphere."""
    periods = earlier(asked.period, PERIODS)
    found = history(asked.visit.store, asked.category.value, periods, actor=asked.visit.actor)
    standing = standing_of(asked, found[-1].kpis)
    return page(
        asked.visit,
        "kpi/report.html",
        view=sphere_view(asked, standing, periods, found),
        standing=standing,
        picker=asked.picker("/kpi"),
        tabs=tabs(asked, "sphere"),
        downloads=downloads(asked, "sphere"),
    )


def downloads(asked: Asked, scope: str) -> tuple[tuple[str, str, str], ...]:
    """Format, path and name of each report of a page."""
    key = "kpi_console.download_as" if scope == "sphere" else "kpi_console.download_city"
    return tuple(
        (
            form.upper(),
            asked.link(f"/kpi/report/{form}", **({} if scope == "sphere" else {"scope": scope})),
            asked.w.t(key, format=form.upper(), period=asked.name),
        )
        for form in ("pdf", "xlsx", "csv")
    )


def sphere_view(asked: Asked, standing: Standing, periods: Sequence[Period], past: Sequence[SecurityReport]) -> Sphere:
    """The page in words."""
    found, w = past[-1], asked.w
    rows: dict[int, list[Row]] = {}
    for one in found.kpis:
        series = series_of(one.kpi.id, past)
        spark = drawn.kpi_spark(w.lang, series, periods, f"spark-{one.kpi.id.replace('.', '-')}")
        rows.setdefault(one.kpi.initiative, []).append(
            row_of(asked, one, spark=inline(spark), frozen=standing.frozen.get(one.kpi.id))
        )
    scores = [one.sphere.score for one in past]
    sphere, title = found.sphere, w.t("kpi_console.sphere_trend")
    every = sphere.points_applicable
    charts = [
        drawn.score_trend(w.lang, title, scores, periods, running=not found.complete, size=size, key=f"score-{number}")
        for number, size in enumerate((drawn.WIDE, drawn.NARROW))
    ]
    return Sphere(
        category=found.category.value,
        period=asked.name,
        as_of=found.as_of,
        complete=found.complete,
        score=_share(asked, sphere.score),
        score_zero=_share(asked, sphere.score_missing_as_zero),
        points_scored=sphere.points_scored,
        points_all=every,
        points_sphere=sum(one.kpi.points for one in found.kpis),
        coverage_px=round(COVERAGE_PX * sphere.points_scored / every) if every else 0,
        groups=tuple(
            Group(
                words.named(w.lang, catalogue().initiatives[number].name),
                sum(one.points for one in group),
                tuple(group),
            )
            for number, group in rows.items()
        ),
        compared=compared(asked, found),
        totals=tuple(_share(asked, in_category(found, one).sphere.score) for one in Category),
        chart=inline(charts[0]),
        chart_narrow=inline(charts[1]),
        history=tuple(
            (
                words.period_name(w.lang, period),
                words.share(w.lang, one.sphere.score),
                words.share(w.lang, one.sphere.score_missing_as_zero),
                w.t("kpi.coverage_points", scored=one.sphere.points_scored, all=one.sphere.points_applicable),
            )
            for one, period in zip(reversed(past), reversed(periods), strict=True)
        ),
    )


def compared(asked: Asked, found: SecurityReport) -> tuple[Compared, ...]:
    """Each KPI against the targets of the three categories."""
    lang = asked.w.lang
    columns: Mapping[Category, SecurityReport] = {one: in_category(found, one) for one in Category}
    return tuple(
        Compared(
            one.kpi.id,
            words.named(lang, one.kpi.name),
            tuple(
                (
                    words.target(lang, cell.target),
                    _share(asked, cell.score.score),
                    words.status(lang, cell.status.value),
                )
                for cell in (report.kpis[place] for report in columns.values())
            ),
        )
        for place, one in enumerate(found.kpis)
    )


def _share(asked: Asked, value: float | None) -> str | None:
    return None if value is None else words.share(asked.w.lang, value)
