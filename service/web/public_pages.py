"""The public page: no login, no cookie, the same bytes for everybody who asks in one language, so it may be cached."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from kpi_catalog.period import Period, PeriodKind
from qyran import __version__
from qyran.errors import InputError
from service.i18n import LANGUAGES, as_language, preferred
from service.public_page import Availability, availability
from service.public_page.figures import FEWEST, KEPT, Figure, public_figures, public_periods
from service.reports import words
from service.store.database import Store
from service.web.kpi.rows import TONES, bar_class
from service.web.rendering import LANGUAGE_NAMES, POLICY, SOURCE_PATH, plain, static, zone_name
from service.web.words import Words

router = APIRouter(include_in_schema=False)
BAR_PX: Final = 120
CACHE: Final = f"public, max-age={round(KEPT.total_seconds())}"


@dataclass(frozen=True, slots=True)
class Row:
    """One KPI as everybody reads it."""

    id: str
    name: str
    value: str
    unit: str
    target: str
    score: str | None
    bar_px: int
    bar_class: str
    status: str
    tone: str


@dataclass(frozen=True, slots=True)
class Uptime:
    """The availability of a period in words."""

    percent: str | None
    target: str
    good: bool
    note: str


@router.get("/public")
def public(
    request: Request,
    lang: Annotated[str, Query(max_length=2)] = "",
    period: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """The public figures of a period that is over."""
    store: Store = request.app.state.store
    chosen = as_language(lang) or preferred(request.headers.get("accept-language", ""), store.settings.language)
    w = Words(chosen, ZoneInfo(store.settings.time_zone), store.clock())
    known = public_periods(store)
    wanted = known[0]
    if period:
        wanted = Period.parse(period, store.settings.time_zone)
        if wanted not in known:
            raise InputError(f"The period {period} is not public; months, quarters and years that are over are.")
    figures = public_figures(store, wanted)
    running = Period.containing(w.now, PeriodKind.MONTH, store.settings.time_zone)
    content = plain(
        "public.html",
        t=w.t,
        w=w,
        lang=chosen,
        languages=[(code, name) for code, name in LANGUAGE_NAMES if code in LANGUAGES],
        city=store.settings.city_name[chosen],
        demo=store.demo,
        version=__version__,
        source_url=SOURCE_PATH,
        zone_name=zone_name(w),
        static=static,
        figures=figures,
        period=str(wanted),
        period_name=words.period_name(chosen, wanted),
        periods=[(str(one), words.period_name(chosen, one)) for one in known],
        score=None if figures.score is None else words.share(chosen, figures.score),
        rows=[_row(w, one) for one in figures.figures],
        uptime=_uptime(w, availability(store, wanted)),
        uptime_now=_uptime(w, availability(store, running)),
        fewest=FEWEST,
    )
    return _cached(request, content)


def _cached(request: Request, content: str) -> Response:
    """A response that anybody may keep for a while; 304 where the reader has these bytes already."""
    tag = f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    headers = {
        "cache-control": CACHE,
        "etag": tag,
        "vary": "Accept-Language",
        "content-security-policy": POLICY,
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="text/html; charset=utf-8")


def _row(w: Words, one: Figure) -> Row:
    value = w.t("kpi.no_data") if one.value is None else w.num(one.value, 1)
    if one.held_back:
        value = w.t("public.held_back", n=FEWEST)
    return Row(
        id=one.kpi.id,
        name=words.named(w.lang, one.kpi.name),
        value=value,
        unit="" if one.value is None else words.unit(w.lang, one.kpi.unit),
        target=words.target(w.lang, one.target),
        score=None if one.score is None else words.share(w.lang, one.score),
        bar_px=0 if one.score is None else round(BAR_PX * min(1.0, one.score)),
        bar_class=bar_class(one.score),
        status=words.status(w.lang, one.status.value),
        tone=TONES.get(one.status, ""),
    )


def _uptime(w: Words, found: Availability) -> Uptime:
    target = w.t("public.availability_target", target=f"≥{w.num(found.target)} %")
    if found.percent is None or found.since is None:
        return Uptime(None, target, good=False, note=w.t("public.availability_none"))
    note = "" if found.whole else w.t("public.availability_since", since=w.day(found.since.astimezone(w.zone).date()))
    # Down to two decimals without rounding up: 99.996 is not 100.
    shown = int(found.percent * 100) / 100
    return Uptime(f"{w.num(shown)} %", target, good=found.percent >= found.target, note=note)
