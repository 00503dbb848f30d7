"""Services and alerts: telling one, sending one out, and what it reports; each with times of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from incidents.alert import SERVICE_ROLES, SERVICES, UNDER_WAY, WAITING, AlertState, Verdict
from incidents.response import (
    MOMENTS,
    Clock,
    Response,
    ResponseState,
    ResponseStep,
    in_reach,
    reported,
)
from qyran.errors import AccessError, InputError, TransitionError
from qyran.roles import Actor, Role
from service.alerting.moving import moved, sealed_note, stamp
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.events import append_event
from service.store.response_tables import AlertService

NUMBER_LONGEST: Final = 64
REPORTERS: Final = frozenset({Role.SITUATIONAL_OPERATOR}) | SERVICE_ROLES
ALERT_MOMENTS: Final = ("t_call_received", "t_depart", "t_arrive")
"""Times of the alert that are the earliest of its services'."""


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """What a service says of its part.

    Attributes:
        at: when it happened; None means now.
        clock: whose clock `at` is of; None takes what the reporter's role says.
        number: of the incident at the service.
        found: what the crew found on the spot.
    """

    step: ResponseStep
    at: datetime | None = None
    clock: Clock | None = None
    number: str | None = None
    found: bool | None = None
    note: str | None = None


def tell_service(work: Work, row: Alert, service: str, *, initiator: str = "system") -> AlertService:
    """Put an alert before a service; telling it again in the same round changes nothing.

    Raises:
        TransitionError: there is no such service.
    """
    if service not in SERVICES:
        raise TransitionError(f"A dispatch names its service: {', '.join(SERVICES)}.")
    there = response_row(work, row, service)
    if there is not None:
        return there
    made = AlertService(
        alert_id=row.id,
        service=service,
        cycle=row.cycle,
        state=ResponseState.SENT.value,
        number=(row.service_numbers or {}).get(service),
        initiator=initiator,
        t_sent=work.now,
        time_sources={},
    )
    work.session.add(made)
    work.session.flush()
    return made


def response_row(work: Work, row: Alert, service: str) -> AlertService | None:
    """A service's part in the present round of an alert."""
    query = select(AlertService).where(
        AlertService.alert_id == row.id, AlertService.service == service, AlertService.cycle == row.cycle
    )
    return work.session.scalar(query)


def responses(work: Work, alert_ids: Iterable[str]) -> dict[str, list[AlertService]]:
    """Every service's part, by alert, in the order in which they were told."""
    found: dict[str, list[AlertService]] = {}
    query = select(AlertService).where(AlertService.alert_id.in_(set(alert_ids))).order_by(AlertService.id)
    for one in work.session.scalars(query):
        found.setdefault(one.alert_id, []).append(one)
    return found


def report(work: Work, row: Alert, service: str, given: ServiceReport) -> AlertService:
    """Take what a service reports, or an operator for it; what is known already changes nothing.

    Args:
        work: the unit of work.
        row: the alert, locked.
        service: which one.
        given: the report.

    Raises:
        AccessError: the actor acts for another service, or for none.
        TransitionError: the service was not sent to this alert.
        InputError: the time cannot be, or the number is too long.
    """
    actor = work.actor
    role = _reporter(actor, service)
    part = _part(work, row, service, role)
    clock = given.clock or _clock(actor, given.at)
    at = given.at or work.now
    if given.at is not None:
        in_reach(at, row.t_detect, work.now)
    if given.step is ResponseStep.CALL_OFF and role is not Role.SITUATIONAL_OPERATOR:
        raise AccessError("A service is called off by an operator.")
    _numbered(row, part, given.number)
    known = known_times(part)
    fresh = reported(known, given.step, at, clock)
    if fresh is not known:
        _keep(work, row, part, fresh, given, role)
    if given.found is not None and given.found is not part.found:
        _found(work, row, part, found=given.found, role=role)
    work.session.flush()
    return part


def keep_times(work: Work, row: Alert, part: AlertService, times: Response, role: Role, how: str) -> bool:
    """Note times that came together, from the service's own log; whether they said something new."""
    if times == known_times(part):
        return False
    names = [name for name in MOMENTS.values() if getattr(times, name) != getattr(part, name)]
    _apply(work, part, times)
    told = {name: getattr(part, name).isoformat() for name in names}
    append_event(work, row, "service", role, data={"service": part.service, "step": how, **told})
    _earliest(work, row)
    return True


def _reporter(actor: Actor, service: str) -> Role:
    role = actor.acts_as(frozenset({Role.SITUATIONAL_OPERATOR})) or actor.acts_as(REPORTERS)
    if role is None:
        raise AccessError(f"This needs one of these roles: {', '.join(sorted(REPORTERS))}.")
    if role in SERVICE_ROLES and actor.service != service:
        raise AccessError("A dispatcher acts on the alerts sent to his own service.")
    return role


def _part(work: Work, row: Alert, service: str, role: Role) -> AlertService:
    part = response_row(work, row, service)
    if part is None and service in row.services:  # sent out before services had times of their own
        part = tell_service(work, row, service, initiator="human")
    if part is None and role in SERVICE_ROLES:
        raise AccessError("A dispatcher acts on the alerts sent to his own service.")
    if part is None:
        raise TransitionError(f"The service {service} was not sent to this alert.")
    return part


def _clock(actor: Actor, at: datetime | None) -> Clock:
    if Role.FEED in actor.roles:
        return "external" if at is not None else "server"
    return "typed" if at is not None else "server"


def _numbered(row: Alert, part: AlertService, number: str | None) -> None:
    if number is None or not number.strip():
        return
    number = number.strip()
    if len(number) > NUMBER_LONGEST:
        raise InputError(f"The number of an incident has at most {NUMBER_LONGEST} signs.")
    part.number = number
    if (row.service_numbers or {}).get(part.service) != number:
        row.service_numbers = {**(row.service_numbers or {}), part.service: number}


def known_times(part: AlertService) -> Response:
    """A service's times as the rules take them."""
    clocks = {name: one["clock"] for name, one in part.time_sources.items() if name in set(MOMENTS.values())}
    return Response(
        part.t_call_received, part.t_depart, part.t_arrive, part.t_resolved, part.t_called_off,
        tuple(sorted(clocks.items())),
    )  # fmt: skip


def _apply(work: Work, part: AlertService, fresh: Response) -> None:
    for name in MOMENTS.values():
        if getattr(fresh, name) is not None and getattr(fresh, name) != getattr(part, name):
            stamp(part, name, getattr(fresh, name), fresh.clock(name) or "server", work.actor.id)
    part.state = fresh.state.value


def _keep(work: Work, row: Alert, part: AlertService, fresh: Response, given: ServiceReport, role: Role) -> None:
    name = MOMENTS[given.step]
    _apply(work, part, fresh)
    if not _follow(work, row, part, given):
        at, clock = getattr(part, name), fresh.clock(name) or "server"
        data = {"service": part.service, "step": given.step.value, "at": at.isoformat(), "clock": clock}
        append_event(work, row, "service", role, data=data, payload=sealed_note(given.note))
    _earliest(work, row)


def finish_part(work: Work, row: Alert, service: str) -> None:
    """Note that a service has finished, where a step of the alert says so already."""
    part = response_row(work, row, service)
    if part is not None and part.t_resolved is None:
        stamp(part, "t_resolved", work.now, "server", work.actor.id)
        part.state = known_times(part).state.value


def _follow(work: Work, row: Alert, part: AlertService, given: ServiceReport) -> bool:
    """Move the alert where the service's step means it; in every other state the report stands by itself.

    Returns:
        Whether an event of the alert tells of the step.
    """
    target = _FOLLOWED.get(given.step)
    if target in {AlertState.DEPARTED, AlertState.ARRIVED}:
        _sent_itself(work, row, part)
    state = AlertState(row.state)
    open_to_it = (state, target) in _FORWARD or (target is AlertState.RESOLVED and _may_end(work, row))
    if target is None or not open_to_it:
        return False
    name = MOMENTS[given.step]
    clock: Clock = part.time_sources[name]["clock"]
    at = None if target is AlertState.ACKNOWLEDGED or clock == "server" else getattr(part, name)
    moved(
        work, row, target, at=at, clock=clock if at else "server", payload=sealed_note(given.note),
        data={"service": part.service},
    )  # fmt: skip
    if target is AlertState.ACKNOWLEDGED:
        row.ack_by = row.ack_by or work.actor.id
    return True


_FOLLOWED: Final = {
    ResponseStep.RECEIVE: AlertState.ACKNOWLEDGED,
    ResponseStep.DEPART: AlertState.DEPARTED,
    ResponseStep.ARRIVE: AlertState.ARRIVED,
    ResponseStep.FINISH: AlertState.RESOLVED,
}
_FORWARD: Final = frozenset(
    {
        *((state, AlertState.ACKNOWLEDGED) for state in WAITING),
        (AlertState.DISPATCHED, AlertState.DEPARTED),
        (AlertState.DISPATCHED, AlertState.ARRIVED),
        (AlertState.CONFIRMED, AlertState.DEPARTED),
        (AlertState.CONFIRMED, AlertState.ARRIVED),
        (AlertState.DEPARTED, AlertState.ARRIVED),
    }
)


def _sent_itself(work: Work, row: Alert, part: AlertService) -> None:
    """A service that the system told goes out by its own decision."""
    if part.service in row.services:
        return
    if work.actor.acts_as(SERVICE_ROLES) is not None and AlertState(row.state) in {
        *WAITING, AlertState.ACKNOWLEDGED, AlertState.VERIFYING,
    }:  # fmt: skip
        moved(work, row, AlertState.DISPATCHED, service=part.service, data={"service": part.service})
    row.services = [*row.services, part.service]
    part.t_dispatch = part.t_dispatch or work.now


def _may_end(work: Work, row: Alert) -> bool:
    """Whether the last service that was on its way has finished an alert that is true."""
    if row.verdict != Verdict.TRUE or AlertState(row.state) not in {*UNDER_WAY, AlertState.CONFIRMED}:
        return False
    done = {ResponseState.FINISHED.value, ResponseState.CALLED_OFF.value}
    return all(one.state in done for one in _present(work, row) if one.service in row.services)


def _found(work: Work, row: Alert, part: AlertService, *, found: bool, role: Role) -> None:
    """What a crew found: noted always; a person's word is the verdict too."""
    part.found = found
    append_event(work, row, "found", role, data={"service": part.service, "found": found})


def _earliest(work: Work, row: Alert) -> None:
    """The alert's times of the way are the earliest that any of its services reports."""
    work.session.flush()
    parts = _present(work, row)
    for name in ALERT_MOMENTS:
        told = [one for one in parts if getattr(one, name) is not None]
        if not told:
            continue
        first = min(told, key=lambda one: getattr(one, name))
        source = first.time_sources[name]
        if getattr(row, name) != getattr(first, name) and (row.cycle == 0 or getattr(row, name) is None):
            stamp(row, name, getattr(first, name), source["clock"], source["by"])


def _present(work: Work, row: Alert) -> Sequence[AlertService]:
    query = select(AlertService).where(AlertService.alert_id == row.id, AlertService.cycle == row.cycle)
    return work.session.scalars(query).all()
