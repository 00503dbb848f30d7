"""Watch lists: the live hits of the role that owns a list, judging one, and keeping the lists."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import ValidationError
from starlette.responses import FileResponse, Response

from qyran.errors import InputError, TransitionError
from service import watch_hits, watch_lists
from service.access import require
from service.api.passages import JPEG
from service.functions import demand
from service.watch_lists import LIST_READERS, LIST_WRITERS, PURPOSES, NewEntry, NewList
from service.web.evidence_view import send
from service.web.navigation import HIT_STREAM
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit, own_path
from service.web.watch_view import hit_row, list_row, list_rows

router = APIRouter(prefix="/watch", include_in_schema=False)

SHOWN: Final = 100
PROPOSED: Final = timedelta(days=30)
OWNERS: Final = ("police_officer", "senior_officer")

Text = Annotated[str, Form(max_length=255)]


@router.get("")
def overview(visit: Person, show: Annotated[str, Query(max_length=8)] = "") -> Response:
    """Live hits, and the lists."""
    return _overview(visit, show)


@router.get("/hits/{hit_id}")
def open_hit(visit: Person, hit_id: UUID) -> Response:
    """A hit with its still."""
    return _hit(visit, str(hit_id))


@router.post("/hits/{hit_id}/{step}")
def act(
    visit: PostedPerson,
    hit_id: UUID,
    step: str,
    version: Annotated[int | None, Form()] = None,
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Take a step; a refusal shows the hit as it stands now with the reason over it."""
    try:
        with visit.store.write(visit.actor) as work:
            watch_hits.step(work, str(hit_id), step, version=version)
    except (TransitionError, InputError) as error:
        return _hit(visit, str(hit_id), error)
    return onward(visit, own_path(back, f"/watch/hits/{hit_id}"), "saved")


@router.get("/hits/{hit_id}/stills/{name}")
def still(visit: Person, hit_id: UUID, name: str) -> FileResponse:
    """A picture of the passage that was hit."""
    with visit.store.read(visit.actor) as work:
        path = watch_hits.picture(work, str(hit_id), name)
    return send((path, JPEG))


@router.post("/lists")
def make(
    visit: PostedPerson, name: Text = "", purpose: Text = "", legal_ground: Text = "", owner: Text = "",
    valid_until: Text = "",
) -> Response:  # fmt: skip
    """Make a list."""
    given = {"name": name, "purpose": purpose, "legal_ground": legal_ground, "owner": owner}
    try:
        wanted = NewList.model_validate({**given, "valid_until": _moment(visit, valid_until)})
        with visit.store.write(visit.actor) as work:
            made = watch_lists.make(work, wanted)
    except ValidationError:
        error = InputError("A watch list needs a name, a purpose and a legal ground of three characters or more.")
        return _overview(visit, "", error)
    except InputError as error:
        return _overview(visit, "", error)
    return onward(visit, f"/watch/lists/{made.id}", "watch_list_made")


@router.get("/lists/{list_id}")
def open_list(visit: Person, list_id: UUID) -> Response:
    """A list with its plates."""
    return _list(visit, str(list_id))


@router.post("/lists/{list_id}/entries")
def add_entry(
    visit: PostedPerson, list_id: UUID, plate: Annotated[str, Form(max_length=20)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Put a plate on a list."""
    try:
        with visit.store.write(visit.actor) as work:
            watch_lists.add_entry(work, str(list_id), NewEntry(plate=plate, note=note))
    except (InputError, TransitionError) as error:
        return _list(visit, str(list_id), error)
    return onward(visit, f"/watch/lists/{list_id}", "saved")


@router.post("/lists/{list_id}/entries/{entry_id}/remove")
def remove_entry(visit: PostedPerson, list_id: UUID, entry_id: UUID) -> Response:
    """Take a plate off a list."""
    with visit.store.write(visit.actor) as work:
        watch_lists.remove_entry(work, str(list_id), str(entry_id))
    return onward(visit, f"/watch/lists/{list_id}", "saved")


@router.post("/lists/{list_id}/renew")
def renew(visit: PostedPerson, list_id: UUID, valid_until: Text = "") -> Response:
    """Change until when a list is valid."""
    try:
        with visit.store.write(visit.actor) as work:
            watch_lists.renew(work, str(list_id), _moment(visit, valid_until))
    except (InputError, TransitionError) as error:
        return _list(visit, str(list_id), error)
    return onward(visit, f"/watch/lists/{list_id}", "saved")


@router.post("/lists/{list_id}/end")
def end(visit: PostedPerson, list_id: UUID) -> Response:
    """End a list for good."""
    try:
        with visit.store.write(visit.actor) as work:
            watch_lists.end(work, str(list_id))
    except TransitionError as error:
        return _list(visit, str(list_id), error)
    return onward(visit, f"/watch/lists/{list_id}", "saved")


def _overview(visit: Visit, show: str, error: Exception | None = None) -> Response:
    w = words_of(visit)
    demand(visit.store.settings, "watch_lists")
    require(visit.actor, LIST_READERS)
    sees = visit.actor.acts_as(watch_hits.HIT_READERS) is not None
    with visit.store.read(visit.actor) as work:
        lists = watch_lists.listing(work)
        hits = watch_hits.listing(work, open_only=show != "all", limit=SHOWN) if sees else ()
    now = visit.store.clock().astimezone(visit.store.settings.zone)
    flash = None if error is None else Flash(refusal(w, error), "bad")
    return page(
        visit,
        "passages/watch.html",
        status=200 if error is None else 422,
        flash=flash,
        sees=sees,
        show=show,
        hits=tuple(hit_row(w, one) for one in hits),
        lists=list_rows(w, lists),
        may_make=visit.actor.acts_as(LIST_WRITERS) is not None,
        purposes=tuple((code, w.t(f"search_reason.{code}")) for code in PURPOSES),
        owners=tuple((code, w.t(f"role.{code}")) for code in OWNERS),
        proposed=f"{now + PROPOSED:%Y-%m-%d}",
        most_days=visit.store.settings.watch_list_days,
        stream_path=HIT_STREAM,
    )


def _hit(visit: Visit, hit_id: str, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:
        view = hit_row(w, watch_hits.open_hit(work, hit_id))
    flash = None if error is None else Flash(refusal(w, error), "bad")
    return page(visit, "passages/hit.html", status=_status(error), flash=flash, view=view)


def _list(visit: Visit, list_id: str, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:
        found = watch_lists.open_list(work, list_id)
    flash = None if error is None else Flash(refusal(w, error), "bad")
    return page(
        visit,
        "passages/watch_list.html",
        status=_status(error),
        flash=flash,
        view=list_row(w, found),
        found=found,
        may_change=visit.actor.acts_as(LIST_WRITERS) is not None and found.ended_at is None,
        sees=visit.actor.acts_as(watch_hits.HIT_READERS) is not None,
        until=f"{found.valid_until.astimezone(visit.store.settings.zone):%Y-%m-%d}",
    )


def _status(error: Exception | None) -> int:
    return 200 if error is None else 409 if isinstance(error, TransitionError) else 422


def _moment(visit: Visit, day: str) -> datetime:
    """The end of a day in the city's time zone."""
    try:
        begins = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=visit.store.settings.zone)
    except ValueError:
        raise InputError("A watch list is valid until a day that has to be given.") from None
    return begins + timedelta(days=1) - timedelta(seconds=1)
