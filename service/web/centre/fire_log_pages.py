"""The fire service's calls beside our alarms: what is one, what may be, and what each side knew alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from qyran.errors import InputError, TransitionError
from qyran.roles import Role
from service.access import require
from service.alerting import fire_log
from service.web.centre.alarm_view import kind_name
from service.web.moments import day
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit
from service.web.words import Words

router = APIRouter(prefix="/alarms", include_in_schema=False)

SPAN: Final = timedelta(days=7)
READERS: Final = fire_log.READERS - {Role.EVALUATOR}
"""Who sees alarms; an evaluator reads the same over the API without them."""


@dataclass(frozen=True, slots=True)
class PairRow:
    """A call and an alarm, in words."""

    call: str
    received: datetime
    departed: datetime | None
    arrived: datetime | None
    alarm: str
    kind: str
    detected: datetime
    how: str
    apart: str
    metres: str | None


@router.get("/fire-log")
def fire_calls(
    visit: Person,
    start: Annotated[str, Query(max_length=10)] = "",
    end: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """The page; without days it shows the last week."""
    return _page(visit, start, end)


@router.post("/fire-log/{call_id}/{alert_id}")
def judged(
    visit: PostedPerson,
    call_id: str,
    alert_id: UUID,
    same: Annotated[str, Form(max_length=4)] = "",
    start: Annotated[str, Form(max_length=10)] = "",
    end: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """A person says whether the two are one."""
    try:
        with visit.store.write(visit.actor) as work:
            fire_log.judge(work, call_id, str(alert_id), same=same == "yes")
    except TransitionError as error:
        return _page(visit, start, end, error)
    return onward(visit, f"/alarms/fire-log?start={start}&end={end}" if start and end else "/alarms/fire-log", "saved")


def _page(visit: Visit, start: str, end: str, error: Exception | None = None) -> Response:
    require(visit.actor, READERS)
    w = words_of(visit)
    last = day(end) if end else w.now.astimezone(w.zone).date()
    first = day(start) if start else last - SPAN + timedelta(days=1)
    since, until = _span(w, first, last)
    with visit.store.read(visit.actor) as work:
        found = fire_log.loop(work, since, until)
    return page(
        visit,
        "alarms/fire_log.html",
        status=200 if error is None else 409,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        start=first.isoformat(),
        end=last.isoformat(),
        covered=tuple((max(a, since), min(b, until)) for a, b in found.covered if a < until and b > since),
        matched=tuple(_row(w, one) for one in found.matched),
        candidates=tuple(_row(w, one) for one in found.candidates),
        service_only=tuple(
            (one, w.or_code(f"fire_log.code_{one.closing_code}") if one.closing_code else None)
            for one in found.service_only
        ),
        ours_only=tuple((one, kind_name(w, one.kind)) for one in found.ours_only),
        judges=visit.actor.acts_as(fire_log.JUDGES) is not None,
    )


def _span(w: Words, first: date, last: date) -> tuple[datetime, datetime]:
    if last < first or last - first > fire_log.LONGEST:
        raise InputError("The time has to begin before it ends and last 92 days at most.")
    return datetime.combine(first, time(), w.zone), datetime.combine(last + timedelta(days=1), time(), w.zone)


def _row(w: Words, one: fire_log.PairView) -> PairRow:
    later = timedelta(seconds=abs(one.seconds))
    apart = w.between(one.t_detect, one.t_detect + later) or ""
    return PairRow(
        call=one.call.id,
        received=one.call.t_call_received,
        departed=one.call.t_depart,
        arrived=one.call.t_arrive,
        alarm=one.alert_id,
        kind=kind_name(w, one.kind),
        detected=one.t_detect,
        how=w.t("fire_log.how_person" if one.by_person else f"fire_log.how_{one.how}"),
        apart=w.t("fire_log.after" if one.seconds >= 0 else "fire_log.before", time=apart),
        metres=None if one.metres is None else w.num(one.metres, 0),
    )
