"""Matches: shown to the role that the order names, judged by a person, destroyed after the order."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from qyran.errors import AccessError, NotFound, TransitionError
from qyran.roles import OFFICERS, Role
from service.access import log_access, require
from service.auth import names
from service.faces.settings import faces_file
from service.store.database import Work
from service.store.face_tables import FaceMatch, FaceOrder, FaceRequest
from service.store.tables import Personal

JUDGES: Final = OFFICERS
Verdict = Literal["confirmed", "misread"]
KEPT: Final = timedelta(days=30)
"""After its order a match's picture and reference are kept so long, for complaints; a parameter for the lawyer."""
SHOWN: Final = 100


class MatchView(BaseModel):
    """A match; `reference` is None where it was destroyed."""

    model_config = ConfigDict(frozen=True)

    id: str
    order_id: str
    order_number: str
    camera_id: str
    time: datetime
    raised_at: datetime
    score: float
    reference: str | None
    state: str
    judged_at: datetime | None
    judged_by_name: str | None


def listing(
    work: Work, *, order_id: str | None = None, open_only: bool = False, again: bool = False
) -> tuple[MatchView, ...]:
    """Matches of the orders whose owner is the actor's role, the newest first; each look is logged.

    Args:
        work: the unit of work.
        order_id: of one order only.
        open_only: those that nobody judged.
        again: a page that is open asks for what is new: the same look goes on.

    Raises:
        PortOff: the port is off.
        AccessError: the actor is no officer.
    """
    faces_file(work.store.settings)
    role = require(work.actor, JUDGES)
    query = select(FaceMatch, FaceOrder, FaceRequest).join(FaceOrder, FaceOrder.id == FaceMatch.order_id)
    query = query.join(FaceRequest, FaceRequest.id == FaceMatch.request_id)
    query = query.where(FaceOrder.owner.in_([one.value for one in _owned(work.actor.roles)]))
    if order_id is not None:
        query = query.where(FaceMatch.order_id == order_id)
    if open_only:
        query = query.where(FaceMatch.state == "new")
    rows = work.session.execute(query.order_by(FaceMatch.raised_at.desc(), FaceMatch.id).limit(SHOWN)).all()
    if rows and not again:
        log_access(work, role, "face_matches_seen", order_id or "faces")
    people = names(work, [match.judged_by for match, _, _ in rows if match.judged_by])
    return tuple(_view(work, match, order, request, people) for match, order, request in rows)


def judge(work: Work, match_id: str, verdict: Verdict) -> None:
    """Say whether it is the wanted person: a match is a hint, not a finding.

    Raises:
        AccessError: the actor's role does not own the order.
        NotFound: there is no such match.
        TransitionError: it was judged already.
    """
    role, row = _owned_match(work, match_id)
    if row.state != "new":
        raise TransitionError("The match was judged already.")
    row.state, row.judged_at, row.judged_by = verdict, work.now, work.actor.id
    log_access(work, role, f"face_match_{verdict}", row.id)


def picture(work: Work, match_id: str) -> bytes:
    """The crop of a match; the look is logged.

    Raises:
        NotFound: there is no such match, or its crop was destroyed.
    """
    role, row = _owned_match(work, match_id)
    said = _sealed(work, row.id)
    if said is None:
        raise NotFound("The picture of this match was destroyed.")
    log_access(work, role, "face_picture_seen", row.id)
    return base64.b64decode(said["picture"])


def forget(work: Work) -> int:
    """Destroy pictures and references of matches whose order ended long enough ago; how many."""
    query = select(FaceMatch.id, FaceOrder.valid_until, FaceOrder.ended_at).join(
        FaceOrder, FaceOrder.id == FaceMatch.order_id
    )
    count = 0
    for match_id, until, ended in work.session.execute(query):
        row = work.session.get(Personal, (match_id, 0))
        over = min(until, ended or until)
        if row is not None and row.wrapped_key is not None and over + KEPT < work.now:
            row.wrapped_key, row.sealed, row.erased_at = None, None, work.now
            count += 1
    return count


def _owned(roles: frozenset[Role]) -> frozenset[Role]:
    """A senior officer sees what his officers see."""
    return OFFICERS if Role.SENIOR_OFFICER in roles else roles & OFFICERS


def _owned_match(work: Work, match_id: str) -> tuple[Role, FaceMatch]:
    faces_file(work.store.settings)
    role = require(work.actor, JUDGES)
    row = work.session.get(FaceMatch, match_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no match {match_id[:36]}.")
    owner = work.session.get_one(FaceOrder, row.order_id).owner
    if owner not in {one.value for one in _owned(work.actor.roles)}:
        raise AccessError("The order names another role that sees its matches.")
    return role, row


def _sealed(work: Work, match_id: str) -> dict[str, str] | None:
    row = work.session.get(Personal, (match_id, 0))
    if row is None or row.wrapped_key is None or row.sealed is None:
        return None
    return work.store.vault.open(row.record, row.seq, row.wrapped_key, row.sealed)


def _view(work: Work, match: FaceMatch, order: FaceOrder, request: FaceRequest, people: dict[str, str]) -> MatchView:
    said = _sealed(work, match.id)
    return MatchView(
        id=match.id, order_id=order.id, order_number=order.number, camera_id=request.camera_id, time=request.time,
        raised_at=match.raised_at, score=match.score, reference=said["reference"] if said else None, state=match.state,
        judged_at=match.judged_at, judged_by_name=people.get(match.judged_by or ""),
    )  # fmt: skip
