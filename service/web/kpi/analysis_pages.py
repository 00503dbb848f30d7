"""Where false alarms come from, and what would raise the score most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, get_args

from fastapi import APIRouter, Query
from starlette.responses import Response

from qyran.wilson import wilson
from service import i18n
from service.charts.bars import Interval, intervals
from service.charts.trend import Line
from service.kpi import security_report
from service.kpi_analysis.false_records import FalseRecord, false_records
from service.kpi_analysis.false_shares import By, FalseAlarms, false_alarms
from service.kpi_analysis.gain import Gain, Standing, gains
from service.kpi_analysis.held_back import held_back
from service.reports import words
from service.reports.drawn import say
from service.web.kpi.asked import Asked, ForPeriod
from service.web.kpi.inline import inline
from service.web.kpi.one_page import kpi_of
from service.web.kpi.records import record_path
from service.web.kpi.rows import bar_class
from service.web.kpi.tabs import tabs
from service.web.rendering import page

router = APIRouter()
DRAWN: Final = 24
"""Rows that a picture shows."""
BAR_PX: Final = 160
HUNDRED: Final = 100.0
PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class FalseRow:
    """A row of the analysis in words."""

    name: str
    false: str
    judged: str
    unjudged: str
    share: str | None
    interval: str | None
    records: str | None


@dataclass(frozen=True, slots=True)
class FalseLine:
    """A record judged false; `path` only where the reader may open it."""

    kind: str
    id: str
    path: str | None
    rule: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class GainRow:
    """What a KPI could still add, in words."""

    id: str
    name: str
    path: str
    reached: str
    city: str
    sphere: str
    bar_px: int
    bar_class: str
    how: str
    status: str


@router.get("/false-alarms")
def false_alarm_page(asked: ForPeriod, by: Annotated[str, Query(max_length=10)] = "camera") -> Response:
    """The items of KPI 9.9 by camera, rule or hour, with intervals."""
    w = asked.w
    chosen: By = next((one for one in get_args(By) if one == by), "camera")
    rows = false_alarms(asked.visit.store, asked.period, chosen, actor=asked.visit.actor)
    report = security_report(asked.visit.store, asked.category.value, asked.period, actor=asked.visit.actor)
    whole = kpi_of(report.kpis, "9.9")
    names = {one.key: _name(asked, chosen, one.key) for one in rows}
    judged = [one for one in rows if one.judged]
    charts = [
        inline(_chart(asked, judged[:DRAWN], names, width, f"false-{number}", whole.target.value))
        for number, width in enumerate((720.0, 346.0))
    ]
    return page(
        asked.visit,
        "kpi/false_alarms.html",
        asked=asked,
        picker=asked.picker("/kpi/false-alarms", by=chosen),
        tabs=tabs(asked, "false"),
        by=chosen,
        by_name=w.t(f"kpi_false.by_{chosen}"),
        choices=[(one, w.t(f"kpi_false.by_{one}"), asked.link("/kpi/false-alarms", by=one)) for one in get_args(By)],
        rows=[_false_row(asked, chosen, one, names[one.key]) for one in rows],
        whole=_false_row(asked, chosen, _sum(rows), w.t("kpi_false.whole")) if rows else None,
        charts=charts if judged else None,
        cut=len(judged) > DRAWN,
        drawn=DRAWN,
        target=words.target(w.lang, whole.target),
        held=held_back(asked.visit.store, asked.period, actor=asked.visit.actor),
    )


@router.get("/false-alarms/records")
def records_page(
    asked: ForPeriod,
    camera: Annotated[str, Query(max_length=64)],
    start: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """A camera's records that were judged false."""
    w, actor = asked.w, asked.visit.actor
    found = false_records(asked.visit.store, asked.period, camera, actor=actor, start=start, limit=PAGE + 1)
    rows = [
        FalseLine(
            kind=w.t(f"kpi_events.kind_{one.kind}"),
            id=one.id,
            path=record_path(asked, one.kind, one.id),
            rule=_name(asked, "rule", one.rule),
            at=one.at,
            reason=_reason(asked, one),
        )
        for one in found[:PAGE]
    ]
    here = "/kpi/false-alarms/records"
    return page(
        asked.visit,
        "kpi/false_records.html",
        asked=asked,
        camera=camera,
        rows=rows,
        more=asked.link(here, camera=camera, start=str(start + PAGE)) if len(found) > PAGE else None,
        first=asked.link(here, camera=camera) if start else None,
        back=asked.link("/kpi/false-alarms"),
        picker=asked.picker(here, camera=camera),
        tabs=tabs(asked, "false"),
    )


@router.get("/raise")
def raise_page(asked: ForPeriod) -> Response:
    """What would raise the score most."""
    report = security_report(asked.visit.store, asked.category.value, asked.period, actor=asked.visit.actor)
    found = gains(
        Standing(one.kpi, one.target, one.status, one.value.value, one.score.score, tuple(one.value.missing))
        for one in report.kpis
    )
    advised = [one for one in found if one.advised]
    top = max((one.city for one in advised), default=0.0) or 1.0
    return page(
        asked.visit,
        "kpi/raise.html",
        asked=asked,
        picker=asked.picker("/kpi/raise"),
        tabs=tabs(asked, "raise"),
        rows=[_gain_row(asked, one, top) for one in advised],
        excluded=[_gain_row(asked, one, top) for one in found if not one.advised],
        inputs=_inputs(asked, advised),
    )


def _chart(
    asked: Asked, rows: list[FalseAlarms], names: dict[str, str], width: float, key: str, target: float | None
) -> str:
    w = asked.w
    drawn = [
        Interval(names[one.key], one.share or 0.0, one.low, one.high, f"{w.num(one.share or 0.0, 1)} %") for one in rows
    ]
    line = Line(target, w.t("kpi_console.target_line", target=w.num(target))) if target is not None else None
    return intervals(
        key, w.t("kpi_false.chart"),
        w.t("kpi_false.chart_desc", n=len(rows), worst=names[rows[0].key] if rows else w.t("common.none")),
        drawn, say=say(w.lang), target=line, width=width, top=HUNDRED,
    )  # fmt: skip


def _name(asked: Asked, by: By, key: str) -> str:
    if by == "hour":
        return asked.w.t("kpi_false.hour", hour=key, next=f"{(int(key) + 1) % 24:02}")
    if by == "rule":
        rooms = ("violations", "incidents", "fire_alerts")
        found = next((f"{room}.kind.{key}" for room in rooms if i18n.has(asked.w.lang, f"{room}.kind.{key}")), None)
        return asked.w.t(found) if found else key
    return key


def _reason(asked: Asked, one: FalseRecord) -> str:
    room = "violations" if one.kind == "case" else "incidents"
    found = (f"{place}.reason.{one.reason}" for place in (room, "incidents", "violations"))
    return next(
        (asked.w.t(key) for key in found if i18n.has(asked.w.lang, key)), one.reason or asked.w.t("common.none")
    )


def _false_row(asked: Asked, by: By, one: FalseAlarms, name: str) -> FalseRow:
    w = asked.w
    records = None
    if by == "camera" and one.key:
        records = asked.link("/kpi/false-alarms/records", camera=one.key)
    return FalseRow(
        name=name,
        false=w.num(one.false),
        judged=w.num(one.judged),
        unjudged=w.num(one.unjudged),
        share=None if one.share is None else f"{w.num(one.share, 1)} %",
        interval=w.t("kpi_false.interval_of", low=w.num(one.low, 1), high=w.num(one.high, 1)) if one.judged else None,
        records=records,
    )


def _sum(rows: tuple[FalseAlarms, ...]) -> FalseAlarms:
    false, judged = sum(one.false for one in rows), sum(one.judged for one in rows)
    low, high = wilson(false, judged)
    share = HUNDRED * false / judged if judged else None
    return FalseAlarms("", false, judged, sum(one.unjudged for one in rows), share, HUNDRED * low, HUNDRED * high)


def _gain_row(asked: Asked, one: Gain, top: float) -> GainRow:
    w, standing = asked.w, one.standing
    lang, kpi = w.lang, standing.kpi
    if one.missing:
        how = w.t("kpi_raise.how_input", inputs=words.missing(lang, one.missing))
    elif one.points <= 0 and one.reached is not None:
        how = w.t("kpi_raise.done")
    else:
        how = w.t(
            "kpi_raise.how_value",
            value=words.quantity(lang, standing.value, kpi.unit),
            target=words.target(lang, standing.target),
        )
    return GainRow(
        id=kpi.id,
        name=words.named(lang, kpi.name),
        path=asked.link(f"/kpi/{kpi.id}"),
        reached=w.t("kpi_raise.points_of", reached=w.num(one.reached or 0.0, 1), points=w.num(kpi.points)),
        city=w.num(one.city, 2),
        sphere=w.num(one.sphere, 1),
        bar_px=round(BAR_PX * one.city / top) if one.advised else 0,
        bar_class="bar-low" if one.missing else bar_class(standing.score),
        how=how,
        status=words.status(lang, standing.status.value),
    )


def _inputs(asked: Asked, found: list[Gain]) -> list[tuple[str, tuple[tuple[str, str], ...], str]]:
    """Each missing input with the KPIs it holds back and what they could add, the largest first."""
    held: dict[str, list[Gain]] = {}
    for gain in found:
        for name in gain.missing:
            held.setdefault(name, []).append(gain)
    ordered = sorted(held.items(), key=lambda pair: -sum(one.city for one in pair[1]))
    return [
        (
            words.missing(asked.w.lang, [name]),
            tuple((one.standing.kpi.id, asked.link(f"/kpi/{one.standing.kpi.id}")) for one in rows),
            asked.w.num(sum(one.city for one in rows), 2),
        )
        for name, rows in ordered
    ]
