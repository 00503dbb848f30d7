"""A dispatcher's page: his own service's alarms, and what his crew does about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from incidents.response import ResponseState, ResponseStep
from incidents.severity import attention
from qyran.errors import InputError, TransitionError
from qyran.roles import Role
from service import alerts
from service.access import require
from service.i18n import named
from service.store.response_tables import AlertService
from service.views import AlertSummary
from service.web.centre.alarm_view import kind_name, tone
from service.web.evidence_view import thumb_url
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import PostedPerson, Visit
from service.web.words import Words

router = APIRouter(prefix="/alarms", include_in_schema=False)

STREAM: Final = "/api/v1/alerts/stream"
SHOWN: Final = 200
DISPATCHERS: Final = frozenset({Role.SERVICE_DISPATCHER})
NEXT: Final[Mapping[ResponseState, tuple[ResponseStep, ...]]] = {
    ResponseState.SENT: (ResponseStep.RECEIVE, ResponseStep.DEPART),
    ResponseState.RECEIVED: (ResponseStep.DEPART, ResponseStep.ARRIVE),
    ResponseState.DEPARTED: (ResponseStep.ARRIVE,),
    ResponseState.ARRIVED: (ResponseStep.FINISH,),
}
"""What a crew does next, the likeliest first."""
OVER: Final = frozenset({ResponseState.FINISHED, ResponseState.CALLED_OFF})


@dataclass(frozen=True, slots=True)
class OwnRow:
    """An alarm of the service."""

    id: str
    kind: str
    icon: str
    severity: str
    is_drill: bool
    place: str
    address: str | None
    map_url: str | None
    t_detect: datetime
    thumb_url: str | None
    state: str
    tone: str
    part: str
    part_tone: str
    steps: tuple[tuple[str, bool], ...]
    number: str
    found: str | None
    asks: bool
    over: bool


def own_page(visit: Visit, error: Exception | None = None) -> Response:
    """The page; a refusal stands over it."""
    require(visit.actor, DISPATCHERS)
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        found = alerts.listing(work, open_only=True, limit=SHOWN)
        parts = alerts.responses(work, [one.id for one in found.items])
    own = visit.actor.service or ""
    rows = [_row(w, one, _latest(parts.get(one.id, ()), own)) for one in found.items]
    rows.sort(key=lambda one: one.over)
    return page(
        visit,
        "alarms/dispatcher.html",
        status=200 if error is None else 409 if isinstance(error, TransitionError) else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        rows=rows,
        service=w.or_code(f"incidents.service.{own}"),
        stream_path=STREAM,
    )


@router.post("/{alert_id}/own/{step}")
def report(
    visit: PostedPerson,
    alert_id: UUID,
    step: ResponseStep,
    number: Annotated[str, Form(max_length=200)] = "",
    found: Annotated[Literal["", "yes", "no"], Form()] = "",
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """What the crew has done, with the service's own number and what was found on the spot."""
    require(visit.actor, DISPATCHERS)
    said = {"yes": True, "no": False}.get(found)
    given = alerts.ServiceReport(step, number=number or None, found=said, note=note or None)
    try:
        with visit.store.write(visit.actor) as work:
            alerts.service_step(work, str(alert_id), visit.actor.service or "", given)
    except (TransitionError, InputError) as error:
        return own_page(visit, error)
    return onward(visit, "/alarms", "saved")


def _latest(parts: tuple[AlertService, ...] | list[AlertService], own: str) -> AlertService | None:
    mine = [one for one in parts if one.service == own]
    return max(mine, key=lambda one: one.cycle, default=None)


def _row(w: Words, one: AlertSummary, part: AlertService | None) -> OwnRow:
    state = ResponseState(part.state) if part is not None else ResponseState.SENT
    known = one.latitude is not None and one.longitude is not None
    return OwnRow(
        id=one.id,
        kind=kind_name(w, one.kind),
        icon=one.kind,
        severity=attention(one.kind),
        is_drill=one.is_drill,
        place=named(w.lang, one.camera_name, one.camera_id),
        address=named(w.lang, one.address, "") or None if one.address else None,
        map_url=f"geo:{one.latitude:.5f},{one.longitude:.5f}" if known else None,
        t_detect=one.t_detect,
        thumb_url=thumb_url(f"/alarms/{one.id}", one.still),
        state=w.or_code(f"incidents.state.{one.state}"),
        tone=tone(one.state),
        part=w.t(f"centre_own.state_{state}"),
        part_tone={"sent": "bad", "received": "accent", "finished": "good"}.get(state.value, "calm"),
        steps=tuple((step.value, place == 0) for place, step in enumerate(NEXT.get(state, ()))),
        number=(part.number or "") if part is not None else "",
        found=None if part is None or part.found is None else w.t(f"centre_found.{'yes' if part.found else 'no'}"),
        asks=state in {ResponseState.ARRIVED, ResponseState.FINISHED} and (part is None or part.found is None),
        over=state in OVER,
    )
