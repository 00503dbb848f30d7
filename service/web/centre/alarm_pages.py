"""One alarm: its page, the same as a part of the working screen, and every step from acknowledging to closing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Header
from starlette.responses import FileResponse, Response

from incidents.alert import AlertState, Verdict
from qyran.errors import InputError, NotFound, TransitionError
from service import alerts
from service.alerting.joining import join
from service.alerting.steps import NOTERS
from service.operators.board import FRESH
from service.operators.walls import WATCHERS
from service.records import load
from service.store.alert_tables import Alert
from service.store.database import Work
from service.views import AlertDetail
from service.web.centre.alarm_view import KEYS, SERVICE_KEYS, alarm_view, asked_of
from service.web.centre.object_view import object_view
from service.web.evidence_view import send
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit, own_path

router = APIRouter(prefix="/alarms", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Step:
    """What a form about an alarm said."""

    version: int | None
    reason: str
    note: str | None
    service: str
    into: str = ""


Act = Callable[[Work, str, Step], AlertDetail]


def _found(work: Work, one: str, form: Step, verdict: Verdict) -> AlertDetail:
    """A verdict; on an alarm nobody has answered it answers too: who judges it has seen it."""
    row = load(work, Alert, one, form.version)
    if AlertState(row.state) in FRESH:
        alerts.acknowledge(work, one)
        return alerts.verdict(work, one, verdict, reason=form.reason or None, note=form.note)
    return alerts.verdict(work, one, verdict, reason=form.reason or None, note=form.note, version=form.version)


ACTS: Final[Mapping[str, Act]] = {
    "acknowledge": lambda work, one, f: alerts.acknowledge(work, one, version=f.version),
    "verify": lambda work, one, f: alerts.start_verification(work, one, version=f.version),
    "correct": lambda work, one, f: alerts.start_verification(work, one, version=f.version),
    "true": lambda work, one, f: _found(work, one, f, Verdict.TRUE),
    "false": lambda work, one, f: _found(work, one, f, Verdict.FALSE),
    "undetermined": lambda work, one, f: _found(work, one, f, Verdict.UNDETERMINED),
    "dispatch": lambda work, one, f: alerts.dispatch(work, one, f.service, note=f.note, version=f.version),
    "depart": lambda work, one, f: alerts.depart(work, one, version=f.version),
    "arrive": lambda work, one, f: alerts.arrive(work, one, version=f.version),
    "resolve": lambda work, one, f: alerts.resolve(work, one, note=f.note, version=f.version),
    "cancel": lambda work, one, f: alerts.cancel(work, one, f.reason, note=f.note, version=f.version),
    "close": lambda work, one, f: alerts.close(work, one, f.reason, note=f.note, version=f.version),
    "reopen": lambda work, one, f: alerts.reopen(work, one, note=f.note, version=f.version),
    "raise": lambda work, one, f: alerts.let_through(work, one, note=f.note, version=f.version),
    "note": lambda work, one, f: alerts.add_note(work, one, f.note or ""),
    "join": lambda work, one, f: join(work, one, f.into, note=f.note, version=f.version),
}


@router.get("/{alert_id}")
def alarm(visit: Person, alert_id: UUID) -> Response:
    """The page of an alarm."""
    return _alarm(visit, str(alert_id), "alarms/alarm.html")


@router.get("/{alert_id}/pane")
def pane(visit: Person, alert_id: UUID) -> Response:
    """The same as a part of the working screen."""
    return _alarm(visit, str(alert_id), "alarms/pane_only.html")


@router.post("/{alert_id}/{step}")
def act(
    visit: PostedPerson,
    alert_id: UUID,
    step: str,
    version: Annotated[int | None, Form()] = None,
    reason: Annotated[str, Form(max_length=64)] = "",
    note: Annotated[str, Form(max_length=1000)] = "",
    service: Annotated[str, Form(max_length=8)] = "",
    into: Annotated[UUID | None, Form()] = None,
    back: Annotated[str, Form(max_length=500)] = "",
    x_console: Annotated[str | None, Header(max_length=8)] = None,
) -> Response:
    """Take a step; a refusal shows the alarm as it stands now with the reason over it."""
    if step not in ACTS:
        raise NotFound(f"There is no step {step}.")
    template = "alarms/alarm.html" if x_console is None else "alarms/pane_only.html"
    form = Step(version, reason, note or None, service, str(into or ""))
    try:
        with visit.store.write(visit.actor) as work:
            ACTS[step](work, str(alert_id), form)
    except (TransitionError, InputError) as error:
        return _alarm(visit, str(alert_id), template, error)
    stands = form.into if step == "join" else str(alert_id)
    if x_console is not None:
        return _alarm(visit, stands, template)
    return onward(visit, own_path(back, f"/alarms/{stands}"), "saved")


@router.get("/{alert_id}/evidence/{event_id}/{name}")
def evidence(visit: Person, alert_id: UUID, event_id: UUID, name: str) -> FileResponse:
    """A file of the alarm's evidence, with ranges."""
    with visit.store.write(visit.actor) as work:
        found = alerts.evidence_file(work, str(alert_id), str(event_id), name)
    return send(found)


def _alarm(visit: Visit, alert_id: str, template: str, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:
        seen = alerts.open_alert(work, alert_id)
        view = alarm_view(work, w, seen)
        held = object_view(work, w, view.object_id)
    if held is not None and view.live_camera is None:
        view = replace(view, live_camera=held.camera)
    flash = None if error is None else Flash(refusal(w, error), "bad")
    status = 200 if error is None else 409 if isinstance(error, TransitionError) else 422
    return page(
        visit,
        template,
        status=status,
        flash=flash,
        view=view,
        object=held,
        sensor=seen.sensor_id,
        asked=asked_of(w),
        keys=KEYS,
        service_keys=SERVICE_KEYS,
        live=bool(visit.roles & WATCHERS),
        notes=bool(visit.roles & NOTERS),
    )
