"""Orders: asked by an officer, approved by two other people in two roles, expiring by themselves, revoked at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import func, select

from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import OFFICERS, Role
from service.access import log_access, require
from service.auth import names
from service.faces.settings import faces_file
from service.store.database import Work
from service.store.face_tables import FaceApproval, FaceMatch, FaceOrder, FaceRequest
from service.store.tables import Camera

ASKERS: Final = OFFICERS
APPROVERS: Final = (Role.SENIOR_OFFICER, Role.DATA_PROTECTION_OFFICER)
"""Whose yes an order needs: who answers for the work, and who watches over the data. One person gives one."""
READERS: Final = OFFICERS | {Role.DATA_PROTECTION_OFFICER, Role.AUDITOR}
REVOKERS: Final = OFFICERS | {Role.DATA_PROTECTION_OFFICER, Role.SYSTEM}
State = Literal["asked", "holds", "expired", "refused", "revoked"]

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=255)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class NewOrder(BaseModel):
    """An order as it is asked for.

    Attributes:
        number: of the document that orders it.
        list_name: of the list in the external system.
        owner: the role that sees matches.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Short
    legal_ground: Line
    purpose: Line
    list_name: Short
    owner: Literal["police_officer", "senior_officer"] = "police_officer"
    cameras: Annotated[tuple[Short, ...], Field(min_length=1, max_length=200)]
    valid_until: AwareDatetime


class Approval(BaseModel):
    """Somebody's yes."""

    model_config = ConfigDict(frozen=True)

    role: str
    by_name: str
    at: datetime


class OrderView(BaseModel):
    """An order; `sent` and `matched` count crops and matches."""

    model_config = ConfigDict(frozen=True)

    id: str
    number: str
    legal_ground: str
    purpose: str
    list_name: str
    owner: str
    cameras: tuple[str, ...]
    valid_until: datetime
    asked_at: datetime
    asked_by_name: str
    state: State
    approvals: tuple[Approval, ...]
    wanted: tuple[str, ...]
    ended_at: datetime | None
    ended_by_name: str | None
    end_reason: str | None
    sent: int
    matched: int


def ask(work: Work, wanted: NewOrder) -> OrderView:
    """Ask for an order; nothing is sent before two other people approved it.

    Raises:
        PortOff: the port is off.
        AccessError: the actor is no officer.
        InputError: its validity has passed or is too long, or a camera is none of the city's.
    """
    longest = timedelta(days=faces_file(work.store.settings).longest_days)
    role = require(work.actor, ASKERS)
    if not work.now < wanted.valid_until <= work.now + longest:
        raise InputError(f"An order holds until a moment to come, {longest.days} days from now at most.")
    known = set(work.session.scalars(select(Camera.id).where(Camera.id.in_(wanted.cameras))))
    strange = next((one for one in wanted.cameras if one not in known), None)
    if strange is not None:
        raise InputError(f"There is no camera {strange}; register it first.")
    row = FaceOrder(
        id=str(uuid4()), **wanted.model_dump(exclude={"cameras"}), cameras=list(wanted.cameras), asked_at=work.now,
        asked_by=work.actor.id, ended_at=None, ended_by=None, end_reason=None,
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    log_access(work, role, "face_order_asked", row.id)
    return view(work, row)


def approve(work: Work, order_id: str) -> OrderView:
    """Say yes to an order, in the role of the two whose yes is still wanted.

    Raises:
        PortOff: the port is off.
        AccessError: the actor has neither role, asked for it himself, or said yes in the other role.
        TransitionError: it is not waiting for a yes.
    """
    faces_file(work.store.settings)
    require(work.actor, frozenset(APPROVERS))
    row = load(work, order_id, lock=True)
    if state(work, row) != "asked":
        raise TransitionError("The order waits for no approval.")
    if work.actor.id == row.asked_by:
        raise AccessError("Who asked for an order cannot approve it.")
    given = approvals(work, row)
    if any(one.by == work.actor.id for one in given):
        raise AccessError("Two different people approve an order.")
    free = [role for role in APPROVERS if role in work.actor.roles and role not in {one.role for one in given}]
    if not free:
        raise AccessError("The approval of your role was given already; the other is wanted.")
    work.session.add(FaceApproval(order_id=row.id, role=free[0].value, by=work.actor.id, at=work.now))
    work.session.flush()
    log_access(work, free[0], "face_order_approved", row.id)
    return view(work, row)


def revoke(work: Work, order_id: str, reason: str) -> OrderView:
    """End an order at once: nothing is sent under it any more, and answers that are under way are thrown away.

    Raises:
        AccessError: the actor is neither officer nor data-protection officer.
        InputError: no reason was given.
        TransitionError: it ended already.
    """
    role = require(work.actor, REVOKERS)
    row = load(work, order_id, lock=True)
    if not reason.strip():
        raise InputError("Say why the order ends.")
    if state(work, row) not in {"asked", "holds"}:
        raise TransitionError("The order has ended already.")
    row.ended_at, row.ended_by, row.end_reason = work.now, work.actor.id, reason.strip()[:255]
    work.session.flush()
    log_access(work, role, "face_order_revoked", row.id)
    return view(work, row)


def listing(work: Work) -> tuple[OrderView, ...]:
    """All orders, those that hold or wait first.

    Raises:
        PortOff: the port is off.
        AccessError: the actor sees none.
    """
    faces_file(work.store.settings)
    require(work.actor, READERS)
    rows = work.session.scalars(select(FaceOrder).order_by(FaceOrder.asked_at.desc(), FaceOrder.id))
    return tuple(sorted((view(work, row) for row in rows), key=lambda one: one.state not in {"holds", "asked"}))


def open_order(work: Work, order_id: str) -> OrderView:
    """An order; the look is logged.

    Raises:
        PortOff: the port is off.
        NotFound: there is none.
    """
    faces_file(work.store.settings)
    role = require(work.actor, READERS)
    row = load(work, order_id)
    log_access(work, role, "face_order_opened", row.id)
    return view(work, row)


def load(work: Work, order_id: str, *, lock: bool = False) -> FaceOrder:
    """An order's row.

    Raises:
        NotFound: there is none.
    """
    query = select(FaceOrder).where(FaceOrder.id == order_id)
    row = work.session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"There is no order {order_id[:36]}.")
    return row


def approvals(work: Work, row: FaceOrder) -> Sequence[FaceApproval]:
    """Who said yes."""
    return work.session.scalars(select(FaceApproval).where(FaceApproval.order_id == row.id)).all()


def state(work: Work, row: FaceOrder) -> State:
    """Where an order stands now."""
    roles = {one.role for one in approvals(work, row)}
    approved = roles >= {one.value for one in APPROVERS}
    if row.ended_at is not None:
        return "revoked" if approved else "refused"
    if row.valid_until <= work.now:
        return "expired"
    return "holds" if approved else "asked"


def view(work: Work, row: FaceOrder) -> OrderView:
    """An order as it goes out."""
    given = approvals(work, row)
    people = names(work, [row.asked_by, *(one.by for one in given), *([row.ended_by] if row.ended_by else [])])
    sent = select(func.count()).where(FaceRequest.order_id == row.id, FaceRequest.outcome != "refused")
    found = select(func.count()).where(FaceMatch.order_id == row.id)
    had = {one.role for one in given}
    return OrderView(
        **{name: getattr(row, name) for name in NewOrder.model_fields if name != "cameras"},
        id=row.id,
        cameras=tuple(row.cameras),
        asked_at=row.asked_at,
        asked_by_name=people.get(row.asked_by, row.asked_by),
        state=state(work, row),
        approvals=tuple(Approval(role=one.role, by_name=people.get(one.by, one.by), at=one.at) for one in given),
        wanted=tuple(one.value for one in APPROVERS if one.value not in had),
        ended_at=row.ended_at,
        ended_by_name=people.get(row.ended_by or ""),
        end_reason=row.end_reason,
        sent=work.session.scalar(sent) or 0,
        matched=work.session.scalar(found) or 0,
    )
