"""Cases that wait too long in the queue, or whose limitation comes near: counted, and told to senior officers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from qyran.roles import Role
from service.notices import Told, tell
from service.store.database import Work
from service.store.tables import ViolationCase
from violations.case import CaseState

UNDECIDED: Final = (CaseState.SCREENED, CaseState.IN_REVIEW, CaseState.SECOND_LOOK, CaseState.OFFICER_CONFIRMED)
NEAR: Final = timedelta(days=7)
"""A case that nobody signed so long before its limitation ends is in danger of expiring."""


def warn_of_queue(work: Work, as_of: datetime) -> dict[str, int]:
    """Tell the senior officers of each territory, once a day, what waits too long; an account of it."""
    late = _late(work, as_of)
    pressing = _pressing(work, as_of)
    day = as_of.astimezone(work.store.settings.zone).date()
    told = 0
    for code, counts in (("queue_late", late), ("limitation_near", pressing)):
        for territory, count in sorted(counts.items(), key=lambda one: one[0] or ""):
            about = f"{day.isoformat()} {territory or '-'}"
            values = {"count": count, "day": day.isoformat()}
            told += tell(work, Told(code, about, values, (Role.SENIOR_OFFICER,), territory))
    return {"late": sum(late.values()), "pressing": sum(pressing.values()), "told": told}


def _late(work: Work, as_of: datetime) -> dict[str | None, int]:
    before = as_of - timedelta(hours=work.store.settings.queue_warning_hours)
    since = func.coalesce(ViolationCase.t_screened, ViolationCase.t_detect)
    query = select(ViolationCase.territory, func.count()).where(
        ViolationCase.state == CaseState.SCREENED, since <= before
    )
    return dict(work.session.execute(query.group_by(ViolationCase.territory)).all())


def _pressing(work: Work, as_of: datetime) -> dict[str | None, int]:
    query = select(ViolationCase.territory, func.count()).where(
        ViolationCase.state.in_(UNDECIDED),
        ViolationCase.limitation_ends > as_of,
        ViolationCase.limitation_ends <= as_of + NEAR,
    )
    return dict(work.session.execute(query.group_by(ViolationCase.territory)).all())
