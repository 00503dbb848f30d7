"""Payments of fines, delivered by the machine of a bank, the treasury or the register."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints

from service import fine_payments
from service.api.bodies import Body
from service.api.feeds import FeedDesk, FeedOf
from service.record_files import validated_lines

router = APIRouter(tags=["fines"])


class FinePaymentsIn(Body):
    """Lines as docs/payments.md describes them, and who gives them."""

    source: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    lines: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=10_000)]


class FinePaymentsOut(BaseModel):
    """How many payments found their decision, were known already, and wait for a person."""

    matched: int
    known: int
    put_aside: int


@router.post("/fine-payments", summary="Deliver payments of fines", status_code=201)
def deliver(body: FinePaymentsIn, desk: Annotated[FeedDesk, Depends(FeedOf("fine_payments"))]) -> FinePaymentsOut:
    """Each payment once by its source and reference; all lines or none."""
    lines = validated_lines(body.lines, fine_payments.FinePaymentLine)
    with desk.write() as work:
        done = fine_payments.take(work, lines, source=body.source)
    return FinePaymentsOut(matched=done.matched, known=done.known, put_aside=done.put_aside)
