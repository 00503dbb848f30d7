"""The working screen: the live list, the chosen alarm beside it, many closed at once, the sound."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import JSONResponse, Response

from incidents.alert import REASONS
from qyran.errors import InputError, TransitionError
from service import alerts
from service.operators import sound
from service.operators.board import READERS, Choice, board, cameras
from service.operators.down import down_now
from service.sensors import notices
from service.web.centre.alarm_view import KEYS, SERVICE_KEYS, asked_of
from service.web.centre.down_view import down_view
from service.web.centre.own_pages import STREAM, own_page
from service.web.centre.rows import list_view, options
from service.web.rendering import onward, page, words_of
from service.web.visit import Person, PostedPerson, own_path

router = APIRouter(prefix="/alarms", include_in_schema=False)

MOST_AT_ONCE: Final = 200  # alarms closed by one press


def chosen(
    show: Annotated[str, Query(max_length=16)] = "",
    kind: Annotated[str, Query(max_length=32)] = "",
    severity: Annotated[str, Query(max_length=8)] = "",
    camera: Annotated[str, Query(max_length=64)] = "",
    district: Annotated[str, Query(max_length=64)] = "",
    *,
    mine: bool = False,
    drill: Literal["", "only", "none"] = "",
) -> Choice:
    """The filters as the address says them."""
    return Choice(show, kind, severity, camera, district, mine, drill)


Chosen = Annotated[Choice, Depends(chosen)]


@router.get("")
def console(visit: Person, choice: Chosen) -> Response:
    """The working screen of an operator; a dispatcher's page of his own service's alarms."""
    if visit.actor.acts_as(READERS) is None:
        return own_page(visit)
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        view = list_view(w, visit, choice, board(work, choice))
        offered = options(w, cameras(work))
        down = down_view(w, down_now(work))
        told = notices.unseen(work)
        muted = sound.muted_until(work)
    return page(
        visit,
        "alarms/console.html",
        view=view,
        choice=choice,
        options=offered,
        down=down,
        told=told,
        muted=muted,
        mutes=sound.MUTES_S,
        operator=sound.OPERATOR & visit.roles,
        asked=asked_of(w),
        keys=KEYS,
        service_keys=SERVICE_KEYS,
        stream_path=STREAM,
    )


@router.get("/list")
def rows(visit: Person, choice: Chosen) -> Response:
    """The list by itself: what a console asks for when something has changed."""
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        view = list_view(w, visit, choice, board(work, choice))
        down = down_view(w, down_now(work))
        told = notices.unseen(work)
    return page(visit, "alarms/rows_only.html", view=view, choice=choice, down=down, told=told)


@router.post("/close")
def close_many(
    visit: PostedPerson,
    reason: Annotated[str, Form(max_length=64)] = "",
    ids: Annotated[list[UUID] | None, Form(max_length=MOST_AT_ONCE)] = None,
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Close the alarms that have ended, all for one reason; one that has moved on meanwhile is left as it is.

    Raises:
        InputError: without a reason.
    """
    if reason not in REASONS["close"]:
        raise InputError("Closing many alarms needs a reason code.")
    closed = 0
    for one in ids or []:
        try:
            with visit.store.write(visit.actor) as work:
                alerts.close(work, str(one), reason)
        except TransitionError:
            continue
        closed += 1
    return onward(visit, own_path(back, "/alarms"), "alarms_closed", str(closed))


@router.post("/sound")
def sounded(
    visit: PostedPerson,
    kind: Annotated[str, Form(max_length=16)],
    seconds: Annotated[int, Form()] = 0,
) -> Response:
    """Keep what an operator does with the sound; answers until when it is muted."""
    with visit.store.write(visit.actor) as work:
        if kind == "mute":
            return JSONResponse({"until": sound.mute(work, seconds).isoformat()})
        sound.note(work, kind)
    return JSONResponse({"until": None})
