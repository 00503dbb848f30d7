"""Live views: a camera's own packets as fragmented MP4, alone or several cameras in one connection."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated, Final

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from qyran.errors import InputError, QyranError, Unavailable
from service.api.deps import Desk, DeskOf, is_closing, token_of
from service.auth import logged_in
from service.video import looks
from service.video.live_hub import LiveHub, Said, Viewer, hub_of, init_parts, wait
from vision.live_feed import FRAGMENT, INIT, STATE, STILL

router = APIRouter(tags=["video"])

MOST_LIVE: Final = 16
"""Cameras in one connection."""
FIRST_S: Final = 10.0
"""How long a live view waits for the camera's first key frame before it says that there is none."""
CHECK_S: Final = 10.0
"""How often it is looked whether the viewer may still watch."""
QUIET_S: Final = 3.0
"""Nothing came for so long: the states are told again."""
FRAME: Final = struct.Struct(">BBI")
"""Before each message of many cameras: number of the camera, kind, length."""
GOODBYE: Final = 9
"""Kind of the last message: the login has ended, or the right to watch."""
LIVE_TYPE: Final = "application/vnd.qyran.live"


class LiveResponse(StreamingResponse):
    """A stream whose viewers leave with it, however it ends."""

    def __init__(self, body: AsyncIterator[bytes], media_type: str, viewers: AsyncExitStack) -> None:
        super().__init__(body, media_type=media_type)
        self._viewers = viewers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        async with self._viewers:
            await super().__call__(scope, receive, send)


@router.get("/cameras/{camera_id}/live", summary="A camera live, as fragmented MP4", response_class=StreamingResponse)
async def live(camera_id: str, request: Request, desk: DeskOf) -> StreamingResponse:
    """The camera's own packets, beginning with the newest key frame; the media type names the codec.

    Ends with the login, and where the camera sends something else: connect again.
    """
    await run_sync(_begin_live, desk, [camera_id])
    changed = asyncio.Event()
    async with AsyncExitStack() as stack:
        viewer = await stack.enter_async_context(hub_of(request.app).watching(camera_id, changed))
        start, first = await _first(viewer, changed, camera_id)
        viewers = stack.pop_all()
    said, init = init_parts(start)

    async def body() -> AsyncIterator[bytes]:
        yield init
        for one in first:
            yield one.payload[1:]
        async for _, one in _watched(request, desk, [camera_id], [viewer], changed):
            if one.kind == INIT:
                return
            if one.kind == FRAGMENT:
                yield one.payload[1:]

    kind = f'video/mp4; codecs="{said["codecs"]}"' if said["codecs"] else "video/mp4"
    return LiveResponse(body(), kind, viewers)


@router.get("/video/live", summary="Several cameras live in one connection", response_class=StreamingResponse)
async def live_wall(
    request: Request,
    desk: DeskOf,
    camera: Annotated[list[str], Query(max_length=MOST_LIVE)],
    still: Annotated[list[str] | None, Query(max_length=MOST_LIVE)] = None,
) -> StreamingResponse:
    """Messages: number of the camera (1 byte), kind (1 byte), length (4 bytes), payload.

    Kinds: 1 a JSON table of two bytes' length and the init segment, 2 whether a key frame comes first and a fragment,
    3 the state as JSON, 4 the time in milliseconds (8 bytes) and a JPEG, 9 the end of the login. Cameras in `still`
    come as one JPEG a second, for browsers that do not play their codec.
    """
    if not camera or len(set(camera)) < len(camera):
        raise InputError("Name each camera once.")
    await run_sync(_begin_live, desk, camera)
    changed, stills = asyncio.Event(), set(still or ())
    async with AsyncExitStack() as stack:
        hub: LiveHub = hub_of(request.app)
        watching = [hub.watching(one, changed, stills=one in stills) for one in camera]
        viewers = [await stack.enter_async_context(one) for one in watching]
        leave = stack.pop_all()

    async def body() -> AsyncIterator[bytes]:
        async for number, one in _watched(request, desk, camera, viewers, changed):
            if one.kind in {INIT, FRAGMENT, STATE, STILL}:
                yield FRAME.pack(number, one.kind, len(one.payload)) + one.payload
        if not is_closing(request):
            yield FRAME.pack(0, GOODBYE, 0)

    return LiveResponse(body(), LIVE_TYPE, leave)


async def _first(viewer: Viewer, changed: asyncio.Event, camera_id: str) -> tuple[Said, list[Said]]:
    """The init segment of a camera and the fragments that came with it.

    Raises:
        ConfigError: it gives none in time.
    """
    start: Said | None = None
    found: list[Said] = []
    until = anyio.current_time() + FIRST_S
    while start is None and anyio.current_time() < until:
        await wait(changed, until - anyio.current_time())
        for one in viewer.take():
            if one.kind == INIT:
                start, found = one, []
            elif one.kind == FRAGMENT and start is not None:
                found.append(one)
    if start is None:
        raise Unavailable(f"The camera {camera_id} gives no live picture now.")
    return start, found


async def _watched(
    request: Request, desk: Desk, cameras: list[str], viewers: list[Viewer], changed: asyncio.Event
) -> AsyncIterator[tuple[int, Said]]:
    """What the viewers get, each with its camera's number, as long as the person may watch."""
    token, until = token_of(request), anyio.current_time() + CHECK_S
    while not is_closing(request):
        if anyio.current_time() >= until:
            if not await run_sync(_may_go_on, desk, token, cameras):
                return
            until = anyio.current_time() + CHECK_S
        for number, viewer in enumerate(viewers):
            for one in viewer.take():
                yield number, one
        if not await wait(changed, QUIET_S):
            for number, viewer in enumerate(viewers):
                yield number, viewer.state  # so that the browser knows the connection is alive


def _begin_live(desk: Desk, cameras: list[str]) -> None:
    with desk.write() as work:
        for camera in cameras:
            looks.log_live(work, camera)


def _may_go_on(desk: Desk, token: str | None, cameras: list[str]) -> bool:
    login = logged_in(desk.store, token, used=False)
    if login is None:
        return False
    with desk.store.read(login.user.actor) as work:
        for camera in cameras:
            try:
                looks.may_watch(work, camera)
            except QyranError:
                return False
    return True
