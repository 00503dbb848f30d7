"""What a report says, once, for every format: lines of KPIs with raw numbers and finished words, in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from kpi_catalog.catalogue import Category, Kpi, Target, catalogue
from kpi_catalog.period import Period
from kpi_catalog.scoring import KpiScore
from kpi_catalog.security import SecurityReport
from kpi_catalog.value import KpiValue
from qyran.errors import InputError
from qyran.roles import Actor
from service import i18n
from service.i18n import Language
from service.kpi import security_reports
from service.kpi_analysis.gain import PERVERSE
from service.kpi_analysis.trends import PERIODS, series_of
from service.publication import Publication, State, published
from service.rating import CityReport, city_report, effects
from service.reports import drawn, words
from service.reports.words import earlier
from service.store.database import Store

Scope = Literal["sphere", "city"]
SCOPES: tuple[Scope, ...] = ("sphere", "city")


@dataclass(frozen=True, slots=True)
class UsedInput:
    """A figure from outside that a KPI rests on."""

    kpi: str
    name: str
    value: float | str | None
    on: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Line:
    """One KPI: numbers raw, everything else in words.

    Attributes:
        counts: further figures of the definition, by name.
        spark: its small trend, SVG; empty where there is none.
        frozen: the published value, where the period is published.
    """

    id: str
    name: str
    sphere: str
    initiative: str
    value: float | None
    shown: str
    unit: str
    numerator: float | None
    denominator: float | None
    n: int
    target: str
    target_text: str
    score: float | None
    uncapped: float | None
    points: int
    status: str
    tone: str
    missing: str
    origin: str
    version: str
    definition: str
    order_formula: str
    counts: tuple[tuple[str, float | str], ...]
    inputs: tuple[UsedInput, ...]
    perverse: bool
    spark: str = ""
    frozen: float | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure of a report's head: label, what it says, and a note."""

    label: str
    said: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report.

    Attributes:
        tables: further tables, each a title, its column names and its rows in words.
        charts: (title, SVG).
    """

    lang: Language
    scope: Scope
    title: str
    city: str
    category: str
    period: Period
    period_name: str
    as_of: datetime
    as_of_words: str
    standing: str
    running: str
    headlines: tuple[Headline, ...]
    lines: tuple[Line, ...]
    charts: tuple[tuple[str, str], ...] = ()
    tables: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]], ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """Name of its file, without an ending."""
        return f"qyran-{self.scope}-{self.period}-{self.lang}"


def report_of(
    store: Store, scope: str, period: Period | str, lang: Language, *, category: str | None = None, actor: Actor
) -> Report:
    """The report of a period.

    Args:
        store: the store.
        scope: `sphere` (security) or `city` (all 118 KPIs).
        period: any period, or its text.
        lang: of all words.
        category: city category whose targets apply; None takes the installation's.
        actor: who asks.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: there is no such scope, category or period.
    """
    if not isinstance(period, Period):
        period = Period.parse(period, store.settings.time_zone)
    held = published(store, period, actor=actor)
    chosen = category or store.settings.city_category
    if scope == "sphere":
        return _sphere(store, period, lang, chosen, held, actor)
    if scope == "city":
        return _city(store, period, lang, chosen, held, actor)
    raise InputError(f"A report is of the sphere or the city ({', '.join(SCOPES)}), not of {scope!r}.")


def _sphere(
    store: Store, period: Period, lang: Language, category: str, held: Publication | None, actor: Actor
) -> Report:
    periods = earlier(period, PERIODS)
    history = security_reports(store, category, periods, actor=actor)
    found = history[-1]
    t = i18n.translate
    sphere, title = found.sphere, t(lang, "kpi_console.sphere_trend")
    lines = tuple(
        line_of(
            lang, one.kpi, one.target, one.value, one.score, held=held,
            spark=drawn.kpi_spark(lang, series_of(one.kpi.id, history), periods, f"spark-{one.kpi.id}"),
        )
        for one in found.kpis
    )  # fmt: skip
    chart = drawn.score_trend(
        lang, title, [one.sphere.score for one in history], periods, running=not found.complete, key="score"
    )
    return _report(
        store, "sphere", period, lang, Category(category), found.as_of, held,
        complete=found.complete,
        headlines=(
            Headline(t(lang, "kpi.sphere_score"), words.share(lang, sphere.score), t(lang, "kpi.sphere_score_note")),
            Headline(t(lang, "kpi.sphere_zero"), words.share(lang, sphere.score_missing_as_zero),
                     t(lang, "kpi.sphere_zero_note")),
            Headline(
                t(lang, "kpi.coverage"),
                t(lang, "kpi.coverage_points", scored=sphere.points_scored, all=sphere.points_applicable),
            ),
        ),
        lines=lines, charts=((title, chart),), tables=(_trend_table(lang, history, periods),),
        notes=(t(lang, "kpi_report.internal"), t(lang, "kpi_report.perverse_note")),
    )  # fmt: skip


def _city(
    store: Store, period: Period, lang: Language, category: str, held: Publication | None, actor: Actor
) -> Report:
    found = city_report(store, category, period, actor=actor)
    t, city = i18n.translate, found.city
    bands = {one.id: words.named(lang, one.name) for one in catalogue().bands}
    marked = found.rating.total if found.rating.band else None  # no place among the grades while there is none

    def said(value: float | None) -> str:
        return t(lang, "common.none") if value is None else i18n.number(lang, value, 2)

    lines = tuple(
        line_of(lang, one.kpi, one.target, one.value, one.score, held=held, origin=one.origin.value)
        for one in found.kpis
    )
    return _report(
        store, "city", period, lang, Category(category), found.as_of, held,
        complete=found.complete,
        headlines=(
            Headline(t(lang, "kpi_city.score"), said(city.score),
                     t(lang, "kpi_city.score_note", weight=city.weight_scored)),
            Headline(t(lang, "kpi_city.zero"), said(city.score_missing_as_zero)),
            Headline(t(lang, "kpi_city.rating"), said(found.rating.total),
                     t(lang, "kpi_city.additional_points", points=found.rating.additional_points)),
            Headline(
                t(lang, "kpi_city.band"), bands.get(found.rating.band or "", t(lang, "common.none")),
                "" if found.rating.band else t(lang, "kpi_city.no_band"),
            ),
        ),
        lines=lines,
        charts=((t(lang, "kpi_city.bands"), drawn.bands(lang, marked, 720.0, "bands")),),
        tables=(_sphere_table(lang, found), _effect_table(lang, found, bands)),
        notes=(t(lang, "kpi_report.internal"), t(lang, "kpi_report.perverse_note")),
    )  # fmt: skip


def _report(
    store: Store,
    scope: Scope,
    period: Period,
    lang: Language,
    category: Category,
    as_of: datetime,
    held: Publication | None,
    *,
    complete: bool,
    **parts: Any,
) -> Report:
    zone = store.settings.zone
    at = i18n.moment(lang, as_of, zone)
    state = "provisional" if held is None else "revised" if held.state is State.REVISED else "published"
    standing = i18n.translate(lang, f"kpi_console.{state}")
    if held is not None:
        standing = i18n.translate(lang, "kpi_console.published_at", at=i18n.moment(lang, held.published_at, zone))
    return Report(
        lang=lang,
        scope=scope,
        title=i18n.translate(lang, "kpi_report.title" if scope == "sphere" else "kpi_report.title_city"),
        city=store.settings.city_name[lang],
        category=i18n.translate(lang, f"kpi.category.{category.value}"),
        period=period,
        period_name=words.period_name(lang, period),
        as_of=as_of,
        as_of_words=i18n.translate(lang, "kpi_report.made", at=at, zone=zone.key),
        standing=standing,
        running="" if complete else i18n.translate(lang, "kpi_console.running", at=at),
        **parts,
    )


def line_of(
    lang: Language,
    kpi: Kpi,
    target: Target,
    value: KpiValue,
    score: KpiScore,
    *,
    held: Publication | None,
    origin: str = "store",
    spark: str = "",
) -> Line:
    """One KPI for a report."""
    book, quoted = catalogue(), words.order_language(lang)
    sphere = next(one for one in book.spheres if one.id == book.sphere_of(kpi.id))
    how = f"kpi_how.{kpi.id.replace('.', '_')}"
    return Line(
        id=kpi.id,
        name=words.named(lang, kpi.name),
        sphere=words.named(lang, sphere.name),
        initiative=words.named(lang, book.initiatives[kpi.initiative].name),
        value=value.value,
        shown=words.quantity(lang, value.value, kpi.unit),
        unit=words.unit(lang, kpi.unit),
        numerator=value.numerator,
        denominator=value.denominator,
        n=value.n,
        target=words.target(lang, target),
        target_text=" ".join(kpi.target_text[quoted].split()),
        score=score.score,
        uncapped=score.uncapped,
        points=kpi.points,
        status=words.status(lang, score.status.value),
        tone=score.status.value,
        missing=words.missing(lang, value.missing),
        origin=words.or_code(lang, f"kpi_catalog.origin.{origin}"),
        version=value.definition_version,
        definition=i18n.translate(lang, how) if i18n.has(lang, how) else " ".join(kpi.description[quoted].split()),
        order_formula=" ".join(kpi.formula[quoted].split()),
        counts=tuple(_counts(lang, value.extra)),
        inputs=tuple(
            UsedInput(kpi.id, words.or_code(lang, f"kpi_catalog.input.{one.key}"), one.value, one.on, one.source or "")
            for one in value.inputs
        ),
        perverse=kpi.id in PERVERSE,
        spark=spark,
        frozen=held.kpi(kpi.id).value if held is not None and kpi.id in held.kpis else None,
    )


def _counts(lang: Language, extra: Mapping[str, Any]) -> list[tuple[str, float | str]]:
    return [
        (words.or_code(lang, f"kpi_catalog.extra.{name}"), value)
        for name, value in extra.items()
        if isinstance(value, int | float | str) and not isinstance(value, bool)
    ]


def _trend_table(
    lang: Language, history: Sequence[SecurityReport], periods: Sequence[Period]
) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    t = i18n.translate
    head = (
        t(lang, "kpi_console.period"), t(lang, "kpi.sphere_score"), t(lang, "kpi.sphere_zero"), t(lang, "kpi.coverage"),
    )  # fmt: skip
    rows = tuple(
        (
            words.period_name(lang, period),
            words.share(lang, one.sphere.score),
            words.share(lang, one.sphere.score_missing_as_zero),
            t(lang, "kpi.coverage_points", scored=one.sphere.points_scored, all=one.sphere.points_applicable),
        )
        for one, period in zip(reversed(history), reversed(periods), strict=True)
    )
    return t(lang, "kpi_console.sphere_trend"), head, rows


def _sphere_table(lang: Language, found: CityReport) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    t = i18n.translate
    head = tuple(
        t(lang, key)
        for key in ("kpi_city.sphere", "kpi_city.weight", "kpi.score", "kpi_city.coverage", "kpi_city.contribution")
    )
    rows = tuple(
        (
            words.named(lang, one.sphere.name),
            i18n.number(lang, one.sphere.weight),
            words.share(lang, one.score.score),
            t(lang, "kpi.coverage_points", scored=one.score.points_scored, all=one.score.points_applicable),
            words.share(lang, one.contribution),
        )
        for one in found.spheres
    )
    return t(lang, "kpi_city.spheres"), head, rows


def _effect_table(
    lang: Language, found: CityReport, bands: Mapping[str, str]
) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    t, none = i18n.translate, i18n.translate(lang, "common.none")
    head = tuple(t(lang, f"kpi_city.{key}") for key in ("reading", "choice", "score", "difference", "band"))
    rows = tuple(
        (
            words.or_code(lang, f"kpi_catalog.reading.{one.reading}"),
            words.or_code(lang, f"kpi_catalog.reading_choice.{one.reading}_{choice.choice}")
            + (f" ({t(lang, 'kpi_city.chosen')})" if choice.chosen else ""),
            words.share(lang, choice.score),
            none if not choice.difference else i18n.number(lang, choice.difference, 2),
            bands.get(choice.band or "", none),
        )
        for one in effects(found)
        if one.matters
        for choice in one.choices
    )
    return t(lang, "kpi_city.readings"), head, rows


__all__ = ["SCOPES", "Headline", "Line", "Report", "UsedInput", "line_of", "report_of"]
