"""The citizen's page: a decision by its number and the code printed beside it, without a login."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Path, Query
from starlette.responses import Response

from qyran.errors import ConfigError, NotFound
from service.api.sessions import address_of
from service.city import CityFile, city_of
from service.i18n import named
from service.store.database import Store
from service.verification import Checked, TooManyTries, check, media, media_file
from service.web.evidence_view import send
from service.web.fine_view import tenge
from service.web.rendering import page, words_of
from service.web.visit import Guest, Posted, Visit

router = APIRouter(prefix="/check", include_in_schema=False)

LONGEST: Final = 64


@router.get("")
def ask(visit: Guest) -> Response:
    """The form."""
    return _form(visit, "")


@router.get("/{number}")
def ask_about(visit: Guest, number: Annotated[str, Path(max_length=LONGEST)]) -> Response:
    """The form as the code on the paper opens it; the paper's secret stays behind the number sign, in the browser."""
    return _form(visit, number)


@router.get("/media/{event_id}/{name}")
def picture(
    visit: Guest,
    event_id: UUID,
    name: Annotated[str, Path(max_length=LONGEST)],
    until: Annotated[int, Query(ge=0)],
    key: Annotated[str, Query(max_length=LONGEST)],
) -> Response:
    """A masked picture or the masked clip, for some minutes after the code was given."""
    found = media_file(visit.store, str(event_id), name, until, key)
    return send((found.path, found.media_type))


@router.post("")
def show(
    visit: Posted,
    number: Annotated[str, Form(max_length=LONGEST)] = "",
    code: Annotated[str, Form(max_length=LONGEST)] = "",
) -> Response:
    """The decision, where the code is right."""
    w = words_of(visit)
    try:
        found = check(visit.store, number, code, address_of(visit.request))
    except NotFound:
        return _form(visit, number, w.t("check.wrong"), 404)
    except TooManyTries:
        return _form(visit, number, w.t("check.wait"), 429)
    return page(
        visit,
        "check.html",
        found=found,
        number=found.document_no,
        error=None,
        place=named(visit.lang, found.place, found.document_no),
        money={name: tenge(w, tiyn) for name, tiyn in _money(found).items()},
        terms=_terms(found),
        media=media(visit.store, found),
        city_file=_city(visit.store),
    )


def _form(visit: Visit, number: str, error: str | None = None, status: int = 200) -> Response:
    return page(visit, "check.html", status=status, found=None, number=number, error=error)


def _money(found: Checked) -> dict[str, int]:
    if found.fine_kzt is None:
        return {}
    money = {"fine": found.fine_kzt * 100, "paid": found.paid_tiyn, "owed": found.owed_tiyn}
    return money | ({"over": found.over_tiyn} if found.over_tiyn else {})


def _terms(found: Checked) -> tuple[tuple[str, object], ...]:
    terms = [("appeal", found.appeal_until)] if found.delivered else []
    if found.delivered and found.fine_kzt is not None:
        terms = [("half_price", found.half_until), ("full", found.full_until), *terms]
    return tuple(terms)


def _city(store: Store) -> CityFile | None:
    try:
        return city_of(store)
    except ConfigError:
        return None
