"""One user as the administrator and the auditor see him: roles and territories, logins, second factor, denials."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from qyran.errors import InputError, TransitionError
from qyran.roles import PERSON_ROLES, Role
from service import auth, denials, second_factor, users
from service.access import require
from service.doors import FUNCTIONS
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/users/{user_id}", include_in_schema=False)
Short = Annotated[str, Form(max_length=255)]
KNOWN: Final = {role.value: role for role in PERSON_ROLES}


@router.get("")
def show(visit: Person, user_id: UUID) -> Response:
    """One user."""
    return _page(visit, str(user_id))


@router.post("/rights")
def set_rights(
    visit: PostedPerson, user_id: UUID, roles: Annotated[list[str] | None, Form()] = None, territories: Short = ""
) -> Response:
    """Change roles and territories; ends the user's logins."""
    given = [KNOWN[one] for one in roles or () if one in KNOWN]
    places = [one.strip() for one in territories.split(",") if one.strip()]
    try:
        with visit.store.write(visit.actor) as work:
            users.set_roles(work, str(user_id), given, places)
    except InputError as error:
        return _page(visit, str(user_id), error)
    return onward(visit, f"/users/{user_id}", "user_changed")


@router.post("/second-factor/remove")
def remove_factor(visit: PostedPerson, user_id: UUID) -> Response:
    """Take a lost second factor away; the user takes another at the next login."""
    try:
        with visit.store.write(visit.actor) as work:
            second_factor.remove(work, str(user_id))
    except TransitionError as error:
        return _page(visit, str(user_id), error)
    return onward(visit, f"/users/{user_id}", "user_changed")


@router.post("/sessions/{session_id}/end")
def end_session(visit: PostedPerson, user_id: UUID, session_id: UUID) -> Response:
    """End one of the user's logins."""
    require(visit.actor, users.KEEPERS)
    with visit.store.write(visit.actor) as work:
        auth.end_session(work, str(session_id))
    return onward(visit, f"/users/{user_id}", "login_ended")


@router.post("/enable")
def enable(visit: PostedPerson, user_id: UUID, password: Annotated[str, Form(max_length=256)] = "") -> Response:
    """Let a disabled user in again."""
    try:
        with visit.store.write(visit.actor) as work:
            users.enable_user(work, str(user_id), password)
    except InputError as error:
        return _page(visit, str(user_id), error)
    return onward(visit, f"/users/{user_id}", "user_changed")


@router.post("/denials")
def deny(visit: PostedPerson, user_id: UUID, kind: Short = "", target: Short = "", ground: Short = "") -> Response:
    """Keep something from the user, whatever his roles grant."""
    try:
        with visit.store.write(visit.actor) as work:
            denials.deny(work, str(user_id), kind, target, ground)
    except InputError as error:
        return _page(visit, str(user_id), error)
    return onward(visit, f"/users/{user_id}", "saved")


@router.post("/denials/{denial_id}/end")
def end_denial(visit: PostedPerson, user_id: UUID, denial_id: UUID) -> Response:
    """It is kept from him no more."""
    with visit.store.write(visit.actor) as work:
        denials.end_denial(work, str(denial_id))
    return onward(visit, f"/users/{user_id}", "saved")


def _page(visit: Visit, user_id: str, error: Exception | None = None) -> Response:
    require(visit.actor, users.READERS)
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        user = users.user_of(users.load_user(work, user_id))
        factor = second_factor.factor_of(work, user_id)
        sessions = auth.sessions(work, user_id, visit.login.session_id if visit.login else "")
        denied = denials.denials(work, user_id)
    needed = visit.store.settings.second_factor_for(demo=visit.store.demo)
    return page(
        visit,
        "user.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        user=user,
        factor=factor,
        factor_needed=bool(user.roles & needed),
        sessions=sessions,
        denied=denied,
        roles=sorted(PERSON_ROLES),
        kinds=denials.KINDS,
        functions=FUNCTIONS,
        may_change=Role.ADMINISTRATOR in visit.roles and user.id != visit.actor.id,
    )
