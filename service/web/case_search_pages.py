"""Search over all cases, and a case's full history.

A search is posted and answered under an id of the server, so that no address and no log holds a plate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import ValidationError
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from qyran.errors import InputError
from qyran.roles import OFFICERS, Role
from service import case_search, cases
from service.access import CASE_READERS, require
from service.case_search import CaseFilter, CaseHits
from service.i18n import named
from service.query_log import REASONS, Reason
from service.store.database import Work
from service.store.tables import Camera
from service.web import case_store
from service.web.case_pages import queue_row
from service.web.case_view import ROOM
from service.web.evidence_view import chain
from service.web.evidence_view import history as history_words
from service.web.refusals import refusal
from service.web.rendering import Flash, page, words_of
from service.web.view_models import Pages
from service.web.visit import Person, PostedPerson, Visit
from service.web.words import Words
from violations import offences
from violations.case import CaseState

FIELDS: Final = ("plate", "number", "place", "camera", "kind", "article", "state", "officer", "days", "start", "end")
LOOK_READERS: Final = frozenset({Role.AUDITOR, Role.DATA_PROTECTION_OFFICER, Role.SENIOR_OFFICER})
"""Who reads who has looked at a case."""

router = APIRouter(prefix="/cases", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SearchView:
    """The form with what it holds, and the choices of its lists."""

    held: Mapping[str, str]
    cameras: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    articles: tuple[tuple[str, str], ...]
    states: tuple[tuple[str, str], ...]
    officers: tuple[tuple[str, str], ...]
    reasons: tuple[tuple[str, str], ...]


@router.get("/search")
def form(visit: Person) -> Response:
    """The empty form."""
    return _page(visit, dict.fromkeys(FIELDS, "") | {"days": "act"})


@router.post("/search")
def search(
    visit: PostedPerson,
    plate: Annotated[str, Form(max_length=20)] = "",
    number: Annotated[str, Form(max_length=64)] = "",
    place: Annotated[str, Form(max_length=64)] = "",
    camera: Annotated[str, Form(max_length=64)] = "",
    kind: Annotated[str, Form(max_length=64)] = "",
    article: Annotated[str, Form(max_length=64)] = "",
    state: Annotated[str, Form(max_length=24)] = "",
    officer: Annotated[str, Form(max_length=36)] = "",
    days: Annotated[str, Form(max_length=16)] = "act",
    start: Annotated[str, Form(max_length=10)] = "",
    end: Annotated[str, Form(max_length=10)] = "",
    reason: Annotated[str, Form(max_length=64)] = "",
    reason_number: Annotated[str, Form(max_length=64)] = "",
    reason_words: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Write the search down and lead to its results; a refusal shows the form as it was filled."""
    given = (plate, number, place, camera, kind, article, state, officer, days, start, end)
    held = dict(zip(FIELDS, (one.strip() for one in given), strict=True))
    try:
        wanted = _filter(visit, held)
        why = Reason(code=reason, number=reason_number, words=reason_words) if reason else None
        with visit.store.write(visit.actor) as work:
            query = case_search.begin(work, wanted, why)
    except InputError as error:
        return _page(visit, held, error=error)
    return RedirectResponse(f"/cases/search/{query}", 303)


@router.get("/search/{query}")
def results(visit: Person, query: UUID, number: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1) -> Response:
    """A page of the results of one's own search."""
    with visit.store.read(visit.actor) as work:
        wanted = case_search.held(work, str(query))
        found = case_search.results(work, wanted, offset=(number - 1) * case_search.PAGE)
    return _page(visit, _held(visit, wanted), found, base=f"/cases/search/{query}", number=number)


@router.get("/{case_id}/history")
def history(visit: Person, case_id: UUID) -> Response:
    """Every event of a case with its proof, and who has looked at it."""
    w = words_of(visit)
    require(visit.actor, CASE_READERS)
    with visit.store.write(visit.actor) as work:
        seen = cases.open_case(work, str(case_id))
        looked = case_store.looks(work, seen.id) if visit.roles & LOOK_READERS else None
    rows = tuple(zip(history_words(w, seen.history, ROOM), seen.history, strict=True))
    looks = (
        None if looked is None else tuple((at, who, role, w.or_code(f"look.{how}")) for at, who, role, how in looked)
    )
    return page(
        visit,
        "cases/history.html",
        case_id=seen.id,
        kind=w.or_code(f"{ROOM}.kind.{seen.kind}"),
        rows=rows,
        looks=None if looked is None else looks,
        fault=chain(w, seen.chain_fault),
    )


def _page(
    visit: Visit, held: Mapping[str, str], found: CaseHits | None = None, *, base: str = "", number: int = 1,
    error: Exception | None = None,
) -> Response:  # fmt: skip
    w = words_of(visit)
    require(visit.actor, CASE_READERS)
    with visit.store.read(visit.actor) as work:
        view = _view(work, w, held)
    flash = None if error is None else Flash(refusal(w, error), "bad")
    values: dict[str, Any] = {
        "form": view,
        "found": found,
        "rows": () if found is None else tuple(queue_row(w, one) for one in found.items),
        "pages": None if found is None else _pages(found, base, number),
        "can_claim": bool(visit.roles & OFFICERS),
    }
    response = page(visit, "cases/search.html", status=200 if error is None else 422, flash=flash, **values)
    response.headers["cache-control"] = "no-store"
    return response


def _view(work: Work, w: Words, held: Mapping[str, str]) -> SearchView:
    cameras = work.session.execute(select(Camera.id, Camera.name).order_by(Camera.id))
    return SearchView(
        held=held,
        cameras=tuple((row.id, named(w.lang, row.name, row.id)) for row in cameras),
        kinds=tuple(sorted(((one, w.or_code(f"{ROOM}.kind.{one}")) for one in offences.kinds()), key=lambda o: o[1])),
        articles=tuple((one, one) for one in case_search.articles()),
        states=tuple((one.value, w.t(f"{ROOM}.state.{one}")) for one in CaseState),
        officers=case_search.officers(work),
        reasons=tuple((code, w.t(f"search_reason.{code}")) for code in REASONS),
    )


def _filter(visit: Visit, held: Mapping[str, str]) -> CaseFilter:
    """What the form looks for.

    Raises:
        InputError: a field holds what it cannot.
    """
    said = {name: value for name, value in held.items() if value and name not in {"state", "start", "end"}}
    end = _day(visit, held["end"])
    try:
        return CaseFilter(
            **said,  # type: ignore[arg-type]  # checked by the model
            states=(held["state"],) if held["state"] else (),  # type: ignore[arg-type]
            start=_day(visit, held["start"]),
            end=None if end is None else end + timedelta(days=1),
        )
    except ValidationError:
        raise InputError("The search holds a value that no case has; choose from the lists.") from None


def _held(visit: Visit, wanted: CaseFilter) -> dict[str, str]:
    """The form as it was filled."""
    zone = visit.store.settings.zone
    held = {name: str(getattr(wanted, name, None) or "") for name in FIELDS}
    held["state"] = wanted.states[0].value if wanted.states else ""
    held["start"] = f"{wanted.start.astimezone(zone):%Y-%m-%d}" if wanted.start else ""
    held["end"] = f"{wanted.end.astimezone(zone) - timedelta(days=1):%Y-%m-%d}" if wanted.end else ""
    return held


def _day(visit: Visit, text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=visit.store.settings.zone)
    except ValueError:
        raise InputError("The search needs a time that begins before it ends.") from None


def _pages(found: CaseHits, base: str, number: int) -> Pages | None:
    count = ceil(found.total / case_search.PAGE)
    if count <= 1:
        return None
    back, on = number - 1, number + 1
    return Pages(number, count, f"{base}?page={back}" if back else None, f"{base}?page={on}" if on <= count else None)
