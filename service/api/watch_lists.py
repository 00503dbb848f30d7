"""Watch lists and their hits, with a live stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AwareDatetime

from qyran.roles import SYSTEM
from service import watch_hits, watch_lists
from service.access import require
from service.api.bodies import Body
from service.api.deps import Desk, DeskOf, is_closing, token_of
from service.api.passages import JPEG
from service.auth import logged_in
from service.functions import demand
from service.watch_hits import HIT_READERS, NEW, HitView
from service.watch_lists import EntryView, ListDetail, ListView, NewEntry, NewList

router = APIRouter(prefix="/watch", tags=["watch lists"])

POLL_S: Final = 0.5
"""A hit is on the console within two seconds of its passage being stored; this and the page's own round trip count."""
OVERLAP: Final = timedelta(seconds=30)  # a slow transaction may commit an earlier moment later
BACKLOG: Final = timedelta(hours=24)  # what a fresh listener is told of


class HitStep(Body):
    """A step; `version` is that of the hit as the actor saw it."""

    version: int | None = None


class Renewal(Body):
    """Until when a list is valid."""

    valid_until: AwareDatetime


@router.get("/lists", summary="All watch lists")
def lists(desk: DeskOf) -> tuple[ListView, ...]:
    """With their hits and the share of misreadings."""
    with desk.read() as work:
        return watch_lists.listing(work)


@router.post("/lists", summary="Make a watch list", status_code=201)
def make(body: NewList, desk: DeskOf) -> ListDetail:
    """By a senior officer."""
    with desk.write() as work:
        return watch_lists.make(work, body)


@router.get("/lists/{list_id}", summary="Open a watch list")
def open_list(list_id: str, desk: DeskOf) -> ListDetail:
    """With its plates, which auditors do not see; the look is logged."""
    with desk.write() as work:
        return watch_lists.open_list(work, list_id)


@router.post("/lists/{list_id}/entries", summary="Put a plate on a list", status_code=201)
def add_entry(list_id: str, body: NewEntry, desk: DeskOf) -> EntryView:
    """A whole plate, or a pattern with `?` and `*`."""
    with desk.write() as work:
        return watch_lists.add_entry(work, list_id, body)


@router.post("/lists/{list_id}/entries/{entry_id}/remove", summary="Take a plate off a list")
def remove_entry(list_id: str, entry_id: str, desk: DeskOf) -> EntryView:
    """What it brought stays."""
    with desk.write() as work:
        return watch_lists.remove_entry(work, list_id, entry_id)


@router.post("/lists/{list_id}/renew", summary="Make a list valid for longer")
def renew(list_id: str, body: Renewal, desk: DeskOf) -> ListDetail:
    """Or for less."""
    with desk.write() as work:
        return watch_lists.renew(work, list_id, body.valid_until)


@router.post("/lists/{list_id}/end", summary="End a list")
def end(list_id: str, desk: DeskOf) -> ListDetail:
    """For good."""
    with desk.write() as work:
        return watch_lists.end(work, list_id)


@router.get("/hits", summary="Hits of watch lists")
def hits(
    desk: DeskOf,
    *,
    open_only: bool = True,
    watch_list: Annotated[str | None, Query(alias="list", max_length=36)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> tuple[HitView, ...]:
    """Those of the lists one's role owns, the newest first."""
    with desk.read() as work:
        return watch_hits.listing(work, open_only=open_only, list_id=watch_list, limit=limit)


@router.get("/stream", summary="Hits as they happen", response_class=EventSourceResponse)
async def stream(request: Request, desk: DeskOf) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events `alert`: `id`, `version`, `state`, `list` (its name) of a hit; `backlog` if it is an old one.

    An event `end` says that the login has ended.
    """
    demand(desk.store.settings, "watch_lists")
    require(desk.login.user.actor, HIT_READERS)
    token, told = token_of(request), dict[str, int]()
    since: datetime | None = None
    while await run_sync(lambda: logged_in(desk.store, token, used=False)) is not None:
        if is_closing(request):
            return
        moment = desk.store.clock()
        for said in await run_sync(_fresh, desk, told, since):
            told[said["id"]] = said["version"]
            yield ServerSentEvent(event="alert", id=f"{said['id']}:{said['version']}", data=said)
        since = moment
        await anyio.sleep(POLL_S)
    yield ServerSentEvent(event="end", data={"detail": "The login has ended."})


@router.get("/hits/{hit_id}", summary="Open a hit")
def open_hit(hit_id: str, desk: DeskOf) -> HitView:
    """The look is logged."""
    with desk.write() as work:
        return watch_hits.open_hit(work, hit_id)


@router.post("/hits/{hit_id}/{step}", summary="Acknowledge, confirm, misread or close")
def take_step(hit_id: str, step: str, body: HitStep, desk: DeskOf) -> HitView:
    """`acknowledged`; `confirmed` or `misread` after looking at the still; `closed` ends the investigation."""
    with desk.write() as work:
        return watch_hits.step(work, hit_id, step, version=body.version)


@router.get("/hits/{hit_id}/stills/{name}", summary="A picture of a hit", response_class=FileResponse)
def still(hit_id: str, name: str, desk: DeskOf) -> FileResponse:
    """Of the passage that was hit."""
    with desk.read() as work:
        path = watch_hits.picture(work, hit_id, name)
    return FileResponse(path, media_type=JPEG)


def _fresh(desk: Desk, told: dict[str, int], since: datetime | None) -> list[dict[str, Any]]:
    """What the listener does not know yet; a console of the list's owner showing it is its delivery."""
    with desk.read() as work:
        changed = watch_hits.changed_since(work, work.now - BACKLOG if since is None else since - OVERLAP)
        names = watch_hits.list_names(work, changed)
    fresh = [one for one in changed if told.get(one.id, -1) < one.version and (since is not None or one.state == NEW)]
    unseen = [one.id for one in fresh if one.shown_at is None and one.state == NEW]
    if unseen:
        with desk.store.write(SYSTEM) as work:
            watch_hits.mark_shown(work, unseen)
    return [
        {"id": one.id, "version": one.version, "state": one.state, "list": names[one.list_id], "backlog": since is None}
        for one in fresh
    ]
