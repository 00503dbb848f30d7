"""What the desk's script asks for beside the steps: the case ahead, drafts, how a case stands, the way back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import JSONResponse, Response

from qyran.errors import ConfigError, InputError, IntegrityError, TransitionError
from service import case_desk, case_drafts, cases, signing
from service.case_statistics import of_officer
from service.web.case_answer import answer, at_desk, media
from service.web.case_sign_view import sign_rows
from service.web.case_stats_view import stats_view
from service.web.ncalayer_pages import by_ncalayer
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson

SPANS: Final = (1, 7, 30)
"""Days of one's own figures, today included."""
MOST_AT_ONCE: Final = 25
"""Decisions signed by one press: each takes some tenths of a second, and an answer must not take a minute."""

router = APIRouter(prefix="/cases", include_in_schema=False)


@router.post("/ahead")
def ahead(visit: PostedPerson, present: Annotated[str, Form(max_length=36)] = "") -> Response:
    """Make the next case ready: its clip and stills."""
    with visit.store.write(visit.actor) as work:
        found = case_desk.ahead(work, present or None)
    return Response(status_code=204) if found is None else media(visit, found)


@router.post("/undo")
def undo(visit: PostedPerson, case: Annotated[UUID, Form()]) -> Response:
    """Take the last confirmation back and open the case again."""
    w = words_of(visit)
    try:
        with visit.store.write(visit.actor) as work:
            seen = case_desk.undo(work, str(case))
    except TransitionError as error:
        with visit.store.write(visit.actor) as work:
            seen = cases.open_case(work, str(case))
        return answer(visit, seen, Flash(refusal(w, error), "bad"), status=409)
    if at_desk(visit):
        return answer(visit, seen, Flash(w.t("flash.undone"), "warn"))
    return onward(visit, f"/cases/{seen.id}", "undone")


@router.get("/mine")
def mine(visit: Person) -> Response:
    """One's own work in figures."""
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        until = work.now + timedelta(seconds=1)
        midnight = work.now.astimezone(w.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        found = [of_officer(work, work.actor.id, midnight - timedelta(days=days - 1), until) for days in SPANS]
    return page(visit, "cases/mine.html", view=stats_view(w, SPANS, found))


@router.get("/sign")
def to_sign(visit: Person) -> Response:
    """What one has confirmed and not signed."""
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        ids = case_desk.to_sign(work)
        rows = sign_rows(work, w, ids[:MOST_AT_ONCE])
    return page(visit, "cases/sign.html", rows=rows, total=len(ids), refused=(), by_ncalayer=by_ncalayer(visit.store))


@router.post("/sign")
def sign(visit: PostedPerson, case: Annotated[list[UUID] | None, Form()] = None) -> Response:
    """Sign the chosen ones, each for itself: one that is refused holds no other up."""
    w = words_of(visit)
    refused, signed = [], 0
    for one in (case or [])[:MOST_AT_ONCE]:
        try:
            signing.issue(visit.store, visit.actor, str(one))
            signed += 1
        except (TransitionError, InputError, IntegrityError, ConfigError) as error:
            refused.append((str(one), refusal(w, error)))
    with visit.store.read(visit.actor) as work:
        ids = case_desk.to_sign(work)
        rows = sign_rows(work, w, ids[:MOST_AT_ONCE])
    flash = Flash(w.t("sign.done", n=signed), "warn" if refused else "good")
    return page(
        visit,
        "cases/sign.html",
        rows=rows,
        total=len(ids),
        refused=tuple(refused),
        flash=flash,
        by_ncalayer=by_ncalayer(visit.store),
    )


@router.post("/{case_id}/draft")
def draft(
    visit: PostedPerson,
    case_id: UUID,
    plate: Annotated[str, Form(max_length=20)] = "",
    note: Annotated[str, Form(max_length=1000)] = "",
    offence: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Keep what is written so far."""
    given = case_drafts.Draft(plate=plate.strip() or None, note=note.strip() or None, offence=offence or None)
    try:
        with visit.store.write(visit.actor) as work:
            case_drafts.save(work, str(case_id), given)
    except TransitionError:
        return Response(status_code=409)
    return Response(status_code=204)


@router.get("/{case_id}/standing")
def how_it_stands(visit: Person, case_id: UUID) -> Response:
    """Whether the case is still one's own, without opening it again."""
    with visit.store.read(visit.actor) as work:
        found = case_desk.standing(work, str(case_id))
    return JSONResponse({"standing": found}, headers={"cache-control": "no-store"})
