"""The rating of the whole city, the catalogue it follows, and the register of additional initiatives."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.catalogue_view import as_dict
from kpi_catalog.period import Period
from service.access import require
from service.api.bodies import Body
from service.api.deps import DeskOf
from service.rating import city_report, effects
from service.rating.asked import readings_of
from service.rating.initiatives import (
    READERS,
    InitiativeBody,
    Standing,
    change,
    decide,
    enter,
    history,
    judged,
    standing,
    withdraw,
)
from service.store.database import Work

router = APIRouter(prefix="/rating", tags=["rating"])

PeriodText = Annotated[
    str | None,
    Query(max_length=10, description="2026, 2026-Q1, 2026-03, 2026-W12 or 2026-03-15; without it this month"),
]
Reading = Annotated[
    list[str] | None, Query(max_length=32, description="name:choice of a contested reading, such as at_most:linear")
]


class Entered(Body):
    """Where a new initiative is."""

    id: str


class Decision(Body):
    """Whether an initiative counts where its criteria are met, and why."""

    accepted: bool
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class Withdrawal(Body):
    """Why an initiative is taken out of the register."""

    reason: Annotated[str, Field(min_length=1, max_length=2000)]


@router.get("", summary="The whole city")
def rating(
    desk: DeskOf,
    category: Category | None = None,
    period: PeriodText = None,
    reading: Reading = None,
    with_effects: Annotated[bool, Query(description="also what each other choice of a reading would give")] = False,
) -> dict[str, Any]:
    """All 118 KPIs with value, origin, status and score, the five spheres, the city, its grade and what is missing.

    An internal figure, not the official rating.
    """
    report = city_report(
        desk.store,
        category,
        period,
        readings=readings_of(reading or ()),
        variants=with_effects,
        actor=desk.login.user.actor,
    )
    told = report.as_dict()
    if with_effects:
        told["effects"] = [one.as_dict() for one in effects(report)]
    return told


@router.get("/catalogue", summary="The order's KPIs")
def order(
    desk: DeskOf, on: Annotated[date | None, Query(description="the day they shall hold for")] = None
) -> dict[str, Any]:
    """All KPIs, initiatives, spheres and grades as they hold on a day, in three languages."""
    require(desk.login.user.actor, READERS)
    return as_dict(catalogue(on))


@router.get("/initiatives", summary="Additional initiatives")
def initiatives(desk: DeskOf, period: PeriodText = None) -> list[dict[str, Any]]:
    """Every additional initiative that stands, each criterion judged for a period with its reason."""
    with desk.read() as work:
        found = {one.initiative.id: one for one in judged(work, _period(work, period))}
        return [_told(one) | {"judged": found[one.initiative.id].as_dict()} for one in standing(work)]


@router.post("/initiatives", summary="Enter an additional initiative", status_code=201)
def new_initiative(new: InitiativeBody, desk: DeskOf) -> Entered:
    """What is not known yet is left out; its criterion is not met until it is told."""
    with desk.write() as work:
        return Entered(id=enter(work, new))


@router.put("/initiatives/{initiative}", summary="Describe an additional initiative otherwise", status_code=204)
def changed_initiative(initiative: UUID, new: InitiativeBody, desk: DeskOf) -> None:
    """All of it anew; what it was stays in its history."""
    with desk.write() as work:
        change(work, str(initiative), new)


@router.post("/initiatives/{initiative}/decision", summary="Refuse or accept an initiative", status_code=204)
def decision(initiative: UUID, step: Decision, desk: DeskOf) -> None:
    """A refused one earns nothing, whatever its papers say; an accepted one what its criteria come to."""
    with desk.write() as work:
        decide(work, str(initiative), accepted=step.accepted, reason=step.reason)


@router.post("/initiatives/{initiative}/withdrawal", summary="Withdraw an initiative", status_code=204)
def withdrawal(initiative: UUID, step: Withdrawal, desk: DeskOf) -> None:
    """Out of the register; its history stays."""
    with desk.write() as work:
        withdraw(work, str(initiative), step.reason)


@router.get("/initiatives/{initiative}/history", summary="History of an initiative")
def steps(initiative: UUID, desk: DeskOf) -> list[dict[str, Any]]:
    """Every step with who, when and why."""
    with desk.read() as work:
        return [_told(one) for one in history(work, str(initiative))]


def _period(work: Work, text: str | None) -> Period:
    settings = work.store.settings
    return Period.parse(text or f"{work.now.astimezone(settings.zone):%Y-%m}", settings.time_zone)


def _told(one: Standing) -> dict[str, Any]:
    given = one.initiative
    names = InitiativeBody.model_fields.keys() - {"indicators"}
    said = {name: getattr(given, name) for name in InitiativeBody.model_fields if name in names}
    return {
        "id": given.id,
        **{name: value.isoformat() if isinstance(value, date) else value for name, value in said.items()},
        "indicators": [
            {"name": each.name, "value": each.value, "unit": each.unit, "words": each.words}
            for each in given.indicators
        ],
        "refused": given.refused,
        "step": {
            "number": one.last.number,
            "action": one.last.action,
            "at": one.last.at.isoformat(),
            "by": one.last.by,
            "reason": one.last.reason,
        },
    }
