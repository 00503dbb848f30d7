"""The single records behind a KPI's value, and the whole derivation of the value."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from service.kpi import kpi_series
from service.publication.explain import explain
from service.publication.people import teller
from service.rollups.events import Event, events_of
from service.web.kpi.asked import Asked, ForPeriod
from service.web.kpi.records import record_path
from service.web.kpi.rows import row_of
from service.web.kpi.standing import standing_of
from service.web.kpi.tabs import tabs
from service.web.rendering import page

router = APIRouter()
LIMIT: Final = 100
COUNTED: Final = ("numerator", "denominator", "both", "excluded")
TONES: Final = {"numerator": "accent", "denominator": "", "both": "good", "excluded": "warn"}


@dataclass(frozen=True, slots=True)
class Line:
    """One record in words; `path` only where the reader may open it."""

    kind: str
    id: str
    path: str | None
    at: datetime
    counted: str
    tone: str
    adds: str
    why: str


@router.get("/{kpi_id}/events")
def events(asked: ForPeriod, kpi_id: str, after: Annotated[str | None, Query(max_length=200)] = None) -> Response:
    """A page of records."""
    w, visit = asked.w, asked.visit
    (found,) = kpi_series(visit.store, kpi_id, asked.category.value, [asked.period], actor=visit.actor)
    given = events_of(visit.store, kpi_id, asked.period, actor=visit.actor, after=after or None, limit=LIMIT)
    return page(
        visit,
        "kpi/events.html",
        asked=asked,
        row=row_of(asked, found),
        lines=[_line(asked, one) for one in given.events],
        totals=[
            (w.t(f"kpi_events.counted_{name}"), w.num(given.totals[name])) for name in COUNTED if name in given.totals
        ],
        reasons=[
            (w.or_code(f"kpi_event_reason.{name}"), w.num(count))
            for name, count in given.totals.items()
            if name not in COUNTED
        ],
        more=None if given.after is None else asked.link(f"/kpi/{kpi_id}/events", after=given.after),
        first=asked.link(f"/kpi/{kpi_id}/events") if after else None,
        back=asked.link(f"/kpi/{kpi_id}"),
        picker=asked.picker(f"/kpi/{kpi_id}/events"),
        tabs=tabs(asked, ""),
    )


@router.get("/{kpi_id}/explain")
def explained(asked: ForPeriod, kpi_id: str) -> Response:
    """The derivation of the value, as published or as it stands."""
    w, visit = asked.w, asked.visit
    told = explain(visit.store, kpi_id, asked.period, actor=visit.actor)
    sections = teller(visit.store, w.lang, visit.actor).sections(told)
    return page(
        visit,
        "kpi/explain.html",
        asked=asked,
        kpi_id=kpi_id,
        sections=sections,
        standing=standing_of(asked),
        machine=json.dumps(told.as_dict(), ensure_ascii=False, indent=1, sort_keys=True, default=str),
        back=asked.link(f"/kpi/{kpi_id}"),
        picker=asked.picker(f"/kpi/{kpi_id}/explain"),
        tabs=tabs(asked, ""),
    )


def _line(asked: Asked, one: Event) -> Line:
    w = asked.w
    adds = w.t("common.none")
    if one.value is not None:
        adds = (
            w.num(one.value)
            if one.base is None
            else w.t("kpi.ratio", numerator=w.num(one.value), denominator=w.num(one.base))
        )
    elif one.counted != "excluded":
        adds = w.num(1)
    return Line(
        kind=w.or_code(f"kpi_events.kind_{one.kind}"),
        id=one.id,
        path=record_path(asked, one.kind, one.id),
        at=one.at,
        counted=w.t(f"kpi_events.counted_{one.counted}"),
        tone=TONES[one.counted],
        adds=adds,
        why=w.or_code(f"kpi_event_reason.{one.reason}") if one.reason else w.t("common.none"),
    )
