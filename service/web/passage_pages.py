"""The officer's search of passages, a vehicle's route on a map, and the auditor's log of who searched.

A plate never stands in an address: a search is posted, and so are its further pages and a route.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from pydantic import ValidationError
from sqlalchemy import select
from starlette.responses import FileResponse, Response

from qyran.errors import InputError
from service import passages, query_log
from service.access import require
from service.api.passages import JPEG
from service.functions import demand, offers
from service.passage_route import route
from service.passages import PAGE, PASSAGE_READERS, PassageFilter, PassagePage
from service.query_log import Reason
from service.store.tables import Camera
from service.web.evidence_view import send
from service.web.passage_map import map_view
from service.web.passage_view import card, form_view, stop_rows, wanted_words
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/passages", include_in_schema=False)

FIELDS: Final = (
    "plate", "start", "end", "camera", "class", "type", "colour", "direction", "reason", "number", "words",
)  # fmt: skip
SPAN: Final = timedelta(hours=24)
"""What the form proposes: the last day."""
LOCAL: Final = "%Y-%m-%dT%H:%M"
"""How a browser writes a moment without its zone."""
LOG_SHOWN: Final = 200

Short = Annotated[str, Form(max_length=64)]


class SearchForm:
    """The fields of the form as they were sent."""

    def __init__(
        self, plate: Short = "", start: Short = "", end: Short = "", camera: Short = "",
        class_: Annotated[str, Form(alias="class", max_length=64)] = "", type_: Annotated[
            str, Form(alias="type", max_length=64)
        ] = "", colour: Short = "", direction: Short = "", reason: Short = "",
        number: Short = "", words: Annotated[str, Form(max_length=500)] = "",
    ) -> None:  # fmt: skip
        given = (plate, start, end, camera, class_, type_, colour, direction, reason, number, words)
        self.held: dict[str, str] = dict(zip(FIELDS, (one.strip() for one in given), strict=True))

    def reason(self) -> Reason:
        """Why."""
        return Reason(code=self.held["reason"], number=self.held["number"], words=self.held["words"])

    def span(self, visit: Visit) -> tuple[datetime, datetime]:
        """From when to when.

        Raises:
            InputError: a moment is none.
        """
        return _moment(visit, self.held["start"]), _moment(visit, self.held["end"])

    def filter(self, visit: Visit) -> PassageFilter:
        """What is searched for.

        Raises:
            InputError: a field holds what it cannot.
        """
        start, end = self.span(visit)
        held = {name: value or None for name, value in self.held.items()}
        try:
            return PassageFilter(
                plate=held["plate"],
                start=start,
                end=end,
                cameras=_one(held["camera"]),
                classes=_one(held["class"]),  # type: ignore[arg-type]  # checked by the model
                vehicle_type=held["type"],  # type: ignore[arg-type]
                colour=held["colour"],  # type: ignore[arg-type]
                direction=held["direction"],  # type: ignore[arg-type]
            )
        except ValidationError:
            raise InputError("The search holds a value that no passage has; choose from the lists.") from None


Asked = Annotated[SearchForm, Depends()]


@router.get("")
def form(visit: Person) -> Response:
    """The empty form."""
    return _page(visit, _proposed(visit))


@router.post("")
def search(visit: PostedPerson, given: Asked, offset: Annotated[int, Form(ge=0)] = 0) -> Response:
    """The form with its results."""
    try:
        wanted = given.filter(visit)
        with visit.store.write(visit.actor) as work:
            found = passages.search(work, wanted, given.reason(), limit=PAGE, offset=offset)
    except InputError as error:
        return _page(visit, given.held, error=error)
    return _page(visit, given.held, found)


@router.post("/route")
def show_route(visit: PostedPerson, given: Asked, passage: Annotated[str, Form(max_length=36)] = "") -> Response:
    """The route of a passage's vehicle in the time that was searched."""
    w = words_of(visit)
    try:
        start, end = given.span(visit)
        with visit.store.write(visit.actor) as work:
            found = route(work, passage, start, end, given.reason())
    except InputError as error:
        return _page(visit, given.held, error=error)
    return page(
        visit,
        "passages/route.html",
        held=given.held,
        passage=passage,
        route=found,
        rows=stop_rows(w, found),
        map=map_view(visit.lang, found),
    )


@router.get("/log")
def log(visit: Person) -> Response:
    """Who searched for what, why, and how much was found."""
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:
        rows = query_log.listing(work, limit=LOG_SHOWN)
    said = tuple((row, wanted_words(w, row.wanted)) for row in rows)
    return page(visit, "passages/log.html", rows=said)


@router.get("/{passage_id}/stills/{name}")
def still(
    visit: Person, passage_id: UUID, name: str,
    query: Annotated[str, Query(max_length=36)] = "", key: Annotated[str, Query(max_length=64)] = "",
) -> FileResponse:  # fmt: skip
    """A picture that one's own search showed."""
    with visit.store.read(visit.actor) as work:
        path = passages.still_file(work, str(passage_id), name, query, key)
    return send((path, JPEG))


@router.post("/{passage_id}/hold")
def hold(visit: PostedPerson, passage_id: UUID, case: Annotated[str, Form(max_length=128)] = "") -> Response:
    """Keep a passage for a case; without a number, keep it no longer than its term."""
    with visit.store.write(visit.actor) as work:
        passages.hold(work, str(passage_id), case.strip() or None)
    return onward(visit, "/passages", "passage_held" if case.strip() else "passage_released")


def _page(
    visit: Visit, held: Mapping[str, str], found: PassagePage | None = None, error: Exception | None = None
) -> Response:
    w = words_of(visit)
    demand(visit.store.settings, "passages")
    require(visit.actor, PASSAGE_READERS)
    with visit.store.read(visit.actor) as work:
        cameras = [(row.id, row.name) for row in work.session.scalars(select(Camera).order_by(Camera.id))]
    values: dict[str, Any] = {
        "form": form_view(w, cameras, held),
        "found": found,
        "cards": () if found is None else tuple(card(w, one) for one in found.items),
        "offsets": None if found is None else _offsets(found),
        "has_routes": offers(visit.store.settings, "routes"),
        "days": visit.store.settings.passage_days,
    }
    flash = None if error is None else Flash(refusal(w, error), "bad")
    return page(visit, "passages/search.html", status=200 if error is None else 422, flash=flash, **values)


def _offsets(found: PassagePage) -> dict[str, int | None]:
    """Where the pages before and after begin."""
    after = found.offset + PAGE
    return {
        "number": found.offset // PAGE + 1,
        "count": max(1, -(-found.total // PAGE)),
        "back": max(0, found.offset - PAGE) if found.offset else None,
        "on": after if after < found.total else None,
    }


def _proposed(visit: Visit) -> dict[str, str]:
    now = visit.store.clock().astimezone(visit.store.settings.zone) + timedelta(minutes=1)
    return dict.fromkeys(FIELDS, "") | {"start": f"{now - SPAN:{LOCAL}}", "end": f"{now:{LOCAL}}"}


def _moment(visit: Visit, text: str) -> datetime:
    """A moment as the form gives it, in the city's time zone."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=visit.store.settings.zone)
    except ValueError:
        raise InputError("The search needs a time that begins before it ends.") from None


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)
