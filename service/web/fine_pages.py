"""After the signature: payments, refunds and appeals, of the city and of one decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import FileResponse, Response

from qyran.errors import ConfigError, InputError, TransitionError
from service import appeals, fine_payments, resolutions
from service.access import require
from service.store.database import Work
from service.web import fine_view
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/fines", include_in_schema=False)

PATH: Final = "/fines"
SPAN: Final = timedelta(days=30)

Short = Annotated[str, Form(max_length=128)]
Long = Annotated[str, Form(max_length=appeals.LONGEST)]


@router.get("")
def show(visit: Person) -> Response:
    """What came in, what waits for a person."""
    return _city(visit)


@router.post("/payments/{payment_id}/assign")
def assign(visit: PostedPerson, payment_id: UUID, document_no: Short = "", note: Short = "") -> Response:
    """Give a payment to a decision."""
    return _city(visit, lambda work: fine_payments.assign(work, str(payment_id), document_no, note))


@router.get("/{case_id}")
def show_one(visit: Person, case_id: UUID) -> Response:
    """Terms, account and appeals of one decision."""
    return _one(visit, case_id)


@router.post("/{case_id}/payments/{payment_id}/take-away")
def take_away(visit: PostedPerson, case_id: UUID, payment_id: UUID, note: Short = "") -> Response:
    """Take a payment from the decision."""
    return _one(visit, case_id, lambda work: fine_payments.take_away(work, str(payment_id), note))


@router.post("/{case_id}/refunds")
def order_refund(visit: PostedPerson, case_id: UUID, amount: Short = "", reason: Short = "") -> Response:
    """Order money to be paid back."""
    return _one(visit, case_id, lambda work: fine_payments.order_refund(work, str(case_id), _tenge(amount), reason))


@router.post("/{case_id}/refunds/{refund_id}/paid")
def refund_paid(
    visit: PostedPerson, case_id: UUID, refund_id: UUID, paid_on: Short = "", reference: Short = ""
) -> Response:
    """Note that it was paid back."""
    return _one(visit, case_id, lambda work: fine_payments.refund_paid(work, str(refund_id), _day(paid_on), reference))


@router.post("/{case_id}/appeals")
def file_appeal(
    visit: PostedPerson, case_id: UUID, filed_on: Short = "", instance: Short = "", channel: Short = "",
    appellant: Short = "", words: Long = "", restored: Short = "",
) -> Response:  # fmt: skip
    """Record an appeal."""

    def step(work: Work) -> None:
        new = appeals.NewAppeal(_day(filed_on), instance, channel, appellant, words, restored or None)
        appeals.file(work, str(case_id), new)

    return _one(visit, case_id, step)


@router.post("/{case_id}/appeals/{appeal_id}/answer")
def answer_appeal(
    visit: PostedPerson, case_id: UUID, appeal_id: UUID, outcome: Short = "", reason: Short = "", words: Long = "",
    told_on: Short = "", offence: Short = "",
) -> Response:  # fmt: skip
    """Record the answer."""

    def step(work: Work) -> None:
        given = appeals.Answer(outcome, reason, words, _day(told_on) if told_on.strip() else None, offence or None)
        appeals.answer(work, str(appeal_id), given)

    return _one(visit, case_id, step)


@router.post("/{case_id}/appeals/{appeal_id}/told")
def appeal_told(visit: PostedPerson, case_id: UUID, appeal_id: UUID, told_on: Short = "") -> Response:
    """Note on which day the person was told the answer."""
    return _one(visit, case_id, lambda work: appeals.tell(work, str(appeal_id), _day(told_on)))


@router.get("/{case_id}/appeals/{appeal_id}/resolution.pdf")
def resolution(visit: Person, case_id: UUID, appeal_id: UUID) -> Response:
    """The signed resolution as it was signed."""
    with visit.store.write(visit.actor) as work:
        path, name = resolutions.document(work, str(case_id), str(appeal_id))
    headers = {"content-disposition": f'inline; filename="{name}"'}
    return FileResponse(path, media_type="application/pdf", headers=headers)


def _city(visit: Visit, step: Callable[[Work], object] | None = None) -> Response:
    require(visit.actor, fine_payments.READERS)
    done = _done(visit, step)
    if step is not None and done is None:
        return onward(visit, PATH, "saved")
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:  # the look at payments is logged
        shown = fine_view.city(work, w, w.now - SPAN)
    return page(visit, "fines/city.html", status=_status(done), flash=done, shown=shown, may_move=_may(visit))


def _one(visit: Visit, case_id: UUID, step: Callable[[Work], object] | None = None) -> Response:
    require(visit.actor, fine_payments.READERS)
    done = _done(visit, step)
    if step is not None and done is None:
        return onward(visit, f"{PATH}/{case_id}", "saved")
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:
        shown = fine_view.one(work, w, str(case_id))
    return page(
        visit,
        "fines/decision.html",
        status=_status(done),
        flash=done,
        shown=shown,
        may_move=_may(visit),
        today=w.now.astimezone(w.zone).date().isoformat(),
        instances=appeals.INSTANCES,
        channels=appeals.CHANNELS,
        restored=appeals.RESTORED,
        outcomes=appeals.OUTCOMES,
        refund_reasons=fine_payments.REFUND_REASONS,
    )


def _done(visit: Visit, step: Callable[[Work], object] | None) -> Flash | None:
    """The step taken; what to say where it was refused."""
    if step is None:
        return None
    try:
        with visit.store.write(visit.actor) as work:
            step(work)
    except (InputError, TransitionError, ConfigError) as error:
        return Flash(refusal(words_of(visit), error), "bad")
    return None


def _status(refused: Flash | None) -> int:
    return 200 if refused is None else 422


def _may(visit: Visit) -> bool:
    return bool(visit.roles & fine_payments.CASHIERS)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InputError("A day is written as 2026-11-22.") from None


def _tenge(text: str) -> Decimal:
    try:
        return Decimal("".join(text.split()).replace(",", "."))
    except InvalidOperation:
        raise InputError("An amount is written as 21625 or 21625,50.") from None
