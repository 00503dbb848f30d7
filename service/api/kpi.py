"""The security KPIs and the outside figures they need."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from kpi_catalog.catalogue import Category
from service import city_inputs
from service.api.bodies import NewInput
from service.api.deps import DeskOf
from service.kpi import security_report

router = APIRouter(prefix="/kpi", tags=["kpi"])


@router.get("/security", summary="The security sphere")
def security(
    desk: DeskOf,
    category: Category | None = None,
    period: Annotated[str | None, Query(description="2026, 2026-Q1, 2026-03 or 2026-03-15")] = None,
) -> dict[str, Any]:
    """The 16 KPIs of a period with numerator, denominator, target, score and what is missing; the sphere's score."""
    return security_report(desk.store, category, period, actor=desk.login.user.actor).as_dict()


@router.get("/inputs", summary="Outside figures")
def inputs(desk: DeskOf) -> dict[str, city_inputs.Entry]:
    """The newest entry of each; of journals the span alone, their records stand at `/imports/registers/{kind}`."""
    with desk.read() as work:
        return city_inputs.newest(work, within=(work.now, work.now))


@router.put("/inputs/{name}", summary="Enter an outside figure", status_code=204)
def enter(name: Annotated[str, Path(max_length=64)], new: NewInput, desk: DeskOf) -> None:
    """With its source and day; the entries before it stay."""
    with desk.write() as work:
        city_inputs.enter(work, name, new.value, source=new.source, as_of=new.as_of)
