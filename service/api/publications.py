"""Published periods: frozen values, their revisions, and the derivation of each."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from kpi_catalog.period import PeriodKind
from service.api.deps import DeskOf
from service.i18n import Language
from service.publication import publications, publish, the_published
from service.publication.explain import explain
from service.publication.people import teller
from service.publication.proof import verify
from service.publication.recompute import recompute

router = APIRouter(prefix="/publications", tags=["kpi"])

PeriodText = Annotated[str, Path(max_length=16, description="2026, 2026-Q4, 2026-10, 2026-W43 or 2026-10-05")]
KpiId = Annotated[str, Path(max_length=8, description="9.8")]


@router.get("", summary="Published periods")
def listed(
    desk: DeskOf,
    kind: PeriodKind | None = None,
    since: Annotated[datetime | None, Query(description="published or revised after this moment")] = None,
    limit: Annotated[int, Query(ge=1, le=400)] = 100,
) -> list[dict[str, Any]]:
    """The newest periods first, without their values."""
    found = publications(desk.store, kind=kind, since=since, limit=limit, actor=desk.login.user.actor)
    return [one.as_dict() for one in found]


@router.get("/{period}", summary="A published period")
def one(period: PeriodText, desk: DeskOf) -> dict[str, Any]:
    """Every frozen value with what it was made of, and the revisions found since."""
    return the_published(desk.store, period, actor=desk.login.user.actor).as_dict()


@router.post("/{period}", summary="Publish a period")
def publish_now(period: PeriodText, desk: DeskOf) -> dict[str, Any]:
    """A period that has ended is frozen as it is known now; one that is published already is given back as it is."""
    return publish(desk.store, period, actor=desk.login.user.actor).as_dict()


@router.get("/{period}/proof", summary="Whether it is what was published")
def proof(period: PeriodText, desk: DeskOf) -> dict[str, Any]:
    """Every text, day of events and link of the chain checked; and every value computed again by its versions."""
    actor = desk.login.user.actor
    found = the_published(desk.store, period, actor=actor)
    again = recompute(desk.store, found, actor=actor).as_dict()
    del again["values"]
    return {"verified": verify(desk.store, found.period, actor=actor).as_dict(), "recomputed": again}


@router.get("/{period}/{kpi_id}/explain", summary="How a figure came about")
def explained(
    period: PeriodText,
    kpi_id: KpiId,
    desk: DeskOf,
    now: Annotated[bool | None, Query(description="as it would be now; by default as published, where it is")] = None,
    lang: Annotated[Language | None, Query(description="also in words")] = None,
) -> dict[str, Any]:
    """The whole derivation, published or provisional."""
    actor = desk.login.user.actor
    found = explain(desk.store, kpi_id, period, now=now, actor=actor)
    told = found.as_dict()
    if lang is None:
        return told
    sections = teller(desk.store, lang, actor).sections(found)
    return {
        "words": [
            {
                "key": section.key,
                "title": section.title,
                "lines": [{"label": label, "text": text} for label, text in section.lines],
            }
            for section in sections
        ],
        **told,
    }
