"""The port to external face recognition: orders, crops under them, matches."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import AwareDatetime, BaseModel, StringConstraints

from qyran.errors import InputError
from service.api.bodies import Body
from service.api.deps import DeskOf
from service.faces import matches, orders, sending
from service.faces.matches import MatchView, Verdict
from service.faces.orders import NewOrder, OrderView

router = APIRouter(prefix="/faces", tags=["face recognition"])

Id = Annotated[str, Path(max_length=36)]
JPEG = "image/jpeg"


class Why(Body):
    """Why an order ends."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class NewCrop(Body):
    """A person cut out of a picture of a camera: a JPEG in base64, and when the camera saw him."""

    camera: Annotated[str, StringConstraints(max_length=64)]
    time: AwareDatetime
    picture: Annotated[str, StringConstraints(max_length=sending.LARGEST * 4 // 3 + 4)]


class SentOut(BaseModel):
    """What came of a crop: nothing, matched, failed or discarded."""

    request: str
    outcome: str
    matches: tuple[str, ...]


class Judgement(Body):
    """Whether it is the wanted person."""

    verdict: Verdict


@router.get("/orders", summary="Orders to look for faces")
def listing(desk: DeskOf) -> tuple[OrderView, ...]:
    """Those that hold or wait first."""
    with desk.read() as work:
        return orders.listing(work)


@router.post("/orders", summary="Ask for an order", status_code=201)
def ask(body: NewOrder, desk: DeskOf) -> OrderView:
    """Nothing is sent before a senior officer and a data-protection officer approved it, neither of whom asked."""
    with desk.write() as work:
        return orders.ask(work, body)


@router.get("/orders/{order_id}", summary="Open an order")
def one(order_id: Id, desk: DeskOf) -> OrderView:
    """The look is logged."""
    with desk.write() as work:
        return orders.open_order(work, order_id)


@router.post("/orders/{order_id}/approve", summary="Approve an order")
def approve(order_id: Id, desk: DeskOf) -> OrderView:
    """In the role whose approval is wanted."""
    with desk.write() as work:
        return orders.approve(work, order_id)


@router.post("/orders/{order_id}/revoke", summary="End an order at once")
def revoke(order_id: Id, body: Why, desk: DeskOf) -> OrderView:
    """Answers that are under way are thrown away."""
    with desk.write() as work:
        return orders.revoke(work, order_id, body.reason)


@router.post("/orders/{order_id}/crops", summary="Send a crop under an order")
def send(order_id: Id, body: NewCrop, desk: DeskOf) -> SentOut:
    """To the external system, whose matches are shown to the role that the order names."""
    try:
        data = base64.b64decode(body.picture, validate=True)
    except ValueError:
        raise InputError("The picture is no base64.") from None
    found = sending.send(desk.store, desk.login.user.actor, order_id, sending.Crop(body.camera, body.time, data))
    return SentOut(request=found.request_id, outcome=found.outcome, matches=found.matches)


@router.get("/matches", summary="Matches")
def found(desk: DeskOf, *, open_only: bool = True) -> tuple[MatchView, ...]:
    """Of the orders whose matches one's role sees, the newest first."""
    with desk.write() as work:
        return matches.listing(work, open_only=open_only)


@router.post("/matches/{match_id}", summary="Judge a match", status_code=204)
def judge(match_id: Id, body: Judgement, desk: DeskOf) -> None:
    """A match is a hint: a person looks and says whether it is the wanted one."""
    with desk.write() as work:
        matches.judge(work, match_id, body.verdict)


@router.get("/matches/{match_id}/picture", summary="The crop of a match", response_class=Response)
def picture(match_id: Id, desk: DeskOf) -> Response:
    """The look is logged."""
    with desk.write() as work:
        data = matches.picture(work, match_id)
    return Response(data, media_type=JPEG, headers={"cache-control": "no-store"})
