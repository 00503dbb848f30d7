"""Deliveries of others: registers of insurance and inspection, payments for parking; stored once, plates as tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy import select

from qyran.errors import InputError, TransitionError
from qyran.roles import SYSTEM, Role
from service.access import log_access, require
from service.event import Event
from service.feeds import DELIVERERS
from service.ports.road_registers import REGISTERS
from service.store.database import Work
from service.store.events import append_event
from service.store.record_tables import ParkingPayment, RegisterEntry, RegisterFeed
from service.store.scene_tables import CameraFile
from service.store.tables import Camera, ViolationCase
from violations.case import CaseState
from violations.payments import FREE, Payment, Stay, Verdict, judge_stay
from vision.camera_parts import Ident

PAYMENTS: Final = "payments"
PAID_KIND: Final = "paid_parking"
WAITING: Final = (CaseState.SCREENED, CaseState.IN_REVIEW, CaseState.SECOND_LOOK)
AHEAD: Final = timedelta(minutes=5)
"""How far another's clock may run ahead of ours."""

Plate = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4,10}$")]


class RegisterLine(BaseModel):
    """Days on which a plate is covered by insurance or inspection."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plate: Plate
    valid_from: date
    valid_until: date

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.valid_until < self.valid_from:
            raise ValueError("valid_until lies before valid_from")
        return self


class PaymentLine(BaseModel):
    """A paid span in the zones of a tariff; `reference` is the provider's number of the payment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reference: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")]
    tariff: Ident
    plate: Plate
    start: AwareDatetime
    end: AwareDatetime
    amount_kzt: Annotated[int, Field(ge=0, le=10_000_000)]

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end lies before start")
        return self


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a delivery brought: new lines, and those known already."""

    fresh: int
    known: int


def take_register(
    work: Work, register: str, lines: Iterable[RegisterLine], *, as_of: datetime, source: str
) -> Delivered:
    """Store a delivery of a register.

    Args:
        work: the unit of work.
        register: insurance or inspection.
        lines: covered days by plate; more deliveries add to what was known.
        as_of: the moment the register's state is of.
        source: who gave it.

    Raises:
        AccessError: the actor delivers nothing.
        InputError: there is no such register, or `as_of` lies in the future.
    """
    role = require(work.actor, DELIVERERS)
    if register not in REGISTERS:
        raise InputError(f"A register is one of {', '.join(REGISTERS)}.")
    if as_of > work.now + AHEAD:
        raise InputError("The state of the register lies in the future.")
    fresh = known = 0
    for line in lines:
        token = work.store.vault.token(line.plate)
        key = {"register": register, "plate_token": token, "valid_from": line.valid_from}
        row = work.session.scalar(select(RegisterEntry).filter_by(**key, valid_until=line.valid_until))
        if row is None:
            work.session.add(RegisterEntry(**key, valid_until=line.valid_until))
            work.session.flush()
        fresh, known = fresh + (row is None), known + (row is not None)
    _heard(work, register, as_of, source, fresh + known, role)
    return Delivered(fresh, known)


def take_payments(work: Work, lines: Iterable[PaymentLine], *, as_of: datetime, source: str) -> Delivered:
    """Store payments, each once by its reference; cases that wait and that one covers are told.

    Raises:
        AccessError: the actor delivers nothing.
        InputError: `as_of` lies in the future.
        TransitionError: a reference comes back with other contents.
    """
    role = require(work.actor, DELIVERERS)
    if as_of > work.now + AHEAD:
        raise InputError("The state of the payments lies in the future.")
    fresh = known = 0
    for line in lines:
        token = work.store.vault.token(line.plate)
        held = work.session.scalar(select(ParkingPayment).where(ParkingPayment.reference == line.reference))
        if held is not None:
            same = (held.tariff, held.plate_token, held.start, held.end, held.amount_kzt)
            if same != (line.tariff, token, line.start, line.end, line.amount_kzt):
                raise TransitionError(
                    f"The payment {line.reference} is stored with other contents; it is not replaced."
                )
            known += 1
            continue
        row = ParkingPayment(reference=line.reference, tariff=line.tariff, plate_token=token, start=line.start)
        row.end, row.amount_kzt = line.end, line.amount_kzt
        row.received_at, row.received_from = work.now, work.actor.id
        work.session.add(row)
        work.session.flush()
        _tell_cases(work, row)
        fresh += 1
    _heard(work, PAYMENTS, as_of, source, fresh + known, role)
    return Delivered(fresh, known)


def feeds_heard(work: Work) -> dict[str, datetime]:
    """Of which moment the newest delivery of each register, and of the payments, is."""
    require(work.actor, DELIVERERS | {Role.AUDITOR})
    found: dict[str, datetime] = {}
    for row in work.session.scalars(select(RegisterFeed).order_by(RegisterFeed.as_of)):
        found[row.register] = row.as_of
    return found


def stay_paid(work: Work, plate_token: str | None, tariff: str | None, start: datetime, end: datetime) -> Verdict:
    """Whether a stay in a paid zone was paid for, as far as the payments delivered so far say.

    Args:
        work: the unit of work.
        plate_token: of the vehicle; None where its plate was not read.
        tariff: of the zone, None where the scene does not say.
        start: when the vehicle was first seen standing.
        end: when the rule decided.
    """
    heard = _newest(work)
    if tariff is None:
        return "unknown"
    query = select(ParkingPayment).where(ParkingPayment.plate_token == (plate_token or ""), ParkingPayment.end > start)
    mine = [Payment(row.start, row.end, row.tariff) for row in work.session.scalars(query)]
    return judge_stay(Stay(start, end, tariff), mine, heard)


def parking_fault(work: Work, event: Event, plate_token: str | None, zone: str | None) -> str | None:
    """Why an officer need not look at a stay in a paid zone (a reason code), or None; None for every other kind."""
    if event.kind != PAID_KIND:
        return None
    since = event.video_s - event.onset_s if event.onset_s is not None else 0.0
    start = event.time - timedelta(seconds=since)
    verdict = stay_paid(work, plate_token, _tariff(work, event.camera, zone), start, event.time)
    return {"paid": "parking_paid", "unknown": "payments_unknown", "unpaid": None}[verdict]


def _tariff(work: Work, camera_id: str, zone: str | None) -> str | None:
    """The tariff of a zone by the camera's file."""
    camera = work.session.get(Camera, camera_id)
    version = None if camera is None else work.session.get(CameraFile, (camera.id, camera.file_version))
    zones = [] if version is None else version.content.get("zones", [])
    return next((one.get("tariff") for one in zones if one.get("id") == zone), None)


def _newest(work: Work) -> datetime | None:
    query = select(RegisterFeed.as_of).where(RegisterFeed.register == PAYMENTS)
    return work.session.scalar(query.order_by(RegisterFeed.as_of.desc()).limit(1))


def _heard(work: Work, register: str, as_of: datetime, source: str, entries: int, role: Role) -> None:
    row = RegisterFeed(register=register, as_of=as_of, source=source, entries=entries)
    row.received_at, row.received_from = work.now, work.actor.id
    work.session.add(row)
    work.session.flush()
    log_access(work, role, "feed_delivered", register)


def _tell_cases(work: Work, payment: ParkingPayment) -> None:
    """A payment came after the finding: who reviews the case sees it in its history and decides."""
    query = select(ViolationCase).where(
        ViolationCase.kind == PAID_KIND,
        ViolationCase.plate_token == payment.plate_token,
        ViolationCase.state.in_(WAITING),
        ViolationCase.t_detect.between(payment.start - FREE, payment.end + FREE),
    )
    for row in work.session.scalars(query.with_for_update()):
        data = {"reference": payment.reference, "tariff": payment.tariff}
        append_event(work, row, "payment_found", min(work.actor.roles & (DELIVERERS | SYSTEM.roles)), data=data)
