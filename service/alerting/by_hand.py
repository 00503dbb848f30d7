"""Alerts that a person raises: what 112 telephoned, what an operator sees on the wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from incidents.alert import SERVICES, AlertState
from incidents.response import in_reach
from incidents.severity import FIRE_KINDS, KINDS
from incidents.where.place import Place
from qyran.errors import InputError, NotFound
from qyran.roles import Role
from service.access import require
from service.alert_taking import Device, Report, raise_alert
from service.alerting.moving import moved, sealed_note, stamp
from service.alerting.reading import alert_detail
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.events import append_event
from service.store.tables import Camera
from service.views import AlertDetail

RAISERS: Final = frozenset({Role.SITUATIONAL_OPERATOR})
VIA: Final = ("operator", "citizen", *SERVICES)
"""From whom it was learnt."""
DEFAULT_RADIUS_M: Final = 100.0
"""Of a place that a person points at on a map or names by its address."""
MOST_RADIUS_M: Final = 50_000.0


@dataclass(frozen=True, slots=True)
class HandReport:
    """What a person tells.

    Attributes:
        id: chosen by the form, so that sending it twice raises one alert.
        via: from whom it was learnt: operator (seen on the wall), citizen, or a service.
        camera: the camera it is seen on.
        began: when it began, as far as anybody says.
        call_received: when the service took the call.
        number: of the incident at the service.
    """

    kind: str
    via: str = "operator"
    id: UUID | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    radius_m: float | None = None
    object_id: str | None = None
    began: datetime | None = None
    call_received: datetime | None = None
    number: str | None = None
    is_drill: bool = False
    note: str | None = None


def raise_by_hand(work: Work, given: HandReport) -> AlertDetail:
    """Raise what a person tells; who raises it has seen it, so it is acknowledged too.

    Returns:
        The alert that stands for the happening: where the machine had raised it before, that one.

    Raises:
        InputError: a kind, source, place or time that cannot be.
        NotFound: there is no such camera.
    """
    require(work.actor, RAISERS)
    _checked(work, given)
    report_id = str(given.id or uuid4())
    there = work.session.get(Alert, report_id)
    if there is not None:  # the form was sent twice
        return alert_detail(work, there)
    row = raise_alert(work, _report(work, given, report_id))
    if given.note and given.note.strip():
        append_event(work, row, "note", Role.SITUATIONAL_OPERATOR, payload=sealed_note(given.note))
    if given.via in SERVICES and given.number and given.number.strip():
        row.service_numbers = {**(row.service_numbers or {}), given.via: given.number.strip()}
    if given.call_received is not None and row.t_call_received is None:
        stamp(row, "t_call_received", given.call_received, "typed", work.actor.id)
    if AlertState(row.state) is AlertState.NOTIFIED:
        moved(work, row, AlertState.ACKNOWLEDGED)
        row.ack_by = row.ack_by or work.actor.id
        row.assigned_to, row.t_assigned = work.actor.id, work.now
    work.session.flush()
    return alert_detail(work, row)


def _report(work: Work, given: HandReport, report_id: str) -> Report:
    device = Device("camera", given.camera) if given.camera else Device("person", given.via)
    place = None
    if given.latitude is not None and given.longitude is not None:
        place = Place(given.latitude, given.longitude, given.radius_m or DEFAULT_RADIUS_M, source="person")
    return Report(
        id=report_id,
        type="fire_alert" if given.kind in FIRE_KINDS else "incident",
        kind=given.kind,
        device=device,
        t_detect=work.now,
        t_onset=given.began,
        place=place,
        object_id=given.object_id,
        initiator="human",
        is_drill=given.is_drill,
        origin={"kind": given.kind, "via": given.via, "t_detect": work.now.isoformat(), "camera": given.camera},
    )


def _checked(work: Work, given: HandReport) -> None:
    if given.kind not in KINDS:
        raise InputError(f"There is no kind of alert {given.kind}.")
    if given.via not in VIA:
        raise InputError(f"An alert is learnt from one of {', '.join(VIA)}.")
    if (given.latitude is None) is not (given.longitude is None):
        raise InputError("A place needs latitude and longitude.")
    if given.camera is None and given.latitude is None and given.object_id is None:
        raise InputError("Say where it is: a camera, a place or an object.")
    if given.camera is not None and work.session.get(Camera, given.camera) is None:
        raise NotFound(f"There is no camera {given.camera}.")
    if given.radius_m is not None and not 0 < given.radius_m <= MOST_RADIUS_M:
        raise InputError("The radius of a place has more than 0 and at most 50,000 metres.")
    for at in (given.began, given.call_received):
        if at is not None:
            in_reach(at, work.now, work.now)
