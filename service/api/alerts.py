"""Alerts: the list, its live stream, and the steps from acknowledging to closing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final, Literal

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from incidents.alert import AlertState
from incidents.response import ResponseStep
from qyran.roles import SYSTEM, Role
from service import alerts
from service.access import ALERT_READERS, require
from service.alerting.by_hand import HandReport, raise_by_hand
from service.alerting.drills import mark_drill
from service.alerting.joining import join, part
from service.alerts import ServiceReport
from service.api.bodies import (
    AssignStep,
    CloseStep,
    CrewStep,
    DispatchStep,
    DrillStep,
    HandAlert,
    JoinStep,
    NoteBody,
    ReasonedStep,
    ServiceStep,
    Step,
    TimeStep,
    VerdictStep,
)
from service.api.deps import Desk, DeskOf, is_closing, token_of
from service.auth import logged_in
from service.store.alert_stream import BELL
from service.views import AlertDetail, AlertPage, AlertSummary

router = APIRouter(prefix="/alerts", tags=["alerts"])

Service = Literal["101", "102", "103", "112"]
TICK_S: Final = 0.05  # how often a listener asks whether the bell was rung: a look at one number in memory
LOOK_S: Final = 0.5  # how often it looks at the store, for what other processes changed
LOGIN_S: Final = 2.0  # how often it asks whether the login has ended


@router.get("", summary="The alarm list")
def listing(
    desk: DeskOf,
    state: AlertState | None = None,
    kind: str | None = None,
    camera: str | None = None,
    *,
    open_only: bool = True,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> AlertPage:
    """Alerts of one state, or all that somebody still has to do something about; the newest first."""
    with desk.read() as work:
        return alerts.listing(
            work, state=state, kind=kind, camera=camera, open_only=open_only, limit=limit, offset=offset
        )


@router.post("", summary="Raise an alert by hand", status_code=201)
def raise_alert(body: HandAlert, desk: DeskOf) -> AlertDetail:
    """What 112 telephoned, or what an operator sees; where the machine had raised it before, that alert answers."""
    with desk.write() as work:
        return raise_by_hand(work, HandReport(**body.model_dump()))


@router.get("/stream", summary="Changes of alerts as they happen", response_class=EventSourceResponse)
async def stream(
    request: Request,
    desk: DeskOf,
    after: Annotated[
        int | None, Query(ge=0, description="The number a page was made at; nothing older is told.")
    ] = None,
    last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=32)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events `alert`, each an `AlertSummary`; first all open ones, then every change.

    The id of an event is a number that grows with every change: a browser that reconnects sends it as `Last-Event-ID`
    and is told exactly what it has missed. Of an alert that changed several times meanwhile the last state is told. An
    event `end` says that the login has ended; a service that is being stopped ends the stream without a word, and
    browsers connect again.
    """
    require(desk.login.user.actor, ALERT_READERS)
    told, rung, looked, asked = _number(last, after), -1, 0.0, 0.0
    while True:
        if is_closing(request):
            return
        now = anyio.current_time()
        if now - asked >= LOGIN_S:
            asked = now
            if await run_sync(lambda: logged_in(desk.store, token_of(request), used=False)) is None:
                break
        if BELL.rung != rung or now - looked >= LOOK_S:
            rung, looked = BELL.rung, now
            fresh, told = await run_sync(_fresh, desk, told)
            for number, one in fresh:
                yield ServerSentEvent(event="alert", id=str(number), data=one.model_dump(mode="json"))
        await anyio.sleep(TICK_S)
    yield ServerSentEvent(event="end", data={"detail": "The login has ended."})


@router.get("/{alert_id}", summary="Open an alert")
def open_alert(alert_id: str, desk: DeskOf) -> AlertDetail:
    """Everything about an alert; the look is logged."""
    with desk.write() as work:
        return alerts.open_alert(work, alert_id)


@router.post("/{alert_id}/acknowledge", summary="Seen and taken on")
def acknowledge(alert_id: str, step: Step, desk: DeskOf) -> AlertDetail:
    """Somebody takes it on."""
    with desk.write() as work:
        return alerts.acknowledge(work, alert_id, version=step.version)


@router.post("/{alert_id}/verify", summary="Begin to verify")
def verify(alert_id: str, step: Step, desk: DeskOf) -> AlertDetail:
    """The operator looks at it; also how a verdict is taken up again."""
    with desk.write() as work:
        return alerts.start_verification(work, alert_id, version=step.version)


@router.post("/{alert_id}/verdict", summary="True, false or undetermined")
def verdict(alert_id: str, step: VerdictStep, desk: DeskOf) -> AlertDetail:
    """The verdict; `false` needs a reason code."""
    with desk.write() as work:
        return alerts.verdict(work, alert_id, step.verdict, reason=step.reason, note=step.note, version=step.version)


@router.post("/{alert_id}/dispatch", summary="Send a service out")
def dispatch(alert_id: str, step: DispatchStep, desk: DeskOf) -> AlertDetail:
    """101 fire, 102 police, 103 ambulance, 112 the emergency control centre."""
    with desk.write() as work:
        return alerts.dispatch(work, alert_id, step.service, note=step.note, version=step.version)


@router.post("/{alert_id}/depart", summary="The crew has left")
def depart(alert_id: str, step: CrewStep, desk: DeskOf) -> AlertDetail:
    """The crew is on its way."""
    with desk.write() as work:
        return alerts.depart(work, alert_id, service=step.service, at=step.at, version=step.version)


@router.post("/{alert_id}/arrive", summary="The crew is there")
def arrive(alert_id: str, step: CrewStep, desk: DeskOf) -> AlertDetail:
    """The crew has arrived."""
    with desk.write() as work:
        return alerts.arrive(work, alert_id, service=step.service, at=step.at, version=step.version)


@router.post("/{alert_id}/resolve", summary="Under control")
def resolve(alert_id: str, step: Step, desk: DeskOf) -> AlertDetail:
    """It is under control."""
    with desk.write() as work:
        return alerts.resolve(work, alert_id, note=step.note, version=step.version)


@router.post("/{alert_id}/cancel", summary="Never meant")
def cancel(alert_id: str, step: ReasonedStep, desk: DeskOf) -> AlertDetail:
    """An announced drill, a camera being serviced, a slip of the operator."""
    with desk.write() as work:
        return alerts.cancel(work, alert_id, step.reason, note=step.note, version=step.version)


@router.post("/{alert_id}/close", summary="Done")
def close(alert_id: str, step: CloseStep, desk: DeskOf) -> AlertDetail:
    """Close with a closing code."""
    with desk.write() as work:
        return alerts.close(work, alert_id, step.closing_code, note=step.note, version=step.version)


@router.post("/{alert_id}/reopen", summary="Again")
def reopen(alert_id: str, step: Step, desk: DeskOf) -> AlertDetail:
    """The same object again."""
    with desk.write() as work:
        return alerts.reopen(work, alert_id, note=step.note, version=step.version)


@router.post("/{alert_id}/raise", summary="Raise what was held back")
def let_through(alert_id: str, step: Step, desk: DeskOf) -> AlertDetail:
    """Works or a second look held it back, and somebody sees that it is real."""
    with desk.write() as work:
        return alerts.let_through(work, alert_id, note=step.note, version=step.version)


@router.post("/{alert_id}/assign", summary="Hand over to another operator")
def assign(alert_id: str, step: AssignStep, desk: DeskOf) -> AlertDetail:
    """Who takes it over sees it as his own."""
    with desk.write() as work:
        return alerts.assign(work, alert_id, step.operator, note=step.note, version=step.version)


@router.post("/{alert_id}/note", summary="A note without a step")
def note(alert_id: str, body: NoteBody, desk: DeskOf) -> AlertDetail:
    """Words of an operator, or of a service that has a part in it; sealed."""
    with desk.write() as work:
        return alerts.add_note(work, alert_id, body.note)


@router.post("/{alert_id}/time", summary="A time that somebody tells")
def told_time(alert_id: str, step: TimeStep, desk: DeskOf) -> AlertDetail:
    """When it began, or when the call for it was taken; typed by hand, and shown as such."""
    with desk.write() as work:
        return alerts.correct_time(work, alert_id, step.name, step.at, version=step.version)


@router.post("/{alert_id}/join", summary="The same as another")
def join_alerts(alert_id: str, step: JoinStep, desk: DeskOf) -> AlertDetail:
    """Two alerts are one happening; the answer is the alert that stands for both."""
    with desk.write() as work:
        return join(work, alert_id, step.into, note=step.note, version=step.version)


@router.post("/{alert_id}/part", summary="Not the same after all")
def part_alerts(alert_id: str, step: ReasonedStep, desk: DeskOf) -> AlertDetail:
    """A merged report stands by itself again, and has to be answered."""
    with desk.write() as work:
        return part(work, alert_id, step.reason, note=step.note, version=step.version)


@router.post("/{alert_id}/drill", summary="An exercise, or real after all")
def drill(alert_id: str, step: DrillStep, desk: DeskOf) -> AlertDetail:
    """Exercises count nowhere and are told as such."""
    with desk.write() as work:
        return mark_drill(work, alert_id, drill=step.is_drill, note=step.note, version=step.version)


@router.post("/{alert_id}/services/{service}/{step}", summary="What a service does")
def service_step(alert_id: str, service: Service, step: ResponseStep, body: ServiceStep, desk: DeskOf) -> AlertDetail:
    """A dispatcher for his own service, an operator for any of them; what is known already changes nothing."""
    given = ServiceReport(step, at=body.at, number=body.number, found=body.found, note=body.note)
    with desk.write() as work:
        return alerts.service_step(work, alert_id, service, given, version=body.version)


@router.get("/{alert_id}/evidence/{event_id}/{name}", summary="A file of the evidence", response_class=FileResponse)
def evidence_file(alert_id: str, event_id: str, name: str, desk: DeskOf) -> FileResponse:
    """A clip or a still that the manifest lists; ranges are served."""
    with desk.write() as work:
        path, media_type = alerts.evidence_file(work, alert_id, event_id, name)
    return FileResponse(path, media_type=media_type)


def _number(last: str | None, after: int | None) -> int | None:
    """From where on a listener wants to be told; None where it knows nothing yet."""
    if last is not None and last.isascii() and last.isdigit():
        return int(last)
    return after


def _fresh(desk: Desk, told: int | None) -> tuple[list[tuple[int, AlertSummary]], int | None]:
    """What the listener does not know yet, with its numbers; an operator's console showing it is its delivery."""
    with desk.read() as work:
        fresh, number = alerts.changed_after(work, told)
    shown = [one.id for _, one in fresh if one.state == AlertState.NOTIFIED and one.t_notify_delivered is None]
    if not shown or Role.SITUATIONAL_OPERATOR not in desk.login.user.roles:
        return fresh, number
    with desk.store.write(SYSTEM) as work:
        alerts.mark_delivered(work, shown)
    with desk.read() as work:
        return alerts.changed_after(work, told)
