"""Deliveries of registers and payments by machines of others, each with its feed's token."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from service import registers
from service.api.bodies import Body
from service.api.feeds import FeedDesk, FeedOf
from service.ports.road_registers import Register
from service.record_files import validated_lines

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
    lines = validated_lines(body.lines, registers.RegisterLine)
    with desk.write() as work:
        done = registers.take_register(work, register, lines, as_of=body.as_of, source=body.source)
    return DeliveredOut(fresh=done.fresh, known=done.known)


@router.post("/parking-payments", summary="Deliver payments for parking", status_code=201)
def pay(body: DeliveryOfLines, desk: Annotated[FeedDesk, Depends(FeedOf("payments"))]) -> DeliveredOut:
    """Each once by its reference; an empty delivery says that the provider is there and nobody paid."""
    lines = validated_lines(body.lines, registers.PaymentLine)
    with desk.write() as work:
        done = registers.take_payments(work, lines, as_of=body.as_of, source=body.source)
    return DeliveredOut(fresh=done.fresh, known=done.known)
