"""The port to face recognition: orders asked for, approved and ended; crops sent; matches judged."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import ValidationError
from starlette.responses import Response

from qyran.errors import AccessError, InputError, TransitionError
from service.access import require
from service.faces import matches, orders, sending
from service.faces.matches import JUDGES, Verdict
from service.faces.orders import APPROVERS, ASKERS, READERS, REVOKERS, NewOrder, OrderView
from service.faces.sending import Crop
from service.faces.settings import PortOff, faces_file
from service.web.moments import LOCAL, needed
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/faces", include_in_schema=False)

TONES: Final = {"asked": "warn", "holds": "good", "expired": "", "refused": "", "revoked": "bad"}
OWNERS: Final = ("police_officer", "senior_officer")
FAULTS: Final = (InputError, TransitionError, AccessError)

Text = Annotated[str, Form(max_length=255)]


@router.get("")
def overview(visit: Person) -> Response:
    """Orders, and matches that nobody judged."""
    return _overview(visit)


@router.post("")
def ask(
    visit: PostedPerson, number: Text = "", legal_ground: Text = "", purpose: Text = "", list_name: Text = "",
    owner: Text = "", cameras: Annotated[str, Form(max_length=2000)] = "", valid_until: Text = "",
) -> Response:  # fmt: skip
    """Ask for an order."""
    require(visit.actor, ASKERS)
    faces_file(visit.store.settings)
    w = words_of(visit)
    named = [one for one in re.split(r"[\s,|]+", cameras) if one]
    given = {"number": number, "legal_ground": legal_ground, "purpose": purpose, "list_name": list_name,
             "owner": owner, "cameras": named}  # fmt: skip
    try:
        wanted = NewOrder.model_validate({**given, "valid_until": _last_moment(visit, valid_until)})
        with visit.store.write(visit.actor) as work:
            made = orders.ask(work, wanted)
    except ValidationError:
        return _overview(visit, w.t("faces.needs"))
    except FAULTS as error:
        return _overview(visit, refusal(w, error))
    return onward(visit, f"/faces/{made.id}", "saved")


@router.post("/matches/{match_id}")
def judge(visit: PostedPerson, match_id: UUID, verdict: Annotated[Verdict, Form()]) -> Response:
    """Say whether it is the wanted person."""
    try:
        with visit.store.write(visit.actor) as work:
            matches.judge(work, str(match_id), verdict)
    except TransitionError as error:
        return _overview(visit, refusal(words_of(visit), error))
    return onward(visit, "/faces", "saved")


@router.get("/matches/{match_id}/picture")
def picture(visit: Person, match_id: UUID) -> Response:
    """The crop of a match."""
    with visit.store.write(visit.actor) as work:
        data = matches.picture(work, str(match_id))
    return Response(data, media_type="image/jpeg", headers={"cache-control": "no-store"})


@router.get("/{order_id}")
def one(visit: Person, order_id: UUID) -> Response:
    """An order."""
    return _one(visit, str(order_id))


@router.post("/{order_id}/approve")
def approve(visit: PostedPerson, order_id: UUID) -> Response:
    """Say yes."""
    try:
        with visit.store.write(visit.actor) as work:
            orders.approve(work, str(order_id))
    except (AccessError, TransitionError) as error:
        return _one(visit, str(order_id), refusal(words_of(visit), error))
    return onward(visit, f"/faces/{order_id}", "saved")


@router.post("/{order_id}/revoke")
def revoke(visit: PostedPerson, order_id: UUID, reason: Text = "") -> Response:
    """End it at once."""
    try:
        with visit.store.write(visit.actor) as work:
            orders.revoke(work, str(order_id), reason)
    except FAULTS as error:
        return _one(visit, str(order_id), refusal(words_of(visit), error))
    return onward(visit, f"/faces/{order_id}", "saved")


@router.post("/{order_id}/crops")
def send(
    visit: PostedPerson, order_id: UUID, camera: Text = "", time: Text = "",
    crop: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Send a crop under it."""
    w = words_of(visit)
    try:
        data = b"" if crop is None else crop.file.read(sending.LARGEST + 1)
        found = sending.send(visit.store, visit.actor, str(order_id), Crop(camera, needed(w, time), data))
    except FAULTS as error:
        return _one(visit, str(order_id), refusal(w, error))
    tone = {"matched": "bad", "nothing": "good"}.get(found.outcome, "warn")
    words = {
        "nothing": w.t("faces.outcome_nothing"),
        "matched": w.t("faces.outcome_matched"),
        "failed": w.t("faces.outcome_failed"),
        "discarded": w.t("faces.outcome_discarded"),
    }
    return _one(visit, str(order_id), words[found.outcome], tone=tone, status=200)


def _overview(visit: Visit, fault: str | None = None) -> Response:
    require(visit.actor, READERS)
    w = words_of(visit)
    try:
        longest = faces_file(visit.store.settings).longest_days
    except PortOff:
        return page(visit, "faces/list.html", off=True, orders=(), matches=(), may_ask=False, tones=TONES)
    judges = visit.actor.acts_as(JUDGES) is not None
    again = visit.request.headers.get("hx-request") == "true"
    with visit.store.write(visit.actor) as work:  # looks at matches are logged
        found = orders.listing(work)
        waiting = matches.listing(work, open_only=True, again=again) if judges else ()
    return page(
        visit,
        "faces/list.html",
        status=200 if fault is None else 422,
        flash=None if fault is None else Flash(fault, "bad"),
        off=False,
        orders=found,
        matches=waiting,
        may_ask=visit.actor.acts_as(ASKERS) is not None,
        tones=TONES,
        owners=OWNERS,
        longest=longest,
        proposed=f"{(w.now + timedelta(days=min(longest, 7))).astimezone(w.zone):%Y-%m-%d}",
    )


def _one(visit: Visit, order_id: str, words: str | None = None, *, tone: str = "bad", status: int = 422) -> Response:
    w = words_of(visit)
    judges = visit.actor.acts_as(JUDGES) is not None
    with visit.store.write(visit.actor) as work:
        view = orders.open_order(work, order_id)
        found = matches.listing(work, order_id=order_id) if judges else ()
    return page(
        visit,
        "faces/one.html",
        status=200 if words is None else status,
        flash=None
        if words is None
        else Flash(words, "good" if tone == "good" else "warn" if tone == "warn" else "bad"),
        view=view,
        matches=found,
        tones=TONES,
        may_approve=_may_approve(visit, view),
        may_revoke=visit.actor.acts_as(REVOKERS) is not None and view.state in {"asked", "holds"},
        may_send=judges and view.state == "holds",
        now_local=f"{w.now.astimezone(w.zone):{LOCAL}}",
    )


def _may_approve(visit: Visit, view: OrderView) -> bool:
    return view.state == "asked" and any(one in visit.roles and one.value in view.wanted for one in APPROVERS)


def _last_moment(visit: Visit, day: str) -> datetime:
    """The end of a day of the city."""
    try:
        begins = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=visit.store.settings.zone)
    except ValueError:
        raise InputError(words_of(visit).t("faces.needs")) from None
    return begins + timedelta(days=1) - timedelta(seconds=1)
