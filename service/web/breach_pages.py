"""Breaches of personal data: registered, counted, told to the authority within the term."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from qyran.errors import InputError, TransitionError
from service import breaches, letters
from service.access_register import ACTIONS, Wanted
from service.breaches import NewBreach
from service.i18n import Language
from service.store.tables import AppUser
from service.users import names
from service.web import moments
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/privacy/breaches", include_in_schema=False)
PATH: Final = "/privacy/breaches"
Short = Annotated[str, Form(max_length=64)]
Long = Annotated[str, Form(max_length=4000)]
Many = Annotated[list[str] | None, Form()]


@router.get("")
def listing(visit: Person) -> Response:
    """All breaches, the newest first."""
    return _list(visit)


@router.post("")
def register(
    visit: PostedPerson, kind: Short = "", noticed_at: Short = "", began: Short = "", ended: Short = "",
    description: Long = "", measures: Long = "", data: Many = None, actor: Short = "", action: Short = "",
) -> Response:  # fmt: skip
    """Write a breach down; the clock starts."""
    w = words_of(visit)
    try:
        new = NewBreach(
            kind, moments.needed(w, noticed_at), moments.needed(w, began), moments.needed(w, ended), description,
            measures, tuple(data or ()), Wanted(actor=actor or None, action=action or None),
        )  # fmt: skip
        with visit.store.write(visit.actor) as work:
            row = breaches.register(work, new)
    except InputError as error:
        return _list(visit, error)
    return onward(visit, f"{PATH}/{row.id}", "breach_registered", row.number)


@router.get("/{breach_id}")
def show(visit: Person, breach_id: UUID) -> Response:
    """One breach; the look is logged."""
    return _one(visit, str(breach_id))


@router.post("/{breach_id}/count")
def count(visit: PostedPerson, breach_id: UUID, actor: Short = "", action: Short = "") -> Response:
    """Ask the register anew who is affected."""
    with visit.store.write(visit.actor) as work:
        breaches.find_again(work, str(breach_id), Wanted(actor=actor or None, action=action or None))
    return onward(visit, f"{PATH}/{breach_id}", "saved")


@router.post("/{breach_id}/sent")
def sent(visit: PostedPerson, breach_id: UUID, at: Short = "") -> Response:
    """The notice went out."""
    try:
        with visit.store.write(visit.actor) as work:
            breaches.sent(work, str(breach_id), moments.needed(words_of(visit), at))
    except (InputError, TransitionError) as error:
        return _one(visit, str(breach_id), error)
    return onward(visit, f"{PATH}/{breach_id}", "saved")


@router.post("/{breach_id}/acknowledged")
def acknowledged(visit: PostedPerson, breach_id: UUID, number: Short = "", at: Short = "") -> Response:
    """The authority confirmed it."""
    try:
        with visit.store.write(visit.actor) as work:
            breaches.acknowledged(work, str(breach_id), number, moments.needed(words_of(visit), at))
    except (InputError, TransitionError) as error:
        return _one(visit, str(breach_id), error)
    return onward(visit, f"{PATH}/{breach_id}", "saved")


@router.get("/{breach_id}/notice.{lang}.pdf")
def notice(visit: Person, breach_id: UUID, lang: Language) -> Response:
    """The notice as PDF."""
    with visit.store.write(visit.actor) as work:
        pdf = letters.breach_notice(work, str(breach_id), lang)
    return Response(
        pdf, media_type="application/pdf", headers={"content-disposition": f'inline; filename="notice-{lang}.pdf"'}
    )


def _list(visit: Visit, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        rows = breaches.breaches(work)
        people = [(row.id, row.name) for row in work.session.query(AppUser).order_by(AppUser.name)]
    return page(
        visit,
        "privacy/breaches.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        rows=rows,
        people=people,
        actions=ACTIONS,
        may_change=bool(visit.roles & breaches.KEEPERS),
        kinds=breaches.KINDS,
        data_kinds=breaches.DATA_KINDS,
        now_local=moments.local(w, w.now),
    )


def _one(visit: Visit, breach_id: str, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:
        row, said = breaches.breach_facts(work, breach_id)
        records = breaches.affected(work, breach_id)
        people = letters.people_of(work, row)
        asked = row.wanted.get("actor")
        whose = names(work, [asked]).get(asked, "") if asked else ""
    return page(
        visit,
        "privacy/breach.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        row=row,
        said=said,
        records=records,
        people=people,
        whose=whose,
        may_change=bool(visit.roles & breaches.KEEPERS),
        now_local=moments.local(w, w.now),
    )
