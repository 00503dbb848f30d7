"""The camera register, the users, and the access journal."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from incidents.alert import SERVICES
from qyran.errors import InputError
from qyran.roles import PERSON_ROLES, Role
from service import auth, camera_secrets, cameras, i18n
from service.access import CAMERA_WRITERS, require
from service.pauses import expired_calibration
from service.rule_words import rule_lines
from service.rulebook import rule_statuses
from service.store.database import Work
from service.views import CameraView
from service.web import register_store
from service.web.navigation import JOURNAL_READERS, USER_READERS
from service.web.pager import pages_of
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.view_models import CameraRow, RuleOff
from service.web.visit import Person, PostedPerson, Visit
from service.web.words import Words

router = APIRouter(include_in_schema=False)

SPAN: Final = timedelta(days=30)
LOOKS: Final = 200
CAMERAS_A_PAGE: Final = 100
CAMERA_STATES: Final = ("up", "down", "unknown", "retired")
ROOTS: Final = 24
STATES: Final = {"up": ("good", "check"), "down": ("bad", "warn"), "unknown": ("", "info")}


@router.get("/cameras")
def camera_list(
    visit: Person,
    find: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=16)] = "",
    page_: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """The register: what works, since when, what share was analysed, which rules run, which streams have a password."""
    return _cameras(visit, find=find.strip(), state=state if state in CAMERA_STATES else "", number=page_)


@router.post("/cameras/passwords")
def set_camera_password(
    visit: PostedPerson,
    name: Annotated[str, Form(max_length=64)] = "",
    user: Annotated[str, Form(max_length=camera_secrets.LONGEST)] = "",
    password: Annotated[str, Form(max_length=camera_secrets.LONGEST)] = "",
) -> Response:
    """Set the password of a stream; nobody is shown it afterwards."""
    try:
        with visit.store.write(visit.actor) as work:
            camera_secrets.set_secret(work, name.strip(), user.strip(), password)
    except InputError as error:
        return _cameras(visit, error)
    camera_secrets.publish(visit.store)
    return onward(visit, "/cameras", "camera_password_set")


def _cameras(
    visit: Visit, error: Exception | None = None, *, find: str = "", state: str = "", number: int = 1
) -> Response:
    w = words_of(visit)
    today = datetime.combine(w.now.astimezone(w.zone).date(), time(), w.zone)
    with visit.store.read(visit.actor) as work:
        found, total = cameras.search(work, find, state or None, CAMERAS_A_PAGE * (number - 1), CAMERAS_A_PAGE)
        shown = [one.id for one in found]
        passed = register_store.passages_since(work, today, shown)
        shares = register_store.analysed_shares(work, w.now - SPAN, shown)
        rows = tuple(_camera(work, w, one, passed.get(one.id, 0), shares.get(one.id)) for one in found)
        used = register_store.sealed_names(work, shown)
        every = {one.name: one for one in camera_secrets.secrets(work)}
        kept = {name: one for name, one in every.items() if name in used or len(every) <= CAMERAS_A_PAGE}
        people = auth.names(work, {one.set_by for one in kept.values()})
    passwords = [(name, kept.get(name), used.get(name, ())) for name in sorted({*kept, *used})]
    return page(
        visit,
        "cameras.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        rows=rows,
        total=total,
        find=find,
        state=state,
        states=CAMERA_STATES,
        pages=pages_of("/cameras", total, number, CAMERAS_A_PAGE, {"find": find, "state": state}),
        passwords=passwords,
        people=people,
        may_draw=bool(visit.roles & CAMERA_WRITERS),
    )


@router.get("/users")
def user_list(visit: Person) -> Response:
    """All users; only an administrator may change them."""
    return _users(visit)


@router.post("/users")
def add_user(
    visit: PostedPerson,
    username: Annotated[str, Form(max_length=64)] = "",
    name: Annotated[str, Form(max_length=128)] = "",
    password: Annotated[str, Form(max_length=256)] = "",
    roles: Annotated[list[str] | None, Form()] = None,
    territories: Annotated[str, Form(max_length=255)] = "",
    service: Annotated[str, Form(max_length=8)] = "",
    language: Annotated[str, Form(max_length=2)] = "",
) -> Response:
    """Make a user."""
    try:
        with visit.store.write(visit.actor) as work:
            auth.add_user(
                work,
                username.strip(),
                password,
                _roles(roles),
                name=name.strip() or None,
                territories=[one.strip() for one in territories.split(",") if one.strip()],
                service=service or None,
                language=i18n.as_language(language) or visit.lang,
            )
    except InputError as error:
        return _users(visit, error)
    return onward(visit, "/users", "user_added")


@router.post("/users/{user_id}/roles")
def set_roles(visit: PostedPerson, user_id: UUID, roles: Annotated[list[str] | None, Form()] = None) -> Response:
    """Change what a user may do."""
    try:
        with visit.store.write(visit.actor) as work:
            auth.set_roles(work, str(user_id), _roles(roles))
    except InputError as error:
        return _users(visit, error)
    return onward(visit, "/users", "user_changed")


@router.post("/users/{user_id}/password")
def set_password(visit: PostedPerson, user_id: UUID, password: Annotated[str, Form(max_length=256)] = "") -> Response:
    """Set a user's password."""
    try:
        with visit.store.write(visit.actor) as work:
            auth.set_password(work, str(user_id), password)
    except InputError as error:
        return _users(visit, error)
    return onward(visit, "/users", "user_changed")


@router.post("/users/{user_id}/disable")
def disable_user(visit: PostedPerson, user_id: UUID) -> Response:
    """Lock a user out."""
    with visit.store.write(visit.actor) as work:
        auth.disable_user(work, str(user_id))
    return onward(visit, "/users", "user_disabled")


@router.get("/journal")
def journal(visit: Person) -> Response:
    """Who looked at which record, and the signed roots of the ledger."""
    require(visit.actor, JOURNAL_READERS)
    with visit.store.read(visit.actor) as work:
        roots = register_store.newest_roots(work, ROOTS)
        looks = register_store.newest_looks(work, LOOKS)
    return page(visit, "journal.html", roots=roots, looks=looks)


def _users(visit: Visit, error: Exception | None = None) -> Response:
    require(visit.actor, USER_READERS)
    with visit.store.read(visit.actor) as work:
        rows = auth.users(work)
    flash = None if error is None else Flash(refusal(words_of(visit), error), "bad")
    return page(
        visit,
        "users.html",
        status=200 if error is None else 422,
        flash=flash,
        rows=rows,
        may_change=Role.ADMINISTRATOR in visit.roles,
        roles=sorted(PERSON_ROLES),
        services=SERVICES,
    )


def _roles(given: list[str] | None) -> list[Role]:
    known = {role.value: role for role in PERSON_ROLES}
    return [known[one] for one in given or () if one in known]


def _camera(work: Work, w: Words, one: CameraView, passages: int, share: float | None) -> CameraRow:
    view = register_store.view_of(work, one.id)
    file = cameras.camera_file(work, one.id)
    rules = rule_lines(w.lang, rule_statuses(file, work.now, view))
    off = [RuleOff(rule.name, rule.why) for rule in rules if rule.why]
    expired = expired_calibration(file, work.now)
    if expired is not None:
        why = i18n.trace_words(w.lang, ("vision",), expired.code, dict(expired.values))
        off.append(RuleOff(w.t("cameras.speeds"), why))
    tone, icon = STATES.get(one.status, STATES["unknown"])
    state = w.t("cameras.retired") if one.retired else w.or_code(f"cameras.{one.status}")
    return CameraRow(
        id=one.id,
        name=i18n.named(w.lang, one.name, one.id),
        territory=one.territory,
        state=state,
        tone="" if one.retired else tone,
        icon=icon,
        since=one.status_at,
        commissioned=w.day(date.fromisoformat(one.commissioned)) if one.commissioned else None,
        analysed=None if share is None else f"{w.num(100 * share, 1)}\N{NO-BREAK SPACE}%",
        last_analysed=one.last_analysed,
        passages=passages,
        rules_on=tuple(dict.fromkeys(rule.name for rule in rules if not rule.why)),
        rules_off=tuple(off),
    )
