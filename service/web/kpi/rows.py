"""One KPI as the evaluator reads it: what is missing is named, never a 0 and never a guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kpi_catalog.period import Period
from kpi_catalog.security import SecurityKpi
from kpi_catalog.status import Status
from service import i18n
from service.kpi_analysis.gain import PERVERSE
from service.reports import words
from service.web.kpi.asked import Asked
from service.web.words import Words

BAR_PX: Final = 120
FULL: Final = 1.0
LOW: Final = 0.5
TOLD_AS_ZERO: Final = frozenset({"notices_without_a_person", "without_reaction"})
"""Counts worth a line in the list when they are 0; the others stand on the KPI's own page."""
MULTIPLIED: Final = frozenset({"percent"})
MONTHLY: Final = "months"

TONES: Final[Mapping[Status, str]] = {
    Status.COMPUTED: "good",
    Status.PRELIMINARY: "accent",
    Status.PARTIAL: "warn",
    Status.NO_DATA: "warn",
    Status.NOT_CONFIGURED: "warn",
}


@dataclass(frozen=True, slots=True)
class InputNote:
    """An input from outside that a KPI rests on."""

    name: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Formula:
    """The definition with its numbers: a fraction, what it is multiplied by, what it comes to; parts named in words."""

    factor: str | None
    numerator: str
    numerator_name: str
    denominator: str
    denominator_name: str
    more: str | None
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """One KPI in words; what is not known is None and shown as missing.

    Attributes:
        bounds: what undecided records leave open.
        perverse: its value grows with violations.
        spark: its small trend, SVG.
    """

    id: str
    path: str
    name: str
    value: str | None
    unit: str
    n: str
    numerator: str | None
    denominator: str | None
    target: str
    target_text: str
    score: str | None
    bar_px: int
    bar_class: str
    points: int
    status: str
    tone: str
    missing: tuple[str, ...]
    parts: tuple[str, ...]
    extra: tuple[tuple[str, str], ...]
    inputs: tuple[InputNote, ...]
    bounds: str | None
    perverse: bool
    version: str
    formula: Formula | None
    spark: str = ""
    frozen: str | None = None


def row_of(asked: Asked, one: SecurityKpi, *, spark: str = "", frozen: str | None = None) -> Row:
    """A KPI in words."""
    w, value = asked.w, one.value
    lang = w.lang
    score = one.score.score
    numerator, denominator = _number(w, value.numerator), _number(w, value.denominator)
    return Row(
        id=one.kpi.id,
        path=asked.link(f"/kpi/{one.kpi.id}"),
        name=words.named(lang, one.kpi.name),
        value=_number(w, value.value),
        unit=words.unit(lang, value.unit),
        n=w.num(value.n),
        numerator=numerator,
        denominator=denominator,
        target=words.target(lang, one.target),
        target_text=" ".join(str(one.kpi.target_text[words.order_language(lang)]).split()),
        score=None if score is None else words.share(lang, score),
        bar_px=round(BAR_PX * min(FULL, score)) if score is not None else 0,
        bar_class=bar_class(score),
        points=one.kpi.points,
        status=words.status(lang, one.status.value),
        tone=TONES.get(one.status, ""),
        missing=tuple(w.or_code(f"kpi_catalog.missing.{key}") for key in value.missing),
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
        bounds=bounds_of(w, value.extra),
        perverse=one.kpi.id in PERVERSE,
        version=value.definition_version,
        formula=formula_of(w, one),
        spark=spark,
        frozen=frozen,
    )


def bar_class(score: float | None) -> str:
    """Colour of a score's bar."""
    if score is None:
        return "bar-back"
    return "bar-full" if score >= FULL else "bar-part" if score >= LOW else "bar-low"


def bounds_of(w: Words, extra: Mapping[str, Any]) -> str | None:
    """The bounds that undecided records leave, in words."""
    low, high = extra.get("lower_bound"), extra.get("upper_bound")
    if low is None or high is None:
        return None
    return w.t("kpi_console.bounds_note", low=f"{w.num(low)} %", high=f"{w.num(high)} %")


def formula_of(w: Words, one: SecurityKpi) -> Formula | None:
    """The formula filled in, where all of it is known."""
    value = one.value
    if value.value is None or value.numerator is None or value.denominator is None:
        return None
    key = one.kpi.id.replace(".", "_")
    months = value.extra.get("months") if one.kpi.id == "9.2" else None
    return Formula(
        factor="100" if value.unit in MULTIPLIED else None,
        numerator=w.num(value.numerator),
        numerator_name=w.t(f"kpi_parts.{key}_n"),
        denominator=w.num(value.denominator),
        denominator_name=w.t(f"kpi_parts.{key}_d"),
        more=f"{w.num(months)} ({w.t('kpi_parts.9_6_d')})" if isinstance(months, int) and months > 1 else None,
        value=words.quantity(w.lang, value.value, value.unit),
    )


def series_table(w: Words, series: Sequence[SecurityKpi], periods: Sequence[Period]) -> tuple[tuple[str, ...], ...]:
    """A trend as a table: period, value, numerator, denominator, status; the newest first."""
    return tuple(
        (
            words.period_name(w.lang, period),
            words.quantity(w.lang, one.value.value, one.value.unit),
            _number(w, one.value.numerator) or w.t("common.none"),
            _number(w, one.value.denominator) or w.t("common.none"),
            words.status(w.lang, one.status.value),
        )
        for one, period in zip(reversed(series), reversed(periods), strict=True)
    )


def _number(w: Words, value: float | None) -> str | None:
    return None if value is None else w.num(value)


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
        if value is not None and not isinstance(value, list | tuple | dict)
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
