"""Deliveries of registers and payments by machines of others, each with its feed's token."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from qyran.errors import InputError
from service import registers
from service.api.bodies import Body
from service.api.feeds import FeedDesk, FeedOf
from service.ports.road_registers import Register
from service.record_files import Model, validated

router = APIRouter(tags=["registers"])


class DeliveryOfLines(Body):
    """Lines as docs/records.md describes them, the moment their state is of, and who gives them."""

    as_of: AwareDatetime
    source: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    lines: Annotated[list[dict[str, Any]], Field(max_length=10_000)]


class DeliveredOut(BaseModel):
    """How many lines were new, and how many were known already."""

    fresh: int
    known: int


@router.post("/registers/{register}", summary="Deliver a register", status_code=201)
def deliver(
    register: Register, body: DeliveryOfLines, desk: Annotated[FeedDesk, Depends(FeedOf("registers"))]
) -> DeliveredOut:
    """Covered days by plate; a line delivered again changes nothing."""
    lines = _lines(body, registers.RegisterLine)
    with desk.write() as work:
        done = registers.take_register(work, register, lines, as_of=body.as_of, source=body.source)
    return DeliveredOut(fresh=done.fresh, known=done.known)


@router.post("/parking-payments", summary="Deliver payments for parking", status_code=201)
def pay(body: DeliveryOfLines, desk: Annotated[FeedDesk, Depends(FeedOf("payments"))]) -> DeliveredOut:
    """Each once by its reference; an empty delivery says that the provider is there and nobody paid."""
    lines = _lines(body, registers.PaymentLine)
    with desk.write() as work:
        done = registers.take_payments(work, lines, as_of=body.as_of, source=body.source)
    return DeliveredOut(fresh=done.fresh, known=done.known)


def _lines(body: DeliveryOfLines, model: type[Model]) -> list[Model]:
    found = []
    for number, one in enumerate(body.lines, start=1):
        try:
            found.append(validated(one, model))
        except InputError as error:
            raise InputError(f"Line {number}: {str(error).rstrip('.')}.") from None
    return found
