"""Live views of cameras that other machines read: what is wished of a machine, and what it sends."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Query, Request, Response

from service.api.deps import is_closing
from service.api.worker import MachineOf, body_of
from service.forwarding.live_batch import MEDIA_TYPE, MOST, Wishes, unpacked
from service.video.live_door import door_of
from service.video.live_hub import Said

router = APIRouter(prefix="/worker/live", tags=["machines that watch"])

PATIENCE_S: Final = 20.0
"""How long an answer waits for something new to say; proxies cut off what is silent for a minute."""


@router.get("", summary="What somebody wants to see live of the machine's cameras")
async def wishes(request: Request, machine: MachineOf, known: Annotated[str, Query(max_length=64)] = "") -> Wishes:
    """Answered at once where it is other than what is known, else when it changes, or after 20 s."""
    return await door_of(request.app).ask(machine.name, known, PATIENCE_S, lambda: is_closing(request))


@router.post(
    "",
    summary="Send what the cameras give",
    status_code=204,
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def send(request: Request, machine: MachineOf) -> Response:
    """Messages of the lines that were wished; what nobody wishes any more is let go."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise HTTPException(415, f"Live video is sent as {MEDIA_TYPE}.")
    door = door_of(request.app)
    for line, kind, payload in list(unpacked(await body_of(request, MOST))):
        door.hear(machine.name, line, Said(kind, payload))
    return Response(status_code=204)
