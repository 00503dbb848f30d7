"""What the officer's pages ask the store beside the use cases of `service.cases`; nothing here changes a record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import func, select

from qyran.roles import OFFICERS
from service.access import QUEUE_READERS, log_access, require
from service.auth import names
from service.case_view import detail
from service.cases import WAITING, visible
from service.records import load
from service.store.database import Work
from service.store.tables import AccessLog, AppUser, Camera, ViolationCase
from service.views import CaseDetail
from violations.case import CaseState


def mine(work: Work) -> int:
    """How many cases the actor holds or has still to sign."""
    own = (ViolationCase.claimed_by == work.actor.id) | (ViolationCase.decided_by == work.actor.id)
    query = select(func.count()).select_from(ViolationCase).where(ViolationCase.state.in_(WAITING), own)
    return work.session.scalar(query) or 0


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


def age_counts(work: Work, bounds: Sequence[timedelta]) -> list[int]:
    """How many cases wait for an officer in each span of ages that begins with a bound and ends with the next."""
    require(work.actor, QUEUE_READERS)
    found = []
    for newest, oldest in pairwise([*bounds, None]):
        query = visible(work.actor, select(ViolationCase)).where(ViolationCase.state == CaseState.SCREENED)
        if newest:
            query = query.where(ViolationCase.t_detect <= work.now - newest)
        if oldest is not None:
            query = query.where(ViolationCase.t_detect > work.now - oldest)
        ids = query.with_only_columns(ViolationCase.t_detect).subquery()
        found.append(work.session.scalar(select(func.count()).select_from(ids)) or 0)
    return found


def doubles(work: Work, case_id: str) -> list[tuple[str, datetime]]:
    """Id and moment of every case that was merged into this one."""
    query = select(ViolationCase.id, ViolationCase.t_detect).where(ViolationCase.merged_into == case_id)
    return [(row.id, row.t_detect) for row in work.session.execute(query.order_by(ViolationCase.t_detect))]


def looks(work: Work, case_id: str, limit: int = 200) -> list[tuple[datetime, str, str, str]]:
    """When, by whom, in which role and how a case was looked at, the newest first."""
    query = select(AccessLog).where(AccessLog.record == case_id).order_by(AccessLog.id.desc()).limit(limit)
    rows = work.session.scalars(query).all()
    people = names(work, {row.actor for row in rows})
    return [(row.at, people.get(row.actor, row.actor), row.role, row.action) for row in rows]
