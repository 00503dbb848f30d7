"""What somebody of a role has to know: told once, shown until one of them has seen it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from qyran.errors import NotFound
from qyran.roles import Role
from service.store.database import Work
from service.store.officer_tables import StaffNotice

SHOWN = 100
"""Notices that a list shows at most."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something to be told.

    Attributes:
        code: text key under `staff_notice.`.
        about: what it is about; the same code about the same thing is told once.
        values: blanks of the text; nothing about a person.
        roles: whom it is for.
        territory: of whom, None for all.
    """

    code: str
    about: str
    values: Mapping[str, Any]
    roles: tuple[Role, ...]
    territory: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice as a list shows it."""

    id: int
    at: datetime
    code: str
    values: dict[str, Any]
    territory: str | None
    seen_at: datetime | None


def tell(work: Work, told: Told) -> bool:
    """Tell something, unless it was told already; whether it was new."""
    key = f"{told.code} {told.about}"
    if work.session.scalar(select(StaffNotice.id).where(StaffNotice.key == key)) is not None:
        return False
    row = StaffNotice(key=key, at=work.now, code=told.code, values=dict(told.values), territory=told.territory)
    row.roles = sorted(role.value for role in told.roles)
    work.session.add(row)
    work.session.flush()
    return True


def notices(work: Work, *, seen: bool = False) -> tuple[NoticeView, ...]:
    """What the actor's roles and territories have to know, the newest first; `seen` gives what was seen too."""
    query = select(StaffNotice).order_by(StaffNotice.at.desc(), StaffNotice.id.desc())
    if not seen:
        query = query.where(StaffNotice.seen_at.is_(None))
    rows = work.session.scalars(query.limit(10 * SHOWN))
    found = [row for row in rows if _is_for(work, row)][:SHOWN]
    return tuple(NoticeView(row.id, row.at, row.code, dict(row.values), row.territory, row.seen_at) for row in found)


def mark_seen(work: Work, notice_id: int) -> None:
    """Somebody it is for has seen it.

    Raises:
        NotFound: there is no such notice for the actor.
    """
    row = work.session.get(StaffNotice, notice_id, with_for_update=True)
    if row is None or not _is_for(work, row):
        raise NotFound(f"There is no notice {notice_id}.")
    if row.seen_at is None:
        row.seen_at, row.seen_by = work.now, work.actor.id


def _is_for(work: Work, row: StaffNotice) -> bool:
    mine = work.actor.territories
    here = row.territory is None or not mine or row.territory in mine
    return here and bool({role.value for role in work.actor.roles} & set(row.roles))
