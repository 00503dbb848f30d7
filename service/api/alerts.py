"""Alerts: the list, its live stream, and the steps from acknowledging to closing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Final

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from incidents.alert import OPEN, AlertState
from qyran.roles import SYSTEM, Role
from service import alerts
from service.access import ALERT_READERS, require
from service.api.bodies import CloseStep, DispatchStep, ReasonedStep, Step, VerdictStep
from service.api.deps import Desk, DeskOf, token_of
from service.auth import logged_in
from service.views import AlertDetail, AlertPage, AlertSummary

router = APIRouter(prefix="/alerts", tags=["alerts"])

POLL_S: Final = 1.0
OVERLAP: Final = timedelta(seconds=30)  # a slow transaction may commit an earlier moment later
BACKLOG: Final = timedelta(hours=24)  # what a fresh listener is told of


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


@router.get("/stream", summary="Changes of alerts as they happen", response_class=EventSourceResponse)
async def stream(request: Request, desk: DeskOf) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events `alert`, each an `AlertSummary`; first all open ones, then every change.

    After a reconnection all open ones come again: take the one with the higher `version`. An event `end` says that the
    login has ended.
    """
    require(desk.login.user.actor, ALERT_READERS)
    token, told = token_of(request), dict[str, int]()
    since: datetime | None = None
    while await run_sync(lambda: logged_in(desk.store, token, used=False)) is not None:
        moment = desk.store.clock()
        for one in await run_sync(_fresh, desk, told, since):
            told[one.id] = one.version
            yield ServerSentEvent(event="alert", id=f"{one.id}:{one.version}", data=one.model_dump(mode="json"))
        since = moment
        await anyio.sleep(POLL_S)
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
def depart(alert_id: str, step: Step, desk: DeskOf) -> AlertDetail:
    """The crew is on its way."""
    with desk.write() as work:
        return alerts.depart(work, alert_id, version=step.version)


@router.post("/{alert_id}/arrive", summary="The crew is there")
def arrive(alert_id: str, step: Step, desk: DeskOf) -> AlertDetail:
    """The crew has arrived."""
    with desk.write() as work:
        return alerts.arrive(work, alert_id, version=step.version)


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


@router.get("/{alert_id}/evidence/{event_id}/{name}", summary="A file of the evidence", response_class=FileResponse)
def evidence_file(alert_id: str, event_id: str, name: str, desk: DeskOf) -> FileResponse:
    """A clip or a still that the manifest lists; ranges are served."""
    with desk.write() as work:
        path, media_type = alerts.evidence_file(work, alert_id, event_id, name)
    return FileResponse(path, media_type=media_type)


def _fresh(desk: Desk, told: dict[str, int], since: datetime | None) -> list[AlertSummary]:
    """What the listener does not know yet; an operator's console showing it is its delivery."""
    with desk.read() as work:
        changed = alerts.changed_since(work, work.now - BACKLOG if since is None else since - OVERLAP)
    fresh = [
        one
        for one in changed
        if told.get(one.id, -1) < one.version and (since is not None or AlertState(one.state) in OPEN)
    ]
    delivered = [one.id for one in fresh if one.state == AlertState.NOTIFIED and one.id not in told]
    if delivered and Role.SITUATIONAL_OPERATOR in desk.login.user.roles:
        with desk.store.write(SYSTEM) as work:
            alerts.mark_delivered(work, delivered)
    return fresh
