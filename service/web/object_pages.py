"""Protected objects: the list, the card of one, and its form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, File, Form, Path, Query, Request, UploadFile
from pydantic import ValidationError
from starlette.responses import Response

from qyran.errors import InputError, TransitionError
from service.access import require
from service.i18n import LANGUAGES, named
from service.imports.kinds.fire import OBJECT_KINDS
from service.protected_objects import card as cards
from service.protected_objects import register
from service.protected_objects.facts import share
from service.protected_objects.model import OBJECT_ID, ObjectBody
from service.protected_objects.register import KEEPERS, LARGEST_PLAN
from service.web.moments import LOCAL, moment
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.sensor_pages import TONES
from service.web.visit import Person, PostedPerson, Visit
from service.web.words import Words

router = APIRouter(prefix="/objects", include_in_schema=False)

MOST_CONTACTS: Final = 6
"""Rows of contacts that the form shows."""
LONGEST: Final = 2000
CONTACT: Final = ("name", "position", "phone", "email", "language")

ObjectName = Annotated[str, Path(pattern=OBJECT_ID)]
Version = Annotated[int | None, Form()]


async def _fields(request: Request) -> dict[str, str]:
    """What a form says, field by field."""
    form = await request.form()
    return {name: value[:LONGEST] for name, value in form.items() if isinstance(value, str)}


Said = Annotated[dict[str, str], Depends(_fields)]


@dataclass(frozen=True, slots=True)
class Entered:
    """An object's form as somebody left it, so that a refusal loses nothing."""

    id: str
    version: int | None
    fields: dict[str, str]
    contacts: tuple[dict[str, str], ...]


@router.get("")
def overview(visit: Person, q: Annotated[str, Query(max_length=64)] = "", ended: str = "") -> Response:
    """The register."""
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:  # the look is logged
        rows = cards.listing(work, ended=bool(ended))
        equipped, total = share(work)
    wanted = q.strip().casefold()
    found = [row for row in rows if not wanted or wanted in _text(row)]
    everything = visit.actor.acts_as(register.READERS) is not None
    return page(
        visit,
        "objects/list.html",
        rows=found,
        named=partial(named, visit.lang),
        q=q,
        ended=bool(ended),
        equipped=equipped,
        total=total,
        share=None if not total else w.num(100 * equipped / total, 1),
        everything=everything,
        may_keep=visit.actor.acts_as(KEEPERS) is not None,
    )


@router.get("/-/new")
def new(visit: Person) -> Response:
    """An empty form."""
    require(visit.actor, KEEPERS)
    return _form(visit, Entered("", None, {}, ()))


@router.post("")
def enter(visit: PostedPerson, said: Said) -> Response:
    """Enter an object."""
    object_id = said.get("id", "").strip()
    try:
        _check_id(words_of(visit), object_id)
        body = _body(words_of(visit), said, None)
        with visit.store.write(visit.actor) as work:
            register.add(work, object_id, body, said.get("reason"))
    except InputError as error:
        return _form(visit, _entered(object_id, None, said), error)
    return onward(visit, f"/objects/{object_id}", "saved")


@router.get("/{object_id}")
def one(visit: Person, object_id: ObjectName) -> Response:
    """The card of an object."""
    return _card(visit, object_id)


@router.get("/{object_id}/edit")
def edit(visit: Person, object_id: ObjectName) -> Response:
    """The form as the object stands; its contacts are in it, and the look is logged."""
    require(visit.actor, KEEPERS)
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:
        cards.card(work, object_id)  # logged as a look at card and contacts
        stands = register.standing(work, object_id)
    return _form(visit, _as_entered(w, object_id, stands.row.version, stands.body))


@router.post("/{object_id}")
def change(visit: PostedPerson, object_id: ObjectName, said: Said) -> Response:
    """Enter something else about it."""
    version = int(said["version"]) if said.get("version", "").isdigit() else None
    try:
        with visit.store.write(visit.actor) as work:
            before = register.standing(work, object_id).body
            body = _body(words_of(visit), said, before)
            register.change(work, object_id, body, version=version, reason=said.get("reason"))
    except (InputError, TransitionError) as error:
        return _form(visit, _entered(object_id, version, said), error)
    return onward(visit, f"/objects/{object_id}", "saved")


@router.get("/{object_id}/plan")
def plan(visit: Person, object_id: ObjectName) -> Response:
    """The plan of its floors."""
    with visit.store.write(visit.actor) as work:
        data, media, _ = cards.plan(work, object_id)
    return Response(data, media_type=media, headers={"cache-control": "no-store", "content-disposition": "inline"})


@router.post("/{object_id}/plan")
def put_plan(
    visit: PostedPerson,
    object_id: ObjectName,
    plan: Annotated[UploadFile | None, File()] = None,
    version: Version = None,
) -> Response:
    """Hand in another plan."""
    try:
        data = b"" if plan is None else plan.file.read(LARGEST_PLAN + 1)
        with visit.store.write(visit.actor) as work:
            name = (plan.filename or "plan") if plan is not None else "plan"
            register.attach_plan(work, object_id, name, data, version=version)
    except (InputError, TransitionError) as error:
        return _card(visit, object_id, error)
    return onward(visit, f"/objects/{object_id}", "saved")


def _card(visit: Visit, object_id: str, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:
        found = cards.card(work, object_id)
    return page(
        visit,
        "objects/card.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        view=found,
        named=partial(named, visit.lang),
        tones=TONES,
        history=tuple(one for one in found.versions or () if one.changed or one.number == 1),
        may_keep=visit.actor.acts_as(KEEPERS) is not None,
        sees_sensors=visit.actor.acts_as(register.READERS) is not None,
        sees_alarms=bool(visit.roles & {"situational_operator", "service_dispatcher", "auditor"}),
    )


def _form(visit: Visit, entered: Entered, error: Exception | None = None) -> Response:
    w = words_of(visit)
    blank = [dict.fromkeys(CONTACT, "") for _ in range(max(1, min(2, MOST_CONTACTS - len(entered.contacts))))]
    return page(
        visit,
        "objects/form.html",
        status=200 if error is None else 409 if isinstance(error, TransitionError) else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        entered=entered,
        people=(*entered.contacts, *blank),
        kinds=OBJECT_KINDS,
        languages_of=LANGUAGES,
    )


def _check_id(w: Words, object_id: str) -> None:
    if re.fullmatch(OBJECT_ID, object_id) is None:
        raise InputError(w.t("objects.wrong", what=w.t("objects.id")))


def _entered(object_id: str, version: int | None, said: dict[str, str]) -> Entered:
    people = tuple(
        found
        for number in range(MOST_CONTACTS + 2)
        if any((found := {name: said.get(f"contact{number}_{name}", "") for name in CONTACT}).values())
        and (found["name"] or found["phone"] or found["email"])
    )
    return Entered(object_id, version, said, people)


def _as_entered(w: Words, object_id: str, version: int, body: ObjectBody) -> Entered:
    details = body.details
    fields = {
        "kind": body.kind or "",
        "station": body.station or "",
        "cameras": ", ".join(body.cameras),
        "since": "" if body.since is None else f"{body.since.astimezone(w.zone):{LOCAL}}",
        "until": "" if body.until is None else f"{body.until.astimezone(w.zone):{LOCAL}}",
        "latitude": "" if details.latitude is None else f"{details.latitude:g}",
        "longitude": "" if details.longitude is None else f"{details.longitude:g}",
        "floors": "" if details.floors is None else str(details.floors),
        "hazards": details.hazards,
        "water": details.water,
        "access_notes": details.access_notes,
        **{f"name_{lang}": text for lang, text in details.name.items()},
        **{f"address_{lang}": text for lang, text in details.address.items()},
    }
    people = tuple({name: str(getattr(one, name) or "") for name in CONTACT} for one in body.contacts)
    return Entered(object_id, version, fields, people)


def _body(w: Words, said: dict[str, str], before: ObjectBody | None) -> ObjectBody:
    """What the form says; the plan stays.

    Raises:
        InputError: something cannot be.
    """
    given = {name: text.strip() for name, text in said.items() if text.strip()}
    details: dict[str, Any] = {
        name: given[name] for name in ("hazards", "water", "access_notes", "floors") if name in given
    }
    details |= {name: given[name].replace(",", ".") for name in ("latitude", "longitude") if name in given}
    for name in ("name", "address"):
        details[name] = {lang: given[f"{name}_{lang}"] for lang in LANGUAGES if f"{name}_{lang}" in given}
    if before is not None and before.details.plan is not None:
        details["plan"] = before.details.plan.model_dump()
    body: dict[str, Any] = {name: given[name] for name in ("kind", "station") if name in given}
    body |= {name: moment(w, given[name]) for name in ("since", "until") if name in given}
    body["cameras"] = [one for one in re.split(r"[\s,|]+", given.get("cameras", "")) if one]
    body["contacts"] = [
        {name: text for name, text in one.items() if text.strip()} for one in _entered("", None, said).contacts
    ]
    try:
        return ObjectBody.model_validate({**body, "details": details})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise InputError(w.t("objects.wrong", what=w.t(f"objects.{_field(first['loc'])}"))) from None


def _field(loc: tuple[int | str, ...]) -> str:
    steps = [str(one) for one in loc if not isinstance(one, int)]
    known = {"kind", "since", "until", "station", "cameras", "contacts", "latitude", "longitude", "floors", "hazards",
             "water", "access_notes", "name", "address"}  # fmt: skip
    if steps[:1] == ["contacts"]:
        return "contacts"
    return next((one for one in reversed(steps) if one in known), "latitude")


def _text(row: Any) -> str:
    return " ".join((row.id, *row.name.values(), *row.address.values())).casefold()
