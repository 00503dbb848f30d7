"""Requests of people about their data: taken in, decided, carried out, answered."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from qyran.errors import InputError, TransitionError
from service import letters, subject_requests
from service.privacy_terms import today
from service.store.tables import ViolationCase
from service.subject_requests import NewRequest
from service.subject_requests import Person as Asker
from service.web import moments
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/privacy/requests", include_in_schema=False)
PATH: Final = "/privacy/requests"
Short = Annotated[str, Form(max_length=255)]
Long = Annotated[str, Form(max_length=4000)]


@router.get("")
def listing(visit: Person) -> Response:
    """All requests, those first whose term ends first."""
    return _list(visit)


@router.post("")
def register(
    visit: PostedPerson, kind: Short = "", name: Short = "", iin: Short = "", plate: Short = "",
    contact: Annotated[str, Form(max_length=500)] = "", text: Long = "", channel: Short = "", identified_by: Short = "",
    ground: Short = "", received_on: Short = "", language: Short = "",
) -> Response:  # fmt: skip
    """Take a request in."""
    try:
        new = NewRequest(
            kind, Asker(name, iin, contact, plate), text, channel, identified_by, ground, moments.day(received_on),
            language,
        )  # fmt: skip
        with visit.store.write(visit.actor) as work:
            row = subject_requests.register(work, new)
    except InputError as error:
        return _list(visit, error)
    return onward(visit, f"{PATH}/{row.id}", "request_registered", row.number)


@router.get("/{request_id}")
def show(visit: Person, request_id: UUID) -> Response:
    """One request; the look is logged."""
    return _one(visit, str(request_id))


@router.post("/{request_id}/decide")
def decide(
    visit: PostedPerson, request_id: UUID, decision: Short = "", reason: Short = "", words: Long = ""
) -> Response:
    """Grant it, or not, with the reason."""
    try:
        with visit.store.write(visit.actor) as work:
            subject_requests.decide(work, str(request_id), decision, reason, words)
    except (InputError, TransitionError) as error:
        return _one(visit, str(request_id), error)
    return onward(visit, f"{PATH}/{request_id}", "saved")


@router.post("/{request_id}/carry-out")
def carry_out(visit: PostedPerson, request_id: UUID, name: Short = "", address: Short = "") -> Response:
    """Do what was granted."""
    try:
        with visit.store.write(visit.actor) as work:
            subject_requests.carry_out(work, str(request_id), name=name, address=address)
    except (InputError, TransitionError) as error:
        return _one(visit, str(request_id), error)
    return onward(visit, f"{PATH}/{request_id}", "saved")


@router.post("/{request_id}/lift")
def lift(visit: PostedPerson, request_id: UUID) -> Response:
    """Let what was blocked be used again."""
    with visit.store.write(visit.actor) as work:
        subject_requests.lift_restriction(work, str(request_id))
    return onward(visit, f"{PATH}/{request_id}", "saved")


@router.post("/{request_id}/sent")
def sent(visit: PostedPerson, request_id: UUID) -> Response:
    """The letter went out."""
    with visit.store.write(visit.actor) as work:
        subject_requests.letter_sent(work, str(request_id))
    return onward(visit, f"{PATH}/{request_id}", "saved")


@router.get("/{request_id}/letter.{lang}.pdf")
def letter(visit: Person, request_id: UUID, lang: Literal["kk", "ru"]) -> Response:
    """The answer as PDF."""
    with visit.store.write(visit.actor) as work:  # the look is logged
        pdf = letters.answer(work, str(request_id), lang)
    return Response(
        pdf, media_type="application/pdf", headers={"content-disposition": f'inline; filename="letter-{lang}.pdf"'}
    )


def _list(visit: Visit, error: Exception | None = None) -> Response:
    with visit.store.read(visit.actor) as work:
        rows = subject_requests.requests(work)
        now = today(work)
    return page(
        visit,
        "privacy/requests.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(words_of(visit), error), "bad"),
        rows=rows,
        today=now,
        may_change=bool(visit.roles & subject_requests.KEEPERS),
        kinds=subject_requests.KINDS,
        channels=subject_requests.CHANNELS,
        identified=subject_requests.IDENTIFIED_BY,
        grounds=subject_requests.GROUNDS,
    )


def _one(visit: Visit, request_id: str, error: Exception | None = None) -> Response:
    with visit.store.write(visit.actor) as work:
        row, said = subject_requests.opened(work, request_id)
        found = [work.session.get(ViolationCase, one) for one in row.records]
        passages = len(subject_requests.passages_of(work, row))
        now = today(work)
    return page(
        visit,
        "privacy/request.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(words_of(visit), error), "bad"),
        row=row,
        said=said,
        cases=[one for one in found if one is not None],
        passages=passages,
        today=now,
        may_change=bool(visit.roles & subject_requests.KEEPERS),
        decisions=subject_requests.DECISIONS,
        reasons=subject_requests.REASONS,
        blocked=any(line["result"] == "restricted" for line in row.done)
        and not any(line["result"] == "lifted" for line in row.done),
    )
