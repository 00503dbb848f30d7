"""The handover of a shift: written by who goes, confirmed by who comes, kept and printable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from qyran.errors import AccessError, InputError, TransitionError
from service.i18n import named
from service.operators import handovers
from service.operators.handovers import Handover, Standing
from service.operators.sound import OPERATOR
from service.records import camera_names, name_of
from service.store.database import Work
from service.web.centre.alarm_view import kind_name, tone
from service.web.centre.down_view import DownView, down_view
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit
from service.web.words import Words

router = APIRouter(prefix="/alarms/shift", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An alarm that is not over."""

    id: str
    kind: str
    camera: str
    state: str
    tone: str
    holder: str | None
    t_detect: datetime
    is_drill: bool


@dataclass(frozen=True, slots=True)
class SoundLine:
    """What was done with the sound of a console."""

    at: datetime
    name: str
    what: str


@dataclass(frozen=True, slots=True)
class StandingView:
    """What is handed over, in words."""

    since: datetime
    open: tuple[OpenRow, ...]
    more: int
    sounds: tuple[SoundLine, ...]
    down: tuple[DownView, ...]


@router.get("")
def shift(visit: Person) -> Response:
    """What would be handed over now, and the handovers before."""
    return _now(visit)


@router.post("")
def write(visit: PostedPerson, notes: Annotated[str, Form(max_length=20_000)] = "") -> Response:
    """Write the shift down."""
    try:
        with visit.store.write(visit.actor) as work:
            written = handovers.write(work, notes)
    except InputError as error:
        return _now(visit, error)
    return onward(visit, f"/alarms/shift/{written}", "shift_written")


@router.get("/{handover_id}")
def one(visit: Person, handover_id: UUID) -> Response:
    """A handover as it was written."""
    return _one(visit, str(handover_id))


@router.post("/{handover_id}/confirm")
def confirm(visit: PostedPerson, handover_id: UUID) -> Response:
    """Take the shift over."""
    try:
        with visit.store.write(visit.actor) as work:
            handovers.confirm(work, str(handover_id))
    except (TransitionError, AccessError) as error:
        if not visit.roles & OPERATOR:
            raise
        return _one(visit, str(handover_id), error)
    return onward(visit, f"/alarms/shift/{handover_id}", "shift_confirmed")


def _now(visit: Visit, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        view = _view(work, w, handovers.standing(work))
        before = handovers.listing(work)
    flash = None if error is None else Flash(refusal(w, error), "bad")
    waits = next((one for one in before if one.latest and one.confirmed_at is None), None)
    return page(
        visit,
        "alarms/shift.html",
        status=200 if error is None else 422,
        flash=flash,
        standing=view,
        before=before,
        waits=waits,
        mine=waits is not None and waits.written_by == visit.actor.id,
        writes=bool(visit.roles & OPERATOR),
    )


def _one(visit: Visit, handover_id: str, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:
        found: Handover = handovers.opened(work, handover_id)
        view = None if found.standing is None else _view(work, w, found.standing)
    takes = found.latest and found.confirmed_at is None and found.written_by != visit.actor.id
    return page(
        visit,
        "alarms/shift_one.html",
        status=200 if error is None else 409,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        found=found,
        standing=view,
        takes=takes and bool(visit.roles & OPERATOR),
    )


def _view(work: Work, w: Words, found: Standing) -> StandingView:
    cameras = camera_names(work, {one.camera for one in found.open})
    return StandingView(
        since=found.since,
        open=tuple(
            OpenRow(one.id, kind_name(w, one.kind),
                    named(w.lang, name_of(cameras.get(one.camera), one.camera), one.camera),
                    w.or_code(f"incidents.state.{one.state}"), tone(one.state), one.holder, one.t_detect, one.is_drill)
            for one in found.open
        ),
        more=found.more,
        sounds=tuple(SoundLine(one.at, one.name, _sound(w, one.kind, one.seconds)) for one in found.sounds),
        down=down_view(w, found.down),
    )  # fmt: skip


def _sound(w: Words, kind: str, seconds: float | None) -> str:
    said = w.t(f"centre_shift.sound_{kind}")
    return said if seconds is None else f"{said}, {w.t('unit.seconds', n=w.num(seconds, 0))}"
