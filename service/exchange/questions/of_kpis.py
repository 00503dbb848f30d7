"""Questions about KPIs: values, trends, what stands behind them, what is missing, where false alarms come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from kpi_catalog.catalogue import Kpi, catalogue
from kpi_catalog.city import CityKpi
from kpi_catalog.period import Period
from kpi_catalog.security import DEFINITIONS, SecurityKpi
from qyran.errors import NotFound
from qyran.roles import SYSTEM
from service.exchange.questions.asking import (
    MOST_ROWS,
    Answer,
    Asked,
    OfKpi,
    OfPeriod,
    Sentence,
    missing_words,
    no_data,
    sentence,
)
from service.exchange.shapes import PeriodText
from service.i18n import Language, number, translate
from service.kpi import kpi_series, security_report
from service.kpi_analysis.false_shares import FalseAlarms, false_alarms
from service.publication.shelf import published
from service.rating import city_report


class FalseAlarmsParams(OfPeriod):
    """False alarms (KPI 9.9) by what raised them."""

    by: Literal["camera", "rule", "hour"] = "camera"


class TrendParams(OfKpi):
    """A KPI over consecutive periods that end with the one named."""

    periods: Annotated[int, Field(ge=2, le=36)] = 12


class ComparisonParams(OfKpi):
    """A KPI of one period against that of another."""

    with_period: PeriodText


def false_alarms_of(asked: Asked, params: FalseAlarmsParams) -> Answer:
    """By camera, rule or hour: false, judged and not judged yet, with the share's interval."""
    period = asked.period(params.period)
    version = _now(asked, "9.9", period).value.definition_version
    rows = false_alarms(asked.store, period, params.by, actor=SYSTEM)
    judged, false = sum(one.judged for one in rows), sum(one.false for one in rows)
    totals = {"false": false, "judged": judged, "unjudged": sum(one.unjudged for one in rows), "sources": len(rows)}
    if not judged:
        return Answer(rows=0, definition_version=version, period=period, missing=("verdicts",), totals=totals,
                      said=no_data("false_alarms", ("verdicts",)))  # fmt: skip
    top = max(rows, key=lambda one: (one.false, one.low, one.key))
    share = 100 * false / judged
    said = sentence("false_alarms", period=str(period), false=false, judged=judged, share=_digits(share),
                    place=_key_words(params.by, top), top=top.false)  # fmt: skip
    data = [_false_row(params.by, one) for one in rows[:MOST_ROWS]]
    return Answer(rows=judged, definition_version=version, period=period, data=data,
                  totals={**totals, "share": share}, said=said)  # fmt: skip


def value_of(asked: Asked, params: OfKpi) -> Answer:
    """The value as it was published, else as it stands."""
    return _valued(asked, params, "kpi_value", _row(asked, params.kpi, asked.period(params.period)))


def explanation_of(asked: Asked, params: OfKpi) -> Answer:
    """What a value is made of: formula, numerator, denominator, inputs with their days, what is missing."""
    period = asked.period(params.period)
    row = _row(asked, params.kpi, period)
    kpi = _catalogued(params.kpi)
    one = _now(asked, params.kpi, period)
    row |= {
        "name": dict(kpi.name),
        "formula": dict(kpi.formula),
        "target": one.target.value,
        "target_rule": one.target.rule.value,
        "order_text": dict(kpi.target_text),
        "points": kpi.points,
        "inputs": [
            {"input": used.key, "value": used.value, "on": used.on and used.on.isoformat()} for used in one.value.inputs
        ],
    }
    return _valued(asked, params, "kpi_explanation", row)


def trend_of(asked: Asked, params: TrendParams) -> Answer:
    """One row a period, the oldest first; a period without a value says what is missing."""
    last = asked.period(params.period)
    periods = _back(last, params.periods)
    found = _series(asked, params.kpi, periods)
    version = found[0].value.definition_version
    data = [_said(one, period) for one, period in zip(found, periods, strict=True)]
    known = [row for row in data if row["value"] is not None]
    if not known:
        missing = tuple(sorted({code for row in data for code in row["missing"]})) or ("video",)
        return Answer(rows=0, definition_version=version, period=last, data=data, missing=missing,
                      said=no_data("kpi_trend", missing))  # fmt: skip
    values = [row["value"] for row in known]
    unit = known[-1]["unit"]
    said = sentence("kpi_trend", kpi=params.kpi, first=known[0]["period"], last=known[-1]["period"],
                    begin=_amount(values[0], unit), end=_amount(values[-1], unit), low=_amount(min(values), unit),
                    high=_amount(max(values), unit), n=len(known))  # fmt: skip
    totals = {"first": values[0], "last": values[-1], "least": min(values), "most": max(values), "known": len(known)}
    return Answer(rows=sum(row["rows"] for row in known), definition_version=version, period=last,
                  data=data, totals=totals, said=said)  # fmt: skip


def comparison_of(asked: Asked, params: ComparisonParams) -> Answer:
    """Two periods and their difference."""
    first, second = asked.period(params.period), asked.period(params.with_period)
    found = _series(asked, params.kpi, (first, second))
    version = found[0].value.definition_version
    data = [_said(one, period) for one, period in zip(found, (first, second), strict=True)]
    a, b = data[0]["value"], data[1]["value"]
    if a is None or b is None:
        missing = tuple(sorted({code for row in data if row["value"] is None for code in row["missing"]})) or ("video",)
        return Answer(rows=0, definition_version=version, period=first, data=data, missing=missing,
                      said=no_data("compare_periods", missing))  # fmt: skip
    change = a - b
    unit = data[0]["unit"]
    key = "compare_same" if change == 0 else "compare_more" if change > 0 else "compare_less"
    said = sentence(key, kpi=params.kpi, first=str(first), second=str(second), a=_amount(a, unit), b=_amount(b, unit),
                    change=_amount(abs(change), unit))  # fmt: skip
    totals = {"difference": change, "ratio": None if b == 0 else a / b}
    return Answer(rows=sum(row["rows"] for row in data), definition_version=version, period=first,
                  data=data, totals=totals, said=said)  # fmt: skip


def missing_of(asked: Asked, params: OfPeriod) -> Answer:
    """Which inputs are absent, and which KPIs wait for each."""
    period = asked.period(params.period)
    report = security_report(asked.store, None, period, actor=SYSTEM)
    waiting: dict[str, list[str]] = {}
    for one in report.kpis:
        for code in one.value.missing:
            waiting.setdefault(code.value, []).append(one.kpi.id)
    data: list[dict[str, Any]] = [
        {"input": code, "kpis": kpis} for code, kpis in sorted(waiting.items(), key=lambda pair: -len(pair[1]))
    ]
    known = sum(1 for one in report.kpis if one.value.value is not None)
    names: Sentence = lambda lang: ", ".join(missing_words(lang, row["input"]) for row in data)  # noqa: E731
    key = "missing_inputs" if data else "missing_nothing"
    said = sentence(key, period=str(period), known=known, of=len(report.kpis), n=len(data), names=names)
    totals = {"kpis": len(report.kpis), "with_value": known, "inputs_missing": len(data)}
    return Answer(rows=len(report.kpis), definition_version="missing_inputs/1", period=period, data=data, totals=totals,
                  said=said)  # fmt: skip


def _valued(asked: Asked, params: OfKpi, question: str, row: dict[str, Any]) -> Answer:
    period = asked.period(params.period)
    version = str(row["definition_version"])
    if row["value"] is None:
        missing = tuple(row["missing"]) or ("value",)
        return Answer(rows=row["rows"], definition_version=version, period=period, data=[row], missing=missing,
                      said=no_data(question, missing))  # fmt: skip
    stage: Sentence = lambda lang: translate(lang, f"exchange.code.{row['stage']}")  # noqa: E731
    said = sentence("kpi_value", kpi=params.kpi, name=_kpi_name(params.kpi), period=str(period), stage=stage,
                    value=_amount(row["value"], row["unit"]), n=row["rows"])  # fmt: skip
    return Answer(rows=row["rows"], definition_version=version, period=period, data=[row], said=said)


def _row(asked: Asked, kpi_id: str, period: Period) -> dict[str, Any]:
    _catalogued(kpi_id)
    frozen = published(asked.store, period, actor=SYSTEM)
    if frozen is not None and kpi_id in frozen.kpis:
        cells = frozen.revised(kpi_id)
        content = frozen.kpi(kpi_id).content
        admitted = [one for one in frozen.revisions_of(kpi_id) if one.admitted]
        return {
            "kpi": kpi_id,
            "period": str(period),
            "stage": "revised" if admitted else "published",
            "value": cells["value"],
            "unit": content["unit"],
            "status": cells["status"],
            "numerator": cells["numerator"],
            "denominator": cells["denominator"],
            "rows": cells["n"],
            "score": cells["score"],
            "missing": list(content["missing"]),
            "definition_version": content["definition_version"],
            "publication": frozen.id,
            "revisions": len(admitted),
        }
    return _said(_now(asked, kpi_id, period), period)


def _now(asked: Asked, kpi_id: str, period: Period) -> SecurityKpi | CityKpi:
    return _series(asked, kpi_id, (period,))[0]


def _series(asked: Asked, kpi_id: str, periods: Sequence[Period]) -> tuple[SecurityKpi | CityKpi, ...]:
    """A KPI over some periods: those of the security sphere from their roll-ups, others from the city's report."""
    _catalogued(kpi_id)
    if kpi_id in DEFINITIONS:
        return kpi_series(asked.store, kpi_id, None, periods, actor=SYSTEM)
    reports = (city_report(asked.store, None, period, actor=SYSTEM) for period in periods)
    return tuple(next(one for one in report.kpis if one.kpi.id == kpi_id) for report in reports)


def _said(one: SecurityKpi | CityKpi, period: Period) -> dict[str, Any]:
    return {
        "kpi": one.kpi.id,
        "period": str(period),
        "stage": "provisional",
        "value": one.value.value,
        "unit": one.value.unit,
        "status": one.status.value,
        "numerator": one.value.numerator,
        "denominator": one.value.denominator,
        "rows": one.value.n,
        "score": one.score.score,
        "missing": [code.value for code in one.value.missing],
        "definition_version": one.value.definition_version,
        "publication": None,
        "revisions": 0,
    }


def _back(last: Period, count: int) -> tuple[Period, ...]:
    """So many periods of one length, the oldest first."""
    found = [last]
    while len(found) < count:
        found.append(Period.containing(found[-1].start - timedelta(microseconds=1), last.kind, last.zone))
    return tuple(reversed(found))


def _catalogued(kpi_id: str) -> Kpi:
    kpi = catalogue().kpis.get(kpi_id)
    if kpi is None:
        raise NotFound(f"There is no KPI {kpi_id} in order 469/НҚ.")
    return kpi


def _kpi_name(kpi_id: str) -> Sentence:
    return lambda lang: str(_catalogued(kpi_id).name[lang])


def _amount(value: float, unit: str) -> Sentence:
    """A value with its unit, as the language writes it."""

    def said(lang: Language) -> str:
        return f"{number(lang, value)}\N{NO-BREAK SPACE}{translate(lang, f'kpi_catalog.unit.{unit}')}"

    return said


def _digits(value: float) -> Sentence:
    return lambda lang: number(lang, value, 1)


def _false_row(by: str, one: FalseAlarms) -> dict[str, Any]:
    return {
        by: one.key,
        "false": one.false,
        "judged": one.judged,
        "unjudged": one.unjudged,
        "share": one.share,
        "low": one.low,
        "high": one.high,
    }


def _key_words(by: str, one: FalseAlarms) -> Sentence:
    return lambda lang: translate(lang, f"exchange.answer.by_{by}", place=one.key)
