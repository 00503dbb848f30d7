"""KPIs as the evaluator reads them: what is missing is named, never a 0 and never a guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from kpi_catalog.catalogue import catalogue
from kpi_catalog.period import Period
from kpi_catalog.records import CaseFact, CityFacts, Decision
from kpi_catalog.security import SecurityKpi, SecurityReport
from kpi_catalog.status import Status
from service import i18n
from service.web.view_models import InputNote, KpiGroup, KpiReport, KpiRow
from service.web.words import Words

BAR_PX: Final = 120
COVERAGE_PX: Final = 200
FULL: Final = 1.0
LOW: Final = 0.5
TOLD_AS_ZERO: Final = frozenset({"notices_without_a_person", "without_reaction"})
"""Counts worth a line in the list when they are 0; the others stand on the KPI's own page."""

TONES: Final[Mapping[Status, str]] = {
    Status.COMPUTED: "good",
    Status.PRELIMINARY: "accent",
    Status.PARTIAL: "warn",
    Status.NO_DATA: "warn",
    Status.NOT_CONFIGURED: "warn",
}

Counts = tuple[tuple[str, tuple[float, ...]], ...]


def kpi_report(w: Words, found: SecurityReport, months: tuple[tuple[str, str], ...]) -> KpiReport:
    """The evaluator's page."""
    sphere = found.sphere
    groups: dict[int, list[KpiRow]] = {}
    for one in found.kpis:
        groups.setdefault(one.kpi.initiative, []).append(kpi_row(w, found, one))
    every = sphere.points_applicable
    month = f"{found.period.first:%Y-%m}"
    named = (month, i18n.month(w.lang, found.period.first))
    return KpiReport(
        category=found.category.value,
        month=month,
        months=months if named in months else (named, *months),
        period=named[1],
        as_of=found.as_of,
        complete=found.complete,
        score=_share(w, sphere.score),
        score_zero=_share(w, sphere.score_missing_as_zero),
        points_scored=sphere.points_scored,
        points_all=every,
        points_sphere=sum(one.kpi.points for one in found.kpis),
        coverage_px=round(COVERAGE_PX * sphere.points_scored / every) if every else 0,
        groups=tuple(
            KpiGroup(_named(w, catalogue().initiatives[number].name), sum(row.points for row in rows), tuple(rows))
            for number, rows in groups.items()
        ),
    )


def kpi_row(
    w: Words, found: SecurityReport, one: SecurityKpi, names: tuple[str, ...] = (), counts: Counts = ()
) -> KpiRow:
    """One KPI in words."""
    value = one.value
    order_lang = "ru" if w.lang == "ru" else "kk"
    missing = tuple(w.or_code(f"kpi_catalog.missing.{key}") for key in value.missing)
    numerator, denominator = _number(w, value.numerator), _number(w, value.denominator)
    score = one.score.score
    return KpiRow(
        id=one.kpi.id,
        path=f"/kpi/{one.kpi.id}?category={found.category.value}&month={found.period.first:%Y-%m}",
        name=_named(w, one.kpi.name),
        value=_number(w, value.value),
        unit=w.or_code(f"kpi_catalog.unit.{value.unit}"),
        n=w.num(value.n),
        numerator=numerator,
        denominator=denominator,
        target=one.target.text or w.t("kpi.no_target"),
        target_text=" ".join(str(one.kpi.target_text[order_lang]).split()),
        score=_share(w, score),
        bar_px=round(BAR_PX * min(FULL, score)) if score is not None else 0,
        bar_class=_bar(score),
        points=one.kpi.points,
        status=w.or_code(f"kpi_catalog.status.{one.status}"),
        tone=TONES.get(one.status, ""),
        missing=missing,
        parts=_parts(w, numerator, denominator, value.extra),
        extra=tuple(_extra(w, value.extra)),
        inputs=tuple(
            InputNote(
                w.or_code(f"kpi_catalog.input.{given.key}"),
                _said(w, given.value),
                "; ".join(str(part) for part in (given.source, given.on and w.day(given.on)) if part),
            )
            for given in value.inputs
        ),
        definition=w.t(f"kpi_how.{one.kpi.id.replace('.', '_')}"),
        version=value.definition_version,
        description=one.kpi.description.get(order_lang, ""),
        formula=one.kpi.formula.get(order_lang, ""),
        order_lang=order_lang,
        count_names=names,
        counts=counts,
    )


def counted(w: Words, kpi_id: str, facts: CityFacts, period: Period) -> tuple[tuple[str, ...], Counts]:
    """The records a KPI counts, as numbers by day of the city: no ids, no people."""
    keys = COLUMNS.get(kpi_id, ())
    tables = [Counter(_days(w, COUNTERS[key](facts), period)) for key in keys]
    days = sorted(set().union(*tables)) if tables else []
    names = tuple(w.t(f"kpi.{key}") for key in keys)
    return names, tuple((w.day(one), tuple(float(table[one]) for table in tables)) for one in days)


Moments = Callable[[CityFacts], list[datetime | None]]


def _cases(decision: Decision) -> Moments:
    def moments(facts: CityFacts) -> list[datetime | None]:
        return [_at(one) for one in facts.cases if one.counts and one.decision is decision]

    return moments


def _at(one: CaseFact) -> datetime:
    return one.t_detect


def _alerts(*, verdict: bool | None, fire_only: bool = False) -> Moments:
    def moments(facts: CityFacts) -> list[datetime | None]:
        return [
            one.t_detect
            for one in facts.alerts
            if one.counts and one.verdict is verdict and (one.is_fire or not fire_only)
        ]

    return moments


COUNTERS: Final[Mapping[str, Moments]] = {
    "count_confirmed": _cases(Decision.CONFIRMED),
    "count_rejected": _cases(Decision.REJECTED),
    "count_non_payable": _cases(Decision.NON_PAYABLE),
    "count_notified": lambda facts: [one.t_first_notification_sent for one in facts.cases if one.counts],
    "count_true": _alerts(verdict=True),
    "count_false": _alerts(verdict=False),
    "count_no_verdict": _alerts(verdict=None),
    "count_fire_true": _alerts(verdict=True, fire_only=True),
    "count_fire_false": _alerts(verdict=False, fire_only=True),
}
_CASES: Final = ("count_confirmed", "count_rejected", "count_non_payable")
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "9.2": _CASES,
    "9.3": _CASES,
    "9.4": ("count_notified",),
    "9.6": ("count_true", "count_false", "count_no_verdict"),
    "9.8": ("count_true",),
    "9.9": (*_CASES, "count_true", "count_false", "count_no_verdict"),
    "10.3": ("count_fire_true", "count_fire_false"),
}
"""Which records stand behind a KPI; those of outside journals are not ours to list."""


def _days(w: Words, moments: list[datetime | None], period: Period) -> list[date]:
    return [one.astimezone(w.zone).date() for one in moments if one is not None and period.holds(one)]


def _named(w: Words, names: Mapping[str, str]) -> str:
    return names.get(w.lang) or names.get("en") or names["ru"]


def _number(w: Words, value: float | None) -> str | None:
    return None if value is None else w.num(value)


def _share(w: Words, value: float | None) -> str | None:
    return None if value is None else w.num(value, 2)


def _bar(score: float | None) -> str:
    if score is None:
        return "bar-back"
    return "bar-full" if score >= FULL else "bar-part" if score >= LOW else "bar-low"


def _parts(w: Words, numerator: str | None, denominator: str | None, extra: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    if numerator is not None and denominator is not None:
        found.append(w.t("kpi.ratio", numerator=numerator, denominator=denominator))
    elif numerator is not None:
        found.append(w.t("kpi.ratio_alone", numerator=numerator))
    told = {name: value for name, value in extra.items() if name in TOLD_AS_ZERO or type(value) is not int or value}
    found += [f"{name}: {said}" for name, said in _extra(w, told)]
    return tuple(found)


def _extra(w: Words, extra: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (w.or_code(f"kpi_catalog.extra.{name}"), _said(w, value))
        for name, value in extra.items()
        if value is not None and not isinstance(value, list | tuple)
    ]


def _said(w: Words, value: object) -> str:
    match value:
        case None:
            return w.t("kpi.no_data")
        case bool():
            return w.t("common.yes" if value else "common.no")
        case int() | float():
            return w.num(value)
        case str() if i18n.has(w.lang, f"kpi_catalog.scope.{value}"):
            return w.t(f"kpi_catalog.scope.{value}")
        case _:
            return str(value)
