"""Sending a crop under an order, and taking what comes back.

Each crop is noted before it leaves; whether the order holds is asked then, and once more before an answer is taken: an
order that was revoked meanwhile lets nothing in. A crop without a match is kept nowhere.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import uuid4

from pydantic import BaseModel, Field, StringConstraints

from evidence.canonical import sha256_hex
from evidence.record_package import picture_size
from qyran.errors import AccessError, InputError, QyranError
from qyran.roles import OFFICERS, Actor
from service.access import log_access, require
from service.faces.orders import load, state
from service.faces.settings import faces_file
from service.ports.channels import ChannelDown, Refused
from service.ports.http import told
from service.store.database import Store, Work
from service.store.face_tables import FaceMatch, FaceRequest
from service.store.tables import Personal

SENDERS: Final = OFFICERS
PATH: Final = "/v1/search"
LARGEST: Final = 1024 * 1024
"""Bytes of a crop."""
LARGEST_SIDE: Final = 1024
"""Pixels of a crop's longer side: a person, not a street."""
MOST_MATCHES: Final = 20
AHEAD: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Crop:
    """A person cut out of a picture of a camera.

    Attributes:
        time: when the camera saw him.
        data: a JPEG.
    """

    camera_id: str
    time: datetime
    data: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a crop: `nothing`, `matched`, `failed` or `discarded`, and the matches it brought."""

    request_id: str
    outcome: str
    matches: tuple[str, ...] = ()


class OrderRefused(AccessError):
    """No crop may be sent under this order."""


def send(store: Store, actor: Actor, order_id: str, crop: Crop) -> Sent:
    """Send a crop under an order.

    Raises:
        PortOff: the port is off.
        AccessError: the actor is no officer.
        NotFound: there is no such order.
        InputError: it is no crop.
        OrderRefused: the order does not hold, or does not name the camera; the refusal is noted.
    """
    peer = faces_file(store.settings).peer()
    if len(crop.data) > LARGEST:
        raise InputError(f"A crop has {LARGEST // 1024} KiB at most.")
    width, height = picture_size(crop.data)
    if max(width, height) > LARGEST_SIDE:
        raise InputError(f"A crop shows one person: {LARGEST_SIDE} pixels a side at most.")
    with store.write(actor) as work:
        request, refused = _note(work, order_id, crop)
    if refused is not None:
        raise OrderRefused(refused)
    body = {
        "request": request.id,
        "list": request.list_name,
        "order": request.number,
        "camera": crop.camera_id,
        "time": crop.time.isoformat(),
        "picture": base64.b64encode(crop.data).decode(),
    }
    try:
        answer = _matches(told(peer.ask("POST", PATH, body, key=request.id)))
    except (ChannelDown, Refused, ValueError) as error:
        with store.write(actor) as work:
            _settle(work, request.id, "failed", str(error)[:64] if isinstance(error, QyranError) else "bad_answer")
        return Sent(request.id, "failed")
    with store.write(actor) as work:
        return _taken(work, request.id, crop, answer)


@dataclass(frozen=True, slots=True)
class _Noted:
    id: str
    list_name: str
    number: str


def _note(work: Work, order_id: str, crop: Crop) -> tuple[_Noted, str | None]:
    """Write down that a crop is about to leave, or why it does not."""
    role = require(work.actor, SENDERS)
    order = load(work, order_id, lock=True)
    now = state(work, order)
    refused: str | None = None
    if now != "holds":
        refused = "not_approved" if now == "asked" else now
    elif crop.camera_id not in order.cameras:
        refused = "other_camera"
    elif not order.asked_at - timedelta(days=1) <= crop.time <= work.now + AHEAD:
        refused = "other_time"
    row = FaceRequest(
        id=str(uuid4()), order_id=order.id, camera_id=crop.camera_id, time=crop.time, sha256=sha256_hex(crop.data),
        by=work.actor.id, at=work.now, outcome="refused" if refused else "sending", reason=refused,
        settled_at=work.now if refused else None,
    )  # fmt: skip
    work.session.add(row)
    log_access(work, role, "face_crop_refused" if refused else "face_crop_sent", order.id)
    words = {
        None: None,
        "not_approved": "Two people have to approve the order before anything is sent under it.",
        "expired": "The order has expired; nothing is sent under it.",
        "revoked": "The order was revoked; nothing is sent under it.",
        "refused": "The order was refused; nothing is sent under it.",
        "other_camera": f"The order does not name the camera {crop.camera_id}.",
        "other_time": "The picture is older than the order, or from the future.",
    }
    return _Noted(row.id, order.list_name, order.number), words[refused]


class _Match(BaseModel):
    """One match of an answer."""

    reference: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    score: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Answer(BaseModel):
    """What the external system answers."""

    matches: Annotated[list[_Match], Field(max_length=MOST_MATCHES)]


def _matches(said: Any) -> tuple[tuple[str, float], ...]:
    """References and scores of an answer.

    Raises:
        ValueError: it is none.
    """
    return tuple((one.reference, one.score) for one in _Answer.model_validate(said).matches)


def _taken(work: Work, request_id: str, crop: Crop, answer: tuple[tuple[str, float], ...]) -> Sent:
    request = work.session.get_one(FaceRequest, request_id)
    order = load(work, request.order_id, lock=True)
    if state(work, order) != "holds":
        _settle(work, request_id, "discarded", state(work, order))
        return Sent(request_id, "discarded")
    made = []
    for reference, score in answer:
        row = FaceMatch(id=str(uuid4()), order_id=order.id, request_id=request_id, score=score, raised_at=work.now,
                        state="new", judged_at=None, judged_by=None)  # fmt: skip
        work.session.add(row)
        payload = {"reference": reference, "picture": base64.b64encode(crop.data).decode()}
        wrapped, sealed = work.store.vault.seal(row.id, 0, payload)
        work.session.add(Personal(record=row.id, seq=0, wrapped_key=wrapped, sealed=sealed))
        made.append(row.id)
    _settle(work, request_id, "matched" if made else "nothing", None)
    return Sent(request_id, "matched" if made else "nothing", tuple(made))


def _settle(work: Work, request_id: str, outcome: str, reason: str | None) -> None:
    row = work.session.get_one(FaceRequest, request_id)
    row.outcome, row.reason, row.settled_at = outcome, reason, work.now
