"""Machines that watch cameras and have no disk in common with the service: their leases, events and small files."""

from __future__ import annotations

from asyncio import wait_for
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from qyran.errors import TransitionError
from qyran.roles import SYSTEM
from service.api.feeds import FeedDesk, FeedOf
from service.cluster.desk import DeskAway, StoreDesk
from service.cluster.leases import Answer, Beat, MachineName, bequeath
from service.forwarding import machine_files
from service.forwarding.arrivals import Arrivals, Cut, Taking
from service.forwarding.envelope import HEADER_MOST, MEDIA_TYPE, Envelope, NewerEvent, read_line
from service.store.database import Store
from service.store.record_tables import FeedToken

router = APIRouter(prefix="/worker", tags=["machines that watch"])

WRITE_BYTES: Final = 1 << 20
"""So much is gathered before it is written down."""
CameraName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
SILENT_S: Final = 10.0
"""A machine sends what it has without a pause; one that is silent for so long is cut off, and comes again. Until it is
let go of, its event counts as being taken, and its camera's events behind it wait."""
AGAIN: Final = {"Retry-After": "2"}


@dataclass(frozen=True, slots=True)
class Machine:
    """Who speaks: the service's store, the machine's name, and whether it may place cameras of others."""

    store: Store
    name: str
    controller: bool


def machine_of(desk: Annotated[FeedDesk, Depends(FeedOf("worker"))]) -> Machine:
    """The machine whose token the request carries."""
    with desk.store.read(SYSTEM) as work:
        row = work.session.get_one(FeedToken, desk.actor.id)
        return Machine(desk.store, row.name, "controller" in row.feeds)


MachineOf = Annotated[Machine, Depends(machine_of)]


class EventStanding(BaseModel):
    """What became of an event so far: how many bytes of each file have come."""

    standing: Taking
    held: dict[str, int] = {}


class Heirs(BaseModel):
    """Which machine follows on which camera; null takes an heir back."""

    heirs: Annotated[dict[str, MachineName | None], Field(max_length=2000)]


class Noted(BaseModel):
    """For which cameras it was noted."""

    noted: tuple[str, ...]


@router.post("/beat", summary="Say which cameras the machine watches, and hear which it may")
def beat(word: Beat, request: Request, machine: MachineOf) -> Answer:
    """Prolongs what it holds, gives it what is free, takes back what it wants no more."""
    try:
        return _desk(request, machine.store).beat_of(machine.name, word)
    except DeskAway as error:
        raise HTTPException(503, str(error), AGAIN) from None


@router.post("/heirs", summary="Leave cameras to other machines")
def leave(body: Heirs, machine: MachineOf) -> Noted:
    """Until the heir is ready the holder goes on. Only a controller speaks for cameras of others."""
    with machine.store.write(SYSTEM) as work:
        holder = None if machine.controller else machine.name
        return Noted(noted=bequeath(work, body.heirs, holder=holder))


@router.get("/cameras", summary="The cameras in service")
def cameras(machine: MachineOf) -> tuple[machine_files.CameraSum, ...]:
    """With the hashes of their files and scenes."""
    return machine_files.sums(machine.store)


@router.get("/cameras/{camera_id}/file", summary="A camera's file", response_class=Response)
def camera_file(camera_id: CameraName, machine: MachineOf) -> Response:
    """TOML; it names where its password is found on the machine, never the password."""
    return Response(machine_files.camera_toml(machine.store, camera_id), media_type="application/toml")


@router.get("/cameras/{camera_id}/scene", summary="A camera's scene as it was drawn last", response_class=Response)
def scene(camera_id: CameraName, machine: MachineOf) -> Response:
    """TOML."""
    return Response(machine_files.scene(machine.store, camera_id), media_type="application/toml")


@router.put("/cameras/{camera_id}/{what}", summary="Tell how a camera is", status_code=204)
async def tell(camera_id: CameraName, what: machine_files.What, request: Request, machine: MachineOf) -> Response:
    """Its state, its scene's state or its newest picture, from the machine that holds it."""
    data = await body_of(request, machine_files.MOST[what])
    await run_sync(machine_files.take, machine.store, machine.name, camera_id, what, data)
    return Response(status_code=204)


@router.put("/key", summary="Tell by which key the machine's evidence is signed", status_code=204)
async def key(request: Request, machine: MachineOf) -> Response:
    """The public half, PEM. The first is trusted; another one once an administrator says so."""
    data = await body_of(request, machine_files.KEY_MOST)
    await run_sync(machine_files.take_key, machine.store.settings.home, machine.name, data)
    return Response(status_code=204)


@router.get("/events/{event_id}", summary="What became of an event")
def standing(event_id: UUID, machine: MachineOf) -> EventStanding:
    """Whether it was taken, and what has come of its files."""
    arrivals = Arrivals(machine.store, machine.name)
    if arrivals.known(event_id):
        return EventStanding(standing="taken")
    held = arrivals.held(event_id)
    return EventStanding(standing="partial" if held else "unknown", held=held)


@router.post(
    "/events",
    summary="Deliver an event with its files",
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def deliver(request: Request, machine: MachineOf) -> EventStanding:
    """One line of JSON, then the bytes of the files it names; docs/cluster.md has the form.

    Answered once the event is durable. An event that was delivered before is taken and changes nothing.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise HTTPException(415, f"An event is sent as {MEDIA_TYPE}.")
    arrivals = Arrivals(machine.store, machine.name)
    try:
        return await _take(request, arrivals)
    except NewerEvent as error:
        raise TransitionError(str(error)) from None
    except (Cut, ClientDisconnect) as error:
        raise HTTPException(408, str(error)) from None
    except OSError as error:
        raise HTTPException(507, f"The spool takes nothing ({error.strerror}).", AGAIN) from None


async def _take(request: Request, arrivals: Arrivals) -> EventStanding:
    """Take what is sent, keeping at most `WRITE_BYTES` and a little of it in memory."""
    stream = request.stream().__aiter__()
    waiting = bytearray()
    while b"\n" not in waiting:
        piece = await _next(stream)
        if piece is None:
            break
        waiting += piece
        if len(waiting) > HEADER_MOST and b"\n" not in waiting[: HEADER_MOST + 1]:
            raise HTTPException(413, f"The first line has at most {HEADER_MOST} bytes.")
    line, _, rest = bytes(waiting).partition(b"\n")
    envelope = read_line(line)
    await run_sync(_allowed, request, arrivals, envelope, len(line) + 1)
    if await run_sync(arrivals.known, envelope.event.id):
        return EventStanding(standing="taken")
    taking = arrivals.taking(envelope)
    arrival = await run_sync(taking.__enter__)
    try:
        waiting = bytearray(rest)
        while (piece := await _next(stream)) is not None:
            waiting += piece
            if len(waiting) >= WRITE_BYTES:
                await run_sync(arrival.feed, bytes(waiting))
                waiting.clear()
        await run_sync(arrival.feed, bytes(waiting))
        await run_sync(arrival.finish)
    except (ClientDisconnect, HTTPException):
        await run_sync(arrival.feed, bytes(waiting))  # what came is kept: the next try goes on behind it
        raise
    finally:
        await run_sync(taking.__exit__, None, None, None)
    return EventStanding(standing="taken")


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    """The next piece; None after the last.

    Raises:
        HTTPException: nothing came for too long.
    """
    try:
        return await wait_for(anext(stream, None), SILENT_S)
    except TimeoutError:
        raise HTTPException(408, f"Nothing came for {SILENT_S:.0f} s; send the rest.") from None


def _allowed(request: Request, arrivals: Arrivals, envelope: Envelope, line: int) -> None:
    """Refuse before anything is written what the machine may not say, or what is longer than it says."""
    arrivals.check(envelope.event)
    named = request.headers.get("content-length")
    if named is not None and named.isdecimal() and int(named) > line + envelope.length:
        raise HTTPException(413, "More bytes are sent than the first line names.")


async def body_of(request: Request, most: int) -> bytes:
    """The body of a request.

    Raises:
        HTTPException: it has more bytes.
    """
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > most:
            raise HTTPException(413, f"This has at most {most} bytes.")
    return bytes(data)


def _desk(request: Request, store: Store) -> StoreDesk:
    """The one desk of this process: it remembers when it heard each machine."""
    found = getattr(request.app.state, "lease_desk", None)
    if found is None:
        found = request.app.state.lease_desk = StoreDesk(store, "service")
    desk: StoreDesk = found
    return desk
