"""What the officer's pages ask the store beside the use cases of `service.cases`; nothing here changes a record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from qyran.roles import OFFICERS
from service.access import QUEUE_READERS, log_access, require
from service.case_view import detail
from service.cases import WAITING
from service.records import load
from service.store.database import Work
from service.store.tables import AppUser, Camera, ViolationCase
from service.views import CaseDetail
from violations.case import CaseState


def waiting_ages(work: Work) -> list[datetime]:
    """When each case that waits for an officer was detected."""
    require(work.actor, QUEUE_READERS)
    query = select(ViolationCase.t_detect).where(ViolationCase.state == CaseState.SCREENED)
    if work.actor.territories:
        own = ViolationCase.territory.is_(None) | ViolationCase.territory.in_(work.actor.territories)
        query = query.where(own)
    return list(work.session.scalars(query))


def mine(work: Work) -> int:
    """How many cases the actor holds or has still to sign."""
    own = (ViolationCase.claimed_by == work.actor.id) | (ViolationCase.decided_by == work.actor.id)
    query = select(func.count()).select_from(ViolationCase).where(ViolationCase.state.in_(WAITING), own)
    return work.session.scalar(query) or 0


def next_waiting(work: Work, case_id: str) -> str | None:
    """Id of the oldest other case that waits in the actor's queue."""
    query = select(ViolationCase.id).where(
        ViolationCase.state == CaseState.SCREENED,
        ViolationCase.id != case_id,
        (ViolationCase.limitation_ends.is_(None)) | (ViolationCase.limitation_ends > work.now),
    )
    if work.actor.territories:
        own = ViolationCase.territory.is_(None) | ViolationCase.territory.in_(work.actor.territories)
        query = query.where(own)
    return work.session.scalar(query.order_by(ViolationCase.t_detect, ViolationCase.id).limit(1))


def screening(work: Work, case_id: str) -> CaseDetail:
    """A case for technical screening: a camera operator sees its pictures, but no plate, owner or notes.

    Raises:
        NotFound: there is no such case.
        AccessError: the actor's roles see no cases.
    """
    role = require(work.actor, QUEUE_READERS)
    row = load(work, ViolationCase, case_id, lock=False)
    log_access(work, role, "case_opened", case_id)
    seen = detail(work, row)
    history = tuple(one.model_copy(update={"note": None}) for one in seen.history)
    return seen.model_copy(update={"plate": None, "plate_read": None, "owner": None, "history": history})


def coordinates(work: Work, camera_id: str) -> tuple[float | None, float | None]:
    """Latitude and longitude of a camera."""
    row = work.session.get(Camera, camera_id)
    return (None, None) if row is None else (row.latitude, row.longitude)


def officers(work: Work) -> tuple[tuple[str, str], ...]:
    """Id and name of every other officer a case can be given to."""
    rows = work.session.execute(
        select(AppUser.id, AppUser.name, AppUser.roles).where(AppUser.disabled.is_(False)).order_by(AppUser.name)
    )
    return tuple((row.id, row.name) for row in rows if OFFICERS & set(row.roles) and row.id != work.actor.id)
