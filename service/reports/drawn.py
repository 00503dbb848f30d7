"""The KPIs' charts in a reader's language: trends with the target's line, times, categories."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from kpi_catalog.catalogue import Target, catalogue
from kpi_catalog.period import Period
from kpi_catalog.security import SecurityKpi
from kpi_catalog.status import Status
from service import i18n
from service.charts.bars import histogram
from service.charts.scale import Segment, scale
from service.charts.trend import Line, Point, spark, trend
from service.i18n import Language
from service.kpi_analysis.spread import Distribution
from service.reports import words

WIDE: Final = (720.0, 250.0)
NARROW: Final = (346.0, 230.0)
"""A chart for a screen of 390 px: the same numbers at the same size of letters."""
HUNDRED: Final = 100.0
PERCENT: Final = "percent"


def say(lang: Language) -> Callable[[float], str]:
    """How numbers are written on an axis."""
    return lambda value: i18n.number(lang, value)


def points(lang: Language, series: Sequence[SecurityKpi | None], periods: Sequence[Period]) -> tuple[Point, ...]:
    """A KPI's values as points; what is partial or preliminary is not firm."""
    found = []
    for one, period in zip(series, periods, strict=True):
        label = words.period_short(lang, period)
        if one is None or one.value.value is None:
            found.append(Point(label, None))
            continue
        extra: Mapping[str, object] = one.value.extra
        low, high = extra.get("lower_bound"), extra.get("upper_bound")
        bounded = isinstance(low, int | float) and isinstance(high, int | float)
        found.append(
            Point(
                label,
                one.value.value,
                one.value.status is Status.COMPUTED,
                float(low) if bounded and isinstance(low, int | float) else None,
                float(high) if bounded and isinstance(high, int | float) else None,
            )
        )
    return tuple(found)


def target_line(lang: Language, target: Target) -> Line | None:
    """The target's line, where it is a number."""
    if not target.numeric or target.value is None:
        return None
    return Line(
        target.value, i18n.translate(lang, "kpi_console.target_line", target=words.target(lang, target))
    )  # fmt: skip


def kpi_trend(
    lang: Language,
    series: Sequence[SecurityKpi | None],
    periods: Sequence[Period],
    size: tuple[float, float] = WIDE,
    key: str = "trend",
) -> str:
    """The trend chart of one KPI."""
    newest = next(one for one in reversed(series) if one is not None)
    return trend(
        key,
        _title(lang, newest, periods),
        _description(lang, series, periods),
        points(lang, series, periods),
        say=say(lang),
        target=target_line(lang, newest.target),
        size=size,
        top=HUNDRED if newest.value.unit == PERCENT else None,
    )


def kpi_spark(lang: Language, series: Sequence[SecurityKpi | None], periods: Sequence[Period], key: str) -> str:
    """The small trend of one KPI; nothing where it never had a value."""
    if all(one is None or one.value.value is None for one in series):
        return ""
    newest = next(one for one in reversed(series) if one is not None)
    drawn = points(lang, series, periods)
    return spark(
        key, _title(lang, newest, periods), _description(lang, series, periods), drawn,
        target_line(lang, newest.target),
    )  # fmt: skip


def score_trend(
    lang: Language,
    title: str,
    scores: Sequence[float | None],
    periods: Sequence[Period],
    *,
    running: bool,
    size: tuple[float, float] = WIDE,
    key: str = "score",
    top: float = 1.0,
) -> str:
    """The trend of a score, 0 to `top`; the last period may still run."""
    last = len(scores) - 1
    drawn = [
        Point(words.period_short(lang, period), score, not (running and place == last))
        for place, (score, period) in enumerate(zip(scores, periods, strict=True))
    ]
    said = [(period, score) for period, score in zip(periods, scores, strict=True) if score is not None]
    description = title
    if said:
        description = i18n.translate(
            lang, "kpi_console.trend_desc", first=words.period_name(lang, periods[0]),
            last=words.period_name(lang, periods[-1]), value=words.share(lang, said[-1][1]),
        )  # fmt: skip
    return trend(key, title, description, drawn, say=say(lang), size=size, top=top)


def times(
    lang: Language, found: Distribution, target: Target, size: tuple[float, float] = WIDE, key: str = "times"
) -> str:
    """The histogram of processing times with mean, median and the 90th percentile."""
    marks = [
        Line(value, f"{i18n.translate(lang, f'kpi_console.{name}')} {i18n.number(lang, value)}")
        for name, value in (("median", found.median), ("mean", found.mean), ("p90", found.p90))
        if value is not None
    ]
    wished = target_line(lang, target)
    described = i18n.translate(
        lang, "kpi_console.distribution_desc", n=found.n, median=found.median or 0.0, p90=found.p90 or 0.0
    )
    return histogram(
        key, i18n.translate(lang, "kpi_console.distribution"), described, found.bins, say=say(lang),
        marks=marks, target=wished, size=size,
    )  # fmt: skip


def _title(lang: Language, one: SecurityKpi, periods: Sequence[Period]) -> str:
    name = f"{one.kpi.id} {words.named(lang, one.kpi.name)}"
    return i18n.translate(lang, "kpi_console.trend_of", name=name, count=str(len(periods)))


def _description(lang: Language, series: Sequence[SecurityKpi | None], periods: Sequence[Period]) -> str:
    first, last = words.period_name(lang, periods[0]), words.period_name(lang, periods[-1])
    newest = series[-1]
    if newest is None or newest.value.value is None:
        return i18n.translate(lang, "kpi_console.trend_none", first=first, last=last)
    value = words.quantity(lang, newest.value.value, newest.value.unit)
    return i18n.translate(lang, "kpi_console.trend_desc", first=first, last=last, value=value)


def bands(lang: Language, score: float | None, width: float, key: str) -> str:
    """The grades of the order as one bar from 0 to 100, the score marked on it."""
    book = sorted(catalogue().bands, key=lambda one: one.lower)
    ends = [one.lower for one in book[1:]] + [int(HUNDRED)]
    parts = [Segment(one.lower, end, words.named(lang, one.name)) for one, end in zip(book, ends, strict=True)]
    said = i18n.translate(lang, "common.none") if score is None else i18n.number(lang, score, 1)
    return scale(
        key, i18n.translate(lang, "kpi_city.bands"), i18n.translate(lang, "kpi_city.bands_desc", score=said), parts,
        mark=None if score is None else Line(min(HUNDRED, score), said), say=say(lang), width=width,
    )  # fmt: skip
