"""False alarms by camera and rule, what a stricter score would have done, how soon alarms are answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.responses import Response

from incidents.severity import FIRE_KINDS
from qyran.errors import InputError
from service.alarm_statistics import Answers, Source, answers, sources
from service.charts.bars import Interval, histogram, intervals
from service.charts.steps import Stair, stairs
from service.i18n import named
from service.kpi_analysis.false_shares import FalseAlarms
from service.records import camera_names, name_of
from service.web.centre.alarm_view import kind_name
from service.web.kpi.inline import inline
from service.web.moments import day
from service.web.rendering import page, words_of
from service.web.visit import Person
from service.web.words import Words

router = APIRouter(prefix="/alarms", include_in_schema=False)

SPAN: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=366)
SHOWN: Final = 60  # lines of cameras and rules; the rest have fewer false alarms by their bounds


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A line: a rule at a camera."""

    camera: str
    camera_id: str
    rule: str
    false: int
    judged: int
    unjudged: int
    share: str
    bounds: str
    chart: Markup | None
    scored: int
    proposal: str | None
    promise: str | None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """How soon a shift acknowledged."""

    shift: str
    n: int
    unanswered: int
    times: tuple[str, str, str]


@router.get("/statistics")
def statistics(
    visit: Person,
    start: Annotated[str, Query(max_length=10)] = "",
    end: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """The page; without days it shows the last thirty."""
    w = words_of(visit)
    last = day(end) if end else w.now.astimezone(w.zone).date()
    first = day(start) if start else last - SPAN + timedelta(days=1)
    since, until = _span(w, first, last)
    with visit.store.read(visit.actor) as work:
        found = sources(work, since, until)
        soon = answers(work, since, until)
        cameras = camera_names(work, (one.camera for one in found.rows))
        names = {one.camera: named(w.lang, name_of(cameras.get(one.camera), one.camera), one.camera)
                 for one in found.rows}  # fmt: skip
    return page(
        visit,
        "alarms/statistics.html",
        start=first.isoformat(),
        end=last.isoformat(),
        whole=found.whole,
        share=_share(w, found.whole),
        bounds=_bounds(w, found.whole),
        rows=tuple(_row(w, one, names[one.camera], place) for place, one in enumerate(found.rows[:SHOWN])),
        more=max(0, len(found.rows) - SHOWN),
        hours=_hours(w, found.hours),
        answered=tuple(_answer(w, one) for one in soon),
        spread=_spread(w, soon[0]),
    )


def _span(w: Words, first: date, last: date) -> tuple[datetime, datetime]:
    if last < first:
        raise InputError("The span ends before it begins.")
    if last - first > LONGEST:
        raise InputError("A span of statistics has 366 days at most.")
    return (
        datetime.combine(first, time(), w.zone),
        datetime.combine(last + timedelta(days=1), time(), w.zone),
    )


def _row(w: Words, one: Source, camera: str, place: int) -> SourceRow:
    counts = one.counts
    return SourceRow(
        camera=camera,
        camera_id=one.camera,
        rule=kind_name(w, counts.key),
        false=counts.false,
        judged=counts.judged,
        unjudged=counts.unjudged,
        share=_share(w, counts),
        bounds=_bounds(w, counts),
        chart=_curve(w, one, place),
        scored=one.scored,
        proposal=_proposal(w, one),
        promise=None if one.proposal is None
        else w.t("centre_stats.promise", n=one.proposal.true, share=w.num(100 * one.proposal.lost_at_most, 1)),
    )  # fmt: skip


def _proposal(w: Words, one: Source) -> str | None:
    if one.proposal is None:
        return None
    found = one.proposal
    setting = "fire" if one.counts.key in FIRE_KINDS else "rule"
    return w.t(
        "centre_stats.proposal",
        setting=w.t(f"centre_stats.setting_{setting}"),
        score=w.num(found.score, 3),
        removed=w.num(found.removed),
        false=w.num(found.false),
    )


def _curve(w: Words, one: Source, place: int) -> Markup | None:
    if len(one.curve) < 2 or not one.counts.false:  # a line has two ends
        return None
    false = max(1, one.counts.false)
    true = max(1, one.counts.judged - one.counts.false)
    kept_false = Stair("false", [(point.score, 1 - point.false_removed / false) for point in one.curve])
    kept_true = Stair("true", [(point.score, 1 - point.true_lost / true) for point in one.curve])
    mark = None if one.proposal is None else (one.proposal.score, w.num(one.proposal.score, 3))
    title, lead = w.t("centre_stats.curve"), w.t("centre_stats.curve_lead")
    drawn = stairs(f"curve-{place}", title, lead, (kept_false, kept_true), say=lambda value: w.num(value, 2), mark=mark)
    return inline(drawn)


def _hours(w: Words, hours: tuple[FalseAlarms, ...]) -> Markup | None:
    rows = [
        Interval(f"{one.key}:00", one.share, one.low, one.high, f"{one.false}/{one.judged}")
        for one in hours
        if one.share is not None
    ]
    if not rows:
        return None
    title = w.t("centre_stats.by_hour")
    return inline(intervals("hours", title, title, rows, say=lambda value: f"{w.num(value, 0)} %", top=100.0))


def _spread(w: Words, whole: Answers) -> Markup | None:
    if not whole.n:
        return None
    title = w.t("centre_stats.spread")
    return inline(histogram("answers", title, title, whole.bins, say=lambda value: w.num(value, 0)))


def _answer(w: Words, one: Answers) -> AnswerRow:
    def said(seconds: float | None) -> str:
        return w.t("common.none") if seconds is None else w.t("unit.seconds", n=w.num(seconds, 0))

    times = (said(one.median_s), said(one.p90_s), said(one.longest_s))
    return AnswerRow(w.t(f"centre_stats.shift_{one.shift}"), one.n, one.unanswered, times)


def _share(w: Words, one: FalseAlarms) -> str:
    return w.t("common.none") if one.share is None else f"{w.num(one.share, 1)} %"


def _bounds(w: Words, one: FalseAlarms) -> str:
    return w.t("common.none") if not one.judged else f"{w.num(one.low, 1)} \N{EN DASH} {w.num(one.high, 1)} %"
