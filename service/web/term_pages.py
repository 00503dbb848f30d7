"""Terms of procedures and of keeping data, as the city's lawyer set them; what the last round of retention did."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.responses import Response

from qyran.errors import InputError
from service import privacy_terms, retention
from service.access import require
from service.web import moments
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/privacy", include_in_schema=False)
PATH: Final = "/privacy/terms"
Short = Annotated[str, Form(max_length=255)]


@router.get("")
def start(visit: Person) -> Response:
    """On to the requests."""
    return onward(visit, "/privacy/requests")


@router.get("/terms")
def show(visit: Person) -> Response:
    """Every term as it holds today."""
    return _page(visit)


@router.post("/terms")
def set_term(
    visit: PostedPerson, name: Short = "", value: Short = "", valid_from: Short = "", source: Short = "",
    verified: Short = "",
) -> Response:  # fmt: skip
    """Enter what holds from a day on."""
    try:
        days, day = int(value) if value.isdecimal() else 0, moments.day(valid_from)
        with visit.store.write(visit.actor) as work:
            privacy_terms.set_term(work, name, days, day, source, verified=verified == "yes")
    except InputError as error:
        return _page(visit, error)
    return onward(visit, PATH, "saved")


def _page(visit: Visit, error: Exception | None = None) -> Response:
    require(visit.actor, privacy_terms.READERS)
    w = words_of(visit)
    settings = visit.store.settings
    with visit.store.read(visit.actor) as work:
        found = tuple(privacy_terms.terms(work).values())
        runs = retention.last_runs(work)
        now = privacy_terms.today(work)
    return page(
        visit,
        "privacy/terms.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        procedures=[one for one in found if one.unit == "working_days"],
        keeping=[(one, runs.get(one.name)) for one in found if one.unit == "days"],
        set_elsewhere=(
            ("passages", "QYRAN_PASSAGE_DAYS", settings.passage_days),
            ("records", "QYRAN_RETENTION_DAYS", settings.retention_days),
            ("logins", None, 30),
        ),
        may_change=bool(visit.roles & privacy_terms.KEEPERS),
        today=now,
    )
