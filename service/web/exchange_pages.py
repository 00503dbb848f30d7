"""The exchange as pages: how it does, who reads, each day with its manifest and comparison, the data dictionary."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Form, UploadFile
from starlette.responses import Response

from qyran.errors import InputError, NotFound
from qyran.roles import Role
from service.access import require
from service.exchange import dictionary, manifests
from service.exchange.readers import SCOPES, WATCHERS, make_reader, revoke_reader
from service.exchange.reconcile import COMPARERS, Report, held_of_file, reconcile
from service.exchange.shapes import SCHEMA_VERSION
from service.exchange.state import state
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/exchange", include_in_schema=False)

PATH: Final = "/exchange"
LARGEST: Final = 64 << 20  # bytes of a file with a day's records
TARGET_HOURS: Final = 1.0
"""KPI 1.4, public safety: at most an hour between updates (order 469/НҚ, appendix 4)."""
TARGET_MINUTES: Final = {"republican": 15.0, "regional": 30.0}
"""KPI 1.1: at most so many minutes; the order names no target for cities of district significance."""
FORMS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@router.get("")
def show(visit: Person) -> Response:
    """How the exchange does."""
    return _page(visit)


@router.post("/readers")
def make(
    visit: PostedPerson,
    name: Annotated[str, Form(max_length=64)] = "",
    scope: Annotated[list[str] | None, Form(max_length=16)] = None,
) -> Response:
    """Let a machine of the centre read; its token is shown this once."""
    try:
        with visit.store.write(visit.actor) as work:
            token = make_reader(work, name.strip(), scope or [])
    except InputError as error:
        return _page(visit, error=error)
    return _page(visit, token=token)


@router.post("/readers/{name}/revoke")
def revoke(visit: PostedPerson, name: str) -> Response:
    """Give nothing more to a machine."""
    with visit.store.write(visit.actor) as work:
        revoke_reader(work, name)
    return onward(visit, PATH, "saved")


@router.get("/dictionary")
def words(visit: Person) -> Response:
    """The data dictionary."""
    require(visit.actor, WATCHERS)
    found = dictionary.entries(visit.lang, visit.store.settings)
    kinds = {kind: [one for one in found if one.kind == kind] for kind in dict.fromkeys(one.kind for one in found)}
    return page(visit, "exchange/dictionary.html", kinds=kinds, schema=SCHEMA_VERSION)


@router.get("/dictionary.{form}")
def words_file(visit: Person, form: str) -> Response:
    """The data dictionary as a file."""
    require(visit.actor, WATCHERS)
    if form not in FORMS:
        raise NotFound(f"The dictionary is no {form}; take csv or xlsx.")
    found = dictionary.entries(visit.lang, visit.store.settings)
    marked = "\N{ZERO WIDTH NO-BREAK SPACE}" + dictionary.to_csv(found, visit.lang)  # spreadsheets ask for the mark
    body = marked.encode() if form == "csv" else dictionary.to_xlsx(found, visit.lang)
    name = f"qyran-data-dictionary-{visit.lang}.{form}"
    return Response(body, media_type=FORMS[form], headers={"content-disposition": f'attachment; filename="{name}"'})


@router.get("/days/{day}")
def one_day(visit: Person, day: date) -> Response:
    """A day: its manifest, whether it still holds, and a comparison."""
    return _day(visit, day)


@router.post("/days/{day}")
def compare(visit: PostedPerson, day: date, file: UploadFile) -> Response:
    """Compare a file of the day's records with what was told."""
    require(visit.actor, COMPARERS)
    try:
        held = held_of_file(file.file.read(LARGEST))
        with visit.store.write(visit.actor) as work:
            report = reconcile(work, day, held=held)
    except InputError as error:
        return _day(visit, day, error=error)
    return _day(visit, day, report=report)


def _page(visit: Visit, *, error: Exception | None = None, token: str | None = None) -> Response:
    with visit.store.read(visit.actor) as work:
        seen = state(work)
    return page(
        visit,
        "exchange/state.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(words_of(visit), error), "bad"),
        seen=seen,
        token=token,
        scopes=SCOPES,
        keeps=Role.ADMINISTRATOR in visit.roles,
        names={one.id: one.name for one in seen.readers},
        target_minutes=TARGET_MINUTES.get(visit.store.settings.city_category),
        target_hours=TARGET_HOURS,
        schema=SCHEMA_VERSION,
    )


def _day(visit: Visit, day: date, *, error: Exception | None = None, report: Report | None = None) -> Response:
    require(visit.actor, WATCHERS)
    with visit.store.read(visit.actor) as work:
        try:
            manifest = manifests.manifest_of(work, day)
        except NotFound:
            manifest = None
        records, digest = manifests.day_digest(work, day)
    if manifest is None and not records:
        raise NotFound(f"Nothing was told on {day.isoformat()}.")
    return page(
        visit,
        "exchange/day.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(words_of(visit), error), "bad"),
        day=day,
        manifest=manifest,
        faults=manifests.check_day(visit.store, day) if manifest is not None else [],
        records=records,
        digest=digest,
        report=report,
        compares=bool(visit.roles & COMPARERS),
    )
