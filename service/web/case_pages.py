"""The officer's console: the queue, the case with its player, every step of it, the signed decision.

A step that ends the work on a case goes on to the next one: the desk's script asks for it with the header `X-Desk` and
gets the next case in the same answer; a browser without scripts is led on as by any form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import FileResponse, Response

from qyran.errors import ConfigError, InputError, IntegrityError, NotFound, TransitionError
from qyran.roles import OFFICERS, Actor
from service import case_desk, case_drafts, cases, signing
from service.access import CASE_READERS
from service.delivery_settings import vehicle_register
from service.i18n import named
from service.owners import load_owner
from service.store.database import Store, Work
from service.views import CaseDetail, CasePage, CaseSummary
from service.web import case_store
from service.web.case_answer import answer, at_desk, case_page, nothing_left
from service.web.case_view import tone
from service.web.evidence_view import send, thumb_url
from service.web.pager import pages_of
from service.web.rendering import Flash, onward, page, words_of
from service.web.view_models import Age, QueueRow, Tile
from service.web.visit import Person, PostedPerson, Visit
from service.web.words import Words
from violations.case import CaseState

PAGE: Final = 50
MINE: Final = "mine"
SHOWN: Final = (
    CaseState.SCREENED,
    CaseState.IN_REVIEW,
    CaseState.SECOND_LOOK,
    CaseState.OFFICER_CONFIRMED,
    CaseState.SIGNED,
    CaseState.OFFICER_REJECTED,
    CaseState.NON_PAYABLE,
    CaseState.RETURNED,
)
REST: Final = (CaseState.AUTO_REJECTED, CaseState.EXPIRED, CaseState.CANCELLED, CaseState.CLOSED, CaseState.MERGED)
AGES: Final = {"age_hour": timedelta(0), "age_day": timedelta(hours=1), "age_older": timedelta(hours=24)}
"""From which age on; the queue's own warning term is the setting, these are only what is shown."""
GOES_ON: Final = frozenset({"confirm", "reject", "send_on", "return", "release", "hold"})
"""Steps that end the officer's work on a case."""

router = APIRouter(prefix="/cases", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Step:
    """What a form about a case said."""

    version: int | None
    reason: str
    note: str | None
    plate: str | None
    offence: str
    officer: str


def _owner(store: Store, actor: Actor, case_id: str, form: Step) -> CaseDetail:
    try:
        return load_owner(store, actor, case_id, vehicle_register(store), plate=form.plate, version=form.version)
    except NotFound as error:
        raise InputError(str(error)) from None
    except OSError:
        raise InputError("The vehicle register did not answer; try again later.") from None


def _sign(store: Store, actor: Actor, case_id: str, form: Step) -> CaseDetail:
    return signing.issue(store, actor, case_id, version=form.version)


def _hold(work: Work, case_id: str, form: Step) -> None:
    draft = case_drafts.Draft(plate=form.plate, note=form.note, offence=form.offence or None)
    case_desk.put_aside(work, case_id, draft)


Act = Callable[[Work, str, Step], CaseDetail | None]
SlowAct = Callable[[Store, Actor, str, Step], CaseDetail]

ACTS: Final[Mapping[str, tuple[Act, str]]] = {
    "claim": (lambda work, one, f: cases.claim(work, one, f.version), "claimed"),
    "hold": (_hold, "held"),
    "release": (lambda work, one, f: cases.release(work, one, note=f.note, version=f.version), "saved"),
    "return": (lambda work, one, f: cases.send_back(work, one, f.reason, note=f.note, version=f.version), "saved"),
    "repair": (lambda work, one, f: cases.repair(work, one, note=f.note, version=f.version), "saved"),
    "sample": (lambda work, one, f: cases.reconsider(work, one, note=f.note, version=f.version), "saved"),
    "remark": (lambda work, one, f: cases.remark(work, one, f.note or "", version=f.version), "saved"),
    "confirm": (
        lambda work, one, f: cases.confirm(work, one, f.offence, plate=f.plate, note=f.note, version=f.version),
        "confirmed",
    ),
    "send_on": (
        lambda work, one, f: cases.send_on(work, one, f.offence, plate=f.plate, note=f.note, version=f.version),
        "send_on",
    ),
    "reject": (lambda work, one, f: cases.reject(work, one, f.reason, note=f.note, version=f.version), "rejected"),
    "withdraw": (lambda work, one, f: cases.withdraw(work, one, f.reason, note=f.note, version=f.version), "saved"),
    "reassign": (lambda work, one, f: cases.reassign(work, one, f.officer, version=f.version), "saved"),
    "part": (lambda work, one, f: cases.part(work, one, f.reason, note=f.note, version=f.version), "parted"),
    "cancel": (lambda work, one, f: cases.cancel(work, one, f.reason, note=f.note, version=f.version), "saved"),
}
"""Each step's use case and the message after it."""

SLOW_ACTS: Final[Mapping[str, tuple[SlowAct, str]]] = {"owner": (_owner, "owner"), "sign": (_sign, "signed")}
"""Steps that ask somebody outside or draw a document: they take transactions of their own, so that nobody waits."""


@router.get("")
def queue(
    visit: Person,
    show: Annotated[str, Query(max_length=24)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """The queue with its counts."""
    w = words_of(visit)
    state = CaseState(show) if show in set(CaseState) else None
    mine = show == MINE
    with visit.store.read(visit.actor) as work:
        found = cases.queue(work, state=state, mine=mine, limit=PAGE, offset=(number - 1) * PAGE)
        ages = case_store.age_counts(work, tuple(AGES.values()))
        own = case_store.mine(work)
        to_sign = len(case_desk.to_sign(work)) if visit.roles & OFFICERS else 0
    heading = w.t("cases.mine_all") if mine else w.t(f"violations.state.{state}" if state else "cases.waiting_all")
    return page(
        visit,
        "cases/queue.html",
        tiles=_tiles(w, visit, found, show, own),
        ages=_ages(w, ages),
        rows=tuple(queue_row(w, one) for one in found.items),
        heading=heading,
        total=found.total,
        can_claim=bool(visit.roles & OFFICERS),
        can_search=bool(visit.roles & CASE_READERS),
        to_sign=to_sign,
        waiting=found.counts.get(CaseState.SCREENED, 0),
        pages=pages_of("/cases", found.total, number, PAGE, {"show": show}),
    )


@router.post("/next")
def take_next(visit: PostedPerson, present: Annotated[str, Form(max_length=36)] = "") -> Response:
    """Open the next case: one that is held already, else the oldest waiting one."""
    with visit.store.write(visit.actor) as work:
        found = case_desk.go_on(work, present or None)
    if at_desk(visit):
        return nothing_left(visit) if found is None else answer(visit, found)
    return onward(visit, "/cases", "none_waiting") if found is None else onward(visit, f"/cases/{found.id}", "claimed")


@router.get("/{case_id}")
def case(visit: Person, case_id: UUID) -> Response:
    """The page of a case."""
    return case_page(visit, str(case_id))


@router.post("/{case_id}/{step}")
def act(
    visit: PostedPerson,
    case_id: UUID,
    step: str,
    version: Annotated[int | None, Form()] = None,
    reason: Annotated[str, Form(max_length=64)] = "",
    note: Annotated[str, Form(max_length=1000)] = "",
    plate: Annotated[str, Form(max_length=20)] = "",
    offence: Annotated[str, Form(max_length=64)] = "",
    officer: Annotated[str, Form(max_length=36)] = "",
) -> Response:
    """Take a step; a refusal shows the case as it stands now with the reason over it."""
    if step not in ACTS and step not in SLOW_ACTS:
        raise NotFound(f"There is no step {step}.")
    form = Step(version, reason, note or None, plate.strip() or None, offence, officer)
    one, second = str(case_id), False
    after: CaseDetail | None
    try:
        if step in SLOW_ACTS:
            slow_case, message = SLOW_ACTS[step]
            after = slow_case(visit.store, visit.actor, one, form)
        else:
            use_case, message = ACTS[step]
            with visit.store.write(visit.actor) as work:
                second = case_desk.is_second_look(work, one)
                after = use_case(work, one, form)
                if step in GOES_ON - {"hold"}:
                    case_drafts.forget(work, one)
    except (TransitionError, InputError, IntegrityError, ConfigError) as error:
        return case_page(visit, one, error)
    if after is not None and after.state == CaseState.SECOND_LOOK:
        message = "second_look"
    number = after.document_no if after is not None and step == "sign" else None
    if at_desk(visit) and visit.roles & OFFICERS:
        flash = Flash(words_of(visit).t(f"flash.{message}", number=number or ""))
        if step not in GOES_ON:
            return case_page(visit, one) if after is None else answer(visit, after, flash)
        with visit.store.write(visit.actor) as work:  # the verdict is stored by now, whatever comes of this
            following = case_desk.go_on(work, one, second_look=second)
        return nothing_left(visit, flash) if following is None else answer(visit, following, flash)
    stays = step not in {"release", "return"} and (after is not None or bool(visit.roles & CASE_READERS))
    return onward(visit, f"/cases/{case_id}" if stays else "/cases", message, number or "")


@router.get("/{case_id}/evidence/{event_id}/{name}")
def evidence(visit: Person, case_id: UUID, event_id: UUID, name: str) -> FileResponse:
    """A file of the case's evidence, with ranges."""
    with visit.store.write(visit.actor) as work:
        found = cases.evidence_file(work, str(case_id), str(event_id), name)
    return send(found)


@router.get("/{case_id}/decision")
def decision(visit: Person, case_id: UUID) -> Response:
    """The signed decision on a page of ours."""
    with visit.store.write(visit.actor) as work:
        seen = cases.open_case(work, str(case_id))
    if seen.document_no is None:
        raise NotFound(f"The case {case_id} has no decision yet.")
    w = words_of(visit)
    return page(
        visit,
        "cases/decision.html",
        case_id=seen.id,
        kind=w.or_code(f"violations.kind.{seen.kind}"),
        document_no=seen.document_no,
        document_path=f"/cases/{case_id}/decision.pdf",
    )


@router.get("/{case_id}/decision.pdf")
def decision_pdf(visit: Person, case_id: UUID) -> FileResponse:
    """The signed decision as it was signed."""
    with visit.store.write(visit.actor) as work:
        path, name = signing.document(work, str(case_id))
    headers = {
        "content-security-policy": "frame-ancestors 'self'",
        "x-frame-options": "SAMEORIGIN",
        "content-disposition": f'inline; filename="{name}"',
    }
    return FileResponse(path, media_type="application/pdf", headers=headers)


def queue_row(w: Words, one: CaseSummary) -> QueueRow:
    """A case as a line of a list."""
    return QueueRow(
        id=one.id,
        kind=w.or_code(f"violations.kind.{one.kind}"),
        class_name=w.or_code(f"class.{one.class_ or 'unknown'}"),
        camera=named(w.lang, one.camera_name, one.camera_id),
        t_detect=one.t_detect,
        late=one.late,
        plate=one.plate,
        state=w.or_code(f"violations.state.{one.state}"),
        tone=tone(one.state),
        second_look=w.or_code(f"violations.reason.{one.second_look}") if one.second_look else None,
        document_no=one.document_no,
        mine=one.mine,
        claimed_by=one.claimed_by_name,
        thumb_url=thumb_url(f"/cases/{one.id}", one.still),
    )


def _tiles(w: Words, visit: Visit, found: CasePage, show: str, own: int) -> tuple[Tile, ...]:
    waiting = sum(found.counts.get(state, 0) for state in cases.WAITING)
    tiles = [Tile(w.t("cases.waiting_all"), waiting, "/cases", current=not show)]
    if visit.roles & OFFICERS:
        tiles.append(Tile(w.t("cases.mine_all"), own, f"/cases?show={MINE}", current=show == MINE))
    rest = tuple(state for state in REST if found.counts.get(state))
    for state in (*SHOWN, *rest):
        count = found.counts.get(state, 0)
        tiles.append(Tile(w.t(f"violations.state.{state}"), count, f"/cases?show={state}", current=show == state))
    return tuple(tiles)


def _ages(w: Words, counts: list[int]) -> tuple[Age, ...]:
    if not sum(counts):
        return ()
    last = list(AGES)[-1]
    return tuple(Age(w.t(f"cases.{name}"), count, alarm=name == last) for name, count in zip(AGES, counts, strict=True))
