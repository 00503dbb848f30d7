"""What the systems of 101, 102, 103 and 112 report of alerts, by tokens of their own; and the log of fire calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from pydantic import AwareDatetime, BaseModel

from incidents.response import ResponseStep
from qyran.errors import AccessError, InputError
from service.alerting import fire_log
from service.alerting.desk import report_of_machine
from service.alerting.drills import Announced, announce, drills, end_drill
from service.alerting.services import ServiceReport
from service.alerting.works import Works, announce_works, end_works, every_works
from service.api.bodies import CallJudgement, NewDrill, NewWorks, ServiceReportBody
from service.api.deps import DeskOf, StoreOf
from service.api.feeds import BEARER, LONGEST
from service.api.problems import NotLoggedIn
from service.feeds import dispatch_actor
from service.outages import OutageView, listing
from service.store.response_tables import Drill, PlannedWorks

router = APIRouter(tags=["alerts"])

MOST_DAYS = 92
"""Of the fire log in one answer."""


class Standing(BaseModel):
    """Where the service's part stands after a report; a repeated report answers alike."""

    alert_id: str
    service: str
    state: str
    number: str | None


class DrillOut(BaseModel):
    """An announced drill."""

    id: str
    name: str
    everywhere: bool
    cameras: list[str]
    sensors: list[str]
    objects: list[str]
    start: datetime
    end: datetime
    announced_at: datetime
    ended_at: datetime | None


class WorksOut(BaseModel):
    """Announced works, and the kinds of alerts that they hold back."""

    id: str
    name: str
    reason: str
    kinds: list[str]
    cameras: list[str]
    sensors: list[str]
    objects: list[str]
    start: datetime
    end: datetime
    announced_at: datetime
    ended_at: datetime | None


class OutageOut(BaseModel):
    """A span in which a part did not work; `end` is absent while it lasts."""

    component: str
    kind: str
    name: str | None
    reason: str
    start: datetime
    end: datetime | None
    seconds: float


@router.post("/service-desk/{service}/reports", summary="A service's system reports a step")
def report(
    service: Literal["101", "102", "103", "112"],
    body: ServiceReportBody,
    store: StoreOf,
    authorization: Annotated[str | None, Header(max_length=LONGEST, description="Bearer and the token.")] = None,
) -> Standing:
    """Received, departed, arrived or finished, by the service's own clock and in any order; twice changes nothing."""
    given = authorization or ""
    token = given[len(BEARER) :].strip() if given.lower().startswith(BEARER) else None
    try:
        actor = dispatch_actor(store, token, service)
    except AccessError as error:
        raise NotLoggedIn(str(error)) from None
    report_ = ServiceReport(
        ResponseStep(body.step), at=body.at, clock="external", number=body.number, found=body.found, note=body.note
    )
    with store.write(actor) as work:
        alert_id, part = report_of_machine(work, service, report_, body.alert_id)
        return Standing(alert_id=alert_id, service=service, state=part.state, number=part.number)


@router.get("/drills", summary="Announced drills")
def announced(desk: DeskOf, *, running: bool = False) -> list[DrillOut]:
    """The latest first; `running` gives those that hold now."""
    with desk.read() as work:
        return [_drill(one) for one in drills(work, now=running)]


@router.post("/drills", summary="Announce a drill", status_code=201)
def announce_drill(body: NewDrill, desk: DeskOf) -> DrillOut:
    """Alerts of its cameras, sensors and objects within its span are exercises: counted nowhere, told as such."""
    given = Announced(
        body.name, body.start, body.end, tuple(body.cameras), tuple(body.sensors), tuple(body.objects), body.everywhere
    )
    with desk.write() as work:
        return _drill(announce(work, given))


@router.post("/drills/{drill_id}/end", summary="End a drill before its time")
def end(drill_id: str, desk: DeskOf) -> DrillOut:
    """Alerts after this moment are real."""
    with desk.write() as work:
        return _drill(end_drill(work, drill_id))


@router.get("/outages", summary="What was down and when")
def outages(desk: DeskOf, since: AwareDatetime | None = None) -> list[OutageOut]:
    """Those that last first, then the latest; the last seven days where no moment is named."""
    with desk.read() as work:
        found = listing(work, since or work.now - timedelta(days=7))
    return [_outage(one) for one in found]


@router.get("/fire-calls", summary="The fire service's calls beside our alerts")
def fire_calls(
    desk: DeskOf,
    since: Annotated[AwareDatetime, Query(description="The first moment.")],
    until: Annotated[AwareDatetime, Query(description="The moment after the last.")],
) -> dict[str, Any]:
    """Which call is which alert, which may be, and what each side knew alone."""
    if not since < until or until - since > timedelta(days=MOST_DAYS):
        raise InputError("The time has to begin before it ends and last 92 days at most.")
    with desk.read() as work:
        found = fire_log.loop(work, since.astimezone(UTC), until.astimezone(UTC))
    return {
        "covered": [list(span) for span in found.covered],
        "matched": found.matched,
        "candidates": found.candidates,
        "service_only": found.service_only,
        "ours_only": found.ours_only,
    }


@router.post("/fire-calls/{call_id}/alerts/{alert_id}", summary="A call and an alert are one, or not", status_code=204)
def judge(call_id: str, alert_id: str, body: CallJudgement, desk: DeskOf) -> None:
    """What a person says stands before what the machine finds."""
    with desk.write() as work:
        fire_log.judge(work, call_id, alert_id, same=body.same)


@router.get("/works", summary="Announced works")
def announced_works(desk: DeskOf, *, running: bool = False) -> list[WorksOut]:
    """The latest first; `running` gives those that hold now."""
    with desk.read() as work:
        return [_works(one) for one in every_works(work, now=running)]


@router.post("/works", summary="Announce works", status_code=201)
def announce_the_works(body: NewWorks, desk: DeskOf) -> WorksOut:
    """Alerts of their kinds at their cameras, sensors and objects are held back within the span, and listed."""
    given = Works(
        body.name, body.reason, tuple(body.kinds), body.start, body.end, tuple(body.cameras), tuple(body.sensors),
        tuple(body.objects),
    )  # fmt: skip
    with desk.write() as work:
        return _works(announce_works(work, given))


@router.post("/works/{works_id}/end", summary="End works before their time")
def end_the_works(works_id: str, desk: DeskOf) -> WorksOut:
    """Alerts after this moment are raised."""
    with desk.write() as work:
        return _works(end_works(work, works_id))


def _works(row: PlannedWorks) -> WorksOut:
    return WorksOut.model_validate(row, from_attributes=True)


def _drill(row: Drill) -> DrillOut:
    return DrillOut.model_validate(row, from_attributes=True)


def _outage(one: OutageView) -> OutageOut:
    return OutageOut.model_validate(one, from_attributes=True)
