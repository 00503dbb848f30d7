"""What the registers' pages ask the store; nothing here changes a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from qyran.roles import MACHINE_ROLES
from service.auth import names
from service.store.database import Work
from service.store.tables import AccessLog, CameraLog, LedgerRoot, Passage


@dataclass(frozen=True, slots=True)
class Look:
    """One line of the access journal."""

    at: datetime
    who: str
    role: str
    action: str
    record: str


@dataclass(frozen=True, slots=True)
class Root:
    """A signed root of the ledger."""

    id: int
    time: datetime
    root: str


def passages_since(work: Work, since: datetime) -> dict[str, int]:
    """How many vehicles passed each camera's control lines."""
    query = select(Passage.camera_id, func.count()).where(Passage.time >= since).group_by(Passage.camera_id)
    return dict(work.session.execute(query).tuples())


def analysed_shares(work: Work, since: datetime) -> dict[str, float]:
    """The share of each camera's received video that was analysed, 0 to 1; absent where none was received."""
    rows = work.session.scalars(select(CameraLog).where(CameraLog.end >= since, CameraLog.kind.in_(("up", "analysed"))))
    spans: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for row in rows:
        spans.setdefault((row.camera_id, row.kind), []).append((max(row.start, since), row.end))
    found = {}
    for camera in {camera for camera, _ in spans}:
        received = _length(spans.get((camera, "up"), ()))
        if received:
            found[camera] = min(1.0, _length(spans.get((camera, "analysed"), ())) / received)
    return found


def newest_looks(work: Work, limit: int) -> tuple[Look, ...]:
    """The newest entries of the access journal with people's names."""
    rows = work.session.scalars(select(AccessLog).order_by(AccessLog.id.desc()).limit(limit)).all()
    people = names(work, (row.actor for row in rows))
    machines = {role.value for role in MACHINE_ROLES}
    return tuple(
        Look(
            row.at, "" if row.actor in machines else people.get(row.actor, row.actor), row.role, row.action, row.record
        )
        for row in rows
    )


def newest_roots(work: Work, limit: int) -> tuple[Root, ...]:
    """The newest signed roots."""
    rows = work.session.scalars(select(LedgerRoot).order_by(LedgerRoot.id.desc()).limit(limit))
    return tuple(Root(row.id, datetime.fromisoformat(row.time), row.root) for row in rows)


def _length(spans: Iterable[tuple[datetime, datetime]]) -> float:
    """Seconds covered by spans, those that overlap counted once."""
    total, reached = timedelta(0), None
    for start, end in sorted(spans):
        begin = start if reached is None or start > reached else reached
        if end > begin:
            total += end - begin
            reached = end
    return total.total_seconds()
