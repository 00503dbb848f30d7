"""Alerts as other systems take them: CAP 1.2, the feed of those that fetch, their answers, warnings for drivers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated, Any, Final
from uuid import UUID

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from evidence.canonical import sha256_hex
from incidents.cap.xml import to_xml
from qyran.errors import AccessError, InputError
from qyran.roles import SYSTEM
from service import alerts
from service.api.deps import DeskOf, StoreOf
from service.api.feeds import BEARER, LONGEST
from service.api.problems import NotLoggedIn
from service.notifying import answers, cap_feed, drivers
from service.notifying.cap_messages import MEDIA, present_cap
from service.notifying.routing import Receiver
from service.notifying.told import messages_of
from service.rates import CAP
from service.records import load
from service.store.alert_tables import Alert
from service.store.database import Store
from service.store.notice_tables import KEY_LENGTH

router = APIRouter(tags=["alerts told to others"])

FEED: Final = "/api/v1/cap/messages"
XML: Final = "application/xml"
ANSWERED: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {XML: {}}}, 304: {"description": "Unchanged."}}

Authorization = Annotated[str | None, Header(max_length=LONGEST, description="Bearer and the token.")]


class AttemptOut(BaseModel):
    """One attempt to hand a message over."""

    at: datetime
    outcome: str
    error: str | None
    took_ms: int


class MessageOut(BaseModel):
    """A message about an alert and what became of it."""

    id: int
    key: str
    receiver: str
    channel: str
    step: str
    version: int
    state: str
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    error: str | None
    answer: str | None
    attempts: list[AttemptOut]


class AnswerTaken(BaseModel):
    """How many messages an answer said something new about; 0 for a repetition."""

    taken: int


@router.get("/alerts/{alert_id}/cap", summary="The alert as CAP 1.2", responses={200: {"content": {MEDIA: {}}}})
def cap(alert_id: UUID, desk: DeskOf) -> Response:
    """What there is to tell of the alert now, with references to every message there was to tell before."""
    with desk.write() as work:
        alerts.open_alert(work, str(alert_id))  # who may see it, and the look is logged
        message = present_cap(work, load(work, Alert, str(alert_id), lock=False))
    return Response(to_xml(message), media_type=MEDIA)


@router.get("/alerts/{alert_id}/messages", summary="Whom the alert was told")
def told(alert_id: UUID, desk: DeskOf) -> list[MessageOut]:
    """Every message to every receiver, with each attempt."""
    with desk.write() as work:
        alerts.open_alert(work, str(alert_id))
        return [MessageOut.model_validate(one, from_attributes=True) for one in messages_of(work, str(alert_id))]


@router.get("/cap/messages", summary="The feed of a receiver that fetches", responses=ANSWERED)
def feed(request: Request, store: StoreOf, authorization: Authorization = None) -> Response:
    """Atom; each entry links a CAP message. The token is the receiver's `inbound_token`."""
    receiver = _receiver(request, store, authorization)
    with store.write(SYSTEM) as work:
        body, newest = cap_feed.feed_of(work, receiver, FEED)
    return _cached(request, body, cap_feed.ATOM_MEDIA, sha256_hex(body)[:32], newest)


@router.get("/cap/messages/{key}", summary="A CAP message of the feed", responses={200: {"content": {MEDIA: {}}}})
def message(
    request: Request,
    key: Annotated[str, Path(max_length=KEY_LENGTH)],
    store: StoreOf,
    authorization: Authorization = None,
) -> Response:
    """Fetching it is the proof that it was delivered."""
    receiver = _receiver(request, store, authorization)
    with store.write(SYSTEM) as work:
        body = cap_feed.message_of(work, receiver, key)
    return Response(body, media_type=MEDIA)


@router.post(
    "/cap/answers",
    summary="What a service answers to a CAP message",
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA: {"schema": {"type": "string"}}}}},
)
async def answer(request: Request, store: StoreOf, authorization: Authorization = None) -> AnswerTaken:
    """CAP 1.2 of the type Ack (takes the alert on) or Error (could not use the message), with its references."""
    receiver = await run_sync(_receiver, request, store, authorization)
    data = await _limited(request, answers.LARGEST)

    def take() -> int:
        with store.write(SYSTEM) as work:
            return answers.take_answer(work, receiver, data)

    return AnswerTaken(taken=await run_sync(take))


@router.get("/warnings/datex2.xml", summary="Warnings for drivers (DATEX II)", responses=ANSWERED)
def warnings(request: Request, store: StoreOf, authorization: Authorization = None) -> Response:
    """SituationPublication of DATEX II version 3: accidents, obstructions, queues; nothing about a person."""
    try:
        allowed = drivers.admit(store.settings, _token(authorization))
    except AccessError as error:
        raise NotLoggedIn(str(error)) from None
    with store.read(SYSTEM) as work:
        found = drivers.feed(work, allowed)
    return _cached(request, found.body, XML, found.tag, found.changed)


def _receiver(request: Request, store: Store, authorization: str | None) -> Receiver:
    try:
        found = answers.receiver_of(store.settings, _token(authorization))
    except AccessError as error:
        raise NotLoggedIn(str(error)) from None
    request.app.state.rates.ask(f"cap:{found.id}", CAP)
    return found


def _token(authorization: str | None) -> str | None:
    given = authorization or ""
    return given[len(BEARER) :].strip() if given.lower().startswith(BEARER) else None


async def _limited(request: Request, most: int) -> bytes:
    """The body, read no further than it may be long.

    Raises:
        InputError: it is longer.
    """
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > most:
            raise InputError(f"An answer of more than {most} bytes is not taken.")
    return bytes(data)


def _cached(request: Request, body: bytes, media: str, tag: str, changed: datetime | None) -> Response:
    """An answer with ETag and Last-Modified; empty where the reader has it already (RFC 9110, 13.2.2)."""
    quoted = f'"{tag}"'
    headers = {"ETag": quoted, "Cache-Control": "no-cache", "Vary": "Authorization"}
    if changed is not None:
        headers["Last-Modified"] = format_datetime(changed.astimezone(UTC).replace(microsecond=0), usegmt=True)
    held = request.headers.get("if-none-match")
    if held is not None:
        same = quoted in {one.strip().removeprefix("W/") for one in held.split(",")}
    else:
        same = changed is not None and _not_since(request.headers.get("if-modified-since"), changed)
    return Response(status_code=304, headers=headers) if same else Response(body, headers=headers, media_type=media)


def _not_since(given: str | None, changed: datetime) -> bool:
    try:
        since = parsedate_to_datetime(given) if given else None
    except ValueError:
        return False
    return since is not None and since.tzinfo is not None and changed.replace(microsecond=0) <= since
