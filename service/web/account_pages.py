"""One's own login: password, second factor, logins elsewhere; and the step of the code between password and login."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from qyran.errors import InputError, TransitionError
from service import auth, second_factor
from service.api.deps import token_of
from service.api.sessions import address_of, agent_of, clear_cookie, set_cookie
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import FORM_COOKIE, Guest, Person, Posted, PostedPerson, Visit, own_path

router = APIRouter(include_in_schema=False)
PATH = "/account"
Code = Annotated[str, Form(max_length=40)]
Password = Annotated[str, Form(max_length=auth.LONGEST)]


@router.get("/login/code")
def code_page(visit: Guest) -> Response:
    """The form for the code of the second factor."""
    return page(visit, "login_code.html", next="/", error=None)


@router.post("/login/code")
def give_code(
    visit: Posted, code: Code = "", back: Annotated[str, Form(alias="next", max_length=500)] = "/"
) -> Response:
    """Open the login whose password was right."""
    request, store = visit.request, visit.store
    try:
        login = auth.give_code(store, token_of(request), code, address_of(request), agent=agent_of(request))
    except auth.LoginError as error:
        if str(error) == auth.CODE_LATE:
            return onward(visit, "/login", "code_late")
        said = words_of(visit).t("login.throttled" if error.throttled else "login.code_refused")
        status = 429 if error.throttled else 401
        return page(visit, "login_code.html", status=status, next=own_path(back), error=said)
    response = onward(visit, own_path(back))
    set_cookie(response, store.settings, login.token)
    response.delete_cookie(FORM_COOKIE)
    return response


@router.get(PATH)
def account(visit: Person) -> Response:
    """Password, second factor and logins."""
    return _page(visit)


@router.post(f"{PATH}/password")
def set_password(visit: PostedPerson, current: Password = "", password: Password = "") -> Response:
    """Change one's own password; ends all logins."""
    try:
        with visit.store.write(visit.actor) as work:
            auth.set_password(work, work.actor.id, password, current=current)
    except InputError as error:
        return _page(visit, error)
    response = onward(visit, "/login", "password_changed")
    clear_cookie(response, visit.store.settings)
    return response


@router.post(f"{PATH}/factor")
def offer(visit: PostedPerson) -> Response:
    """Offer a fresh second factor."""
    with visit.store.write(visit.actor) as work:
        second_factor.offer(work)
    return onward(visit, PATH)


@router.post(f"{PATH}/factor/enrol")
def enrol(visit: PostedPerson, code: Code = "") -> Response:
    """Take the offered factor; the recovery codes are shown this once."""
    try:
        with visit.store.write(visit.actor) as work:
            codes = second_factor.enrol(work, code)
    except (InputError, TransitionError) as error:
        return _page(visit, error)
    return _page(visit, codes=codes)


@router.post(f"{PATH}/factor/codes")
def renew_codes(visit: PostedPerson, code: Code = "") -> Response:
    """Fresh recovery codes, shown this once."""
    try:
        with visit.store.write(visit.actor) as work:
            codes = second_factor.renew_codes(work, code)
    except InputError as error:
        return _page(visit, error)
    return _page(visit, codes=codes)


@router.post(f"{PATH}/factor/remove")
def remove(visit: PostedPerson, code: Code = "") -> Response:
    """Remove one's own second factor; ends all logins."""
    try:
        with visit.store.write(visit.actor) as work:
            second_factor.remove(work, work.actor.id, code)
    except (InputError, TransitionError) as error:
        return _page(visit, error)
    response = onward(visit, "/login", "factor_removed")
    clear_cookie(response, visit.store.settings)
    return response


@router.post(f"{PATH}/sessions/{{session_id}}/end")
def end_session(visit: PostedPerson, session_id: UUID) -> Response:
    """End one of one's own logins."""
    with visit.store.write(visit.actor) as work:
        auth.end_session(work, str(session_id))
    return onward(visit, PATH, "login_ended")


def _page(visit: Visit, error: Exception | None = None, codes: tuple[str, ...] = ()) -> Response:
    login = visit.login
    with visit.store.read(visit.actor) as work:
        factor = second_factor.factor_of(work, work.actor.id)
        offered = second_factor.offered(work)
        sessions = auth.sessions(work, work.actor.id, login.session_id if login else "")
    return page(
        visit,
        "account.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(words_of(visit), error), "bad"),
        factor=factor,
        offered=offered,
        qr_url=None if offered is None else f"{PATH}/factor/qr.svg",
        sessions=sessions,
        codes=codes,
        must=login.must if login and not codes else None,
    )


@router.get(f"{PATH}/factor/qr.svg")
def qr(visit: Person) -> Response:
    """The QR code of the offered factor, for the person it is offered to."""
    with visit.store.read(visit.actor) as work:
        offered = second_factor.offered(work)
    return Response("" if offered is None else offered.qr, 200 if offered else 404, media_type="image/svg+xml")
