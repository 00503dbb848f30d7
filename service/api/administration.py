"""Users for administrators, the ledger for auditors, erasures for data-protection officers."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, StringConstraints

from qyran.roles import Role
from service import auth
from service.access import require
from service.api.bodies import Body, NewUser
from service.api.deps import DeskOf
from service.erasure import erase
from service.store.alert_tables import Alert
from service.store.ledger import check_store, export_ledger
from service.store.tables import ViolationCase

router = APIRouter(tags=["administration"])
AUDITORS = frozenset({Role.AUDITOR})


class UserOut(BaseModel):
    """A user, without anything secret."""

    id: str
    username: str
    name: str
    roles: list[Role]
    territories: list[str]
    service: str | None
    disabled: bool


class NewPassword(Body):
    """A password to be set; `current` is the one that holds, for one's own."""

    current: Annotated[str, StringConstraints(max_length=auth.LONGEST)] | None = None
    password: Annotated[str, StringConstraints(max_length=auth.LONGEST)]


class Erasure(Body):
    """Why something about a person must go."""

    ground: str


class Tombstone(BaseModel):
    """The number under which it went."""

    tombstone: int


class LedgerFault(BaseModel):
    """Where a chain is not what was written."""

    code: str
    record: str
    seq: int


@router.get("/users", summary="All users")
def users(desk: DeskOf) -> list[UserOut]:
    """By name."""
    with desk.read() as work:
        return [_out(one) for one in auth.users(work)]


@router.post("/users", summary="Make a user", status_code=201)
def add_user(new: NewUser, desk: DeskOf) -> UserOut:
    """One person cannot be administrator and officer."""
    given = new.model_dump(exclude={"username", "password", "roles"})
    with desk.write() as work:
        return _out(auth.add_user(work, new.username, new.password, new.roles, **given))


@router.put("/users/{user_id}/password", summary="Change a password", status_code=204)
def set_password(user_id: str, new: NewPassword, desk: DeskOf) -> None:
    """One's own, or anybody's as administrator; ends that user's logins."""
    with desk.write() as work:
        auth.set_password(work, user_id, new.password, current=new.current)


@router.delete("/users/{user_id}", summary="Lock a user out", status_code=204)
def disable(user_id: str, desk: DeskOf) -> None:
    """At once; what the user did stays."""
    with desk.write() as work:
        auth.disable_user(work, user_id)


@router.get("/ledger", summary="Export the ledger", response_class=Response)
def ledger(desk: DeskOf) -> Response:
    """All chains and signed roots as JSON lines, which `qyran verify` checks offline."""
    require(desk.login.user.actor, AUDITORS)
    return Response(export_ledger(desk.store), media_type="application/jsonl")


@router.get("/ledger/faults", summary="Check every chain")
def faults(desk: DeskOf) -> list[LedgerFault]:
    """Empty when everything is as it was written."""
    require(desk.login.user.actor, AUDITORS)
    return [LedgerFault(code=one.code, record=one.record, seq=one.seq) for one in check_store(desk.store)]


@router.post("/{kind}/{record}/erasure", summary="Erase what is personal in a record")
def erasure(kind: Literal["cases", "alerts"], record: str, order: Erasure, desk: DeskOf) -> Tombstone:
    """Ordered by law; the chain stays and names the tombstone."""
    with desk.write() as work:
        return Tombstone(tombstone=erase(work, ViolationCase if kind == "cases" else Alert, record, order.ground))


def _out(user: auth.User) -> UserOut:
    return UserOut(
        id=user.id,
        username=user.username,
        name=user.name,
        roles=sorted(user.roles),
        territories=sorted(user.territories),
        service=user.service,
        disabled=user.disabled,
    )
