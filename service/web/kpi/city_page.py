"""The rating of the whole city: five spheres, 118 KPIs, additional initiatives, and what contested readings change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from kpi_catalog.catalogue import catalogue
from service.rating import CityKpi, CityReport, ReadingEffect, city_report, effects
from service.reports import words
from service.reports.drawn import bands as draw_bands
from service.web.kpi.asked import Asked, ForPeriod
from service.web.kpi.inline import inline
from service.web.kpi.rows import TONES
from service.web.kpi.sphere_page import downloads
from service.web.kpi.standing import standing_of
from service.web.kpi.tabs import tabs
from service.web.rendering import page

router = APIRouter()
HUNDRED = 100.0


@dataclass(frozen=True, slots=True)
class SphereRow:
    """One sphere."""

    id: str
    name: str
    weight: int
    score: str | None
    zero: str | None
    coverage: str
    contribution: str | None
    kpis: tuple[KpiLine, ...]
    counted: str


@dataclass(frozen=True, slots=True)
class KpiLine:
    """One KPI of the city in a line."""

    id: str
    name: str
    path: str | None
    value: str
    target: str
    score: str | None
    points: int
    origin: str
    source: str
    status: str
    tone: str
    missing: str


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """One choice of a reading with the score that it would give."""

    name: str
    chosen: bool
    score: str
    difference: str
    band: str
    kpis: str


@router.get("/city")
def city(asked: ForPeriod) -> Response:
    """The whole city."""
    w = asked.w
    report = city_report(asked.visit.store, asked.category.value, asked.period, actor=asked.visit.actor)
    bands = {one.id: words.named(w.lang, one.name) for one in catalogue().bands}
    score = report.rating.total if report.rating.band else None  # no place among the grades while there is none
    drawn = [inline(draw_bands(w.lang, score, size, f"bands-{number}")) for number, size in enumerate((720.0, 346.0))]
    return page(
        asked.visit,
        "kpi/city.html",
        asked=asked,
        report=report,
        score=None if report.city.score is None else w.num(report.city.score, 1),
        zero=None if report.city.score_missing_as_zero is None else w.num(report.city.score_missing_as_zero, 1),
        total=None if report.rating.total is None else w.num(report.rating.total, 1),
        band=bands.get(report.rating.band or ""),
        coverage=None if report.city.coverage is None else f"{w.num(HUNDRED * report.city.coverage, 1)} %",
        charts=drawn,
        spheres=spheres(asked, report),
        readings=[(_reading(asked, one), one.matters, _choices(asked, one, bands)) for one in effects(report)],
        standing=standing_of(asked),
        picker=asked.picker("/kpi/city"),
        tabs=tabs(asked, "city"),
        downloads=downloads(asked, "city"),
    )


def spheres(asked: Asked, report: CityReport) -> tuple[SphereRow, ...]:
    """The five spheres with their KPIs in words."""
    w = asked.w
    found = []
    for one in report.spheres:
        score = one.score
        rows = tuple(_line(asked, kpi) for kpi in report.kpis if kpi.sphere == one.sphere.id)
        found.append(
            SphereRow(
                id=one.sphere.id,
                name=words.named(w.lang, one.sphere.name),
                weight=one.sphere.weight,
                score=None if score.score is None else words.share(w.lang, score.score),
                zero=None if score.score_missing_as_zero is None else words.share(w.lang, score.score_missing_as_zero),
                coverage=w.t("kpi.coverage_points", scored=score.points_scored, all=score.points_applicable),
                contribution=None if one.contribution is None else w.num(one.contribution, 2),
                kpis=rows,
                counted=w.t("kpi_city.counted", scored=sum(row.score is not None for row in rows), all=len(rows)),
            )
        )
    return tuple(found)


def _line(asked: Asked, one: CityKpi) -> KpiLine:
    w = asked.w
    fact = one.measured.fact
    value = words.quantity(w.lang, one.value.value, one.kpi.unit)
    if isinstance(fact, Mapping) and one.value.value is None:
        value = "; ".join(f"{w.or_code(f'kpi_catalog.extra.{name}')}: {w.num(part)}" for name, part in fact.items())
    source = "; ".join(
        str(part) for used in one.value.inputs for part in (used.source, used.on and w.day(used.on)) if part
    )
    return KpiLine(
        id=one.kpi.id,
        name=words.named(w.lang, one.kpi.name),
        path=asked.link(f"/kpi/{one.kpi.id}") if one.sphere == "security" else None,
        value=value,
        target=words.target(w.lang, one.target),
        score=None if one.score.score is None else words.share(w.lang, one.score.score),
        points=one.kpi.points,
        origin=w.or_code(f"kpi_catalog.origin.{one.origin.value}"),
        source=source,
        status=words.status(w.lang, one.status.value),
        tone=TONES.get(one.status, ""),
        missing=words.missing(w.lang, one.value.missing),
    )


def _reading(asked: Asked, one: ReadingEffect) -> str:
    return asked.w.or_code(f"kpi_catalog.reading.{one.reading}")


def _choices(asked: Asked, one: ReadingEffect, bands: Mapping[str, str]) -> list[ChoiceLine]:
    w, none = asked.w, asked.w.t("common.none")
    return [
        ChoiceLine(
            name=w.or_code(f"kpi_catalog.reading_choice.{one.reading}_{choice.choice}"),
            chosen=choice.chosen,
            score=none if choice.score is None else w.num(choice.score, 2),
            difference=none
            if not choice.difference
            else f"{'+' if choice.difference > 0 else ''}{w.num(choice.difference, 2)}",
            band=bands.get(choice.band or "", none),
            kpis=", ".join(choice.kpis) or none,
        )
        for choice in one.choices
    ]
