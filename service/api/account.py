"""One's own login: password, second factor, logins at other places; and the same of others for the administrator."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from service import auth, denials, second_factor
from service.api.bodies import Body
from service.api.deps import DeskOf

router = APIRouter(tags=["people"])
Code = Annotated[str, StringConstraints(max_length=40)]
Password = Annotated[str, StringConstraints(max_length=auth.LONGEST)]


class OwnPassword(Body):
    """A new password beside the present one."""

    current: Password
    password: Password


class CodeGiven(Body):
    """A code of the second factor, or a recovery code."""

    code: Code


class Offered(BaseModel):
    """A second factor that waits for its first code."""

    secret: str
    uri: str


class Codes(BaseModel):
    """Recovery codes, told this once."""

    codes: tuple[str, ...]


class Factor(BaseModel):
    """Whether there is a second factor, and how many recovery codes are left."""

    enrolled: bool
    codes_left: int


class SessionOut(BaseModel):
    """A login that holds."""

    id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    current: bool


class NewDenial(Body):
    """What is kept from a user: a function, a territory or a vehicle by its plate, and why."""

    kind: Annotated[str, StringConstraints(max_length=16)]
    target: Annotated[str, StringConstraints(max_length=64)]
    ground: Annotated[str, StringConstraints(max_length=255)]


class DenialOut(BaseModel):
    """A denial that holds; `target` is None for a vehicle, whose plate is not kept."""

    id: str
    user_id: str
    kind: str
    target: str | None
    ground: str
    made_at: datetime


@router.put("/account/password", summary="Change one's own password", status_code=204)
def set_password(given: OwnPassword, desk: DeskOf) -> None:
    """Ends all logins, this one too."""
    with desk.write() as work:
        auth.set_password(work, work.actor.id, given.password, current=given.current)


@router.get("/account/second-factor", summary="One's own second factor")
def factor(desk: DeskOf) -> Factor:
    """Whether there is one."""
    with desk.read() as work:
        found = second_factor.factor_of(work, work.actor.id)
    return Factor(enrolled=found.enrolled, codes_left=found.codes_left)


@router.post("/account/second-factor", summary="Offer a second factor", status_code=201)
def offer(desk: DeskOf) -> Offered:
    """A fresh secret for an authenticator; it holds once a code of it is given."""
    with desk.write() as work:
        found = second_factor.offer(work)
    return Offered(secret=found.secret, uri=found.uri)


@router.put("/account/second-factor", summary="Take the offered second factor")
def enrol(given: CodeGiven, desk: DeskOf) -> Codes:
    """By its first code; the recovery codes are told this once."""
    with desk.write() as work:
        return Codes(codes=second_factor.enrol(work, given.code))


@router.delete("/account/second-factor", summary="Remove one's own second factor", status_code=204)
def remove(given: CodeGiven, desk: DeskOf) -> None:
    """By a code of it; ends all logins."""
    with desk.write() as work:
        second_factor.remove(work, work.actor.id, given.code)


@router.get("/account/sessions", summary="One's own logins")
def own_sessions(desk: DeskOf) -> list[SessionOut]:
    """Those that hold, the last used first."""
    with desk.read() as work:
        found = auth.sessions(work, work.actor.id, desk.login.session_id)
    return [_session(one) for one in found]


@router.delete("/account/sessions/{session_id}", summary="End one of one's own logins", status_code=204)
def end_session(session_id: str, desk: DeskOf) -> None:
    """At once."""
    with desk.write() as work:
        auth.end_session(work, session_id)


@router.get("/users/{user_id}/sessions", summary="The logins of a user")
def sessions(user_id: str, desk: DeskOf) -> list[SessionOut]:
    """Those that hold."""
    with desk.read() as work:
        return [_session(one) for one in auth.sessions(work, user_id, desk.login.session_id)]


@router.delete("/users/{user_id}/second-factor", summary="Remove a lost second factor", status_code=204)
def remove_lost(user_id: str, desk: DeskOf) -> None:
    """The user takes a new one at the next login where the role asks for it."""
    with desk.write() as work:
        second_factor.remove(work, user_id)


@router.get("/users/{user_id}/denials", summary="What is denied to a user")
def denied(user_id: str, desk: DeskOf) -> list[DenialOut]:
    """What holds now."""
    with desk.read() as work:
        found = denials.denials(work, user_id)
    return [
        DenialOut(
            id=one.id, user_id=one.user_id, kind=one.kind, target=one.target, ground=one.ground, made_at=one.made_at
        )
        for one in found
    ]


@router.post("/users/{user_id}/denials", summary="Deny something to a user", status_code=201)
def deny(user_id: str, given: NewDenial, desk: DeskOf) -> str:
    """Whatever his roles grant; its id."""
    with desk.write() as work:
        return denials.deny(work, user_id, given.kind, given.target, given.ground)


@router.delete("/users/{user_id}/denials/{denial_id}", summary="End a denial", status_code=204)
def end_denial(user_id: str, denial_id: str, desk: DeskOf) -> None:  # noqa: ARG001  the path names the user for people
    """It is denied no more."""
    with desk.write() as work:
        denials.end_denial(work, denial_id)


def _session(one: auth.SessionView) -> SessionOut:
    return SessionOut(
        id=one.id,
        created_at=one.created_at,
        seen_at=one.seen_at,
        expires_at=one.expires_at,
        address=one.address,
        agent=one.agent,
        current=one.current,
    )
